/** Collects user events that may be coalesced, and delivers the newest of each name. protocol.md D.13. */
import type { Clock } from "../base/ports.ts";
import { COALESCE_DEFAULTS, type CoalesceOptions, Coalescer } from "./coalescer.ts";
import type { UserEvent } from "./events.ts";

/** So many events close the window early: who floods us is not to fill our memory meanwhile. */
const EVENTS_MAX = 4096;

/**
 * Of the events of one name those of the highest Lamport time count, in order of arrival. Events that may not be
 * coalesced pass at once, and so may overtake.
 */
export class UserCoalescer {
  readonly #window: Coalescer;
  readonly #deliver: (event: UserEvent) => void;
  // bounded: EVENTS_MAX events in all.
  readonly #latest = new Map<string, UserEvent[]>();
  #count = 0;

  /** @param deliver called within {@linkcode onEvent}, or from a timer. */
  constructor(
    clock: Clock,
    deliver: (event: UserEvent) => void,
    options: CoalesceOptions = COALESCE_DEFAULTS,
  ) {
    this.#deliver = deliver;
    this.#window = new Coalescer(clock, options, { flush: () => this.#flush() });
  }

  /** Takes an event in. */
  onEvent(event: UserEvent): void {
    if (!event.coalesce) return this.#deliver(event);
    this.#collect(event);
    // Any event keeps the window open, as it does with the real ones.
    this.#window.onEvent();
    if (this.#count >= EVENTS_MAX) this.#window.stop();
  }

  /** Delivers what waits, at once; for the end of the agent. */
  stop(): void {
    this.#window.stop();
  }

  #collect(event: UserEvent): void {
    const known = this.#latest.get(event.name);
    if (known === undefined || known[0]!.lTime < event.lTime) {
      this.#latest.set(event.name, [event]);
      this.#count += 1 - (known?.length ?? 0);
    } else if (known[0]!.lTime === event.lTime) {
      known.push(event);
      this.#count++;
    }
  }

  #flush(): void {
    const events = [...this.#latest.values()].flat();
    this.#latest.clear();
    this.#count = 0;
    for (const event of events) this.#deliver(event);
  }
}
