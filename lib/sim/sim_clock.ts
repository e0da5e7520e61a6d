/** Virtual time: the timer heap, and a jump to its top. */
import { assert } from "../base/assert.ts";
import type { Clock } from "../base/ports.ts";
import { ArmingOrder, type Timer, TimerHeap } from "../base/timer_heap.ts";

/** The wall clock's reading at virtual time 0: 2026-01-01T00:00:00Z. */
export const SIM_EPOCH_MS = 1_767_225_600_000;

/**
 * The world's clock. It stands still until one of the `run` methods is called; then it jumps from deadline to
 * deadline and calls the timers in order of deadline, ties in order of arming.
 */
export class SimClock implements Clock {
  // Bounded: one entry per armed timer of the world and one per process (a process keeps its own heap).
  readonly #heap: TimerHeap;
  // Bounded: one entry per datagram in flight. Of these there are few, and they arrive soon: among the timers of a
  // thousand processes each would move twenty others, whose memory is far.
  readonly #flights: TimerHeap;
  #nowMs = 0;
  #steps = 0;

  /** Called after every timer, when set: where invariant checkers look at the world. */
  onStep: (() => void) | undefined = undefined;

  constructor() {
    const order = new ArmingOrder();
    this.#heap = new TimerHeap(order);
    this.#flights = new TimerHeap(order);
  }

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return SIM_EPOCH_MS + this.#nowMs;
  }

  /** @throws {AssertionError} for a negative delay or NaN. */
  arm(timer: Timer, delayMs: number): void {
    assert(delayMs >= 0, "a delay is not negative");
    this.#heap.set(timer, this.#nowMs + delayMs);
  }

  disarm(timer: Timer): void {
    this.#heap.delete(timer);
  }

  /** Arms `timer` for a moment of virtual time; one that has passed means now. */
  armAt(timer: Timer, deadlineMs: number): void {
    this.#heap.set(timer, Math.max(deadlineMs, this.#nowMs));
  }

  /** As {@linkcode armAt}, for what arrives soon, and is never disarmed: a datagram. */
  armFlightAt(timer: Timer, arrivalMs: number): void {
    this.#flights.set(timer, Math.max(arrivalMs, this.#nowMs));
  }

  /** How many timers have fired since the beginning. */
  get steps(): number {
    return this.#steps;
  }

  /** How many timers are armed. */
  get armedCount(): number {
    return this.#heap.size + this.#flights.size;
  }

  /** Jumps to the earliest deadline and fires that one timer. @returns false when none is armed. */
  step(): boolean {
    return this.#stepUntil(Infinity);
  }

  /** Fires everything that is due up to and including `untilMs`, and stands there. */
  run(untilMs: number): void {
    while (this.#stepUntil(untilMs)) { /* the step is the work */ }
    if (untilMs > this.#nowMs) this.#nowMs = untilMs;
  }

  /** Runs for `durationMs` from now. */
  runFor(durationMs: number): void {
    this.run(this.#nowMs + durationMs);
  }

  /**
   * Runs until `predicate` holds, at most `limitMs` from now.
   *
   * @param checkEveryMs how often the predicate is asked; 0 asks after every timer, which finds the exact moment.
   * @returns whether it held. Time stands where it was found, or at the limit.
   */
  runUntil(predicate: () => boolean, limitMs: number, checkEveryMs = 0): boolean {
    const endMs = this.#nowMs + limitMs;
    if (predicate()) return true;
    if (checkEveryMs > 0) return this.#runUntilCoarsely(predicate, endMs, checkEveryMs);
    while (this.#stepUntil(endMs)) {
      if (predicate()) return true;
    }
    this.#nowMs = Math.max(this.#nowMs, endMs);
    return predicate();
  }

  #runUntilCoarsely(predicate: () => boolean, endMs: number, checkEveryMs: number): boolean {
    while (this.#nowMs < endMs) {
      this.run(Math.min(endMs, this.#nowMs + checkEveryMs));
      if (predicate()) return true;
    }
    return false;
  }

  #stepUntil(limitMs: number): boolean {
    const timer = this.#earlierHeap().popDue(limitMs);
    if (timer === undefined) return false;
    if (timer.deadlineMs > this.#nowMs) this.#nowMs = timer.deadlineMs;
    this.#steps++;
    timer.onTimer();
    this.onStep?.();
    return true;
  }

  #earlierHeap(): TimerHeap {
    const earliestMs = this.#heap.earliestMs;
    const arrivalMs = this.#flights.earliestMs;
    if (arrivalMs !== earliestMs) return arrivalMs < earliestMs ? this.#flights : this.#heap;
    if (arrivalMs === Infinity) return this.#heap;
    return this.#flights.peek()!.sequence < this.#heap.peek()!.sequence ? this.#flights : this.#heap;
  }
}
