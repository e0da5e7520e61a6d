/** Copies of small byte strings, many in one buffer: an ArrayBuffer for each would cost more than what is in it. */

/**
 * Hands out copies that live in shared chunks. A chunk lives as long as the last copy in it: a copy pins one chunk at
 * most, and few do where copies come and go together, as queued messages do, or stay, as members' addresses do.
 */
export class Slab {
  readonly #chunkBytes: number;
  #chunk: Uint8Array;
  #used: number;

  /** @param chunkBytes what is allocated at once; copies of more than a quarter of it get a buffer of their own. */
  constructor(chunkBytes: number) {
    this.#chunkBytes = chunkBytes;
    // The first chunk comes with the first copy.
    this.#chunk = new Uint8Array(0);
    this.#used = 0;
  }

  /**
   * @param head a byte to stand before them.
   * @returns a copy, which nobody else writes to.
   */
  copy(bytes: Uint8Array, head?: number): Uint8Array {
    const start = head === undefined ? 0 : 1;
    const copy = this.#take(start + bytes.length);
    if (head !== undefined) copy[0] = head;
    copy.set(bytes, start);
    return copy;
  }

  #take(size: number): Uint8Array {
    if (size * 4 > this.#chunkBytes) return new Uint8Array(size);
    if (this.#used + size > this.#chunk.length) {
      this.#chunk = new Uint8Array(this.#chunkBytes);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += size;
    return this.#chunk.subarray(start, start + size);
  }
}
