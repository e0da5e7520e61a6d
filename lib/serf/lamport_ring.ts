/** A window over the last so many Lamport times, to recognise what was seen before. protocol.md D.4, D.5. */
import { assert } from "../base/assert.ts";
import type { LamportClock } from "./lamport_clock.ts";

/** What is remembered of one Lamport time. */
export interface RingSlot<Entry> {
  lTime: number;
  /** In order of arrival. Its bound is the owner's to keep. */
  entries: Entry[];
}

/** Why a time has no slot. `old`: it fell out of the window. `ignored`: before the time from which we listen. `absurd`: see {@linkcode LamportClock.witness}. */
export type RingRefusal = "old" | "ignored" | "absurd";

/**
 * `size` slots; a Lamport time goes into slot `time mod size`. Times in the window never share a slot, because the
 * window is as long as the ring.
 */
export class LamportRing<Entry> {
  // bounded: this many slots.
  readonly #slots: (RingSlot<Entry> | undefined)[];
  readonly #clock: LamportClock;
  readonly #onDropped: (slot: RingSlot<Entry>) => void;
  /** Nothing before this time is let in. */
  #minTime = 0;

  /**
   * @param size how many Lamport times are remembered.
   * @param onDropped told of a slot that made room for a newer time.
   */
  constructor(clock: LamportClock, size: number, onDropped: (slot: RingSlot<Entry>) => void = () => {}) {
    assert(size > 0, "a ring has slots");
    this.#clock = clock;
    this.#onDropped = onDropped;
    this.#slots = new Array<RingSlot<Entry> | undefined>(size).fill(undefined);
  }

  /** The slots as push/pull sends them: most are undefined. A live view. */
  get slots(): readonly (RingSlot<Entry> | undefined)[] {
    return this.#slots;
  }

  /** From now on lets in nothing older than `minTime`; an earlier call with a later time stays in force. */
  ignoreBefore(minTime: number): void {
    if (minTime > this.#minTime) this.#minTime = minTime;
  }

  /**
   * Witnesses `lTime` and opens its slot, which takes the place of an older time's.
   *
   * @returns the slot, or why the time is refused.
   */
  open(lTime: number): RingSlot<Entry> | RingRefusal {
    if (!this.#clock.witness(lTime)) return "absurd";
    if (lTime < this.#minTime) return "ignored";
    const size = this.#slots.length;
    const now = this.#clock.time;
    if (now > size && lTime < now - size) return "old";
    const index = lTime % size;
    const present = this.#slots[index];
    if (present !== undefined && present.lTime === lTime) return present;
    if (present === undefined) return this.#slots[index] = { lTime, entries: [] };
    this.#onDropped(present);
    present.lTime = lTime;
    present.entries = [];
    return present;
  }
}
