/** The keys of an encrypted cluster: one to seal with, all to open with. */
import { bytesEqual } from "../base/bytes.ts";
import { KeyringError, WireError } from "../base/errors.ts";
import type { Random } from "../base/ports.ts";
import {
  type Aes192Gcm,
  checkSealed,
  CIPHER_NONCE_BYTES,
  openSealed,
  sealInto,
} from "../wire/packet_cipher.ts";

/** What a key of any other length is refused with; a key is for AES-128, AES-192 or AES-256. */
export const KEY_SIZE_TEXT = "key size must be 16, 24 or 32 bytes";

/** Whether so many bytes make a key. */
export function isKeyLength(bytes: number): boolean {
  return bytes === 16 || bytes === 24 || bytes === 32;
}

/**
 * The installed keys, the primary one first.
 *
 * Invariants: there is at least one key; no key is there twice; each has 16, 24 or 32 bytes.
 * bounded: keys come from the operator, or in messages sealed with a key.
 */
export class Keyring {
  #keys: readonly Uint8Array[];
  #aes192: Aes192Gcm | undefined;
  readonly #nonce = new Uint8Array(CIPHER_NONCE_BYTES);

  /**
   * @param keys the primary first; copied. Repeated keys count once.
   * @param aes192 needed for keys of 24 bytes; may follow ({@linkcode supportAes192}) if none of `keys` has them.
   * @throws {KeyringError} when there is no key, or one of a wrong length.
   */
  constructor(keys: readonly Uint8Array[], aes192?: Aes192Gcm) {
    this.#keys = [];
    this.#aes192 = aes192;
    for (const key of keys) this.install(key);
    if (this.#keys.length === 0) throw new KeyringError("a keyring needs a key");
  }

  /** From now on keys of 24 bytes can be installed. */
  supportAes192(aes192: Aes192Gcm): void {
    this.#aes192 = aes192;
  }

  /** All keys, the primary first. Not to be written to. */
  list(): readonly Uint8Array[] {
    return this.#keys;
  }

  /** The key that seals. Not to be written to. */
  get primary(): Uint8Array {
    return this.#keys[0]!;
  }

  /**
   * Adds a key, last; harmless when it is there.
   *
   * @param key copied. @throws {KeyringError} for a length other than 16, 24 or 32, and for 24 without AES-192.
   */
  install(key: Uint8Array): void {
    if (!isKeyLength(key.length)) throw new KeyringError(KEY_SIZE_TEXT);
    if (key.length === 24 && this.#aes192 === undefined) {
      throw new KeyringError("keys of 24 bytes (AES-192) are not available");
    }
    if (!this.has(key)) this.#keys = [...this.#keys, key.slice()];
  }

  /** Makes an installed key the primary one. @throws {KeyringError} when it is not installed. */
  use(key: Uint8Array): void {
    if (!this.has(key)) throw new KeyringError("Requested key is not in the keyring");
    this.#keys = [
      ...this.#keys.filter((known) => bytesEqual(known, key)),
      ...this.#keys.filter((known) => !bytesEqual(known, key)),
    ];
  }

  /** Removes a key; harmless when it is not there. @throws {KeyringError} when it is the primary one. */
  remove(key: Uint8Array): void {
    if (bytesEqual(this.primary, key)) throw new KeyringError("Removing the primary key is not allowed");
    this.#keys = this.#keys.filter((known) => !bytesEqual(known, key));
  }

  /** Whether `key` is installed. */
  has(key: Uint8Array): boolean {
    return this.#keys.some((known) => bytesEqual(known, key));
  }

  /**
   * Seals `plaintext` with the primary key into `target` at `offset`, as version 1.
   *
   * @param target has room for the plaintext and CIPHER_OVERHEAD_BYTES, and does not overlap the plaintext.
   * @returns how many bytes were written.
   */
  sealInto(
    target: Uint8Array,
    offset: number,
    plaintext: Uint8Array,
    aad: Uint8Array,
    random: Random,
  ): number {
    random.fill(this.#nonce);
    return sealInto(target, offset, this.primary, this.#nonce, plaintext, aad, 1, this.#aes192);
  }

  /**
   * Opens `bytes[start, end)` with whichever key fits, the primary first.
   *
   * @returns the plaintext, in an array of its own.
   * @throws {WireError} when it is malformed or no key fits.
   */
  open(bytes: Uint8Array, start: number, end: number, aad: Uint8Array): Uint8Array {
    checkSealed(bytes, start, end);
    for (const key of this.#keys) {
      const plaintext = openSealed(key, bytes, start, end, aad, this.#aes192);
      if (plaintext !== null) return plaintext;
    }
    throw new WireError("No installed keys could decrypt the message", start);
  }
}
