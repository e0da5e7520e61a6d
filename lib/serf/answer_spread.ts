/**
 * News of a query reaches all members within milliseconds; if all of a thousand answered at that moment, what the
 * originator's socket cannot hold would be lost (the system's buffer takes some 250 short datagrams).
 */
import type { Clock, Random } from "../base/ports.ts";
import { Timer } from "../base/timer_heap.ts";

/** Up to so many members, all answers (and acks) find room in any socket's buffer. */
const FEW_MEMBERS = 64;
/** A slow agent takes a tenth of a millisecond for a packet, and each member may send an ack and an answer. */
const MS_PER_MEMBER = 0.25;
/** The part of the originator's time that may be spent on waiting. */
const TIMEOUT_RATIO_MAX = 1 / 4;
/** Queries that wait to be answered; what is more is answered at once. */
const WAITING_MAX = 256;

/** Has each member answer at a moment of its own, in a window that grows with the cluster. */
export class AnswerSpread {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #memberCount: () => number;
  /** Bounded: WAITING_MAX. */
  readonly #waiting = new Set<Timer>();

  constructor(clock: Clock, random: Random, memberCount: () => number) {
    this.#clock = clock;
    this.#random = random;
    this.#memberCount = memberCount;
  }

  /**
   * Calls `answer` when it is our turn: at once in a small cluster, else up to a quarter of a millisecond per member
   * later, but never later than a quarter of `timeoutMs`, which is how long the originator waits.
   */
  schedule(timeoutMs: number, answer: () => void): void {
    const members = this.#memberCount();
    if (members <= FEW_MEMBERS || this.#waiting.size >= WAITING_MAX) return answer();
    const timer = new Timer(() => {
      this.#waiting.delete(timer);
      answer();
    });
    this.#waiting.add(timer);
    const windowMs = Math.min(members * MS_PER_MEMBER, Math.max(0, timeoutMs) * TIMEOUT_RATIO_MAX);
    this.#clock.arm(timer, this.#random.uniform() * windowMs);
  }

  /** Nobody is answered any more. */
  stop(): void {
    for (const timer of this.#waiting) this.#clock.disarm(timer);
    this.#waiting.clear();
  }
}
