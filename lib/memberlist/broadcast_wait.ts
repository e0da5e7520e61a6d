/** Waiting, not for ever, until one broadcast has been sent as often as it is to be. */
import type { Clock } from "../base/ports.ts";
import { Timer } from "../base/timer_heap.ts";

/**
 * ```
 * waiting --onSent--> settled, done() follows           waiting --timeout--> done(timeout error)
 *         --fail----> settled, done(error) follows      any --cancel--> nothing follows
 * ```
 * The outcome is always told from a timer: a broadcast finishes while a packet is being filled, which is no moment for
 * whatever the waiter does next.
 */
export class BroadcastWait {
  readonly #clock: Clock;
  readonly #timer: Timer;
  #outcome: Error | undefined;
  #isSettled = false;

  /**
   * @param timeoutMs greater than 0. @param timeoutText the error's message when it passes.
   * @param done called once, unless cancelled.
   */
  constructor(clock: Clock, timeoutMs: number, timeoutText: string, done: (error?: Error) => void) {
    this.#clock = clock;
    this.#outcome = new Error(timeoutText);
    this.#timer = new Timer(() => done(this.#outcome));
    clock.arm(this.#timer, timeoutMs);
  }

  /** The broadcast is through, or there is nobody to hear it. */
  onSent(): void {
    this.#settle(undefined);
  }

  /** There is nothing to wait for. */
  fail(error: Error): void {
    this.#settle(error);
  }

  /** Forgets the whole matter. */
  cancel(): void {
    this.#isSettled = true;
    this.#clock.disarm(this.#timer);
  }

  /** The first outcome counts. */
  #settle(outcome: Error | undefined): void {
    if (this.#isSettled || !this.#timer.armed) return;
    this.#isSettled = true;
    this.#outcome = outcome;
    this.#clock.arm(this.#timer, 0);
  }
}
