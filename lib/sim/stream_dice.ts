/** The chance in streams: losses, breaks, and the sizes of the pieces in which a stream's bytes are read. */
import type { FrameReader } from "../base/ports.ts";
import { SeededRandom } from "../base/seeded_random.ts";

/** A scratch buffer larger than this is given back to the collector after use. */
const SCRATCH_KEPT_BYTES = 1 << 20;
/** Messages up to this length come in one piece, as in one segment, or now and then byte by byte. */
const SMALL_BYTES_MAX = 256;

/** Its own two random streams: one for faults, one for piece sizes, so that neither reshuffles the other. */
export class StreamDice {
  readonly #faults: SeededRandom;
  readonly #pieces: SeededRandom;
  #scratch = new Uint8Array(4096);

  constructor(seed: number) {
    this.#faults = new SeededRandom(seed, "stream faults");
    this.#pieces = new SeededRandom(seed, "stream pieces");
  }

  /** Always rolls. */
  chance(ratio: number): boolean {
    return this.#faults.uniform() < ratio;
  }

  /** A uniform number in [0, max). Always rolls. */
  upTo(max: number): number {
    return this.#faults.uniform() * max;
  }

  /** Whether, where and at which fraction of the message a connection breaks. Always rolls three dice. */
  breakFate(ratio: number): { where: "no" | "request" | "reply"; at: number } {
    const breaks = this.chance(ratio);
    const inRequest = this.chance(0.5);
    const at = this.upTo(1);
    return { where: !breaks ? "no" : inRequest ? "request" : "reply", at };
  }

  /**
   * Feeds `bytes[0..length)` to `reader` in random pieces, growing in a buffer that holds rubbish beyond what was
   * "read", as a socket's does.
   *
   * @returns the message (in the scratch buffer, until {@linkcode release} or the next scan), or undefined when the
   *   bytes end before it does.
   */
  scanInChunks(reader: FrameReader, bytes: Uint8Array, length: number): Uint8Array | undefined {
    if (this.#scratch.length < length) this.#scratch = new Uint8Array(length * 2);
    const scratch = this.#scratch;
    const isSmall = length <= SMALL_BYTES_MAX;
    if (isSmall && this.#pieces.below(8) > 0) {
      scratch.set(length === bytes.length ? bytes : bytes.subarray(0, length));
      const found = length === 0 ? 0 : reader.scan(scratch, length);
      return found > 0 ? scratch.subarray(0, found) : undefined;
    }
    const pieceMax = isSmall ? 1 : length >> 2;
    for (let fed = 0; fed < length;) {
      const end = Math.min(length, fed + 1 + this.#pieces.below(pieceMax));
      scratch.set(bytes.subarray(fed, end), fed);
      fed = end;
      const found = reader.scan(scratch, fed);
      if (found > 0) return scratch.subarray(0, found);
    }
    return undefined;
  }

  /** The message of the last scan is not needed any more. */
  release(): void {
    if (this.#scratch.length > SCRATCH_KEPT_BYTES) this.#scratch = new Uint8Array(4096);
  }
}
