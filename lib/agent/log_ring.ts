/** The last log lines of all levels, for `monitor`. surface.md 2.7. */
import { assert } from "../base/assert.ts";
import type { LogLevel } from "../base/ports.ts";
import { formatLogLine } from "./log_format.ts";

/** What a line is made of, when somebody asks for it: nobody does for most. */
interface Entry {
  wallMs: number;
  level: LogLevel;
  text: string;
}

/** One subscriber. */
interface Subscriber {
  readonly level: LogLevel;
  readonly listener: (line: string) => void;
}

/** Remembers the last lines, and passes new ones on. */
export class LogRing {
  readonly #capacity: number;
  // bounded: capacity.
  readonly #entries: Entry[] = [];
  #next = 0;
  // bounded: one per monitor of an RPC session.
  readonly #subscribers = new Set<Subscriber>();

  /** @param capacity how many lines are remembered, at least 1. */
  constructor(capacity = 512) {
    assert(capacity >= 1, "a ring holds something");
    this.#capacity = capacity;
  }

  /** How many subscribers there are now. */
  get subscriberCount(): number {
    return this.#subscribers.size;
  }

  /** Parameters: as for {@linkcode formatLogLine}. */
  push(wallMs: number, level: LogLevel, text: string): void {
    const oldest = this.#entries[this.#next];
    if (oldest === undefined) this.#entries.push({ wallMs, level, text });
    else {
      oldest.wallMs = wallMs;
      oldest.level = level;
      oldest.text = text;
    }
    this.#next = (this.#next + 1) % this.#capacity;
    if (this.#subscribers.size === 0) return;
    const line = formatLogLine(wallMs, level, text);
    // Over a copy: who is called may subscribe, or end its subscription.
    for (const subscriber of [...this.#subscribers]) {
      if (level >= subscriber.level && this.#subscribers.has(subscriber)) subscriber.listener(line);
    }
  }

  /**
   * Calls `listener` for the remembered lines of at least `level`, oldest first, and then for each new one.
   * @returns what ends it.
   */
  subscribe(level: LogLevel, listener: (line: string) => void): () => void {
    const backlog = [...this.#entries.slice(this.#next), ...this.#entries.slice(0, this.#next)]
      .filter((entry) => entry.level >= level)
      .map((entry) => formatLogLine(entry.wallMs, entry.level, entry.text));
    for (const line of backlog) listener(line);
    const subscriber: Subscriber = { level, listener };
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }
}
