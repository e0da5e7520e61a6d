/** The field names of a Go struct on the wire: what a key of a map, or a place in an array, stands for. */
import { encodeText } from "./text.ts";

/** One struct's fields. Build once per message type, at module level. */
export class StructFields {
  /** Declaration order: the order of the array form, and the numbers that {@linkcode find} gives. */
  readonly names: readonly string[];
  readonly #keys: readonly Uint8Array[];
  /** Field numbers by ascending key: the order in which senders write the map form. */
  readonly #sorted: readonly number[];
  /** For each field its place in {@linkcode #sorted}. */
  readonly #rank: readonly number[];

  /** @param names exactly as spelled in Go, in declaration order. */
  constructor(...names: string[]) {
    this.names = names;
    this.#keys = names.map(encodeText);
    const sorted = names.map((_, index) => index);
    sorted.sort((a, b) => names[a]! < names[b]! ? -1 : 1);
    this.#sorted = sorted;
    this.#rank = names.map((_, index) => sorted.indexOf(index));
  }

  /**
   * The number of the field whose key is `bytes[start, end)`, case-sensitively; -1 for an unknown key.
   *
   * @param previous the number found for the key before this one, or -1: keys mostly come in ascending order.
   */
  find(bytes: Uint8Array, start: number, end: number, previous: number): number {
    const next = previous < 0 ? 0 : this.#rank[previous]! + 1;
    const guess = this.#sorted[next];
    if (guess !== undefined && isKey(this.#keys[guess]!, bytes, start, end)) return guess;
    for (let i = 0; i < this.#keys.length; i++) if (isKey(this.#keys[i]!, bytes, start, end)) return i;
    return -1;
  }
}

// A loop of its own: with base/bytes.ts, whose callers compare all kinds of things, a packet of gossip takes 7 % longer.
function isKey(key: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  const length = key.length;
  if (length !== end - start) return false;
  for (let i = 0; i < length; i++) if (key[i] !== bytes[start + i]) return false;
  return true;
}
