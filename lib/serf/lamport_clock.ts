/** Lamport's logical clock, one for each kind of thing that Serf orders. protocol.md D.1. */
import { StateError } from "../base/errors.ts";

/**
 * The latest Lamport time that is believed: 2^53 - 2, so that its successor is still exact in a double.
 * A time beyond it cannot come from counting; believing it would leave the clock no room to count on.
 */
export const LAMPORT_TIME_MAX = Number.MAX_SAFE_INTEGER - 1;

/**
 * A clock that counts events. Its reading is the next time nobody has used yet, as far as this node has heard.
 *
 * Invariants: never goes back; always a safe integer (at the end of its range it stands still).
 */
export class LamportClock {
  #time = 0;
  /** Called when the reading has grown. */
  onAdvanced: (() => void) | undefined = undefined;

  /** The next unused time: what an outgoing message is stamped with. */
  get time(): number {
    return this.#time;
  }

  /**
   * The time that something of ours is stamped with. @throws {StateError} at the end of the range, where a stamp would
   * be that of another, and refused by everybody.
   */
  get stamp(): number {
    if (this.#time > LAMPORT_TIME_MAX) throw new StateError("the Lamport clock is at its end");
    return this.#time;
  }

  /** Moves one ahead, after a time was used. @returns the new reading. */
  increment(): number {
    if (this.#time <= LAMPORT_TIME_MAX) {
      this.#time++;
      this.onAdvanced?.();
    }
    return this.#time;
  }

  /**
   * Learns of a time that somebody used, and moves past it.
   *
   * @param time a non-negative integer from a message.
   * @returns false when the time is absurd: the clock is unchanged and its message is to be dropped.
   */
  witness(time: number): boolean {
    if (time > LAMPORT_TIME_MAX) return false;
    if (time < this.#time) return true;
    this.#time = time + 1;
    this.onAdvanced?.();
    return true;
  }
}
