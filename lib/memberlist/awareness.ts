/** Lifeguard's local health: how much this node should distrust its own senses. */
import { assert } from "../base/assert.ts";

/**
 * A score from 0 (healthy) to `maxMultiplier - 1`. Missed probes, missing nacks and having to refute raise it, answered
 * probes lower it; a high score makes this node slower to accuse others. Source: Lifeguard IV-A, protocol.md C.10.
 */
export class Awareness {
  readonly #scoreMax: number;
  readonly #onChanged: (score: number) => void;
  #score = 0;

  /** @param maxMultiplier the score stays below it; at least 1. @param onChanged told the score when it is another. */
  constructor(maxMultiplier: number, onChanged: (score: number) => void = () => {}) {
    assert(maxMultiplier >= 1, "the awareness multiplier is at least 1");
    this.#scoreMax = maxMultiplier - 1;
    this.#onChanged = onChanged;
  }

  /** The health score; 0 is best. */
  get score(): number {
    return this.#score;
  }

  /** Adds `delta` and clamps. */
  apply(delta: number): void {
    const before = this.#score;
    this.#score = Math.min(this.#scoreMax, Math.max(0, before + delta));
    if (this.#score !== before) this.#onChanged(this.#score);
  }

  /** A timeout stretched by the score: `timeout * (score + 1)`. */
  scaleMs(timeoutMs: number): number {
    return timeoutMs * (this.#score + 1);
  }
}
