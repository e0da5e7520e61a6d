/** Metrics on their way to statsd or statsite: lines, collected for a moment. surface.md 8. */
import { type Clock, type Logger, LogLevel } from "../base/ports.ts";
import { Timer } from "../base/timer_heap.ts";
import { errorText } from "../base/error_text.ts";
import { encodeText } from "../wire/text.ts";

/** How long a line waits for others. */
const FLUSH_MS = 100;
/** How long a target that could not be reached is left alone. */
const RETRY_MS = 5_000;
/** Lines that wait for the target or for the next flush; more are dropped. */
const LINES_MAX = 4_096;

// deno-lint-ignore no-control-regex
const UNFIT = /[: |\x00-\x1f\x7f]/g;

/** The kind of a value, as it is written: counted, standing, or one of many. */
export type MetricType = "c" | "g" | "ms";

/**
 * `serf-agent.memberlist.udp.sent:150.000000|c`, newline included.
 * @param name whole; `:` and space become `_`, and so does what would end the name or the line: strangers name events.
 */
export function metricLine(name: string, value: number, type: MetricType): string {
  return `${name.replace(UNFIT, "_")}:${value.toFixed(6)}|${type}\n`;
}

/** An open way to a collector. */
export interface MetricTarget {
  /** Whether nothing can be sent any more. */
  readonly isBroken: boolean;
  /** Best effort. @param bytes whole lines; not changed afterwards. */
  send(bytes: Uint8Array): void;
  /** Sends what was given so far if that is possible at once, and ends. */
  close(): void;
}

/** How a collector is reached. */
export interface MetricTargetOptions {
  /** For the log: `statsd at 10.0.0.1:8125`. */
  readonly name: string;
  /** The most bytes that are sent in one piece, unless a line alone is longer. */
  readonly pieceBytesMax: number;
  /** @throws {Error} saying why it cannot be reached now. */
  open(): Promise<MetricTarget>;
}

/**
 * ```
 * resting --line--> opening --> open --broken--> resting       a line that comes within RETRY_MS after a
 *    ^                 | fails                                 failure is dropped
 *    +-----------------+                           any --stop--> stopped
 * ```
 * The timer is armed while a line waits, and at no other time.
 */
export class MetricSender {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #options: MetricTargetOptions;
  readonly #timer = new Timer(() => this.#flush());
  // bounded: LINES_MAX
  #lines: string[] = [];
  #state: "resting" | "opening" | "open" | "stopped" = "resting";
  #target: MetricTarget | undefined;
  #retryMs = -Infinity;
  /** Whether the log says that it cannot be reached. */
  #isFailing = false;

  constructor(clock: Clock, logger: Logger, options: MetricTargetOptions) {
    this.#clock = clock;
    this.#logger = logger;
    this.#options = options;
  }

  /** @param line with its newline. */
  write(line: string): void {
    if (this.#state === "stopped" || this.#lines.length >= LINES_MAX) return;
    if (this.#state === "resting") {
      if (this.#clock.nowMs() < this.#retryMs) return;
      void this.#open();
    }
    this.#lines.push(line);
    if (this.#state === "open") this.#armFlush();
  }

  /** Sends what waits, and ends. Idempotent. */
  stop(): void {
    if (this.#state === "open") this.#flush();
    this.#state = "stopped";
    this.#lines = [];
    this.#clock.disarm(this.#timer);
    this.#target?.close();
    this.#target = undefined;
  }

  async #open(): Promise<void> {
    this.#state = "opening";
    try {
      const target = await this.#options.open();
      if (this.#isStopped()) return target.close();
      this.#target = target;
      this.#state = "open";
      this.#isFailing = false;
      if (this.#lines.length > 0) this.#armFlush();
    } catch (error) {
      if (!this.#isStopped()) this.#fail(errorText(error));
    }
  }

  /** While the target was opened, anything may have happened. */
  #isStopped(): boolean {
    return this.#state === "stopped";
  }

  #fail(cause: string): void {
    this.#target?.close();
    this.#target = undefined;
    this.#state = "resting";
    this.#lines = [];
    this.#retryMs = this.#clock.nowMs() + RETRY_MS;
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.#logger.log(LogLevel.warn, `agent: Metrics cannot be sent to ${this.#options.name}: ${cause}`);
  }

  #armFlush(): void {
    if (!this.#timer.armed) this.#clock.arm(this.#timer, FLUSH_MS);
  }

  #flush(): void {
    const target = this.#target!;
    if (target.isBroken) return this.#fail("the connection broke");
    const lines = this.#lines;
    this.#lines = [];
    // By bytes: names may be of any characters.
    let piece: Uint8Array[] = [], length = 0;
    for (const line of lines) {
      const bytes = encodeText(line);
      if (length > 0 && length + bytes.length > this.#options.pieceBytesMax) {
        target.send(joined(piece, length));
        [piece, length] = [[], 0];
      }
      piece.push(bytes);
      length += bytes.length;
    }
    if (length > 0) target.send(joined(piece, length));
  }
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
