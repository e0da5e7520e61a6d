/** A query that is meant for us, for as long as somebody may answer it. protocol.md D.5. */
import type { Address } from "../base/address.ts";
import { StateError } from "../base/errors.ts";
import type { Clock } from "../base/ports.ts";
import { NO_BYTES } from "../base/bytes.ts";
import type { QueryEvent } from "./events.ts";
import { QueryFlag, type QueryMessage, ResponseFlag } from "./query_messages.ts";
import type { QueryReplies, ReplyTarget } from "./query_replies.ts";

const NS_PER_MS = 1_000_000;

/**
 * ```
 * open --respond--> answered
 *   +--deadline---> closed
 * ```
 * Owns all that it holds.
 */
export class IncomingQuery implements QueryEvent, ReplyTarget {
  readonly type = "query";
  readonly lTime: number;
  readonly id: number;
  readonly name: string;
  readonly payload: Uint8Array;
  readonly sourceNode: string;
  readonly deadlineMs: number;
  readonly relayFactor: number;
  readonly wantsAck: boolean;
  readonly #clock: Clock;
  readonly #replies: QueryReplies;
  #isAnswered = false;

  /** @param query borrowed. @param to its originator's endpoint. */
  constructor(query: QueryMessage, readonly to: Address, clock: Clock, replies: QueryReplies) {
    this.lTime = query.lTime;
    this.id = query.id;
    this.name = query.name;
    this.payload = query.payload?.slice() ?? NO_BYTES;
    this.sourceNode = query.sourceNode;
    this.deadlineMs = clock.nowMs() + query.timeoutNs / NS_PER_MS;
    this.relayFactor = query.relayFactor;
    this.wantsAck = (query.flags & QueryFlag.ack) !== 0;
    this.#clock = clock;
    this.#replies = replies;
  }

  /** Says that it has come. @throws {SizeLimitError} as QueryReplies.send(). */
  acknowledge(): void {
    this.#replies.send(this, ResponseFlag.ack, null);
  }

  respond(payload: Uint8Array): void {
    const { bytesMax } = this.#replies;
    // The size first, as the real ones: who answers too much hears so even when it is too late.
    if (this.#replies.lengthOf(this, payload) <= bytesMax) {
      if (this.#isAnswered) throw new StateError("response already sent");
      // With a timeout of nothing there is no time to answer.
      if (this.#clock.nowMs() >= this.deadlineMs) throw new StateError("response is past the deadline");
    }
    this.#replies.send(this, 0, payload);
    this.#isAnswered = true;
  }
}
