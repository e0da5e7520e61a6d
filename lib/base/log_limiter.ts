/** A bounded rate for log lines that strangers can cause. */
import type { Clock, Logger, LogLevel } from "./ports.ts";

/** The longest line: a name from a stranger's packet may have 64 KiB. The longest honest one has some 4500 characters. */
const LINE_CHARS_MAX = 8192;

/**
 * A token bucket in front of a logger: what a flood of bad packets may write is `burst` lines at once and `perSecond`
 * in the long run. What was left out is counted, and the next line that gets through says so.
 */
export class LogLimiter {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #burst: number;
  readonly #perMs: number;
  #tokens: number;
  #filledMs: number;
  #suppressed = 0;

  /**
   * @param burst lines that may come at once, at least 1.
   * @param perSecond lines per second in the long run, greater than 0.
   */
  constructor(clock: Clock, logger: Logger, burst: number, perSecond: number) {
    this.#clock = clock;
    this.#logger = logger;
    this.#burst = burst;
    this.#perMs = perSecond / 1000;
    this.#tokens = burst;
    this.#filledMs = clock.nowMs();
  }

  /** Lines left out since the last one that got through. */
  get suppressed(): number {
    return this.#suppressed;
  }

  /**
   * Whether a line would get through now. Ask before building a text; a "no" counts as a line left out.
   * A line of a level that nobody reads is neither logged nor counted.
   */
  admits(level: LogLevel): boolean {
    if (!this.#logger.enabled(level)) return false;
    this.#refill();
    if (this.#tokens >= 1) return true;
    this.#suppressed++;
    return false;
  }

  /** Logs the line, cut off after {@linkcode LINE_CHARS_MAX}, or leaves it out. */
  log(level: LogLevel, text: string): void {
    if (!this.admits(level)) return;
    this.#tokens--;
    const count = this.#suppressed;
    this.#suppressed = 0;
    const line = text.length <= LINE_CHARS_MAX ? text : `${text.slice(0, LINE_CHARS_MAX)}...`;
    this.#logger.log(level, count === 0 ? line : `${line} (${count} similar lines suppressed)`);
  }

  #refill(): void {
    const nowMs = this.#clock.nowMs();
    this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#filledMs) * this.#perMs);
    this.#filledMs = nowMs;
  }
}
