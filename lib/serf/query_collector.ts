/** Queries of our own that are running: who acknowledged, who answered. protocol.md D.5. */
import { type MetricsSink, NO_METRICS } from "../base/metrics.ts";
import { StateError } from "../base/errors.ts";
import { LogLimiter } from "../base/log_limiter.ts";
import { type Clock, type Logger, LogLevel } from "../base/ports.ts";
import { Timer } from "../base/timer_heap.ts";
import { type QueryResponseMessage, ResponseFlag } from "./query_messages.ts";

/** Where acks and answers go. Called from within Serf, or from a timer; it must not throw. */
export interface QuerySink {
  /** @param from whose it is; each node's comes once. */
  onAck(from: string): void;
  /** @param payload the receiver's own; empty when there is none. */
  onResponse(from: string, payload: Uint8Array): void;
  /** The time is over, or Serf was shut down. Called once; nothing comes after it. */
  onDone(): void;
}

/** Queries that may run at once. Real agents have no bound here. */
const RUNNING_MAX = 4096;
/** Nodes that may join while a query runs, and answer it. Anybody can answer under any name, so there is a bound. */
const NEWCOMERS_MAX = 64;
/** Cancelled queries that are remembered. */
const CANCELLED_MAX = 64;
const LOG_BURST = 20;
const LOG_PER_SECOND = 2;

/** One that is running. */
export interface RunningQuery {
  /** Ends it early; its sink hears nothing more. */
  cancel(): void;
}

interface Running {
  readonly id: number;
  /** When it is over, by the clock: an answer that is handled later is too late, whenever the timer comes. */
  readonly endMs: number;
  // bounded: answersMax each.
  readonly acked: Set<string>;
  readonly answered: Set<string>;
  readonly answersMax: number;
  readonly sink: QuerySink;
  readonly timer: Timer;
}

/**
 * ```
 * begin --> running --timeout, stop--> onDone
 *              +------cancel---------> gone
 * ```
 */
export class QueryCollector {
  readonly #clock: Clock;
  readonly #limiter: LogLimiter;
  readonly #metrics: MetricsSink;
  // bounded: RUNNING_MAX, by the query's Lamport time, which is its own.
  readonly #running = new Map<number, Running>();
  /** Times of queries that nobody waits for any more: answers still come, and are no news. bounded: CANCELLED_MAX. */
  readonly #cancelled = new Set<number>();

  constructor(clock: Clock, logger: Logger, metrics: MetricsSink = NO_METRICS) {
    this.#metrics = metrics;
    this.#clock = clock;
    this.#limiter = new LogLimiter(clock, logger, LOG_BURST, LOG_PER_SECOND);
  }

  /** How many are running. */
  get size(): number {
    return this.#running.size;
  }

  /**
   * Waits for answers from now on.
   *
   * @param nodes how many nodes may answer.
   * @param timeoutMs 0 or less is over at the next turn of the clock, and no answer is in time.
   * @throws {StateError} when too many are running.
   */
  begin(lTime: number, id: number, nodes: number, timeoutMs: number, sink: QuerySink): RunningQuery {
    if (this.#running.size >= RUNNING_MAX) throw new StateError("too many queries are running");
    const timer = new Timer(() => this.#finish(lTime));
    const answersMax = nodes + NEWCOMERS_MAX;
    const endMs = this.#clock.nowMs() + timeoutMs;
    this.#running.set(lTime, { id, endMs, acked: new Set(), answered: new Set(), answersMax, sink, timer });
    this.#clock.arm(timer, Math.max(0, timeoutMs));
    return { cancel: () => this.#cancel(lTime) };
  }

  /** An ack or an answer came; its payload is borrowed. */
  onResponse({ lTime, id, from, flags, payload }: QueryResponseMessage): void {
    const running = this.#running.get(lTime);
    if (running === undefined) {
      if (this.#cancelled.has(lTime)) return;
      return this.#warn(`reply for non-running query (LTime: ${lTime}, ID: ${id}) From: ${from}`);
    }
    if (running.id !== id) {
      return this.#warn(`query reply ID mismatch (Local: ${running.id}, Response: ${id})`);
    }
    if (this.#clock.nowMs() >= running.endMs) return;
    const isAck = (flags & ResponseFlag.ack) !== 0;
    const heard = isAck ? running.acked : running.answered;
    const kind = isAck ? "acks" : "responses";
    if (heard.has(from)) return this.#metrics.counter(`serf.query_duplicate_${kind}`, 1);
    if (heard.size >= running.answersMax) return this.#warn("Failed to deliver query response, dropping");
    heard.add(from);
    this.#metrics.counter(`serf.query_${kind}`, 1);
    if (isAck) running.sink.onAck(from);
    else running.sink.onResponse(from, payload?.slice() ?? new Uint8Array(0));
  }

  /** Ends them all; their sinks are told. */
  stop(): void {
    for (const lTime of [...this.#running.keys()]) this.#finish(lTime);
  }

  #cancel(lTime: number): void {
    if (this.#take(lTime) === undefined) return;
    this.#cancelled.add(lTime);
    if (this.#cancelled.size <= CANCELLED_MAX) return;
    for (const oldest of this.#cancelled) return void this.#cancelled.delete(oldest);
  }

  #finish(lTime: number): void {
    this.#take(lTime)?.sink.onDone();
  }

  #take(lTime: number): Running | undefined {
    const running = this.#running.get(lTime);
    if (running === undefined) return undefined;
    this.#running.delete(lTime);
    this.#clock.disarm(running.timer);
    return running;
  }

  #warn(text: string): void {
    this.#limiter.log(LogLevel.warn, `serf: ${text}`);
  }
}
