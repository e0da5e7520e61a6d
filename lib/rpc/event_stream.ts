/** The verb `stream`: events for clients, as they come out of the coalescers, and queries, which they may answer. */
import { acceptsEvent, type EventFilter } from "../agent/event_filter.ts";
import type { QueryEvent, SerfEvent, UserEvent } from "../serf/events.ts";
import type { MemberEvent } from "../serf/member.ts";
import { MsgpackWriter } from "../wire/msgpack_writer.ts";
import type { MemberEncoder } from "./member_encoding.ts";
import type { Seq } from "./messages.ts";
import type { PendingQueries } from "./pending_queries.ts";
import { encodeQueryEventRecord, encodeUserRecord } from "./query_messages.ts";
import type { RecordSink, RecordSource } from "./record_queue.ts";
import type { RpcBackend } from "./rpc_backend.ts";

/** One `stream` request of one client. */
export class EventStream implements RecordSource {
  queued = 0;
  isStopped = false;

  /** @param pendingQueries the connection's: numbers the queries that it is told of. */
  constructor(
    readonly seq: Seq,
    readonly filters: readonly EventFilter[],
    readonly sink: RecordSink,
    readonly pendingQueries: PendingQueries,
  ) {}
}

/** All streams of a server. It listens to the agent only while there are any, and encodes an event once for all. */
export class EventHub {
  readonly #backend: RpcBackend;
  readonly #encoder: MemberEncoder;
  readonly #scratch = new MsgpackWriter(256, "new");
  /** bounded: so many for each connection (rpc_handlers.ts), which are bounded too. */
  readonly #streams = new Set<EventStream>();
  #unsubscribe: (() => void) | undefined;

  constructor(backend: RpcBackend, encoder: MemberEncoder) {
    this.#backend = backend;
    this.#encoder = encoder;
  }

  /** Events go to `stream` from now on. */
  add(stream: EventStream): void {
    this.#streams.add(stream);
    this.#unsubscribe ??= this.#backend.onEvent((event) => this.#onEvent(event));
  }

  /** No more events go to `stream`, not even those that wait. */
  remove(stream: EventStream): void {
    stream.isStopped = true;
    this.#streams.delete(stream);
    if (this.#streams.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  #onEvent(event: SerfEvent): void {
    let body: Uint8Array | undefined;
    for (const stream of this.#streams) {
      if (!stream.filters.some((filter) => acceptsEvent(filter, event))) continue;
      const isTaken = event.type === "query"
        ? this.#tellOfQuery(stream, event)
        : stream.sink.offer(stream, body ??= this.#encoded(event));
      if (!isTaken) stream.sink.reportDrop("event");
    }
  }

  /** The number in it is the connection's, so that no two records are the same. */
  #tellOfQuery(stream: EventStream, query: QueryEvent): boolean {
    this.#scratch.reset();
    encodeQueryEventRecord(this.#scratch, query, stream.pendingQueries.nextId);
    if (!stream.sink.offer(stream, this.#scratch.copy())) return false;
    stream.pendingQueries.add(query);
    return true;
  }

  #encoded(event: MemberEvent | UserEvent): Uint8Array {
    if (event.type !== "user") return this.#encoder.encodeEvent(event);
    this.#scratch.reset();
    encodeUserRecord(this.#scratch, event);
    return this.#scratch.copy();
  }
}
