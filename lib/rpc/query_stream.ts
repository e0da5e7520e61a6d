/** The verb `query`: the cluster's acks and answers for the client that asks. */
import { NO_BYTES } from "../base/bytes.ts";
import type { QuerySink, RunningQuery } from "../serf/query_collector.ts";
import { MsgpackWriter } from "../wire/msgpack_writer.ts";
import type { Seq } from "./messages.ts";
import { encodeQueryRecord } from "./query_messages.ts";
import type { RecordSink, RecordSource } from "./record_queue.ts";

/** Scratch space: records are copied when they are whole. */
const writer = new MsgpackWriter(256, "new");

/**
 * One `query` request of one client. Results that the client does not fetch are bounded and then dropped, like those of
 * a stream; that the query is over is told in any case, once.
 */
export class QueryStream implements RecordSource, QuerySink {
  queued = 0;
  isStopped = false;
  readonly #sink: RecordSink;
  readonly #onEnd: (stream: QueryStream) => void;
  #running: RunningQuery | undefined;

  /** @param onEnd called when the query is over. */
  constructor(readonly seq: Seq, sink: RecordSink, onEnd: (stream: QueryStream) => void) {
    this.#sink = sink;
    this.#onEnd = onEnd;
  }

  /** It was asked. */
  begin(running: RunningQuery): void {
    this.#running = running;
  }

  /** The client is gone: nobody wants to know any more, though the timeout may be months away. */
  stop(): void {
    this.isStopped = true;
    this.#running?.cancel();
  }

  onAck(from: string): void {
    this.#offer("ack", from, NO_BYTES);
  }

  onResponse(from: string, payload: Uint8Array): void {
    this.#offer("response", from, payload);
  }

  onDone(): void {
    this.#sink.offerLast(this, encoded("done", "", NO_BYTES));
    this.#onEnd(this);
  }

  #offer(type: "ack" | "response", from: string, payload: Uint8Array): void {
    if (!this.#sink.offer(this, encoded(type, from, payload))) this.#sink.reportDrop("query results");
  }
}

function encoded(type: "ack" | "response" | "done", from: string, payload: Uint8Array): Uint8Array {
  writer.reset();
  encodeQueryRecord(writer, type, from, payload);
  return writer.copy();
}
