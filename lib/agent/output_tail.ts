/** The end of what a script printed. */

/** Remembers the last bytes of a stream of any length. */
export class OutputTail {
  readonly #capacity: number;
  #ring: Uint8Array | undefined = undefined;
  #total = 0;

  /** @param capacity how many bytes are remembered, at least 1. The memory is taken with the first of them. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Bytes written so far, forgotten ones included. */
  get total(): number {
    return this.#total;
  }

  /** Appends; copies what it keeps. */
  write(chunk: Uint8Array): void {
    const ring = this.#ring ??= new Uint8Array(this.#capacity);
    const kept = chunk.subarray(Math.max(0, chunk.length - this.#capacity));
    const at = (this.#total + chunk.length - kept.length) % this.#capacity;
    const first = kept.subarray(0, this.#capacity - at);
    ring.set(first, at);
    ring.set(kept.subarray(first.length), 0);
    this.#total += chunk.length;
  }

  /** @returns the remembered bytes, oldest first, in an array of their own. */
  bytes(): Uint8Array {
    const ring = this.#ring;
    if (ring === undefined) return new Uint8Array(0);
    if (this.#total <= this.#capacity) return ring.slice(0, this.#total);
    const at = this.#total % this.#capacity;
    const bytes = new Uint8Array(this.#capacity);
    bytes.set(ring.subarray(at), 0);
    bytes.set(ring.subarray(0, at), this.#capacity - at);
    return bytes;
  }
}
