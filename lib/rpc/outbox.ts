/**
 * What goes out on one connection of the RPC server: replies in the order of their requests, and records between them.
 *
 * ```
 * compose(write) --> replies --+
 *                              +--> connection's own queue --> client
 * offer(record) --> queue -----+
 * ```
 * A reply or a record is handed to the connection whole, so that none is torn by another. While more than
 * {@linkcode SEND_QUEUE_BYTES_MAX} wait in the connection, records stay in the queue, which drops what exceeds it, and
 * {@linkcode isFull} asks for no further replies.
 */
import type { StreamConnection } from "../platform/platform.ts";
import { encodeResponseHeader } from "./messages.ts";
import {
  type DroppedThing,
  type RecordBody,
  RecordQueue,
  type RecordSink,
  type RecordSource,
} from "./record_queue.ts";
import { encodeLogRecord } from "./replies.ts";
import type { RpcContext } from "./rpc_context.ts";

/** One reply or record of any size may come on top of it. */
export const SEND_QUEUE_BYTES_MAX = 1 << 18;
/** What has come together is handed over when it is so much, or there is nothing more to add. */
const WRITE_BYTES = 1 << 16;

/** One per session. */
export class Outbox implements RecordSink {
  readonly #connection: StreamConnection;
  readonly #context: RpcContext;
  readonly #onDrained: () => void;
  readonly #onGrown: () => void;
  readonly #queue = new RecordQueue();
  #drained: Promise<void> | undefined;
  #isComposing = false;
  #isSendScheduled = false;
  #isClosed = false;
  #handedBytes = 0;

  /**
   * @param onDrained called when it is full no more, before records use the room.
   * @param onGrown called when it may hold more than before.
   */
  constructor(
    connection: StreamConnection,
    context: RpcContext,
    onDrained: () => void,
    onGrown: () => void,
  ) {
    this.#connection = connection;
    this.#context = context;
    this.#onDrained = onDrained;
    this.#onGrown = onGrown;
  }

  /** What waits, here and in the connection. */
  get heldBytes(): number {
    return this.#connection.queuedBytes + this.#queue.bytes;
  }

  /** What the client has fetched so far. */
  get fetchedBytes(): number {
    return this.#handedBytes - this.#connection.queuedBytes;
  }

  /** Whether the client reads too slowly: no request should be handled now. */
  get isFull(): boolean {
    return this.#drained !== undefined;
  }

  /** Resolves when it is full no more, at once when it is not. */
  get drained(): Promise<void> {
    return this.#drained ?? Promise.resolve();
  }

  /**
   * Calls `write`, which appends whole replies to the context's `replies`, and sends them. Records wait meanwhile.
   * May be nested: a handler that could have waited may find that it need not.
   */
  compose(write: () => void): void {
    if (this.#isComposing) return write();
    this.#isComposing = true;
    try {
      write();
    } finally {
      this.#isComposing = false;
      this.#sendReplies();
      if (!this.#queue.isEmpty) this.#scheduleRecords();
    }
  }

  /** Within {@linkcode compose}, after each reply: sends what has come together if it is much. */
  onReplyComposed(): void {
    if (this.#context.replies.length >= WRITE_BYTES) this.#sendReplies();
  }

  offer(source: RecordSource, body: RecordBody): boolean {
    if (this.#isClosed) return true;
    if (!this.#queue.hasRoom(source, body)) {
      // A burst within one turn of the event loop is no sign of a slow client.
      if (!this.#isComposing) this.#sendRecords();
      if (!this.#queue.hasRoom(source, body)) return false;
    }
    this.#push(source, body);
    return true;
  }

  offerLast(source: RecordSource, body: RecordBody): void {
    if (!this.#isClosed) this.#push(source, body);
  }

  reportDrop(what: DroppedThing): void {
    const { counters, log } = this.#context;
    if (what === "event") counters.eventsDropped++;
    else if (what === "logs") counters.logsDropped++;
    else counters.resultsDropped++;
    log.dropped(what, this.#connection.remote);
  }

  /** Nothing more is sent. What the connection already has is its own affair. */
  close(): void {
    this.#isClosed = true;
    this.#queue.clear();
  }

  #push(source: RecordSource, body: RecordBody): void {
    this.#queue.push(source, body);
    this.#onGrown();
    if (!this.#isComposing) this.#scheduleRecords();
  }

  #sendReplies(): void {
    const { replies } = this.#context;
    if (replies.length === 0) return;
    if (!this.#isClosed) this.#write(replies.view());
    replies.reset();
  }

  /** Records of one turn go together: a turn of the agent often logs several lines. */
  #scheduleRecords(): void {
    if (this.#isSendScheduled || this.#drained !== undefined) return;
    this.#isSendScheduled = true;
    queueMicrotask(() => {
      this.#isSendScheduled = false;
      this.#sendRecords();
    });
  }

  #sendRecords(): void {
    const { records } = this.#context;
    while (this.#drained === undefined && !this.#queue.isEmpty) {
      while (records.length < WRITE_BYTES) {
        const record = this.#queue.shift();
        if (record === undefined) break;
        encodeResponseHeader(records, record.source.seq, "");
        if (typeof record.body === "string") encodeLogRecord(records, record.body);
        else records.raw(record.body);
      }
      if (records.length > 0) this.#write(records.view());
      records.reset();
    }
  }

  #write(bytes: Uint8Array): void {
    const queuedBytes = this.#connection.write(bytes);
    this.#handedBytes += bytes.length;
    this.#onGrown();
    if (queuedBytes <= SEND_QUEUE_BYTES_MAX || this.#drained !== undefined) return;
    this.#drained = this.#connection.drained().then(() => {
      this.#drained = undefined;
      this.#onDrained();
      this.#sendRecords();
    });
  }
}
