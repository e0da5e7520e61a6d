/** The median of the last few round trips to one node: one late packet moves nobody. */

/** A moving median over at most `size` samples. */
export class LatencyFilter {
  // Bounded: `size` samples.
  readonly #samples: number[] = [];
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  /** Takes a sample in. @returns the median of the last ones; of an even number, the larger of the middle two. */
  add(rttSeconds: number): number {
    const samples = this.#samples;
    if (samples.length === this.#size) samples.shift();
    samples.push(rttSeconds);
    const sorted = samples.slice().sort((a, b) => a - b);
    return sorted[sorted.length >> 1]!;
  }
}
