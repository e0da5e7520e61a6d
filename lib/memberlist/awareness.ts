/** Lifeguard's local health: how much this node should distrust its own senses. */
import { assert } from "../base/assert.ts";

/**
 * A score from 0 (healthy) to `maxMultiplier - 1`. Missed probes, missing nacks and having to refute raise it, answered
 * probes lower it; a high score makes this node slower to accuse others. Source: Lifeguard IV-A, protocol.md C.10.
 */
export class Awareness {
  readonly #scoreMax: number;
  #score = 0;

  /** @param maxMultiplier the score stays below it; at least 1. */
  constructor(maxMultiplier: number) {
    assert(maxMultiplier >= 1, "the awareness multiplier is at least 1");
    this.#scoreMax = maxMultiplier - 1;
  }

  /** The health score; 0 is best. */
  get score(): number {
    return this.#score;
  }

  /** Adds `delta` and clamps. */
  apply(delta: number): void {
    this.#score = Math.min(this.#scoreMax, Math.max(0, this.#score + delta));
  }

  /** A timeout stretched by the score: `timeout * (score + 1)`. */
  scaleMs(timeoutMs: number): number {
    return timeoutMs * (this.#score + 1);
  }
}
