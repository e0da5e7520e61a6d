/** Where an agent's metrics go: into memory, and to the collectors that are configured. surface.md 8. */
import type { AddedKind, Metric, MetricsSink } from "../base/metrics.ts";
import type { Logger } from "../base/ports.ts";
import { Timer } from "../base/timer_heap.ts";
import type { Platform } from "../platform/platform.ts";
import type { AgentConfig } from "./agent_config.ts";
import { MemoryMetrics } from "./memory_metrics.ts";
import { metricLine, MetricSender, type MetricType } from "./metric_sender.ts";
import { statsd, statsite } from "./metric_targets.ts";

/** What stands before every name. */
const SERVICE = "serf-agent.";
/** How often collectors hear how the process is. */
const RUNTIME_MS = 1_000;
/** How often the lengths of the queues are noted. */
const QUEUES_MS = 30_000;

/** What can be read off the agent at any moment. */
export interface AgentReadings {
  /** How many things go on side by side. */
  readonly activities: number;
  /** How many messages wait to be gossiped, by the names of their queues. */
  readonly queues: Readonly<Record<string, number>>;
}

/**
 * Without collectors nothing ticks: how the process is gets noted at the first value of each interval. With them, it is
 * told every second; and gauges carry the host's name, because a collector hears of many hosts.
 */
export class AgentMetrics implements MetricsSink {
  readonly #platform: Platform;
  readonly #memory: MemoryMetrics;
  readonly #senders: readonly MetricSender[];
  readonly #gaugePrefix: string;
  readonly #timer = new Timer(() => this.#onTimer());
  #read: () => AgentReadings = () => ({ activities: 0, queues: {} });
  #queuesDueMs: number;

  /** Sends nothing, and arms nothing, before {@linkcode start}. */
  constructor(
    config: Pick<AgentConfig, "statsdAddr" | "statsiteAddr">,
    platform: Platform,
    logger: Logger,
  ) {
    const { statsdAddr, statsiteAddr } = config;
    const targets = [
      ...(statsiteAddr === "" ? [] : [statsite(statsiteAddr, platform)]),
      ...(statsdAddr === "" ? [] : [statsd(statsdAddr, platform)]),
    ];
    this.#platform = platform;
    this.#queuesDueMs = platform.clock.nowMs() + QUEUES_MS;
    this.#senders = targets.map((target) => new MetricSender(platform.clock, logger, target));
    const host = targets.length === 0 ? "" : hostname(platform);
    this.#gaugePrefix = host === "" ? SERVICE : `${SERVICE}${host}.`;
    this.#memory = new MemoryMetrics(platform.clock, () => this.#onInterval());
  }

  /** @param read called now and then, perhaps while the agent is at work: it changes nothing. */
  start(read: () => AgentReadings): void {
    this.#read = read;
    if (this.#senders.length > 0) this.#platform.clock.arm(this.#timer, RUNTIME_MS);
  }

  /** Sends what waits, and ends. Idempotent. */
  stop(): void {
    this.#platform.clock.disarm(this.#timer);
    for (const sender of this.#senders) sender.stop();
  }

  counter(name: string, value: number): void {
    const whole = SERVICE + name;
    this.#memory.add("counter", whole, value);
    if (this.#senders.length > 0) this.#send(whole, value, "c");
  }

  sample(name: string, value: number): void {
    const whole = SERVICE + name;
    this.#memory.add("sample", whole, value);
    if (this.#senders.length > 0) this.#send(whole, value, "ms");
  }

  gauge(name: string, value: number): void {
    const whole = this.#gaugePrefix + name;
    this.#memory.gauge(whole, value);
    if (this.#senders.length > 0) this.#send(whole, value, "g");
  }

  named(kind: AddedKind, name: string): Metric {
    const whole = SERVICE + name, memory = this.#memory.named(kind, whole);
    if (this.#senders.length === 0) return memory;
    const type = kind === "counter" ? "c" : "ms";
    return {
      record: (value) => {
        memory.record(value);
        this.#send(whole, value, type);
      },
    };
  }

  /** The intervals of the last minute that are over, as SIGUSR1 shows them. */
  dump(): string {
    return this.#memory.dump();
  }

  #onTimer(): void {
    this.#platform.clock.arm(this.#timer, RUNTIME_MS);
    const readings = this.#read();
    this.#noteRuntime(readings.activities, true);
    this.#noteQueues(readings.queues);
  }

  #onInterval(): void {
    const readings = this.#read();
    this.#noteRuntime(readings.activities, false);
    if (this.#senders.length === 0) this.#noteQueues(readings.queues);
  }

  #noteQueues(queues: AgentReadings["queues"]): void {
    const nowMs = this.#platform.clock.nowMs();
    if (nowMs < this.#queuesDueMs) return;
    this.#queuesDueMs = nowMs + QUEUES_MS;
    for (const [name, depth] of Object.entries(queues)) this.sample(name, depth);
  }

  #noteRuntime(activities: number, isTold: boolean): void {
    const { usedBytes, residentBytes } = this.#platform.memoryUsage();
    this.#noteGauge("runtime.num_goroutines", activities, isTold);
    this.#noteGauge("runtime.alloc_bytes", usedBytes, isTold);
    this.#noteGauge("runtime.sys_bytes", residentBytes, isTold);
  }

  #noteGauge(name: string, value: number, isTold: boolean): void {
    if (isTold) this.gauge(name, value);
    else this.#memory.gauge(this.#gaugePrefix + name, value);
  }

  #send(name: string, value: number, type: MetricType): void {
    const line = metricLine(name, value, type);
    for (const sender of this.#senders) sender.write(line);
  }
}

/** Collectors hear of us without a name rather than not at all. */
function hostname(platform: Platform): string {
  try {
    return platform.hostname();
  } catch {
    return "";
  }
}
