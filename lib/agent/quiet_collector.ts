/** Gives memory back when there is nothing else to do. */
import type { Clock } from "../base/ports.ts";
import { Timer } from "../base/timer_heap.ts";
import type { MemoryUsage } from "../platform/platform.ts";

/** How long an agent must have rested. */
const REST_MS = 4_000;
/** It rests when it takes less than so much of a processor meanwhile: 2 %. Ten times what its probes cost. */
const REST_CPU_MS = 80;
/**
 * Less work than this leaves nothing for which a look would pay: 200 ms, the work of some hundred requests. A client who
 * polls the agent every second causes one look in a minute or more, and between them not even a timer.
 */
const WORK_CPU_MS = 200;
/** For how much a collection pays: so many bytes, and an eighth of what the last one left. */
const GAIN_BYTES_MIN = 2 * 1024 * 1024;
/**
 * A collection stops the agent: a thorough one of a heap below the first bound for 40 to 70 ms, a plain one of a heap below
 * the second for 60 ms. Above it, what is there is left to V8, which collects in small steps.
 */
const THOROUGH_BYTES_MAX = 16 * 1024 * 1024;
const PLAIN_BYTES_MAX = 40 * 1024 * 1024;

/** What the collector asks of the platform. */
export interface CollectorPlatform {
  readonly clock: Clock;
  cpuTimeMs(): number;
  memoryUsage(): MemoryUsage;
  collectGarbage(isThorough: boolean): void;
}

/**
 * V8 collects as memory is asked for, so what a start or a burst leaves behind would stay for as long as the agent rests
 * (10 MiB after a flood of 240 000 pings and requests). Whoever ends such work calls {@linkcode QuietCollector.wake};
 * once it has done enough and rests, it is collected.
 *
 * ```
 * asleep --(wake, enough work since the last look)--> waiting
 *                  waiting --(4 s, busy)--> waiting
 *                  waiting --(4 s, at rest: collects if it pays)--> asleep        any --stop--> asleep
 * ```
 */
export class QuietCollector {
  readonly #platform: CollectorPlatform;
  readonly #timer: Timer = new Timer(() => this.#onTimer());
  #cpuMs = 0;
  /** At the last look. Before the first everything was work: a start leaves more than its time says. */
  #lookCpuMs = -Infinity;
  /** What the last collection left. */
  #keptBytes = 0;

  constructor(platform: CollectorPlatform) {
    this.#platform = platform;
  }

  /** Something was done that may have left garbage behind. */
  wake(): void {
    if (this.#timer.armed) return;
    if (this.#platform.cpuTimeMs() - this.#lookCpuMs >= WORK_CPU_MS) this.#wait();
  }

  /** Idempotent. */
  stop(): void {
    this.#platform.clock.disarm(this.#timer);
  }

  #wait(): void {
    this.#cpuMs = this.#platform.cpuTimeMs();
    this.#platform.clock.arm(this.#timer, REST_MS);
  }

  #onTimer(): void {
    if (this.#platform.cpuTimeMs() - this.#cpuMs > REST_CPU_MS) this.#wait();
    else this.#look();
  }

  #look(): void {
    this.#collect(this.#platform.memoryUsage().usedBytes);
    this.#lookCpuMs = this.#platform.cpuTimeMs();
  }

  #collect(usedBytes: number): void {
    const pays = usedBytes - this.#keptBytes > GAIN_BYTES_MIN + this.#keptBytes / 8;
    if (!pays || usedBytes > PLAIN_BYTES_MAX) return;
    this.#platform.collectGarbage(usedBytes < THOROUGH_BYTES_MAX);
    this.#keptBytes = this.#platform.memoryUsage().usedBytes;
  }
}
