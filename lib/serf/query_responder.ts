/** What this node answers to queries without asking anybody: acks, and Serf's own questions. protocol.md D.5, D.7, D.10. */
import { Address } from "../base/address.ts";
import { WireError } from "../base/errors.ts";
import { type Logger, LogLevel } from "../base/ports.ts";
import { MessageType } from "../memberlist/message_type.ts";
import { MsgpackWriter } from "../wire/msgpack_writer.ts";
import { decodeText } from "../wire/text.ts";
import { encodeConflictResponse } from "./conflict_message.ts";
import type { MemberTable } from "./member_table.ts";
import {
  decodeFilter,
  encodeQueryResponse,
  QueryFlag,
  type QueryMessage,
  ResponseFlag,
} from "./query_messages.ts";

/** The most bytes of an answer, Serf's type byte included. */
const RESPONSE_BYTES_MAX = 1024;
const CONFLICT_QUERY = "_serf_conflict";
const NO_BYTES = new Uint8Array(0);

/** Sends a user message (memberlist's type byte 8 first, borrowed for the call) to an endpoint, best effort. */
export type SendUser = (to: Address, message: Uint8Array) => void;

/**
 * Answers go straight to the originator's endpoint, once per query, at the moment of its receipt.
 *
 * A query with a tag filter counts as not meant for us: its expression is of Go's RE2, which nothing here speaks.
 */
export class QueryResponder {
  readonly #localName: string;
  readonly #logger: Logger;
  readonly #table: MemberTable;
  readonly #send: SendUser;
  readonly #message = new MsgpackWriter(RESPONSE_BYTES_MAX);
  readonly #payload = new MsgpackWriter(RESPONSE_BYTES_MAX);

  constructor(localName: string, logger: Logger, table: MemberTable, send: SendUser) {
    this.#localName = localName;
    this.#logger = logger;
    this.#table = table;
    this.#send = send;
  }

  /** A query that was not seen before. Borrowed. */
  onQuery(query: QueryMessage): void {
    const to = Address.fromBytes(query.addr, query.port);
    if (to === undefined || to.port === 0 || !this.#isMeant(query.filters)) return;
    if ((query.flags & QueryFlag.ack) !== 0) this.#respond(to, query, ResponseFlag.ack, null);
    // An answer is due before the timeout: with none there is no time to answer.
    if (query.name === CONFLICT_QUERY && query.timeoutNs > 0) this.#answerConflict(to, query);
  }

  /** Whether all filters let this node's name through. */
  #isMeant(filters: readonly Uint8Array[]): boolean {
    try {
      return filters.every((bytes) => {
        const filter = decodeFilter(bytes);
        return filter.kind === "nodes" && filter.names.includes(this.#localName);
      });
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      return false;
    }
  }

  /**
   * Two nodes claim one name, and one of them asks everybody whom we mean by it. It must get answers: a node that
   * gets none takes itself for the wrong one and shuts down. Who is asked about itself says nothing.
   */
  #answerConflict(to: Address, query: QueryMessage): void {
    const payload = query.payload ?? NO_BYTES;
    const name = decodeText(payload, 0, payload.length);
    this.#logger.log(LogLevel.debug, `serf: Got conflict resolution query for '${name}'`);
    if (name === this.#localName) return;
    this.#payload.reset();
    encodeConflictResponse(this.#payload, this.#table.get(name) ?? null);
    this.#respond(to, query, 0, this.#payload.view());
  }

  #respond(to: Address, query: QueryMessage, flags: number, payload: Uint8Array | null): void {
    this.#message.reset();
    this.#message.byte(MessageType.user);
    encodeQueryResponse(this.#message, {
      lTime: query.lTime,
      id: query.id,
      from: this.#localName,
      flags,
      payload,
    });
    if (this.#message.length - 1 > RESPONSE_BYTES_MAX) {
      const fault = `response exceeds limit of ${RESPONSE_BYTES_MAX} bytes`;
      this.#logger.log(LogLevel.error, `serf: Failed to respond to conflict query: ${fault}`);
      return;
    }
    this.#send(to, this.#message.view());
  }
}
