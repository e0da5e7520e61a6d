/**
 * Cuts a stream of MessagePack values into whole values. The protocol has no lengths, so the end of a message is found
 * by walking it: each value is measured once, its contents are counted instead of descended into (nesting costs
 * nothing), and the walk resumes where the bytes ran out, so that a client that drips single bytes costs linear time.
 *
 * ```
 * push(chunk) -> next() true: bytes[start, end) is one value -> next() true ... -> next() false -> retain() -> push(chunk)
 * ```
 * Bounds: a value is refused as soon as what it announces exceeds `bytesMax`; so at most that much, and one chunk,
 * is kept of a value that is not yet complete.
 */
import { WireError } from "../base/errors.ts";
import { NO_BYTES } from "../base/bytes.ts";
import { containedValues, measureValue } from "../wire/msgpack_scan.ts";

/** An own buffer up to this size is kept for the next time it is needed. */
const KEPT_BYTES_MAX = 4096;

/** One per connection and direction. Not usable any more after {@linkcode next} threw. */
export class FrameDecoder {
  /** Holds the value found last. Borrowed: valid until {@linkcode push} or {@linkcode retain}. */
  bytes: Uint8Array = NO_BYTES;
  /** Where the value found last, or the incomplete one, begins. */
  start = 0;
  /** Where the value found last ends. */
  end = 0;

  /** Own memory for what must outlive a borrowed chunk; `bytes` points to it or to the chunk. */
  #own: Uint8Array = NO_BYTES;
  /** How much of `bytes` is filled. */
  #filled = 0;
  /** Everything before is measured. May lie beyond `#filled`, when a string is still coming. */
  #measured = 0;
  /** How many values the present one still lacks, itself included. */
  #missing = 0;
  /** Whether a value was begun at `start` and is not complete. */
  #isOpen = false;

  /** How many bytes of an incomplete value, or of values not yet asked for, are here. */
  get unreadBytes(): number {
    return this.#filled - this.#unread;
  }

  /** How much memory of its own it holds. */
  get ownBytes(): number {
    return this.#own.length;
  }

  get #unread(): number {
    return this.#isOpen ? this.start : this.end;
  }

  /** Gives it more bytes. @param chunk borrowed until {@linkcode retain} or the next push. */
  push(chunk: Uint8Array): void {
    if (this.unreadBytes === 0) return this.#adopt(chunk, chunk.length, this.#unread);
    this.#keep(chunk.length);
    this.bytes.set(chunk, this.#filled);
    this.#filled += chunk.length;
  }

  /** Copies what is unread of the last chunk, because its lender wants it back; with nothing unread, keeps little. */
  retain(): void {
    if (this.unreadBytes === 0 && this.#own.length > KEPT_BYTES_MAX) {
      this.#own = NO_BYTES;
      this.#adopt(NO_BYTES, 0, this.#unread);
    } else if (this.bytes !== this.#own) this.#keep(0);
  }

  /**
   * Finds the next whole value; the one before is gone.
   *
   * @param bytesMax how long a value may be.
   * @returns whether there is one: `bytes[start, end)`.
   * @throws {WireError} when it is longer than that, or holds a byte that begins no value.
   */
  next(bytesMax: number): boolean {
    if (!this.#isOpen) {
      this.start = this.#measured = this.end;
      this.#missing = 1;
      this.#isOpen = true;
    }
    while (this.#missing > 0) {
      const size = measureValue(this.bytes, this.#measured, this.#filled);
      if (size === 0) return false;
      this.#measured += size;
      this.#missing += containedValues - 1;
      // Whatever is missing takes a byte at least.
      if (this.#measured - this.start + this.#missing > bytesMax) {
        throw new WireError(`the message exceeds ${bytesMax} bytes`, this.#measured - this.start);
      }
    }
    if (this.#measured > this.#filled) return false;
    this.end = this.#measured;
    this.#isOpen = false;
    return true;
  }

  /** Moves what is unread into the own buffer, at least when it is not there yet, and makes room behind it. */
  #keep(roomBytes: number): void {
    const from = this.#unread;
    const size = this.#filled - from;
    if (this.bytes === this.#own && this.#filled + roomBytes <= this.#own.length) return;
    const isTooSmall = size + roomBytes > this.#own.length;
    const target = isTooSmall ? new Uint8Array(Math.max(256, 2 * size, size + roomBytes)) : this.#own;
    target.set(this.bytes.subarray(from, this.#filled));
    this.#own = target;
    this.#adopt(target, size, from);
  }

  /** Makes `bytes` the buffer, in which everything lies `shift` lower than before. */
  #adopt(bytes: Uint8Array, filled: number, shift: number): void {
    this.bytes = bytes;
    this.#filled = filled;
    this.start = Math.max(0, this.start - shift);
    this.end = Math.max(0, this.end - shift);
    this.#measured = Math.max(0, this.#measured - shift);
  }
}
