/** A logger that keeps the last lines, for scenarios to look at and for failures to show. */
import type { Logger } from "../base/ports.ts";
import { LogLevel } from "../base/ports.ts";
import type { SimClock } from "./sim_clock.ts";

/** How many lines are kept. */
const LINES_MAX = 500;

/** Keeps the last lines of one node, over all its lives. */
export class SimLogger implements Logger {
  // Bounded: LINES_MAX.
  readonly #lines: string[] = [];
  readonly #clock: SimClock;
  readonly #level: LogLevel;

  constructor(clock: SimClock, level: LogLevel) {
    this.#clock = clock;
    this.#level = level;
  }

  enabled(level: LogLevel): boolean {
    return level >= this.#level;
  }

  log(level: LogLevel, text: string): void {
    if (level < this.#level) return;
    if (this.#lines.length === LINES_MAX) this.#lines.shift();
    const name = Object.keys(LogLevel)[level]!.toUpperCase();
    this.#lines.push(`${(this.#clock.nowMs() / 1000).toFixed(3)} [${name}] ${text}`);
  }

  /** The kept lines, oldest first: `12.345 [WARN] memberlist: ...` with seconds of virtual time. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** How many kept lines `pattern` matches. */
  count(pattern: RegExp): number {
    return this.#lines.filter((line) => pattern.test(line)).length;
  }
}
