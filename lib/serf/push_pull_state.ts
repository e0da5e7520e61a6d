/** Serf's part of a push/pull: what we tell, and what we learn from what we are told. protocol.md D.8. */
import { WireError } from "../base/errors.ts";
import { MsgpackWriter } from "../wire/msgpack_writer.ts";
import type { UserEvent } from "./events.ts";
import type { Intents } from "./intents.ts";
import type { LamportClock } from "./lamport_clock.ts";
import { MemberStatus } from "./member.ts";
import type { MemberTable } from "./member_table.ts";
import { SerfMessageType } from "./message_type.ts";
import {
  decodePushPull,
  encodePushPull,
  type PushPullState,
  type StatusLTimes,
} from "./push_pull_messages.ts";
import type { UserEvents } from "./user_events.ts";

/** What the exchange reads and feeds. */
export interface StateExchangeContext {
  readonly memberClock: LamportClock;
  readonly eventClock: LamportClock;
  readonly queryClock: LamportClock;
  readonly table: MemberTable;
  readonly intents: Intents;
  readonly userEvents: UserEvents;
  onUserEvent(event: UserEvent): void;
}

// Encoding is synchronous and never re-entered: one writer, which grows with the cluster, serves all.
const writer = new MsgpackWriter(2048);

/**
 * What is learnt here is not passed on: every node makes its own exchanges. The one exception makes itself: a leave
 * about this node is refuted by a join of its own.
 */
export class StateExchange {
  readonly #context: StateExchangeContext;
  readonly #statusLTimes: TableLTimes;
  /** Whether a join of this time would change anything: an intent is news, or else moves the clock at most. */
  readonly #isNews = (name: string, lTime: number): boolean => {
    const { memberClock, table } = this.#context;
    const known = table.get(name);
    return known === undefined || lTime > known.statusTime || lTime >= memberClock.time;
  };
  #joinsIgnoringOld = 0;

  constructor(context: StateExchangeContext) {
    this.#context = context;
    this.#statusLTimes = new TableLTimes(context.table);
  }

  /** A join begins that does not want the events of the past. Every call is matched by {@linkcode endIgnoringOld}. */
  beginIgnoringOld(): void {
    this.#joinsIgnoringOld++;
  }

  /** Such a join is over. */
  endIgnoringOld(): void {
    this.#joinsIgnoringOld--;
  }

  /**
   * What to send.
   *
   * The format knows only who left; everybody else counts as in, as of the status time. That would be a lie about those
   * who are leaving: who hears it first takes the leave of the same time for old news, and later sees a failure
   * where there was a leave. So they are sent as left, with the time before: the receiver, which adds one, hears the
   * very leave intent that we have heard. (HashiCorp's agents lie here.)
   *
   * @returns Serf's type byte and the state; borrowed until the next call of anybody.
   */
  encode(): Uint8Array {
    const { memberClock, eventClock, queryClock, table, userEvents } = this.#context;
    const leftMembers: string[] = [];
    for (let i = 0; i < table.size; i++) {
      const { name, status } = table.at(i);
      if (status === MemberStatus.leaving || status === MemberStatus.left) leftMembers.push(name);
    }
    writer.reset();
    encodePushPull(writer, {
      lTime: memberClock.time,
      statusLTimes: this.#statusLTimes,
      leftMembers,
      eventLTime: eventClock.time,
      events: userEvents.slots.map((slot) =>
        slot === undefined ? null : { lTime: slot.lTime, events: slot.entries }
      ),
      queryLTime: queryClock.time,
    });
    return writer.view();
  }

  /**
   * Learns from a peer's state.
   *
   * @param bytes Serf's type byte and the state; borrowed.
   * @param join whether the exchange belongs to a join.
   * @throws {WireError} when it is malformed; nothing was learnt then.
   */
  merge(bytes: Uint8Array, join: boolean): void {
    const state = decodeState(bytes, this.#isNews);
    this.#mergeClocks(state);
    this.#mergeIntents(state);
    if (join && this.#joinsIgnoringOld > 0) this.#context.userEvents.ignoreBefore(state.eventLTime);
    this.#mergeEvents(state);
  }

  /** The peer's readings are its next unused times: what it has seen is one less. */
  #mergeClocks(state: PushPullState): void {
    const { memberClock, eventClock, queryClock } = this.#context;
    if (state.lTime > 0) memberClock.witness(state.lTime - 1);
    if (state.eventLTime > 0) eventClock.witness(state.eventLTime - 1);
    if (state.queryLTime > 0) queryClock.witness(state.queryLTime - 1);
  }

  /**
   * A leave for each who left, a join for everybody else. The leave is stamped one later than what the peer knows: it
   * must win against the intent that we have heard of already. Not where we know that they left: two nodes would count
   * each other on for as long as they remember them, and the member clock with it, as HashiCorp's agents do.
   */
  #mergeIntents(state: PushPullState): void {
    const { intents, table } = this.#context;
    const left = new Set(state.leftMembers);
    for (const name of left) {
      const isKnown = table.get(name)?.status === MemberStatus.left;
      intents.onLeave((state.statusLTimes.get(name) ?? 0) + (isKnown ? 0 : 1), name, false);
    }
    for (const [name, lTime] of state.statusLTimes) if (!left.has(name)) intents.onJoin(lTime, name);
  }

  /**
   * In the order of their times, whereas the ring is sent as it lies (HashiCorp's agents deliver it so). The format does
   * not tell whether an event may be coalesced: those who learn of it here take it as it is.
   */
  #mergeEvents(state: PushPullState): void {
    const { userEvents } = this.#context;
    const slots = state.events.filter((slot) => slot !== null).sort((a, b) => a.lTime - b.lTime);
    for (const { lTime, events } of slots) {
      for (const { name, payload } of events) {
        if (userEvents.record(lTime, name, payload) !== "new") continue;
        this.#context.onUserEvent({
          type: "user",
          lTime,
          name,
          payload: userEvents.copy(payload),
          coalesce: false,
        });
      }
    }
  }
}

/** What is to be sent of each member, straight from the table. */
class TableLTimes implements StatusLTimes {
  readonly #table: MemberTable;

  constructor(table: MemberTable) {
    this.#table = table;
  }

  get size(): number {
    return this.#table.size;
  }

  forEach(visit: (lTime: number, name: string) => void): void {
    const table = this.#table;
    for (let i = 0; i < table.size; i++) {
      const { name, status, statusTime } = table.at(i);
      visit(status === MemberStatus.leaving ? Math.max(0, statusTime - 1) : statusTime, name);
    }
  }
}

function decodeState(bytes: Uint8Array, isNews: (name: string, lTime: number) => boolean): PushPullState {
  if (bytes.length === 0) throw new WireError("Remote state is zero bytes", 0);
  if (bytes[0] !== SerfMessageType.pushPull) {
    throw new WireError(`Remote state has bad type prefix: ${bytes[0]}`, 0);
  }
  return decodePushPull(bytes, 1, bytes.length, isNews);
}
