/** What the sessions of one server share. */
import type { Metric } from "../base/metrics.ts";
import { LogLimiter } from "../base/log_limiter.ts";
import { type Clock, type Logger, LogLevel } from "../base/ports.ts";
import { MsgpackReader } from "../wire/msgpack_reader.ts";
import { MsgpackWriter } from "../wire/msgpack_writer.ts";
import { type BudgetLimits, ClientBudget } from "./client_budget.ts";
import { EventHub } from "./event_stream.ts";
import { DROP_NOTICE } from "./log_stream.ts";
import { MemberEncoder } from "./member_encoding.ts";
import type { DroppedThing } from "./record_queue.ts";
import type { RpcBackend } from "./rpc_backend.ts";
import { StatsEncoder } from "./stats_encoding.ts";

/** What a server counted since it began. Each is a whole number that only grows. */
export interface RpcCounters {
  clientsAccepted: number;
  /** Connections closed at once because there were too many. */
  clientsRefused: number;
  /** Connections ended because all of them together held too much. */
  clientsDropped: number;
  /** Requests, answered with an error or not. */
  commands: number;
  /** Requests that broke the protocol; each ended its connection. */
  malformed: number;
  eventsDropped: number;
  logsDropped: number;
  /** Acks and answers of queries. */
  resultsDropped: number;
}

/** The lines of `agent.ipc` (surface.md 7). What clients can cause at will is logged at a bounded rate. */
export class RpcLog {
  readonly #logger: Logger;
  readonly #accepts: LogLimiter;
  readonly #faults: LogLimiter;
  readonly #drops: LogLimiter;

  constructor(clock: Clock, logger: Logger) {
    this.#logger = logger;
    this.#accepts = new LogLimiter(clock, logger, 200, 50);
    this.#faults = new LogLimiter(clock, logger, 20, 2);
    this.#drops = new LogLimiter(clock, logger, 5, 0.2);
  }

  accepted(remote: string): void {
    this.#accepts.log(LogLevel.info, `agent.ipc: Accepted client: ${remote}`);
  }

  refused(remote: string, clientCount: number): void {
    this.#faults.log(LogLevel.warn, `agent.ipc: Refusing client: ${remote}: ${clientCount} are connected`);
  }

  clientDropped(remote: string, heldBytes: number): void {
    const why = `it leaves ${heldBytes} bytes waiting, and all clients together too many`;
    this.#faults.log(LogLevel.warn, `${DROP_NOTICE}client: ${remote}: ${why}`);
  }

  beforeAuth(): void {
    this.#faults.log(LogLevel.warn, "agent.ipc: Client sending commands before auth");
  }

  badHeader(cause: string): void {
    this.#faults.log(LogLevel.error, `agent.ipc: failed to decode request header: ${cause}`);
  }

  badRequest(cause: string): void {
    this.#faults.log(LogLevel.error, `agent.ipc: Failed to evaluate request: ${cause}`);
  }

  dropped(what: DroppedThing, remote: string): void {
    this.#drops.log(LogLevel.warn, `${DROP_NOTICE}${what} to ipc.client: ${remote}`);
  }

  leaveTriggered(): void {
    this.#logger.log(LogLevel.info, "agent.ipc: Graceful leave triggered");
  }

  leaveFailed(cause: string): void {
    this.#logger.log(LogLevel.error, `agent.ipc: leave failed: ${cause}`);
  }
}

/**
 * One per server. The writers and the reader are scratch space, used by one session at a time and only within one
 * synchronous stretch: what is written is handed to the connection, which copies it, before the stretch ends.
 */
export class RpcContext {
  readonly replies = new MsgpackWriter(4096, "new");
  readonly records = new MsgpackWriter(4096, "new");
  readonly reader = new MsgpackReader();
  readonly members = new MemberEncoder();
  readonly stats = new StatsEncoder();
  readonly events: EventHub;
  readonly budget: ClientBudget;
  readonly log: RpcLog;
  /** Told of each command. */
  readonly commands: Metric;
  readonly counters: RpcCounters = {
    clientsAccepted: 0,
    clientsRefused: 0,
    clientsDropped: 0,
    commands: 0,
    malformed: 0,
    eventsDropped: 0,
    logsDropped: 0,
    resultsDropped: 0,
  };

  /** @param authKey "" for none. */
  constructor(
    readonly backend: RpcBackend,
    readonly clock: Clock,
    readonly authKey: string,
    limits?: BudgetLimits,
  ) {
    this.budget = new ClientBudget(clock, limits);
    this.commands = backend.metrics.named("counter", "agent.ipc.command");
    this.events = new EventHub(backend, this.members);
    this.log = new RpcLog(clock, backend.logger);
  }
}
