/** What becomes of a query that was not seen before: acks, Serf's own questions, and events. protocol.md D.5, D.7, D.10. */
import { Address } from "../base/address.ts";
import { SizeLimitError, StateError } from "../base/errors.ts";
import { LogLimiter } from "../base/log_limiter.ts";
import { type Clock, type Logger, LogLevel } from "../base/ports.ts";
import { MsgpackWriter } from "../wire/msgpack_writer.ts";
import { decodeText } from "../wire/text.ts";
import type { AnswerSpread } from "./answer_spread.ts";
import { encodeConflictResponse } from "./conflict_message.ts";
import type { QueryEvent } from "./events.ts";
import { IncomingQuery } from "./incoming_query.ts";
import type { KeyQueries } from "./key_queries.ts";
import type { MemberTable } from "./member_table.ts";
import type { QueryFilters } from "./query_filters.ts";
import type { QueryMessage } from "./query_messages.ts";
import type { QueryReplies } from "./query_replies.ts";

/** What the responder works with. */
export interface QueryResponderContext {
  readonly localName: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly table: MemberTable;
  readonly filters: QueryFilters;
  readonly replies: QueryReplies;
  readonly keys: KeyQueries;
  readonly spread: AnswerSpread;
  onQuery(query: QueryEvent): void;
}

/** Names that begin so are Serf's own, and never told to anybody. */
export const INTERNAL_PREFIX = "_serf_";
/** Asks for nothing but the ack. */
export const PING_QUERY = "_serf_ping";
/** Asks who is meant by a name. */
export const CONFLICT_QUERY = "_serf_conflict";

const LOG_BURST = 20;
const LOG_PER_SECOND = 2;

/**
 * Acks go out at the moment of receipt (in a large cluster, a moment later: answer_spread.ts), answers before the
 * deadline, each straight to the originator's endpoint.
 */
export class QueryResponder {
  readonly #context: QueryResponderContext;
  readonly #limiter: LogLimiter;
  readonly #payload = new MsgpackWriter(1024);

  constructor(context: QueryResponderContext) {
    this.#context = context;
    this.#limiter = new LogLimiter(context.clock, context.logger, LOG_BURST, LOG_PER_SECOND);
  }

  /** A query that was not seen before. Borrowed. */
  onQuery(message: QueryMessage): void {
    const { clock, filters, localName, replies, spread } = this.#context;
    const to = Address.fromBytes(message.addr, message.port);
    if (to === undefined || to.port === 0) return;
    const query = new IncomingQuery(message, to, clock, replies);
    const accept = () => this.#onAccepted(query);
    const isOwn = query.sourceNode === localName;
    filters.check(
      message.filters,
      isOwn ? accept : () => spread.schedule(query.deadlineMs - clock.nowMs(), accept),
    );
  }

  /** What waits to be answered is not. */
  stop(): void {
    this.#context.spread.stop();
  }

  #onAccepted(query: IncomingQuery): void {
    if (query.wantsAck) this.#attempt("failed to send ack", () => query.acknowledge());
    if (query.name.startsWith(INTERNAL_PREFIX)) this.#onInternal(query);
    else this.#context.onQuery(query);
  }

  #onInternal(query: IncomingQuery): void {
    if (query.name === PING_QUERY) return;
    if (query.name === CONFLICT_QUERY) return this.#onConflict(query);
    const answer = this.#context.keys.answer(query);
    if (answer === undefined) {
      const verb = query.name.slice(INTERNAL_PREFIX.length);
      return this.#limiter.log(LogLevel.warn, `serf: Unhandled internal query '${verb}'`);
    }
    this.#attempt("Failed to respond to key query", () => query.respond(answer));
  }

  /**
   * Two nodes claim one name, and one of them asks everybody whom we mean by it. It must get answers: a node that
   * gets none takes itself for the wrong one and shuts down. Who is asked about itself says nothing.
   */
  #onConflict(query: IncomingQuery): void {
    const { localName, logger, table } = this.#context;
    const name = decodeText(query.payload, 0, query.payload.length);
    if (name === localName) return;
    logger.log(LogLevel.debug, `serf: Got conflict resolution query for '${name}'`);
    this.#payload.reset();
    encodeConflictResponse(this.#payload, table.get(name) ?? null);
    this.#attempt("Failed to respond to conflict query", () => query.respond(this.#payload.view()));
  }

  #attempt(what: string, send: () => void): void {
    try {
      send();
    } catch (error) {
      if (!(error instanceof SizeLimitError || error instanceof StateError)) throw error;
      this.#limiter.log(LogLevel.error, `serf: ${what}: ${error.message}`);
    }
  }
}
