/** Serf's messages as they come in: decoded, handed to whom they concern, and passed on when they were news. */
import { type Metric, type MetricsSink, NO_METRICS } from "../base/metrics.ts";
import { Address } from "../base/address.ts";
import { WireError } from "../base/errors.ts";
import { LogLimiter } from "../base/log_limiter.ts";
import { type Clock, type Logger, LogLevel } from "../base/ports.ts";
import { MessageType } from "../memberlist/message_type.ts";
import type { Broadcasts } from "./broadcasts.ts";
import { decodeUserEvent } from "./event_messages.ts";
import type { UserEvent } from "./events.ts";
import { decodeJoin, decodeLeave } from "./intent_messages.ts";
import type { Intents } from "./intents.ts";
import type { LamportClock } from "./lamport_clock.ts";
import { SerfMessageType } from "./message_type.ts";
import type { Queries } from "./queries.ts";
import { decodeQuery, decodeQueryResponse, QueryFlag } from "./query_messages.ts";
import type { QueryCollector } from "./query_collector.ts";
import type { SendUser } from "./query_replies.ts";
import type { QueryResponder } from "./query_responder.ts";
import { decodeRelay } from "./relay_message.ts";
import type { UserEvents } from "./user_events.ts";

/** Whom messages concern. */
export interface MessageRouterContext {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics?: MetricsSink;
  readonly eventClock: LamportClock;
  readonly queryClock: LamportClock;
  readonly intents: Intents;
  readonly userEvents: UserEvents;
  readonly queries: Queries;
  readonly responder: QueryResponder;
  readonly collector: QueryCollector;
  readonly broadcasts: Broadcasts;
  readonly send: SendUser;
  onUserEvent(event: UserEvent): void;
}

/** Lines about strangers' messages that may come at once, and per second in the long run. */
const LOG_BURST = 20;
const LOG_PER_SECOND = 2;

/** What a datagram holds, memberlist's type byte not counted. */
const RELAY_BYTES_MAX = 65_506;

/** What the log calls each type when it cannot be decoded. */
const DECODE_FAULT_TEXTS: readonly string[] = [
  "Error decoding leave message",
  "Error decoding join message",
  "",
  "Error decoding user event message",
  "Error decoding query message",
  "Error decoding query response message",
  "",
  "",
  "",
  "Error decoding relay header",
];

/**
 * What is passed on is passed on as the bytes that came: fields that we do not know survive. A message that cannot be
 * decoded is counted, logged at a bounded rate, and goes nowhere.
 */
export class MessageRouter {
  readonly #context: MessageRouterContext;
  readonly #limiter: LogLimiter;
  readonly #receivedBytes: Metric;
  #malformed = 0;
  #unknown = 0;

  constructor(context: MessageRouterContext) {
    this.#context = context;
    this.#receivedBytes = (context.metrics ?? NO_METRICS).named("sample", "serf.msgs.received");
    this.#limiter = new LogLimiter(context.clock, context.logger, LOG_BURST, LOG_PER_SECOND);
  }

  /** Messages that could not be decoded. */
  get malformed(): number {
    return this.#malformed;
  }

  /** Messages of a type that does not exist, or does not come alone. */
  get unknown(): number {
    return this.#unknown;
  }

  /** @param message Serf's type byte and body; borrowed. May be anything. */
  onMessage(message: Uint8Array): void {
    if (message.length === 0) return;
    this.#receivedBytes.record(message.length);
    try {
      this.#dispatch(message);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#malformed++;
      this.#limiter.log(LogLevel.error, `serf: ${DECODE_FAULT_TEXTS[message[0]!]}: ${error.message}`);
    }
  }

