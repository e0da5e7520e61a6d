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
    return medianOf(samples);
  }
}

/** Without a sorted copy: as many of the others are smaller, or equal and earlier, as come before it. */
function medianOf(samples: readonly number[]): number {
  const rank = samples.length >> 1;
  for (let i = 0; i < samples.length; i++) {
    let before = 0;
    for (let j = 0; j < samples.length; j++) {
      if (samples[j]! < samples[i]! || samples[j] === samples[i] && j < i) before++;
    }
    if (before === rank) return samples[i]!;
  }
  return samples[0]!;
}
