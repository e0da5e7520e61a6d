/** Gives memory back when there is nothing else to do. */
import type { Clock } from "../base/ports.ts";
import { Timer } from "../base/timer_heap.ts";
import type { MemoryUsage } from "../platform/platform.ts";

/** How often it looks. */
const INTERVAL_MS = 4_000;
/** What an agent at rest makes between two looks is less, and what its young objects come to is, too. */
const QUIET_BYTES = 512 * 1024;
/** What can be had at least, for which a collection pays: so much, and an eighth of what was left by the last one. */
const GAIN_BYTES_MIN = 2 * 1024 * 1024;

/**
 * V8 collects as memory is asked for, so what a burst or a start leaves behind would stay for as long as the agent rests
 * (25 MiB after a flood of 180 000 requests). This looks at the heap every few seconds, and collects when it has grown
 * since the last collection, but not since the last look. A collection stops the agent for 10 to 30 ms, at most once per
 * burst.
 */
export class QuietCollector {
  readonly #clock: Clock;
  readonly #memory: { memoryUsage(): MemoryUsage; collectGarbage(): void };
  readonly #timer: Timer = new Timer(() => this.#look());
  #seenBytes = -Infinity;
  #keptBytes = 0;

  constructor(clock: Clock, memory: { memoryUsage(): MemoryUsage; collectGarbage(): void }) {
    this.#clock = clock;
    this.#memory = memory;
  }

  /** From now on it looks, until {@linkcode stop}. */
  start(): void {
    this.#clock.arm(this.#timer, INTERVAL_MS);
  }

  /** Idempotent. */
  stop(): void {
    this.#clock.disarm(this.#timer);
  }

  #look(): void {
    const { usedBytes } = this.#memory.memoryUsage();
    const isQuiet = usedBytes - this.#seenBytes < QUIET_BYTES;
    const hasGrown = usedBytes - this.#keptBytes > GAIN_BYTES_MIN + this.#keptBytes / 8;
    this.#seenBytes = usedBytes;
    if (isQuiet && hasGrown) {
      this.#memory.collectGarbage();
      this.#keptBytes = this.#seenBytes = this.#memory.memoryUsage().usedBytes;
    }
    this.start();
  }
}
