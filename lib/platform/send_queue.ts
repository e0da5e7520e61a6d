/**
 * Bytes on their way out of one connection, in blocks that all connections of a listener lend each other: an answer of
 * any size costs no new memory once a few blocks exist, and a connection with nothing to send holds none.
 *
 * ```
 * add --> [start ... end ) room ] --> [start ... end ) room ]
 *          ^ front(): being written     ^ add() goes on here
 * ```
 * What is being written stays where it is; what is added comes behind it, in the same block while there is room.
 */

/** Most answers fit into a small block, so that a client that does not fetch one costs little. */
const SMALL_BYTES = 4 * 1024;
const LARGE_BYTES = 64 * 1024;
/** Free blocks that are kept: the small for the next answers, the large for all ten thousand members in one answer. */
const SMALL_KEPT = 64;
const LARGE_KEPT = 32;

/** Free blocks of both sizes. */
export class BlockPool {
  readonly #small: Uint8Array[] = []; // bounded: SMALL_KEPT
  readonly #large: Uint8Array[] = []; // bounded: LARGE_KEPT

  /** @returns a block of unknown content, the caller's until it is given back or forgotten. */
  take(large: boolean): Uint8Array {
    return (large ? this.#large : this.#small).pop() ?? new Uint8Array(large ? LARGE_BYTES : SMALL_BYTES);
  }

  /** @param block one that nobody reads or writes any more. */
  give(block: Uint8Array): void {
    if (block.length === LARGE_BYTES) {
      if (this.#large.length < LARGE_KEPT) this.#large.push(block);
    } else if (this.#small.length < SMALL_KEPT) this.#small.push(block);
  }
}

interface Segment {
  readonly block: Uint8Array;
  start: number;
  end: number;
}

/** First in, first out. Its bound is its caller's, who asks for the `length`. */
export class SendQueue {
  readonly #pool: BlockPool;
  #segments: Segment[] = [];
  #length = 0;

  constructor(pool: BlockPool) {
    this.#pool = pool;
  }

  /** How many bytes wait, those being written included. */
  get length(): number {
    return this.#length;
  }

  /** Appends a copy. */
  add(bytes: Uint8Array): void {
    this.#length += bytes.length;
    for (let at = 0; at < bytes.length;) {
      const segment = this.#roomFor(bytes.length - at);
      const count = Math.min(bytes.length - at, segment.block.length - segment.end);
      segment.block.set(bytes.subarray(at, at + count), segment.end);
      segment.end += count;
      at += count;
    }
  }

  /** What to write next: at least one byte, which stay where they are until they are consumed. Not when it is empty. */
  front(): Uint8Array {
    const { block, start, end } = this.#segments[0]!;
    return block.subarray(start, end);
  }

  /** Forgets bytes of the front that are written. */
  consume(count: number): void {
    const segment = this.#segments[0]!;
    segment.start += count;
    this.#length -= count;
    if (segment.start < segment.end) return;
    this.#segments.shift();
    this.#pool.give(segment.block);
  }

  /** Forgets everything. No block is lent on: the system may still be reading the front one. */
  clear(): void {
    this.#segments = [];
    this.#length = 0;
  }

  #roomFor(count: number): Segment {
    const last = this.#segments.at(-1);
    if (last !== undefined && last.end < last.block.length) return last;
    const block = this.#pool.take(last !== undefined || count > SMALL_BYTES);
    const segment = { block, start: 0, end: 0 };
    this.#segments.push(segment);
    return segment;
  }
}
