/** Copies of small byte strings that many have in common: each kept once, and many in one buffer. */
import { Slab } from "./slab.ts";

/** What a copy that is still in use may keep alive beside itself. */
const CHUNK_BYTES = 1024;

/**
 * Hands out copies that are not to be written to; the same bytes mostly give the same object. An array of its own, with a
 * buffer of its own, takes some four hundred bytes before there is anything in it.
 *
 * bounded: as many copies as there are slots; a newcomer replaces what is in its slot.
 */
export class SharedCopies {
  readonly #slots: (Uint8Array | undefined)[];
  readonly #slab = new Slab(CHUNK_BYTES);

  /** @param slots a power of two. */
  constructor(slots: number) {
    this.#slots = new Array(slots).fill(undefined);
  }

  /** @param bytes borrowed. */
  copy(bytes: Uint8Array): Uint8Array {
    let hash = bytes.length;
    for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
    const slot = (hash ^ (hash >>> 15)) & (this.#slots.length - 1);
    const known = this.#slots[slot];
    if (known !== undefined && isSame(known, bytes)) return known;
    return this.#slots[slot] = this.#slab.copy(bytes);
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
