/** The parts of one Serf, made and connected: the facade's list of what there is. */
import { NO_METRICS } from "../base/metrics.ts";
import type { Address } from "../base/address.ts";
import type { Keyring } from "../memberlist/keyring.ts";
import type { NodeState } from "../memberlist/node_state.ts";
import type { MemberlistOptions } from "../memberlist/options.ts";
import { CIPHER_OVERHEAD_BYTES } from "../wire/packet_cipher.ts";
import { encodeText } from "../wire/text.ts";
import { Broadcasts } from "./broadcasts.ts";
import { MemberEventSource, type SerfEvent, type UserEvent } from "./events.ts";
import { IntentBuffer } from "./intent_buffer.ts";
import { IntentSender } from "./intent_sender.ts";
import { Intents } from "./intents.ts";
import { LamportClock } from "./lamport_clock.ts";
import { type MemberRecord, MemberTable } from "./member_table.ts";
import { SerfDelegate } from "./memberlist_delegate.ts";
import { MessageRouter } from "./message_router.ts";
import { NameConflicts } from "./name_conflict.ts";
import { NodeEvents } from "./node_events.ts";
import type { SerfOptions } from "./options.ts";
import { PingCoordinates } from "./ping_coordinates.ts";
import { StateExchange } from "./push_pull_state.ts";
import { Queries } from "./queries.ts";
import { createQueryParts, type QueryParts } from "./query_parts.ts";
import type { SendUser } from "./query_replies.ts";
import { CONFLICT_QUERY } from "./query_responder.ts";
import { QUERY_DEFAULTS } from "./query_sender.ts";
import { Reaper } from "./reaper.ts";
import { Reconnector } from "./reconnector.ts";
import type { SerfPorts } from "./serf_ports.ts";
import { UserEventSender } from "./user_event_sender.ts";
import { UserEvents } from "./user_events.ts";

/** What the parts ask of the facade. Not called before everything is made. */
export interface SerfHooks {
  onEvent(event: SerfEvent): void;
  /** Something waits to be gossiped. */
  onQueued(): void;
  readonly send: SendUser;
  /** Opens a push/pull with a failed member. */
  connect(address: Address): void;
  isStaying(): boolean;
  localMeta(): Uint8Array;
  /** Our tags as they were set. */
  localTags(): ReadonlyMap<string, string>;
  /** Ourselves as memberlist announces us. */
  local(): NodeState;
  /** Nodes that are alive or suspect. */
  nodeCount(): number;
  /** The cluster means somebody else by our name. */
  onMinority(): void;
}

/** What the facade works with. */
export interface SerfParts extends QueryParts {
  readonly memberClock: LamportClock;
  readonly eventClock: LamportClock;
  readonly queryClock: LamportClock;
  readonly table: MemberTable;
  readonly buffer: IntentBuffer;
  readonly intents: Intents;
  readonly intentSender: IntentSender;
  readonly userEvents: UserEvents;
  readonly queries: Queries;
  readonly userEventSender: UserEventSender;
  readonly conflicts: NameConflicts;
  readonly broadcasts: Broadcasts;
  readonly coordinates: PingCoordinates;
  readonly states: StateExchange;
  readonly router: MessageRouter;
  readonly reaper: Reaper;
  readonly reconnector: Reconnector;
  readonly delegate: SerfDelegate;
}

/** A compound of one: its header, and the length of its part. A packet is planned as if every message had them. */
const COMPOUND_OVERHEAD_BYTES = 4;

