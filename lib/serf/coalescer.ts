/** The window in which events are collected before they are delivered together. protocol.md D.13. */
import { assert } from "../base/assert.ts";
import type { Clock } from "../base/ports.ts";
import { Timer } from "../base/timer_heap.ts";

/** In milliseconds. */
export interface CoalesceOptions {
  /** The longest that an event waits. @default {3000} */
  readonly coalescePeriodMs: number;
  /** How long it must be quiet for the window to close early. @default {1000} */
  readonly quiescentPeriodMs: number;
}

/** The agent's windows. */
export const COALESCE_DEFAULTS: CoalesceOptions = Object.freeze({
  coalescePeriodMs: 3_000,
  quiescentPeriodMs: 1_000,
});

/** What collects events and gives them out. Two kinds exist: member events and user events. */
export interface CoalesceContent {
  /** Gives out what was collected, and forgets it. */
  flush(): void;
}

/**
 * ```
 * closed --onEvent--> open --(quiet for quiescentPeriodMs, or open for coalescePeriodMs)--> flush, closed
 * ```
 */
export class Coalescer {
  readonly #clock: Clock;
  readonly #options: CoalesceOptions;
  readonly #content: CoalesceContent;
  readonly #timer: Timer;
  #openedMs = 0;

  constructor(clock: Clock, options: CoalesceOptions, content: CoalesceContent) {
    assert(
      options.coalescePeriodMs >= options.quiescentPeriodMs,
      "a window is at least as long as its quiet end",
    );
    this.#clock = clock;
    this.#options = options;
    this.#content = content;
    this.#timer = new Timer(() => this.#content.flush());
  }

  /** Something was collected. */
  onEvent(): void {
    const nowMs = this.#clock.nowMs();
    if (!this.#timer.armed) this.#openedMs = nowMs;
    const leftMs = this.#openedMs + this.#options.coalescePeriodMs - nowMs;
    this.#clock.arm(this.#timer, Math.max(0, Math.min(leftMs, this.#options.quiescentPeriodMs)));
  }

  /** Closes the window now; gives out what it holds. */
  stop(): void {
    if (!this.#timer.armed) return;
    this.#clock.disarm(this.#timer);
    this.#content.flush();
  }
}
