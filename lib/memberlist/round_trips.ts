/** How long answers take: after what time silence is remarkable. Pure. */

/** The part of the longest round trip that is left after each later one: half of it after 11. */
const DECAY = 15 / 16;
/** The least patience, as a part of the time after which a ping has failed: below, a busy process is no news. */
export const PATIENCE_RATIO_MIN = 1 / 10;

/**
 * Remembers the longest round trip of late. The longest, not the mean: where some members are far away, it is them for
 * whom patience is needed.
 */
export class RoundTrips {
  #longestMs = Infinity;

  /** A direct ping was answered after `ms` >= 0. */
  onRoundTrip(ms: number): void {
    this.#longestMs = this.#longestMs === Infinity ? ms : Math.max(ms, this.#longestMs * DECAY);
  }

  /**
   * How long to wait for an ack before looking another way: twice the longest round trip, at least a tenth of
   * `timeoutMs`, and all of it as long as nothing is known.
   */
  patienceMs(timeoutMs: number): number {
    return Math.min(timeoutMs, Math.max(timeoutMs * PATIENCE_RATIO_MIN, 2 * this.#longestMs));
  }
}
