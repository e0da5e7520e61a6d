/** Intents of our own: applied here first, then gossiped. protocol.md D.3, D.13. */
import { MsgpackWriter } from "../wire/msgpack_writer.ts";
import type { Broadcasts } from "./broadcasts.ts";
import { encodeJoin, encodeLeave } from "./intent_messages.ts";
import type { Intents } from "./intents.ts";
import type { LamportClock } from "./lamport_clock.ts";
import { MemberStatus } from "./member.ts";
import type { MemberTable } from "./member_table.ts";

/** What the sender works with. */
export interface IntentSenderContext {
  readonly localName: string;
  readonly memberClock: LamportClock;
  readonly table: MemberTable;
  readonly intents: Intents;
  readonly broadcasts: Broadcasts;
}

/** Stamps an intent with a time newer than anything heard, and tells everybody. */
export class IntentSender {
  readonly #context: IntentSenderContext;
  readonly #writer = new MsgpackWriter(256);

  constructor(context: IntentSenderContext) {
    this.#context = context;
  }

  /** We are in. */
  join(): void {
    const { localName, memberClock, intents, broadcasts } = this.#context;
    const lTime = memberClock.time;
    intents.onJoin(lTime, localName);
    this.#writer.reset();
    encodeJoin(this.#writer, lTime, localName);
    broadcasts.queue("intent", this.#writer.view());
  }

  /**
   * `node` leaves; gossiped if anybody is there to hear it.
   *
   * @param prune whether it is also to be forgotten.
   * @param done called once: with false when that could not be sent within `timeoutMs`. It is done here all the same.
   */
  leave(node: string, prune: boolean, timeoutMs: number, done: (sent: boolean) => void): void {
    const { memberClock, intents, broadcasts } = this.#context;
    const lTime = memberClock.time;
    memberClock.increment();
    // Asked first: a live node that is made to leave must hear of it, to object, even when nobody else is there.
    // (HashiCorp's agents ask afterwards: of two nodes, one would show the other as leaving for ever.)
    const hasListeners = this.#hasListeners();
    // Only a leave about ourselves is no news: it was refuted on the spot.
    if (!intents.onLeave(lTime, node, prune) || !hasListeners) return done(true);
    this.#writer.reset();
    encodeLeave(this.#writer, lTime, node, prune);
    broadcasts.queueAndWait(this.#writer.view(), timeoutMs, done);
  }

  #hasListeners(): boolean {
    const { localName, table } = this.#context;
    const isAlive = table.get(localName)!.status === MemberStatus.alive;
    return table.count(MemberStatus.alive) > (isAlive ? 1 : 0);
  }
}
