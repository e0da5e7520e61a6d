/** What the RPC server asks of the agent that it serves. `Agent` satisfies it as it is; tests bring a small fake. */
import type { Coordinate } from "../coordinate/coordinate.ts";
import type { MetricsSink } from "../base/metrics.ts";
import type { Logger, LogLevel } from "../base/ports.ts";
import type { SerfEvent } from "../serf/events.ts";
import type { KeyResult } from "../serf/key_manager.ts";
import type { Member } from "../serf/member.ts";
import type { QuerySink, RunningQuery } from "../serf/query_collector.ts";
import type { QueryParams } from "../serf/query_sender.ts";

/** Where `monitor` gets its lines from. */
export interface LogSource {
  /**
   * Calls `listener` for the remembered lines of at least this level, oldest first, and then for each new one. A line
   * has neither indent nor newline: `2026/11/23 03:44:02 [INFO] agent: Serf agent starting`.
   * @returns what ends it.
   */
  subscribe(level: LogLevel, listener: (line: string) => void): () => void;
}

/** Changes of the whole cluster's keys. `key` is base64. @throws {Error} in words for the client; nobody was asked. */
export interface KeyCommands {
  install(key: string, done: (result: KeyResult) => void): void;
  use(key: string, done: (result: KeyResult) => void): void;
  remove(key: string, done: (result: KeyResult) => void): void;
  list(done: (result: KeyResult) => void): void;
}

/** The agent, as the RPC server sees it. A rejected promise's `message` goes to the client as it is. */
export interface RpcBackend {
  /** For the lines that begin with `agent.ipc:`. */
  readonly logger: Logger;
  readonly logRing: LogSource;
  /** Told of clients and their commands. */
  readonly metrics: MetricsSink;
  /** All members, in a stable order; each keeps its identity for as long as it is a member. */
  members(): readonly Member[];
  /** @returns how many addresses could be contacted. Rejects (JoinError) when none could. */
  join(addresses: readonly string[], replay: boolean): Promise<number>;
  /** Leaves gracefully; settles when the leave is over. The server then calls {@linkcode shutdown}. */
  leave(): Promise<void>;
  /** An unknown node is no error. */
  forceLeave(node: string, prune: boolean): Promise<void>;
  /** Removes, then sets. */
  setTags(set: ReadonlyMap<string, string>, remove: readonly string[]): Promise<void>;
  /** Sections by their names; one is the same object as before while nothing in it has changed. */
  stats(): Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** @returns undefined when the node is unknown or has told no coordinate yet. */
  coordinateOf(node: string): Coordinate | undefined;
  /** Coalesced member and user events, and queries, for streams. @returns what ends it. */
  onEvent(listener: (event: SerfEvent) => void): () => void;
  /** Sends a user event to all members. @param payload borrowed. @throws {SizeLimitError} in words for the client; nothing was sent. */
  userEvent(name: string, payload: Uint8Array, coalesce: boolean): void;
  /** Asks all members that pass the filters. @throws {Error} in words for the client; nothing was sent. */
  query(name: string, payload: Uint8Array, params: QueryParams, sink: QuerySink): RunningQuery;
  /** The keys of the whole cluster. */
  readonly keys: KeyCommands;
  /** Ends the agent; returns at once. Idempotent. */
  shutdown(): void;
}
