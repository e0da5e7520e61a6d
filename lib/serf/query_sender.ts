/** Queries of our own: encoded, registered, gossiped, and put to ourselves as well. protocol.md D.5, surface.md 6.3. */
import { SizeLimitError, StateError } from "../base/errors.ts";
import type { Random } from "../base/ports.ts";
import type { NodeState } from "../memberlist/node_state.ts";
import { MsgpackWriter } from "../wire/msgpack_writer.ts";
import type { LamportClock } from "./lamport_clock.ts";
import type { QueryCollector, QuerySink, RunningQuery } from "./query_collector.ts";
import { encodeFilter, encodeQuery, QueryFlag, type QueryMessage } from "./query_messages.ts";

/** Who is asked, and how long we wait. */
export interface QueryParams {
  /** Names; empty for all. */
  readonly filterNodes: readonly string[];
  /** Tags, and expressions of RE2, not anchored, that all have to match; a tag that is missing is the empty text. */
  readonly filterTags: ReadonlyMap<string, string>;
  /** Whether each node that is asked says at once that it is. */
  readonly requestAck: boolean;
  /** Through how many members each ack and answer is sent besides the straight way, 0..255. */
  readonly relayFactor: number;
  /** In milliseconds; 0 for the default, below 0 for one that is over at once. */
  readonly timeoutMs: number;
}

/** Everybody, without acks and relays, for the default time. */
export const QUERY_DEFAULTS: QueryParams = Object.freeze({
  filterNodes: [],
  filterTags: new Map<string, string>(),
  requestAck: false,
  relayFactor: 0,
  timeoutMs: 0,
});

/** What the sender works with. */
export interface QuerySenderContext {
  readonly random: Random;
  readonly queryClock: LamportClock;
  readonly collector: QueryCollector;
  /** The most bytes of a query. */
  readonly bytesMax: number;
  /** Milliseconds between two rounds of gossip. */
  readonly gossipIntervalMs: number;
  /** Our version of Serf's protocol. */
  readonly protocol: number;
  /** Ourselves, as others see us. */
  local(): NodeState;
  /** Nodes that are alive or suspect. */
  nodeCount(): number;
  /** Takes a query as if it had come from outside: handled, and gossiped. */
  take(message: Uint8Array): void;
}

/** Rounds of gossip for each factor of ten in the number of nodes. */
const TIMEOUT_ROUNDS = 16;
/** Before this version there were no queries. */
const PROTOCOL_LEAST = 4;
/** IDs are positive in Go's int32 too. */
const ID_BOUND = 2 ** 31;
const NS_PER_MS = 1_000_000;

/** How long we wait for answers unless told otherwise: the news has to get round. */
export function defaultQueryTimeoutMs(gossipIntervalMs: number, nodes: number): number {
  return gossipIntervalMs * TIMEOUT_ROUNDS * Math.ceil(Math.log10(nodes + 1));
}

/** Asks. */
export class QuerySender {
  readonly #context: QuerySenderContext;
  readonly #writer = new MsgpackWriter(1024);

  constructor(context: QuerySenderContext) {
    this.#context = context;
  }

  /**
   * @param payload borrowed.
   * @throws {SizeLimitError} `query exceeds limit of N bytes`. {@throws StateError} `Feature not supported` with
   *   protocol 3 and below; when too many are running. Nobody was asked then.
   */
  send(name: string, payload: Uint8Array, params: QueryParams, sink: QuerySink): RunningQuery {
    const { collector, bytesMax, protocol } = this.#context;
    if (protocol < PROTOCOL_LEAST) throw new StateError("Feature not supported");
    const nodes = this.#context.nodeCount();
    const timeoutMs = params.timeoutMs === 0
      ? defaultQueryTimeoutMs(this.#context.gossipIntervalMs, nodes)
      : params.timeoutMs;
    const query = this.#compose(name, payload, params, timeoutMs);
    this.#writer.reset();
    encodeQuery(this.#writer, query);
    if (this.#writer.length > bytesMax) {
      throw new SizeLimitError(`query exceeds limit of ${bytesMax} bytes`);
    }
    const running = collector.begin(query.lTime, query.id, nodes, timeoutMs, sink);
    // Copied: what hears of it may ask something in turn.
    this.#context.take(this.#writer.copy());
    return running;
  }

  #compose(name: string, payload: Uint8Array, params: QueryParams, timeoutMs: number): QueryMessage {
    const { random, queryClock } = this.#context;
    const local = this.#context.local();
    const filters: Uint8Array[] = [];
    if (params.filterNodes.length > 0) {
      filters.push(encodeFilter({ kind: "nodes", names: params.filterNodes }));
    }
    for (const [tag, expr] of params.filterTags) filters.push(encodeFilter({ kind: "tag", tag, expr }));
    return {
      lTime: queryClock.stamp,
      id: random.below(ID_BOUND),
      addr: local.ip,
      port: local.port,
      sourceNode: local.name,
      filters,
      flags: params.requestAck ? QueryFlag.ack : 0,
      relayFactor: params.relayFactor,
      timeoutNs: Math.max(
        -Number.MAX_SAFE_INTEGER,
        Math.min(Number.MAX_SAFE_INTEGER, Math.round(timeoutMs * NS_PER_MS)),
      ),
      name,
      payload: payload.length === 0 ? null : payload,
    };
  }
}
