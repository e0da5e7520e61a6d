/** How a member goes on where an earlier run of it ended. surface.md 5, protocol.md D.11. */
import type { Address } from "../base/address.ts";
import { NO_METRICS } from "../base/metrics.ts";
import type { CorePorts, Storage } from "../base/ports.ts";
import type { SerfEvent } from "./events.ts";
import type { LamportClock } from "./lamport_clock.ts";
import type { Queries } from "./queries.ts";
import { Rejoiner } from "./rejoiner.ts";
import { Snapshot } from "./snapshot.ts";
import type { UserEvents } from "./user_events.ts";

/** What is restored. */
export interface RecoveryParts {
  readonly memberClock: LamportClock;
  readonly eventClock: LamportClock;
  readonly queryClock: LamportClock;
  readonly userEvents: UserEvents;
  readonly queries: Queries;
}

/** The snapshot, and what follows from it: clocks that go on, events that are old, a cluster to rejoin. */
export class Recovery {
  readonly #parts: RecoveryParts;
  readonly #snapshot: Snapshot;
  readonly #rejoiner: Rejoiner;

  /**
   * Reads what an earlier run has written.
   *
   * @param rejoinAfterLeave whether it counts although that run has left.
   * @param join contacts one address; told how it went, once.
   * @throws {StorageError} when it cannot be read.
   */
  constructor(
    ports: CorePorts,
    storage: Storage,
    rejoinAfterLeave: boolean,
    parts: RecoveryParts,
    join: (address: Address, done: (isJoined: boolean) => void) => void,
  ) {
    const { clock, logger, random, metrics = NO_METRICS } = ports;
    const { memberClock, queries } = parts;
    this.#parts = parts;
    this.#snapshot = new Snapshot({ clock, logger, storage, memberClock, rejoinAfterLeave, metrics });
    this.#rejoiner = new Rejoiner(random, logger, this.#snapshot.state.alive, join);
    // Internal ones among them: after a restart nobody shall answer again what was asked before.
    queries.onNew = (lTime) => this.#snapshot.onQuery(lTime);
  }

  /** Puts the clocks beyond what was seen, and begins to write. Call when they run, and before anything happens. */
  restore(): void {
    const { memberClock, eventClock, queryClock, userEvents, queries } = this.#parts;
    const { state } = this.#snapshot;
    memberClock.witness(state.clock);
    eventClock.witness(state.eventClock);
    queryClock.witness(state.queryClock);
    userEvents.ignoreBefore(state.eventClock + 1);
    queries.ignoreBefore(state.queryClock + 1);
    this.#snapshot.start();
  }

  /** Calls those whom the earlier run knew. @param localName of one who needs no call. */
  rejoin(localName: string): void {
    this.#rejoiner.start(localName);
  }

  /** Something happened: as it is delivered, before any coalescing. */
  onEvent(event: SerfEvent): void {
    if (event.type === "user") this.#snapshot.onUserEvent(event.lTime);
    else if (event.type !== "query") this.#snapshot.onMemberEvent(event);
  }

  /** This node is about to leave. */
  leave(): void {
    this.#rejoiner.stop();
    this.#snapshot.leave();
  }

  /** Writes what waits. Idempotent. */
  stop(): void {
    this.#rejoiner.stop();
    this.#snapshot.stop();
  }
}
