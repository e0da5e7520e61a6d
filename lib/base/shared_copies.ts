/** Copies of small byte strings that many have in common: each kept once, and many in one buffer. */
import { bytesEqual, slotOf } from "./bytes.ts";
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
    const slot = slotOf(bytes, bytes.length, this.#slots.length);
    const known = this.#slots[slot];
    if (known !== undefined && bytesEqual(known, bytes)) return known;
    return this.#slots[slot] = this.#slab.copy(bytes);
  }
}
