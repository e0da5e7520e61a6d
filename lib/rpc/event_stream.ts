/** The verb `stream`: member events for clients, as they come out of the coalescer. */
import { acceptsMemberEvent, type EventFilter } from "../agent/event_filter.ts";
import type { MemberEvent } from "../serf/member.ts";
import type { MemberEncoder } from "./member_encoding.ts";
import type { Seq } from "./messages.ts";
import type { RecordSink, RecordSource } from "./record_queue.ts";
import type { RpcBackend } from "./rpc_backend.ts";

/** One `stream` request of one client. */
export class EventStream implements RecordSource {
  queued = 0;
  isStopped = false;

  constructor(readonly seq: Seq, readonly filters: readonly EventFilter[], readonly sink: RecordSink) {}
}

/** All streams of a server. It listens to the agent only while there are any, and encodes an event once for all. */
export class EventHub {
  readonly #backend: RpcBackend;
  readonly #encoder: MemberEncoder;
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
    this.#unsubscribe ??= this.#backend.onMemberEvent((event) => this.#onMemberEvent(event));
  }

  /** No more events go to `stream`, not even those that wait. */
  remove(stream: EventStream): void {
    stream.isStopped = true;
    this.#streams.delete(stream);
    if (this.#streams.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  #onMemberEvent(event: MemberEvent): void {
    let body: Uint8Array | undefined;
    for (const stream of this.#streams) {
      if (!acceptsMemberEvent(stream.filters, event.type)) continue;
      body ??= this.#encoder.encodeEvent(event);
      if (!stream.sink.offer(stream, body)) stream.sink.reportDrop("event");
    }
  }
}
