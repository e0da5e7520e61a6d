/** Queries that a client was told of in its streams, and that it may still answer. */
import type { Clock } from "../base/ports.ts";
import type { QueryEvent } from "../serf/events.ts";
import type { Seq } from "./messages.ts";

/** How many a client may have in mind. Above it the oldest are forgotten. HashiCorp's agents have no bound. */
export const PENDING_QUERIES_MAX = 1024;

/** One per connection: the numbers mean nothing on another one. */
export class PendingQueries {
  readonly #clock: Clock;
  // bounded: PENDING_QUERIES_MAX. In the order of their numbers.
  readonly #queries = new Map<Seq, QueryEvent>();
  #nextId = 1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The number that the next query gets: from 1 up. A query that is in two streams gets two. */
  get nextId(): number {
    return this.#nextId;
  }

  get size(): number {
    return this.#queries.size;
  }

  /** The client was told of `query`, as number {@linkcode nextId}. */
  add(query: QueryEvent): void {
    this.#forgetOld();
    this.#queries.set(this.#nextId++, query);
  }

  /** @returns undefined when there is none of this number, or its time is over. */
  get(id: Seq): QueryEvent | undefined {
    const query = this.#queries.get(id);
    if (query === undefined || !this.#isOver(query)) return query;
    this.#queries.delete(id);
    return undefined;
  }

  /** Forgets them all. */
  clear(): void {
    this.#queries.clear();
  }

  /** The oldest ones mostly end first; those among the others that are over go in their turn. */
  #forgetOld(): void {
    for (const [id, query] of this.#queries) {
      if (this.#queries.size < PENDING_QUERIES_MAX && !this.#isOver(query)) return;
      this.#queries.delete(id);
    }
  }

  #isOver(query: QueryEvent): boolean {
    return this.#clock.nowMs() >= query.deadlineMs;
  }
}
