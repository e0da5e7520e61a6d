/** One running suspicion: how long it lasts, given who confirms it. Pure: it schedules nothing, its owner does. */
import { suspicionTimeoutMs } from "./formulas.ts";

/**
 * Starts at the longest time and falls, with the logarithm of the number of independent confirmations, to the least
 * (Lifeguard IV-B). A node that is the only one to miss somebody's acks therefore waits long before it condemns.
 *
 * Inputs: {@linkcode confirm}. Output: {@linkcode deadlineMs}. Invariant: the deadline only moves
 * earlier, but for one {@linkcode respite}.
 */
export class Suspicion {
  /** Whether others have condemned the node already, without our having heard of a suspicion. */
  readonly isSentence: boolean;
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #k: number;
  readonly #startMs: number;
  /** The accusers, the first of whom counts as no confirmation. Bounded: k + 1. */
  readonly #accusers: string[];
  #timeoutMs: number;
  /** The end of the respite; 0 while none was granted. */
  #respiteMs = 0;

  /**
   * @param accuser who raised it.
   * @param k confirmations after which the least time is reached; 0: it applies at once.
   * @param startMs when it began, in the clock's monotonic milliseconds.
   */
  constructor(
    accuser: string,
    k: number,
    minMs: number,
    maxMs: number,
    startMs: number,
    isSentence = false,
  ) {
    this.isSentence = isSentence;
    this.#minMs = minMs;
    this.#maxMs = maxMs;
    this.#k = k;
    this.#startMs = startMs;
    this.#accusers = [accuser];
    this.#timeoutMs = suspicionTimeoutMs(minMs, maxMs, k, 0);
  }

  /** How many others have confirmed it. */
  get confirmations(): number {
    return this.#accusers.length - 1;
  }

  /** Whether as many have confirmed it as can be expected to. */
  get isConfirmed(): boolean {
    return this.confirmations >= this.#k;
  }

  /** When it turns into a death sentence, in monotonic milliseconds. May lie in the past after a confirmation. */
  get deadlineMs(): number {
    return Math.max(this.#startMs + this.#timeoutMs, this.#respiteMs);
  }

  /** Milliseconds left at `nowMs`; 0 when it is over. */
  remainingMs(nowMs: number): number {
    return Math.max(0, this.deadlineMs - nowMs);
  }

  /**
   * Asked by who notices too late that it is over, and would rather hear first what happened meanwhile.
   * @returns whether it lasts until `untilMs`, whatever is confirmed until then: once.
   */
  respite(untilMs: number): boolean {
    if (this.#respiteMs > 0) return false;
    this.#respiteMs = untilMs;
    return true;
  }

  /** @returns whether it is news: the first word of this accuser, and fewer than k have confirmed so far. */
  confirm(accuser: string): boolean {
    if (this.confirmations >= this.#k || this.#accusers.includes(accuser)) return false;
    this.#accusers.push(accuser);
    this.#timeoutMs = suspicionTimeoutMs(this.#minMs, this.#maxMs, this.#k, this.confirmations);
    return true;
  }
}
