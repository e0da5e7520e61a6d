/** Members that were declared failed and were not. Lifeguard section V. */
import type { Actor, Cast } from "./cast.ts";

/** How often somebody was declared failed who ran; each observer counts. */
export interface FalseAlarms {
  /** About members to whom nothing happened, at any member. */
  readonly all: number;
  /** Of these, at members that were not slow themselves: Lifeguard's FP-. */
  readonly atHealthy: number;
  /** About members that were slow, at the time of which nobody can tell them from dead ones. Not among `all`. */
  readonly aboutSlow: number;
  /** About members on the other side of the partition; and, once it is over, when the sides' news meet, about anybody. Not among `all`. */
  readonly byPartition: number;
}

/** For the picture. */
const TIMES_MAX = 1_000;

/** Hears of every `member-failed`, at the moment at which it is raised. */
export class FalseAlarmCounter {
  readonly #cast: Cast;
  /** When the partition ends. */
  readonly #partitionMs: number;
  readonly #counts = { all: 0, atHealthy: 0, aboutSlow: 0, byPartition: 0 };
  /** When those of `all` happened. Bounded: TIMES_MAX. */
  readonly timesMs: number[] = [];

  constructor(cast: Cast, partitionMs: number) {
    this.#cast = cast;
    this.#partitionMs = partitionMs;
  }

  get counts(): FalseAlarms {
    return { ...this.#counts };
  }

  /** `observer` has declared `subject` failed. Of who is down at some time nothing is said: it may be old news. */
  onFailed(observer: Actor, subject: Actor, atMs: number): void {
    const { slow } = this.#cast;
    if (!this.#cast.stays(subject)) return;
    if (this.#isByPartition(observer, subject, atMs)) this.#counts.byPartition++;
    else if (slow.has(subject)) this.#counts.aboutSlow++;
    else {
      this.#counts.all++;
      if (!slow.has(observer)) this.#counts.atHealthy++;
      if (this.timesMs.length < TIMES_MAX) this.timesMs.push(atMs);
    }
  }

  #isByPartition(observer: Actor, subject: Actor, atMs: number): boolean {
    if (this.#cast.minority.size === 0) return false;
    return atMs > this.#partitionMs || this.#cast.areCut(observer, subject);
  }
}
