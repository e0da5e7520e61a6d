/** What waits to be sent to one client besides replies: records of its streams, its monitor and its queries. */
import type { Seq } from "./messages.ts";

/** Records of one source that may wait; what comes then is dropped. As HashiCorp's agents have it. */
export const QUEUED_RECORDS_MAX = 512;
/** Bytes of all records of a connection that may wait. A log line counts its characters. */
const QUEUED_BYTES_MAX = 1 << 20;
/** What a record costs besides its body. */
const RECORD_OVERHEAD_BYTES = 32;

/** A stream, a monitor or a query. The queue keeps its count here. */
export interface RecordSource {
  /** Of the request that began it: each record carries it. */
  readonly seq: Seq;
  /** How many of its records wait. Written by the queue alone. */
  queued: number;
  /** Once set, what still waits is not sent any more. */
  isStopped: boolean;
}

/** An encoded body, possibly shared with other connections; or a log line, encoded when its turn comes. */
export type RecordBody = Uint8Array | string;

/** One record. */
export interface QueuedRecord {
  readonly source: RecordSource;
  readonly body: RecordBody;
}

/** First in, first out. bounded: {@linkcode QUEUED_RECORDS_MAX} for each source, {@linkcode QUEUED_BYTES_MAX} and one record in all; and the last one of each query. */
export class RecordQueue {
  #records: QueuedRecord[] = [];
  #head = 0;
  #bytes = 0;

  /** What all that waits costs. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#head === this.#records.length;
  }

  /** Whether a further record of `source` would be taken. */
  hasRoom(source: RecordSource, body: RecordBody): boolean {
    if (this.isEmpty) return true; // else a record above the bound could never be sent
    return source.queued < QUEUED_RECORDS_MAX && this.#bytes + costOf(body) <= QUEUED_BYTES_MAX;
  }

  /** Appends a record. Ask {@linkcode hasRoom} first. */
  push(source: RecordSource, body: RecordBody): void {
    source.queued++;
    this.#bytes += costOf(body);
    this.#records.push({ source, body });
  }

  /** Takes the oldest record whose source goes on; undefined when there is none. */
  shift(): QueuedRecord | undefined {
    while (this.#head < this.#records.length) {
      const record = this.#records[this.#head++]!;
      record.source.queued--;
      this.#bytes -= costOf(record.body);
      this.#compact();
      if (!record.source.isStopped) return record;
    }
    return undefined;
  }

  /** Forgets everything. */
  clear(): void {
    this.#records = [];
    this.#head = this.#bytes = 0;
  }

  /** Half of the array empty: move the rest down, so that each record is moved once on average. */
  #compact(): void {
    if (this.#head < 32 || this.#head * 2 < this.#records.length) return;
    this.#records = this.#records.slice(this.#head);
    this.#head = 0;
  }
}

function costOf(body: RecordBody): number {
  return body.length + RECORD_OVERHEAD_BYTES;
}

/** Where sources put their records: the connection. */
export interface RecordSink {
  /** @returns false when there is no room for the record, which is lost then. */
  offer(source: RecordSource, body: RecordBody): boolean;
  /** Takes the record in any case. For a source that offers nothing any more: there is one such record of each. */
  offerLast(source: RecordSource, body: RecordBody): void;
  /** Logs, at a bounded rate, that something was lost. */
  reportDrop(what: DroppedThing): void;
}

/** As the log line has it: `Dropping event to ipc.client: ...`. */
export type DroppedThing = "event" | "logs" | "query results";