/** Makes all parts of one Serf. @param keyring present when packets are sealed, which costs them room. */
export function createSerfParts(
  options: SerfOptions,
  ports: SerfPorts,
  keyring: Keyring | undefined,
  hooks: SerfHooks,
): SerfParts {
  const { clock, logger, random, metrics = NO_METRICS } = ports;
  const localName = options.memberlist.name;
  const memberClock = new LamportClock();
  const eventClock = new LamportClock();
  const queryClock = new LamportClock();
  const table = new MemberTable(clock, ports.members);
  const buffer = new IntentBuffer(() => table.size);
  const events = new MemberEventSource(logger, (event) => hooks.onEvent(event), metrics);
  const userEvents = new UserEvents(eventClock, options.eventBuffer, metrics);
  const queries = new Queries(queryClock, options.queryBuffer);
  const coordinates = new PingCoordinates(
    clock,
    random,
    logger,
    localName,
    (name) => table.get(name) !== undefined,
    metrics,
  );
  const erase = (member: MemberRecord, forced: boolean) => {
    table.erase(member);
    coordinates.forget(member.name);
    events.reaped(member, forced);
  };
  const broadcasts = new Broadcasts(clock, logger, {
    retransmitMult: options.memberlist.retransmitMult,
    memberCount: () => table.size,
    onQueued: () => hooks.onQueued(),
    maxQueueDepth: options.maxQueueDepth,
    queueCheckIntervalMs: options.queueCheckIntervalMs,
    messageBytesMax: messageBytesMax(options.memberlist, keyring !== undefined),
    metrics: ports.metrics,
  });
  const reaper = new Reaper(clock, table, buffer, options, (member) => erase(member, false));
  const reconnector = new Reconnector(
    clock,
    random,
    logger,
    table,
    options.reconnectIntervalMs,
    (address) => hooks.connect(address),
  );
  table.onGone = (member) => {
    reaper.onGone(member);
    reconnector.onFailed();
  };
  const intents = new Intents({
    localName,
    clock,
    logger,
    memberClock,
    table,
    buffer,
    events,
    isStaying: () => hooks.isStaying(),
    refute: () => intentSender.join(),
    prune: (member) => erase(member, true),
    onRemembered: () => reaper.onIntentRemembered(),
  });
  const intentSender = new IntentSender({ localName, memberClock, table, intents, broadcasts });
  const onUserEvent = (event: UserEvent) => hooks.onEvent(event);
  const states = new StateExchange({
    memberClock,
    eventClock,
    queryClock,
    table,
    intents,
    userEvents,
    onUserEvent,
  });
  const userEventSender = new UserEventSender({
    eventClock,
    userEvents,
    broadcasts,
    bytesMax: options.userEventBytesMax,
    onUserEvent,
  });
  const send: SendUser = (to, message) => hooks.send(to, message);
  const queryParts = createQueryParts({
    options,
    ports,
    keyring,
    queryClock,
    table,
    send,
    onQuery: (query) => hooks.onEvent(query),
    onOwnQuery: (message) => router.onMessage(message),
    localTags: () => hooks.localTags(),
    local: () => hooks.local(),
    nodeCount: () => hooks.nodeCount(),
  });
  const conflicts = new NameConflicts({
    clock,
    logger,
    localName,
    isVoting: options.resolveNameConflicts,
    local: () => hooks.local(),
    isStaying: () => hooks.isStaying(),
    ask: (sink) => queryParts.querySender.send(CONFLICT_QUERY, encodeText(localName), QUERY_DEFAULTS, sink),
    onMinority: () => hooks.onMinority(),
  });
  const router = new MessageRouter({
    clock,
    logger,
    metrics,
    eventClock,
    queryClock,
    intents,
    userEvents,
    queries,
    responder: queryParts.responder,
    collector: queryParts.collector,
    broadcasts,
    send,
    onUserEvent,
  });
  const delegate = new SerfDelegate({
    broadcasts,
    router,
    states,
    coordinates,
    nodeEvents: new NodeEvents(clock, table, buffer, events),
    conflicts,
    localMeta: () => hooks.localMeta(),
  });
  return {
    ...queryParts,
    memberClock,
    eventClock,
    queryClock,
    table,
    buffer,
    intents,
    intentSender,
    userEvents,
    queries,
    userEventSender,
    conflicts,
    broadcasts,
    coordinates,
    states,
    router,
    reaper,
    reconnector,
    delegate,
  };
}

function messageBytesMax(options: MemberlistOptions, isEncrypted: boolean): number {
  const label = options.label === "" ? 0 : encodeText(options.label).length + 2;
  const seal = isEncrypted ? CIPHER_OVERHEAD_BYTES : 0;
  return options.packetBytesMax - label - seal - COMPOUND_OVERHEAD_BYTES;
}
