/** Scripts that run at events: which, when, and in which order. surface.md 4. */
import { type MetricsSink, NO_METRICS } from "../base/metrics.ts";
import { LogLimiter } from "../base/log_limiter.ts";
import { type Logger, LogLevel } from "../base/ports.ts";
import type { SerfEvent } from "../serf/events.ts";
import { ConfigError } from "./config_error.ts";
import { acceptsEvent, type EventFilter, parseEventFilters } from "./event_filter.ts";
import { runScriptFor, type ScriptPlatform } from "./script_runner.ts";
import type { SelfFacts } from "./script_input.ts";

/** Events that wait for one script. A day of a cluster's ordinary life, or the first minutes of a handler that hangs. */
const WAITING_MAX = 1_024;

/** How many lines may say that events were dropped: at once, and per second in the long run. */
const DROP_LINES_BURST = 3;
const DROP_LINES_PER_SECOND = 0.1;

/** A script, and what lets it run. */
export interface EventHandler {
  readonly script: string;
  /** It runs once for each that matches. */
  readonly filters: readonly EventFilter[];
}

/**
 * `[FILTERS=]SCRIPT`, split at the first `=`; without one, the script runs at every event.
 * @throws {ConfigError} `Invalid event script: Event 'foo' invoking 'x'`.
 */
export function parseEventHandler(spec: string): EventHandler {
  const split = spec.indexOf("=");
  const filterText = spec.slice(0, Math.max(0, split)), script = spec.slice(split + 1);
  const filters = parseEventFilters(filterText);
  if (filters !== undefined) return { script, filters };
  const bad = filterText.split(",").find((entry) => parseEventFilters(entry) === undefined || entry === "");
  throw new ConfigError(`Invalid event script: Event '${bad}' invoking '${script}'`);
}

/**
 * Runs handlers beside everything else: nothing waits for a script but later events for the same script, which get it one
 * after another, in the order in which they happened, whatever number of handlers it is listed in. Different scripts run
 * at the same time. (HashiCorp's agent runs all of them in one row, and its streams wait for them too.)
 *
 * Invariant: of each script at most one run goes on. Bounds: {@linkcode WAITING_MAX} events wait for each script, then the
 * oldest is dropped, with a warning; one queue per script that is configured or still runs.
 */
export class EventHandlers {
  readonly #self: () => SelfFacts;
  readonly #platform: ScriptPlatform;
  readonly #logger: Logger;
  readonly #metrics: MetricsSink;
  readonly #dropLines: LogLimiter;
  // bounded: by the configuration.
  #handlers: readonly EventHandler[];
  #stats: Readonly<Record<string, string>> | undefined;
  // bounded: one per configured script, and per removed one that still runs.
  readonly #queues = new Map<string, ScriptQueue>();
  #isStopped = false;

  /** @param self asked at each run: tags change. */
  constructor(
    handlers: readonly EventHandler[],
    self: () => SelfFacts,
    platform: ScriptPlatform,
    logger: Logger,
    metrics: MetricsSink = NO_METRICS,
  ) {
    this.#metrics = metrics;
    this.#handlers = handlers;
    this.#self = self;
    this.#platform = platform;
    this.#logger = logger;
    this.#dropLines = new LogLimiter(platform.clock, logger, DROP_LINES_BURST, DROP_LINES_PER_SECOND);
  }

  /** Runs what wants this event, soon; returns at once. Once for each filter that matches. */
  onEvent(event: SerfEvent): void {
    if (this.#isStopped) return;
    for (const { script, filters } of this.#handlers) {
      for (const filter of filters) if (acceptsEvent(filter, event)) this.#enqueue(script, event);
    }
  }

  /** These from now on, and only these. Runs go on; events that wait for a script that is gone are dropped. */
  replace(handlers: readonly EventHandler[]): void {
    this.#handlers = handlers;
    this.#stats = undefined;
    for (const [script, { waiting }] of this.#queues) {
      if (!handlers.some((handler) => handler.script === script)) waiting.length = 0;
    }
  }

  /**
   * For `info`: `<event>:<name>` and the script; where several have one filter, all of them, in their order. The same
   * object until {@linkcode replace}.
   */
  stats(): Readonly<Record<string, string>> {
    return this.#stats ??= this.#describe();
  }

  /** Starts nothing more. Scripts that run are left alone, and nobody hears of them. Idempotent. */
  stop(): void {
    this.#isStopped = true;
    for (const { waiting } of this.#queues.values()) waiting.length = 0;
  }

  #describe(): Record<string, string> {
    const scripts = new Map<string, string[]>();
    for (const { script, filters } of this.#handlers) {
      for (const { kind, name } of filters) {
        const key = `${kind}:${name}`;
        scripts.set(key, [...scripts.get(key) ?? [], script]);
      }
    }
    return Object.fromEntries(Array.from(scripts, ([key, texts]) => [key, texts.join(", ")]));
  }

  #enqueue(script: string, event: SerfEvent): void {
    let queue = this.#queues.get(script);
    if (queue === undefined) {
      queue = new ScriptQueue();
      this.#queues.set(script, queue);
      queue.waiting.push(event);
      void this.#runAll(script, queue);
      return;
    }
    queue.waiting.push(event);
    if (queue.waiting.length <= WAITING_MAX) return;
    queue.waiting.shift();
    const text =
      `agent: Script '${script}' does not keep up, ${WAITING_MAX} events wait for it: dropping the oldest`;
    this.#dropLines.log(LogLevel.warn, text);
  }

  /** A queue lives while its script runs or has events. */
  async #runAll(script: string, queue: ScriptQueue): Promise<void> {
    for (let event = queue.waiting.shift(); event !== undefined; event = queue.waiting.shift()) {
      const startMs = this.#platform.clock.nowMs();
      await runScriptFor(
        event,
        script,
        this.#self(),
        this.#platform,
        this.#logger,
        () => this.#isStopped,
      );
      this.#metrics.sample(`agent.invoke.${script}`, this.#platform.clock.nowMs() - startMs);
    }
    this.#queues.delete(script);
  }
}

/** The events that wait for one script, while it runs for an earlier one. */
class ScriptQueue {
  // bounded: WAITING_MAX
  readonly waiting: SerfEvent[] = [];
}
