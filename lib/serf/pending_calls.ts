/** Callers who wait for an outcome that never comes once Serf is shut down. */

/**
 * Keeps, for each caller who waits, how to tell him that it is over. Memberlist tells nobody when it is stopped.
 *
 * bounded: one per caller who waits.
 */
export class PendingCalls {
  readonly #calls = new Set<() => void>();

  /**
   * @param giveUp tells the caller that there will be no outcome.
   * @returns what to call when there is one; false says that he was told already, and is not to be told again.
   */
  begin(giveUp: () => void): () => boolean {
    this.#calls.add(giveUp);
    return () => this.#calls.delete(giveUp);
  }

  /** Tells everybody who waits. */
  stop(): void {
    const calls = [...this.#calls];
    this.#calls.clear();
    for (const giveUp of calls) giveUp();
  }
}
