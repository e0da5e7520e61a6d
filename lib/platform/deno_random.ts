/** Randomness from the operating system's generator. */
import { assert } from "../base/assert.ts";
import type { Random } from "../base/ports.ts";

/** Words drawn at once: a call into the generator costs the same for one as for all of them. */
const BLOCK_WORDS = 256;
/** The most bytes that one call into the generator fills. */
const FILL_BYTES_MAX = 65536;

/** {@linkcode Random} on `crypto.getRandomValues`. Choices come from a block drawn ahead, secrets straight. */
export class DenoRandom implements Random {
  readonly #block = new Uint32Array(BLOCK_WORDS);
  #next = BLOCK_WORDS;

  below(bound: number): number {
    assert(bound >= 1 && bound <= 2 ** 32 && Number.isInteger(bound), "a bound is an integer in 1..2^32");
    // The words at the top that do not fill a whole multiple of the bound would favour the small results.
    const limit = 2 ** 32 - (2 ** 32 % bound);
    for (;;) {
      const word = this.#word();
      if (word < limit) return word % bound;
    }
  }

  uniform(): number {
    return ((this.#word() >>> 5) * 67108864 + (this.#word() >>> 6)) / 9007199254740992;
  }

  fill(bytes: Uint8Array): void {
    for (let start = 0; start < bytes.length; start += FILL_BYTES_MAX) {
      crypto.getRandomValues(bytes.subarray(start, start + FILL_BYTES_MAX) as Uint8Array<ArrayBuffer>);
    }
  }

  #word(): number {
    if (this.#next === BLOCK_WORDS) {
      crypto.getRandomValues(this.#block);
      this.#next = 0;
    }
    return this.#block[this.#next++]!;
  }
}