  #dispatch(message: Uint8Array): void {
    switch (message[0]) {
      case SerfMessageType.leave:
        return this.#onLeave(message);
      case SerfMessageType.join:
        return this.#onJoin(message);
      case SerfMessageType.userEvent:
        return this.#onUserEvent(message);
      case SerfMessageType.query:
        return this.#onQuery(message);
      case SerfMessageType.queryResponse:
        return this.#onQueryResponse(message);
      case SerfMessageType.relay:
        return this.#onRelay(message);
      default:
        return this.#onUnknown(message[0]!);
    }
  }

  #onJoin(message: Uint8Array): void {
    const { intents, broadcasts } = this.#context;
    const { lTime, node } = decodeJoin(message, 1, message.length);
    this.#debug("messageJoinType", node);
    if (intents.onJoin(lTime, node)) broadcasts.queue("intent", message);
  }

  #onLeave(message: Uint8Array): void {
    const { intents, broadcasts } = this.#context;
    const { lTime, node, prune } = decodeLeave(message, 1, message.length);
    this.#debug("messageLeaveType", node);
    if (intents.onLeave(lTime, node, prune)) broadcasts.queue("intent", message);
  }

  #onUserEvent(message: Uint8Array): void {
    const { userEvents, broadcasts, eventClock } = this.#context;
    const { lTime, name, payload, coalesce } = decodeUserEvent(message, 1, message.length);
    this.#debug("messageUserEventType", name);
    const verdict = userEvents.record(lTime, name, payload);
    if (verdict === "old") this.#warnOfOld("event", name, lTime, eventClock.time);
    if (verdict !== "new") return;
    broadcasts.queue("event", message);
    this.#context.onUserEvent({ type: "user", lTime, name, payload: userEvents.copy(payload), coalesce });
  }

  #onQuery(message: Uint8Array): void {
    const { queries, broadcasts, responder, queryClock } = this.#context;
    const query = decodeQuery(message, 1, message.length);
    this.#debug("messageQueryType", query.name);
    const verdict = queries.record(query.lTime, query.id);
    if (verdict === "old") this.#warnOfOld("query", query.name, query.lTime, queryClock.time);
    if (verdict !== "new") return;
    const { metrics = NO_METRICS } = this.#context;
    metrics.counter("serf.queries", 1);
    metrics.counter(`serf.queries.${query.name}`, 1);
    // Whether or not it is meant for us: others learn of it through us.
    if ((query.flags & QueryFlag.noBroadcast) === 0) broadcasts.queue("query", message);
    responder.onQuery(query);
  }

  #onQueryResponse(message: Uint8Array): void {
    const response = decodeQueryResponse(message, 1, message.length);
    this.#debug("messageQueryResponseType", response.from);
    this.#context.collector.onResponse(response);
  }

  #onRelay(message: Uint8Array): void {
    const { logger, send } = this.#context;
    const { ip, port, inner } = decodeRelay(message, 1, message.length);
    const to = Address.fromBytes(ip, port);
    if (to === undefined || port === 0) throw new WireError("the destination is no address");
    // Streams bring messages of megabytes, which it would take seconds to compress for nothing.
    if (inner.length > RELAY_BYTES_MAX) throw new WireError("the relayed message is too long for a packet");
    logger.log(LogLevel.debug, `serf: Relaying response to addr: ${to}`);
    const forwarded = new Uint8Array(inner.length + 1);
    forwarded[0] = MessageType.user;
    forwarded.set(inner, 1);
    send(to, forwarded);
  }

  #onUnknown(type: number): void {
    this.#unknown++;
    this.#limiter.log(LogLevel.warn, `serf: Received message of unknown type: ${type}`);
  }

  #warnOfOld(what: string, name: string, lTime: number, now: number): void {
    const text = `received old ${what} ${name} from time ${lTime} (current: ${now})`;
    this.#limiter.log(LogLevel.warn, `serf: ${text}`);
  }

  #debug(what: string, about: string): void {
    const { logger } = this.#context;
    if (logger.enabled(LogLevel.debug)) logger.log(LogLevel.debug, `serf: ${what}: ${about}`);
  }
}
