/** The verb `monitor`: the agent's log lines for a client. */
import type { LogLevel } from "../base/ports.ts";
import type { Seq } from "./messages.ts";
import type { RecordSink, RecordSource } from "./record_queue.ts";
import type { LogSource } from "./rpc_backend.ts";

/** How the line begins that reports a drop. */
export const DROP_NOTICE = "agent.ipc: Dropping ";

/** One `monitor` request of one client. */
export class LogStream implements RecordSource {
  queued = 0;
  isStopped = false;
  readonly #sink: RecordSink;
  #unsubscribe: (() => void) | undefined;

  constructor(readonly seq: Seq, sink: RecordSink) {
    this.#sink = sink;
  }

  /** Sends what the agent remembers, then what it logs. The request must have been answered before. */
  start(logs: LogSource, level: LogLevel): void {
    this.#unsubscribe = logs.subscribe(level, (line) => this.#onLine(line));
  }

  /** Sends nothing more, not even what waits. */
  stop(): void {
    this.isStopped = true;
    this.#unsubscribe?.();
  }

  #onLine(line: string): void {
    if (this.#sink.offer(this, line)) return;
    // The report of a drop is a log line too. Were its own loss reported, one stalled monitor would keep the log
    // running for ever: HashiCorp's agent writes 20 MB a second then.
    if (!line.includes(DROP_NOTICE)) this.#sink.reportDrop("logs");
  }
}
