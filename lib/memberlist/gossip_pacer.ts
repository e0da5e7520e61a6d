/** When to gossip: at once after a rest, at a steady pace under load. Pure: it schedules nothing, its owner does. */

/** What the pacer needs to know. */
export interface GossipPacerOptions {
  /** Between two ticks, in milliseconds. */
  readonly intervalMs: number;
  /** One of the moments, in monotonic milliseconds, at which this node's ticks fall; others have theirs elsewhere. */
  readonly phaseMs: number;
  /** How many rounds may come early after a rest; 0: none ever. Asked at every piece of news. */
  readonly earlyRoundsMax: () => number;
}

/** Between two early rounds, as a part of the interval: what comes together goes together. */
const GAP_RATIO = 1 / 10;
/** So that a steady trickle of news does not fill half as many packets twice as often. */
const CREDIT_PER_INTERVAL = 1 / 3;

/** Where a pacer stands. */
const State = { resting: 0, early: 1, ticking: 2 } as const;
type State = typeof State[keyof typeof State];

/**
 * News does not wait for the next tick if there was none for a while: it goes out in a round at once, perhaps in
 * another a moment later, and then with the ticks. Every message is sent as often as ever, so that hurry changes
 * nothing about their number; and credit keeps the number of packets: in a storm they fill up between the ticks.
 *
 * ```
 *                news, credit >= 1              round, credit < 1
 *    resting ------------------------> early ---------------------> ticking     early: when the last round is a gap ago
 *     ^  |                            ^    |                        ^  ^  |     ticking: at the next tick that is half
 *     |  |                            +----+ round, credit >= 1     |  +--+     an interval after the last round
 *     |  +---------------------------- news, credit < 1 ------------+  round
 *     +------------------------------- round, nothing waits (from either)
 * ```
 * Credit: a round per three intervals, up to `earlyRoundsMax`; every round costs one, but
 * never leaves less than none.
 *
 * Inputs: {@linkcode onNews}, {@linkcode onRound}. Output: {@linkcode dueMs}. Invariants: two rounds are at least a gap
 * apart; a stretch of time holds a third as many early rounds as intervals, and `earlyRoundsMax` more, at most; news
 * waits for an interval and a half at most.
 *
 * What it costs: of ten pieces of news that ten members tell within a tenth of a second, the first leaves in packets of
 * its own, and what is left of it goes with ticks that have little else to tell yet: as many messages, but a quarter to a
 * half more packets (docs/evidence.md). To hold back what was told until there is company saves less than half of that,
 * at the price of later refutations, and farewells, where packets are lost.
 */
export class GossipPacer {
  readonly #options: GossipPacerOptions;
  readonly #gapMs: number;
  #state: State = State.resting;
  #dueMs = Infinity;
  #credit = 0;
  /** When the credit was last counted. */
  #creditMs: number;
  #lastRoundMs = -Infinity;

  /** @param nowMs from now on credit is earned. There is none yet: a cluster that starts is a storm. */
  constructor(options: GossipPacerOptions, nowMs: number) {
    this.#options = options;
    this.#gapMs = options.intervalMs * GAP_RATIO;
    this.#creditMs = nowMs;
  }

  /** When the next round is due, in monotonic milliseconds; Infinity while resting. */
  get dueMs(): number {
    return this.#dueMs;
  }

  /** Something more waits to be told. */
  onNews(nowMs: number): void {
    if (this.#state !== State.resting) return;
    this.#earn(nowMs);
    if (this.#credit < 1) this.#tick(nowMs);
    else this.#enter(State.early, Math.max(nowMs, this.#lastRoundMs + this.#gapMs));
  }

  /** A round has just been held. @param isWaiting whether something is left to be told. */
  onRound(nowMs: number, isWaiting: boolean): void {
    this.#earn(nowMs);
    this.#credit = Math.max(0, this.#credit - 1);
    this.#lastRoundMs = nowMs;
    if (!isWaiting) this.#enter(State.resting, Infinity);
    else if (this.#credit >= 1) this.#enter(State.early, nowMs + this.#gapMs);
    else this.#tick(nowMs);
  }

  #tick(nowMs: number): void {
    const { intervalMs, phaseMs } = this.#options;
    const earliestMs = Math.max(nowMs, this.#lastRoundMs + intervalMs / 2);
    const ticks = Math.floor((earliestMs - phaseMs) / intervalMs) + 1;
    this.#enter(State.ticking, phaseMs + ticks * intervalMs);
  }

  #enter(state: State, dueMs: number): void {
    this.#state = state;
    this.#dueMs = dueMs;
  }

  #earn(nowMs: number): void {
    const { intervalMs, earlyRoundsMax } = this.#options;
    const earned = (nowMs - this.#creditMs) / intervalMs * CREDIT_PER_INTERVAL;
    this.#credit = Math.min(earlyRoundsMax(), this.#credit + earned);
    this.#creditMs = nowMs;
  }
}
