/** The keys of a campaign's encrypted cluster: what the operator is at, and what each member has in its keyring file. */
import type { Random } from "../base/ports.ts";
import { Keyring } from "../memberlist/keyring.ts";

const KEY_BYTES = 16;

/** See the top of the file. */
export class VoprKeys {
  readonly #random: Random;
  /** All keys that there ever were, oldest first. Bounded: one per rotation. */
  readonly #history: Uint8Array[] = [];
  // Bounded: one per member.
  readonly #files = new Map<string, readonly Uint8Array[]>();
  #installed: readonly Uint8Array[];

  /** Begins with one key. */
  constructor(random: Random) {
    this.#random = random;
    this.#installed = [this.#freshKey()];
  }

  /** What the operator has installed and not removed: the one to seal with first. One or two. */
  get installed(): readonly Uint8Array[] {
    return this.#installed;
  }

  /** A rotation begins. @returns the key that is to come. */
  beginRotation(): Uint8Array {
    const fresh = this.#freshKey();
    this.#installed = [...this.#installed, fresh];
    return fresh;
  }

  /** All seal with the new key now. @returns the old one. */
  onUsed(): Uint8Array {
    this.#installed = this.#installed.toReversed();
    return this.#installed[1]!;
  }

  /** Nobody has the old key any more. */
  onRemoved(): void {
    this.#installed = this.#installed.slice(0, 1);
  }

  /** A member has changed its keyring. @param keys borrowed. */
  save(name: string, keys: readonly Uint8Array[]): void {
    this.#files.set(name, keys.map((key) => key.slice()));
  }

  /**
   * What a member starts with: the keys of the day, and to seal with the newer one of the operator's and of its file's.
   * So who was told to use the new key and died goes on to do so, and who was down for all that does not fall behind.
   */
  keyringOf(name: string): Keyring {
    const [operators] = this.#installed;
    const [own] = this.#files.get(name) ?? [];
    const isNewer = own !== undefined && this.#ageOf(own) > this.#ageOf(operators!);
    const first = isNewer ? own : operators!;
    return new Keyring([first, ...this.#installed]);
  }

  /** Whether a member has all keys of the day, and seals with one of them. */
  areThoseOf(keyring: Keyring): boolean {
    const isPrimary = (key: Uint8Array) => key.join() === keyring.primary.join();
    return this.#installed.every((key) => keyring.has(key)) && this.#installed.some(isPrimary);
  }

  #ageOf(key: Uint8Array): number {
    return this.#history.findIndex((known) => known.join() === key.join());
  }

  #freshKey(): Uint8Array {
    const key = new Uint8Array(KEY_BYTES * (1 + this.#random.below(2)));
    this.#random.fill(key);
    this.#history.push(key);
    return key;
  }
}
