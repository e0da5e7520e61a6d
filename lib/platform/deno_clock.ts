/** The real clock: a heap of timers and one `setTimeout` for its top. */
import type { Clock } from "../base/ports.ts";
import { type Timer, TimerHeap } from "../base/timer_heap.ts";
import type { FaultHook } from "./faults.ts";

/** The longest delay that `setTimeout` takes; a longer wait is slept in several naps. */
const NAP_MS_MAX = 2 ** 31 - 1;

/**
 * How much later the next deadline must be than the wake-up that is already set before that is put off. Waking for
 * nothing costs far more than moving the wake-up, but moving it for a moment's gain costs something each time.
 */
const WORTH_MOVING_MS = 10;

/**
 * {@linkcode Clock} on `performance.now` and one system timer.
 *
 * Invariant outside of a call: the wake-up is set exactly when a timer is armed, at the top's deadline or at most
 * {@linkcode WORTH_MOVING_MS} before it. A wake-up that comes early (a clock that was corrected, a nap, a timer
 * disarmed since) fires nothing and is set again; one that comes late (a stopped process, a suspended machine) fires
 * all that is due, in order of deadline. A callback that throws is reported, and the others still fire.
 */
export class DenoClock implements Clock {
  readonly #heap = new TimerHeap();
  readonly #faults: FaultHook;
  readonly #onWake = () => this.#fireDue();
  #wakeId: ReturnType<typeof setTimeout> | undefined = undefined;
  /** When the wake-up is set for; Infinity when none is set. */
  #wakeAtMs = Infinity;
  #firing = false;

  constructor(faults: FaultHook) {
    this.#faults = faults;
  }

  nowMs(): number {
    return performance.now();
  }

  wallMs(): number {
    return Date.now();
  }

  arm(timer: Timer, delayMs: number): void {
    this.#heap.set(timer, performance.now() + delayMs);
    this.#moveWake();
  }

  disarm(timer: Timer): void {
    if (!timer.armed) return;
    this.#heap.delete(timer);
    this.#moveWake();
  }

  #moveWake(): void {
    if (this.#firing) return;
    const top = this.#heap.peek();
    if (top === undefined) return this.#clearWake();
    const gain = top.deadlineMs - this.#wakeAtMs;
    if (gain >= 0 && gain <= WORTH_MOVING_MS) return;
    this.#clearWake();
    // Rounded up: the system's timer takes whole milliseconds, and to wake too early is to wake twice.
    const delayMs = Math.min(NAP_MS_MAX, Math.max(0, Math.ceil(top.deadlineMs - performance.now())));
    this.#wakeAtMs = top.deadlineMs;
    this.#wakeId = setTimeout(this.#onWake, delayMs);
  }

  #clearWake(): void {
    if (this.#wakeAtMs === Infinity) return;
    clearTimeout(this.#wakeId);
    this.#wakeAtMs = Infinity;
  }

  #fireDue(): void {
    this.#wakeAtMs = Infinity;
    this.#firing = true;
    // One reading for the whole round: a timer that re-arms itself without delay waits for the next round.
    const nowMs = performance.now();
    for (let timer = this.#heap.popDue(nowMs); timer !== undefined; timer = this.#heap.popDue(nowMs)) {
      try {
        timer.onTimer();
      } catch (error) {
        this.#faults.report(error);
      }
    }
    this.#firing = false;
    this.#moveWake();
  }
}
