/** A bounded rate for log lines that strangers can cause. */
import { type Clock, type Logger, LogLevel } from "./ports.ts";

/** The longest line: a name from a stranger's packet may have 64 KiB. The longest honest one has some 4500 characters. */
const LINE_CHARS_MAX = 8192;

/**
 * Token buckets in front of a logger: what a flood of bad packets may write is `burst` lines at once and `perSecond`
 * in the long run. Debug and trace lines, of which most logs show none, have as much for themselves, so that they cannot
 * use up the room of those that an operator sees. What was left out is counted, and the next line of its bucket that
 * gets through says so.
 */
export class LogLimiter {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #details: Bucket;
  readonly #others: Bucket;

  /**
   * @param burst lines that may come at once, at least 1.
   * @param perSecond lines per second in the long run, greater than 0.
   */
  constructor(clock: Clock, logger: Logger, burst: number, perSecond: number) {
    this.#clock = clock;
    this.#logger = logger;
    const nowMs = clock.nowMs();
    this.#details = new Bucket(burst, perSecond / 1000, nowMs);
    this.#others = new Bucket(burst, perSecond / 1000, nowMs);
  }

  /** Lines left out since the last one of their bucket that got through. */
  get suppressed(): number {
    return this.#details.suppressed + this.#others.suppressed;
  }

  /**
   * Whether a line would get through now. Ask before building a text; a "no" counts as a line left out.
   * A line of a level that nobody reads is neither logged nor counted.
   */
  admits(level: LogLevel): boolean {
    return this.#logger.enabled(level) && this.#bucketOf(level).admits(this.#clock.nowMs());
  }

  /** Logs the line, cut off after {@linkcode LINE_CHARS_MAX}, or leaves it out. */
  log(level: LogLevel, text: string): void {
    if (!this.admits(level)) return;
    const count = this.#bucketOf(level).take();
    const line = text.length <= LINE_CHARS_MAX ? text : `${text.slice(0, LINE_CHARS_MAX)}...`;
    this.#logger.log(level, count === 0 ? line : `${line} (${count} more lines suppressed)`);
  }

  #bucketOf(level: LogLevel): Bucket {
    return level <= LogLevel.debug ? this.#details : this.#others;
  }
}

/** The lines that may still come, and the number of those that were left out. */
class Bucket {
  suppressed = 0;
  readonly #burst: number;
  readonly #perMs: number;
  #tokens: number;
  #filledMs: number;

  constructor(burst: number, perMs: number, nowMs: number) {
    this.#burst = burst;
    this.#perMs = perMs;
    this.#tokens = burst;
    this.#filledMs = nowMs;
  }

  admits(nowMs: number): boolean {
    this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#filledMs) * this.#perMs);
    this.#filledMs = nowMs;
    if (this.#tokens >= 1) return true;
    this.suppressed++;
    return false;
  }

  /** For a line that was admitted. @returns how many were left out before it. */
  take(): number {
    this.#tokens--;
    const count = this.suppressed;
    this.suppressed = 0;
    return count;
  }
}
