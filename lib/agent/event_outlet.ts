/** What happens in the cluster, on its way to handlers and streams: coalesced, logged, given out. surface.md 4.6. */
import { type Clock, type Logger, LogLevel } from "../base/ports.ts";
import type { SerfEvent } from "../serf/events.ts";
import { MemberCoalescer } from "../serf/member_coalescer.ts";
import { UserCoalescer } from "../serf/user_coalescer.ts";

/** Hears of every event, coalesced. */
export type EventListener = (event: SerfEvent) => void;

/** Member events wait in one window, user events that may be coalesced in another; queries cannot wait. */
export class EventOutlet {
  readonly #logger: Logger;
  readonly #members: MemberCoalescer;
  readonly #users: UserCoalescer;
  // bounded: the handlers, and one per stream of an RPC session.
  readonly #listeners = new Set<EventListener>();
  #isClosed = false;

  constructor(clock: Clock, logger: Logger) {
    this.#logger = logger;
    this.#members = new MemberCoalescer(clock, (event) => this.#deliver(event));
    this.#users = new UserCoalescer(clock, (event) => this.#deliver(event));
  }

  /** How many listen. */
  get listenerCount(): number {
    return this.#listeners.size;
  }

  /** Calls `listener` for every event from now on. @returns what ends it. */
  subscribe(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Something happened. */
  onEvent(event: SerfEvent): void {
    if (event.type === "user") this.#users.onEvent(event);
    else if (event.type === "query") this.#deliver(event);
    else this.#members.onEvent(event);
  }

  /** Gives out what waits. */
  flush(): void {
    this.#members.stop();
    this.#users.stop();
  }

  /** Nothing is given out any more, not even what waits. */
  close(): void {
    this.#isClosed = true;
    this.flush();
  }

  #deliver(event: SerfEvent): void {
    if (this.#isClosed) return;
    this.#logger.log(LogLevel.info, `agent: Received event: ${describeEvent(event)}`);
    for (const listener of [...this.#listeners]) listener(event);
  }
}

/** `member-join`, `user-event: NAME`, `query: NAME`. */
function describeEvent(event: SerfEvent): string {
  if (event.type === "user") return `user-event: ${event.name}`;
  return event.type === "query" ? `query: ${event.name}` : event.type;
}
