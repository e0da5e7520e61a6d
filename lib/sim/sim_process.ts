/** One life of one node's process, as a clock: it can be blocked, kept busy, have its wall clock stepped, and die. */
import { assert } from "../base/assert.ts";
import type { Clock } from "../base/ports.ts";
import { Timer, TimerHeap } from "../base/timer_heap.ts";
import type { SimClock } from "./sim_clock.ts";

/** What "without delay" is while a round of timers runs: just enough to come after it and what waits in the sockets. */
const NEXT_ROUND_MS = 1e-6;

/**
 * The clock of one simulated process. Its timers live in a heap of its own, of which only the earliest is represented
 * in the world's: so a blocked process can be late as a whole, and a dead one forgets all its timers at once.
 *
 * While blocked it handles nothing: timers and packets wait. When it wakes, one round of timers that fell due goes
 * first, then what came over the network, as in the event loop of the real clock. A timer armed without delay during
 * the round waits for the next.
 *
 * While muted its timers go on, but nothing comes in, and what it sends leaves when that ends: a process whose calls to
 * the network block, which is the anomaly of Lifeguard's experiments.
 */
export class SimProcess implements Clock {
  readonly #world: SimClock;
  // Bounded: one entry per armed timer of this process.
  readonly #heap = new TimerHeap();
  readonly #wake: Timer;
  #blockedUntilMs = 0;
  #mutedUntilMs = 0;
  #alive = true;
  #firing = false;

  /** Milliseconds by which this process' wall clock is off; tests step it. */
  wallSkewMs = 0;
  /** How long handling each packet or timer takes this process, in milliseconds. 0: no time at all. */
  busyMs = 0;
  /** How many timers went off after their time, because it was blocked. */
  timersLate = 0;
  /** Called after each timer, packet or request that this process has handled. */
  onHandledListener: (() => void) | undefined = undefined;

  constructor(world: SimClock) {
    this.#world = world;
    this.#wake = new Timer(() => this.#onWake());
  }

  nowMs(): number {
    return this.#world.nowMs();
  }

  wallMs(): number {
    return this.#world.wallMs() + this.wallSkewMs;
  }

  /** @throws {AssertionError} for a negative delay or NaN. */
  arm(timer: Timer, delayMs: number): void {
    assert(delayMs >= 0, "a delay is not negative");
    if (!this.#alive) return;
    const leastMs = this.#firing ? NEXT_ROUND_MS : 0;
    this.#heap.set(timer, this.#world.nowMs() + Math.max(delayMs, leastMs));
    this.#setWake();
  }

  disarm(timer: Timer): void {
    if (!timer.armed) return;
    this.#heap.delete(timer);
    this.#setWake();
  }

  /** Whether it runs at all. */
  get alive(): boolean {
    return this.#alive;
  }

  /** How many of its timers are armed. */
  get armedCount(): number {
    return this.#heap.size;
  }

  /** Until when it handles nothing; in the past when it is not blocked. */
  get blockedUntilMs(): number {
    return this.#blockedUntilMs;
  }

  /** Whether it handles nothing at this moment. */
  get blocked(): boolean {
    return this.#blockedUntilMs > this.#world.nowMs();
  }

  /** Blocks it for `durationMs` from now; a longer block that runs already is kept. */
  blockFor(durationMs: number): void {
    this.#blockedUntilMs = Math.max(this.#blockedUntilMs, this.#world.nowMs() + durationMs);
    this.#setWake();
  }

  /** Until when nothing comes in: a blocked process receives nothing either. In the past when it is neither. */
  get deafUntilMs(): number {
    return Math.max(this.#mutedUntilMs, this.#blockedUntilMs);
  }

  /** Whether nothing comes in at this moment. */
  get deaf(): boolean {
    return this.deafUntilMs > this.#world.nowMs();
  }

  /** How long what it sends now is held back, in milliseconds. */
  get holdsBackMs(): number {
    return Math.max(0, this.#mutedUntilMs - this.#world.nowMs());
  }

  /** Mutes it for `durationMs` from now; longer, if it is muted for longer already. */
  muteFor(durationMs: number): void {
    this.#mutedUntilMs = Math.max(this.#mutedUntilMs, this.#world.nowMs() + durationMs);
  }

  /** Ends the process: none of its timers will fire, and it can arm no more. For good. */
  kill(): void {
    this.#alive = false;
    for (let timer = this.#heap.peek(); timer !== undefined; timer = this.#heap.peek()) {
      this.#heap.delete(timer);
    }
    this.#world.disarm(this.#wake);
  }

  /** The network tells that the process has handled something: a busy one is then blocked for a while. */
  onHandled(): void {
    this.onHandledListener?.();
    if (this.busyMs > 0) this.blockFor(this.busyMs);
  }

  /** One round; a busy process may be blocked again before its end. */
  #onWake(): void {
    const nowMs = this.#world.nowMs();
    while (this.#blockedUntilMs <= nowMs) {
      const timer = this.#heap.popDue(nowMs);
      if (timer === undefined) break;
      if (timer.deadlineMs < nowMs) this.timersLate++;
      this.#firing = true;
      timer.onTimer();
      this.#firing = false;
      if (this.#alive) this.onHandled();
    }
    this.#setWake();
  }

  #setWake(): void {
    if (this.#firing || !this.#alive) return;
    const top = this.#heap.peek();
    if (top === undefined) {
      this.#world.disarm(this.#wake);
      return;
    }
    const wakeMs = Math.max(top.deadlineMs, this.#blockedUntilMs);
    if (!this.#wake.armed || this.#wake.deadlineMs !== wakeMs) this.#world.armAt(this.#wake, wakeMs);
  }
}
