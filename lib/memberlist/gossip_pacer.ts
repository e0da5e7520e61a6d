/** When to gossip: at once after a rest, at a steady pace under load. Pure: it schedules nothing, its owner does. */

/** What the pacer needs to know. */
export interface GossipPacerOptions {
  /** Between two ticks, in milliseconds. */
  readonly intervalMs: number;
  /** Whether news may go out before the next tick. */
  readonly isEager: boolean;
  /** One of the moments, in monotonic milliseconds, at which this node's ticks fall; others have theirs elsewhere. */
  readonly phaseMs: number;
}

/** Rounds that may come early, after a rest. More would leave none that bridge a moment in which packets are lost. */
const CREDIT_MAX = 2;
/** Between two early rounds, as a part of the interval: news that come together go together. */
const GAP_RATIO = 1 / 10;

/** Where a pacer stands. */
const State = { resting: 0, opening: 1, repeating: 2, ticking: 3 } as const;
type State = typeof State[keyof typeof State];

/**
 * News does not wait for the next tick when there was none for a while: it opens with a round at once, repeats it a
 * moment later, and goes on with the ticks. What waits is sent equally often, whoever hurries, so that the number of
 * messages stays; the number of packets does because credit limits how many rounds come early, and because the
 * repetition is left out when other news came in the meantime: in a storm packets fill up between ticks, as ever.
 *
 * ```
 *           news, with credit             round, with credit left
 *  resting ------------------> opening --------------------------> repeating      a round at once; another, a gap later
 *    |  ^                         |                                    |
 *    |  | round, nothing waits    | round, without                     | round, or other news before it
 *    |  | (from any state)        v                                    |
 *    |  +---------------------- ticking <------------------------------+          a round at each tick
 *    +---- news, without ---------^
 * ```
 * Inputs: {@linkcode onNews}, {@linkcode onRound}. Output: {@linkcode dueMs}. Credit: one round per interval, at most
 * {@linkcode CREDIT_MAX}; every round costs one. Invariants: in any time there are at most `time / interval` rounds
 * and {@linkcode CREDIT_MAX} more; two rounds are at least a gap apart; news waits for no more than an interval and
 * a half.
 */
export class GossipPacer {
  readonly #intervalMs: number;
  readonly #gapMs: number;
  readonly #isEager: boolean;
  readonly #phaseMs: number;
  #state: State = State.resting;
  #dueMs = Infinity;
  #credit = 0;
  #creditMs: number;
  #lastRoundMs = -Infinity;

  /** @param nowMs the credit begins to grow, from nothing: a cluster that starts is a storm. */
  constructor(options: GossipPacerOptions, nowMs: number) {
    this.#intervalMs = options.intervalMs;
    this.#gapMs = options.intervalMs * GAP_RATIO;
    this.#isEager = options.isEager;
    this.#phaseMs = options.phaseMs;
    this.#creditMs = nowMs;
  }

  /** When the next round is due, in monotonic milliseconds; Infinity while resting. */
  get dueMs(): number {
    return this.#dueMs;
  }

  /** Something waits to be told. */
  onNews(nowMs: number): void {
    if (this.#state === State.resting) {
      if (this.#isEager && this.#creditAt(nowMs) >= 1) {
        this.#enter(State.opening, Math.max(nowMs, this.#lastRoundMs + this.#gapMs));
      } else this.#tick(nowMs);
    } else if (this.#state === State.repeating) this.#tick(nowMs);
  }

  /** A round has just been held. @param isWaiting whether something is left to be told. */
  onRound(nowMs: number, isWaiting: boolean): void {
    this.#credit = Math.max(0, this.#creditAt(nowMs) - 1);
    this.#lastRoundMs = nowMs;
    if (!isWaiting) this.#enter(State.resting, Infinity);
    else if (this.#state === State.opening && this.#credit >= 1) {
      this.#enter(State.repeating, nowMs + this.#gapMs);
    } else this.#tick(nowMs);
  }

  #enter(state: State, dueMs: number): void {
    this.#state = state;
    this.#dueMs = dueMs;
  }

  /** The next tick, but not one that follows hard upon an early round. */
  #tick(nowMs: number): void {
    const interval = this.#intervalMs;
    const earliestMs = Math.max(nowMs, this.#lastRoundMs + interval / 2);
    const ticks = Math.floor((earliestMs - this.#phaseMs) / interval) + 1;
    this.#enter(State.ticking, this.#phaseMs + ticks * interval);
  }

  #creditAt(nowMs: number): number {
    const earned = (nowMs - this.#creditMs) / this.#intervalMs;
    this.#creditMs = nowMs;
    return this.#credit = Math.min(CREDIT_MAX, this.#credit + earned);
  }
}
