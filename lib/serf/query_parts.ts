/** The parts that ask and answer, made and connected. */
import type { Keyring } from "../memberlist/keyring.ts";
import type { NodeState } from "../memberlist/node_state.ts";
import { AnswerSpread } from "./answer_spread.ts";
import type { QueryEvent } from "./events.ts";
import { KeyManager } from "./key_manager.ts";
import { KeyQueries } from "./key_queries.ts";
import type { LamportClock } from "./lamport_clock.ts";
import type { MemberTable } from "./member_table.ts";
import type { SerfOptions } from "./options.ts";
import { QueryCollector } from "./query_collector.ts";
import { QueryFilters } from "./query_filters.ts";
import { QueryReplies, type SendUser } from "./query_replies.ts";
import { QueryResponder } from "./query_responder.ts";
import { QuerySender } from "./query_sender.ts";
import type { SerfPorts } from "./serf_ports.ts";

/** What they need of the rest. Nothing of it is called before everything is made. */
export interface QueryPartsContext {
  readonly options: SerfOptions;
  readonly ports: SerfPorts;
  readonly keyring: Keyring | undefined;
  readonly queryClock: LamportClock;
  readonly table: MemberTable;
  readonly send: SendUser;
  onQuery(query: QueryEvent): void;
  /** A query of our own, to be handled as if it had come from outside. */
  onOwnQuery(message: Uint8Array): void;
  localTags(): ReadonlyMap<string, string>;
  local(): NodeState;
  nodeCount(): number;
}

/** What asks, and what answers. */
export interface QueryParts {
  readonly collector: QueryCollector;
  readonly responder: QueryResponder;
  readonly querySender: QuerySender;
  readonly keys: KeyManager;
}

/** Makes them. */
export function createQueryParts(context: QueryPartsContext): QueryParts {
  const { options, ports, keyring, queryClock, table, send, onQuery, onOwnQuery } = context;
  const { clock, logger, random, regex } = ports;
  const { name: localName, gossipIntervalMs, delegateProtocol: protocol } = options.memberlist;
  const { local, nodeCount } = context;
  const collector = new QueryCollector(clock, logger, ports.metrics);
  const filters = new QueryFilters(localName, clock, logger, context.localTags, regex);
  const replies = new QueryReplies(localName, random, table, options.responseBytesMax, send);
  const keyQueries = new KeyQueries(logger, replies, keyring, ports.saveKeys);
  const responder = new QueryResponder({
    localName,
    clock,
    logger,
    table,
    filters,
    replies,
    keys: keyQueries,
    spread: new AnswerSpread(clock, random, () => table.size),
    onQuery,
  });
  const querySender = new QuerySender({
    random,
    queryClock,
    collector,
    bytesMax: options.queryBytesMax,
    gossipIntervalMs,
    protocol,
    local,
    nodeCount,
    take: onOwnQuery,
  });
  const keys = new KeyManager({
    logger,
    nodeCount,
    send: (name, payload, params, sink) => querySender.send(name, payload, params, sink),
  });
  return { collector, responder, querySender, keys };
}
