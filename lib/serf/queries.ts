/** The buffer of queries: which were seen, so that each is handled and passed on once. protocol.md D.5. */
import type { LamportClock } from "./lamport_clock.ts";
import { LamportRing, type RingRefusal } from "./lamport_ring.ts";

/** What became of a query. `new`: handle it, and pass it on unless it says not to. */
export type QueryVerdict = RingRefusal | "new" | "duplicate" | "full";

/** Distinct queries at one Lamport time. Real agents have no bound here. */
const QUERIES_PER_TIME_MAX = 4096;

/** Recognises queries by (Lamport time, ID). */
export class Queries {
  // bounded: as many slots as the ring has, QUERIES_PER_TIME_MAX numbers each.
  readonly #ring: LamportRing<number>;
  /** Told of the time of each query that is new. */
  onNew: ((lTime: number) => void) | undefined = undefined;

  /** @param size how many Lamport times are remembered. */
  constructor(clock: LamportClock, size: number) {
    this.#ring = new LamportRing(clock, size);
  }

  /** Drops queries older than `lTime` from now on: an earlier run of this node has seen them. */
  ignoreBefore(lTime: number): void {
    this.#ring.ignoreBefore(lTime);
  }

  /** Notes a query, and tells whether it was seen before. @param id 32 bits, unsigned. */
  record(lTime: number, id: number): QueryVerdict {
    const slot = this.#ring.open(lTime);
    if (typeof slot === "string") return slot;
    if (slot.entries.includes(id)) return "duplicate";
    if (slot.entries.length >= QUERIES_PER_TIME_MAX) return "full";
    slot.entries.push(id);
    this.onNew?.(lTime);
    return "new";
  }
}
