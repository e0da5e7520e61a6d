/** What the RPC server asks of the agent that it serves. `Agent` satisfies it as it is; tests bring a small fake. */
import type { Coordinate } from "../coordinate/coordinate.ts";
import type { Logger, LogLevel } from "../base/ports.ts";
import type { Member, MemberEvent } from "../serf/member.ts";

/** Where `monitor` gets its lines from. */
export interface LogSource {
  /**
   * Calls `listener` for the remembered lines of at least this level, oldest first, and then for each new one. A line
   * has neither indent nor newline: `2026/11/23 03:44:02 [INFO] agent: Serf agent starting`.
   * @returns what ends it.
   */
  subscribe(level: LogLevel, listener: (line: string) => void): () => void;
}

/** The agent, as the RPC server sees it. A rejected promise's `message` goes to the client as it is. */
export interface RpcBackend {
  /** For the lines that begin with `agent.ipc:`. */
  readonly logger: Logger;
  readonly logRing: LogSource;
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
  stats(): Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** @returns undefined when the node is unknown or has told no coordinate yet. */
  coordinateOf(node: string): Coordinate | undefined;
  /** Coalesced member events, for streams. @returns what ends it. */
  onMemberEvent(listener: (event: MemberEvent) => void): () => void;
  /** Ends the agent; returns at once. Idempotent. */
  shutdown(): void;
}
