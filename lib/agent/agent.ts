/** Serf with what makes an agent of it: sockets, log, files, names, and an interface of promises. */
import { JoinError, type JoinFailure } from "../base/errors.ts";
import { goQuote } from "../base/go_text.ts";
import { type Logger, LogLevel } from "../base/ports.ts";
import { errorText } from "../base/error_text.ts";
import type { Coordinate } from "../coordinate/coordinate.ts";
import type { GossipTransport, Platform } from "../platform/platform.ts";
import type { Member } from "../serf/member.ts";
import type { QuerySink, RunningQuery } from "../serf/query_collector.ts";
import { INTERNAL_PREFIX, PING_QUERY } from "../serf/query_responder.ts";
import type { QueryParams } from "../serf/query_sender.ts";
import type { Serf } from "../serf/serf.ts";
import { decodeText } from "../wire/text.ts";
import type { AgentConfig } from "./agent_config.ts";
import { AgentKeys } from "./agent_keys.ts";
import { AgentLogger } from "./agent_logger.ts";
import { AgentMetrics, type AgentReadings } from "./agent_metrics.ts";
import { type AgentStats, AgentStatsReport } from "./agent_stats.ts";
import { type StartedSerf, startSerf } from "./agent_start.ts";
import { EventHandlers } from "./event_handlers.ts";
import { type EventListener, EventOutlet } from "./event_outlet.ts";
import type { LogRing } from "./log_ring.ts";
import { resolveJoinAddress } from "./resolver.ts";
import { checkTagsLength, writeTagsFile } from "./tags_file.ts";

/**
 * ```
 * create --> running --leave--> left (still answers) --shutdown--> finished
 *               +------------------shutdown--------------------------^
 * ```
 */
export class Agent {
  readonly config: AgentConfig;
  readonly serf: Serf;
  readonly logger: Logger;
  readonly logRing: LogRing;
  readonly metrics: AgentMetrics;
  /** The scripts that run at events. */
  readonly handlers: EventHandlers;
  /** The keys of the whole cluster. */
  readonly keys: AgentKeys;
  /** Resolves at the end of {@linkcode shutdown}, whoever called it. */
  readonly finished: Promise<void>;
  readonly #platform: Platform;
  readonly #transport: GossipTransport;
  readonly #outlet: EventOutlet;
  readonly #stats: AgentStatsReport;
  readonly #finish: () => void;
  #leaving: Promise<void> | undefined;
  #isShutDown = false;

  /**
   * Loads tags and keys, binds, and starts Serf.
   *
   * @param logger gated; whoever runs the agent opens it.
   * @throws {ConfigError} with the line for the user: `Failed to setup the Serf agent: ...`, `Failed to start the Serf
   *   agent: ...`. Nothing stays bound.
   */
  static async create(
    config: AgentConfig,
    platform: Platform,
    logger: AgentLogger = new AgentLogger(platform.clock, config.logLevel, (text) => platform.ui.out(text)),
  ): Promise<Agent> {
    const metrics = new AgentMetrics(config, platform, logger);
    const outlet = new EventOutlet(platform.clock, logger);
    const started = await startSerf(config, platform, logger, metrics, {
      onEvent: (event) => outlet.onEvent(event),
      onSelfShutdown: () => agent.#onSelfShutdown(),
    });
    const agent = new Agent(config, platform, logger, metrics, started, outlet);
    return agent;
  }

  private constructor(
    config: AgentConfig,
    platform: Platform,
    logger: AgentLogger,
    metrics: AgentMetrics,
    { serf, transport }: StartedSerf,
    outlet: EventOutlet,
  ) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.config = config;
    this.serf = serf;
    this.logger = logger;
    this.logRing = logger.ring;
    this.metrics = metrics;
    this.handlers = new EventHandlers(
      config.eventHandlers,
      () => serf.localMember(),
      platform,
      logger,
      metrics,
    );
    this.finished = promise;
    this.#platform = platform;
    this.#transport = transport;
    this.#outlet = outlet;
    this.keys = new AgentKeys(logger, serf.keys);
    outlet.subscribe((event) => this.handlers.onEvent(event));
    this.#stats = new AgentStatsReport(serf, this.handlers, platform.runtime, () => this.#activities());
    this.#finish = resolve;
    metrics.start(() => ({ activities: this.#activities(), queues: this.#queues() }));
  }

  /** Whether what we gossip is encrypted. */
  get encrypted(): boolean {
    return this.serf.memberlist.keyring !== undefined;
  }

  /** All members, in a stable order. */
  members(): readonly Member[] {
    return this.serf.members();
  }

  /**
   * Contacts every address that the texts resolve to.
   *
   * @param replay whether user events that the cluster remembers are delivered.
   * @returns how many were contacted; some may have failed.
   * @throws {JoinError} when none was; with a cause per address. {@throws StateError} after leave or shutdown.
   */
  async join(texts: readonly string[], replay: boolean): Promise<number> {
    this.#log(LogLevel.info, `joining: [${texts.join(" ")}] replay: ${replay}`);
    try {
      const { contacted, failures } = await this.#contact(texts, replay);
      if (contacted === 0 && failures.length > 0) throw new JoinError(failures);
      if (contacted > 0) this.#log(LogLevel.info, `joined: ${contacted} nodes`);
      return contacted;
    } catch (error) {
      // One that our own end interrupted is no news, and "shutdown complete" is the last word.
      if (!this.#isShutDown) this.#log(LogLevel.warn, `error joining: ${errorText(error)}`);
      throw error;
    }
  }

  /**
   * Leaves gracefully. We go on to answer until {@linkcode shutdown}. While one leave is under way all wait for that:
   * a service manager's signal and its `serf leave` may well meet, and neither is to cut the other short.
   */
  leave(): Promise<void> {
    return this.#leaving ??= this.#leave().finally(() => this.#leaving = undefined);
  }

  async #leave(): Promise<void> {
    this.#log(LogLevel.info, "requesting graceful leave from Serf");
    await this.#call((done) => this.serf.leave(done));
    this.#outlet.flush();
  }

  /**
   * Declares a failed member left; an unknown name is no error.
   * @param prune whether it is forgotten altogether.
   * @throws {Error} `timed out broadcasting node removal`; it is declared all the same.
   */
  async forceLeave(node: string, prune: boolean): Promise<void> {
    const suffix = prune ? " (prune)" : "";
    this.#log(LogLevel.info, `Force leaving node${suffix}: ${node}`);
    try {
      await this.#call((done) => this.serf.forceLeave(node, prune, done));
    } catch (error) {
      this.#log(LogLevel.warn, `failed to remove node${suffix}: ${errorText(error)}`);
      throw error;
    }
  }

  /** Removes tags, then sets some. @throws as {@linkcode replaceTags}. */
  async setTags(set: ReadonlyMap<string, string>, remove: readonly string[]): Promise<void> {
    const tags = new Map(this.serf.tags);
    for (const key of remove) tags.delete(key);
    for (const [key, value] of set) tags.set(key, value);
    await this.replaceTags(tags);
  }

  /**
   * Makes these our tags, all of them; the tags file is written before anybody hears of it.
   * @throws {Error} `Encoded length of tags exceeds limit of 512 bytes` (nothing changed), `Failed to write tags file:
   *   ...` (nothing changed), `timeout waiting for update broadcast` (they are ours all the same). {@throws StateError}
   *   after leave or shutdown: the file has them then, as HashiCorp's, for the next start.
   */
  async replaceTags(tags: ReadonlyMap<string, string>): Promise<void> {
    // First, so that a file never holds tags with which no agent can start.
    checkTagsLength(tags, this.config.protocol & 0xff);
    if (this.config.tagsFile !== "") this.#writeTags(tags);
    await this.#call((done) => this.serf.setTags(tags, done));
  }

  /** What we report about ourselves; a section is the same object while nothing in it has changed. surface.md 1.7. */
  stats(): AgentStats {
    return this.#stats.now();
  }

  /** A member's network coordinate; undefined when the node is unknown or has told none. */
  coordinateOf(node: string): Coordinate | undefined {
    return this.serf.coordinateOf(node);
  }

  /** Calls `listener` for every coalesced event, and every query, from now on. @returns what ends it. */
  onEvent(listener: EventListener): () => void {
    return this.#outlet.subscribe(listener);
  }

  /** Announces something to everybody. @param payload borrowed. @throws as Serf.userEvent(). */
  userEvent(name: string, payload: Uint8Array, coalesce: boolean): void {
    const text = `Requesting user event send: ${name}. Coalesced: ${coalesce}. Payload: ${goText(payload)}`;
    this.#log(LogLevel.debug, text);
    this.#attempt("failed to send user event", () => this.serf.userEvent(name, payload, coalesce));
  }

  /**
   * Asks everybody whom `params` does not exclude.
   * @throws {Error} `Queries cannot contain the '_serf_' prefix` (a ping without payload may have it); and as
   *   Serf.query(). Nobody was asked then.
   */
  query(name: string, payload: Uint8Array, params: QueryParams, sink: QuerySink): RunningQuery {
    if (name.startsWith(INTERNAL_PREFIX) && (name !== PING_QUERY || payload.length > 0)) {
      throw new Error(`Queries cannot contain the '${INTERNAL_PREFIX}' prefix`);
    }
    this.#log(LogLevel.debug, `Requesting query send: ${name}. Payload: ${goText(payload)}`);
    return this.#attempt("failed to start user query", () => this.serf.query(name, payload, params, sink));
  }

  /** Ends everything at once, without a goodbye unless {@linkcode leave} was called. Idempotent. */
  shutdown(): void {
    if (this.#isShutDown) return;
    this.#isShutDown = true;
    this.#log(LogLevel.info, "requesting serf shutdown");
    this.serf.shutdown();
    this.#transport.close();
    // What waits in the windows is dropped, as by the real one: nobody is left to act on it.
    this.#outlet.close();
    this.handlers.stop();
    this.metrics.stop();
    this.#log(LogLevel.info, "shutdown complete");
    this.#finish();
  }

  async #contact(
    texts: readonly string[],
    replay: boolean,
  ): Promise<{ contacted: number; failures: readonly JoinFailure[] }> {
    const lookup = (host: string) => this.#platform.resolveHost(host);
    const defaultPort = this.#transport.bound.port;
    const resolved = await Promise.all(
      texts.map((text) =>
        resolveJoinAddress(text, defaultPort, lookup).catch((error: Error) => {
          const failure = { text: `Failed to resolve ${text}: ${error.message}`, cause: error };
          this.logger.log(LogLevel.warn, `memberlist: ${failure.text}`);
          return failure;
        })
      ),
    );
    const addresses = resolved.flatMap((outcome) => (outcome instanceof Array ? outcome : []));
    const result = await new Promise<{ contacted: number; failures: readonly JoinFailure[] }>((resolve) => {
      this.serf.join(addresses, !replay, resolve);
    });
    const failed = new Map(result.failures.map((failure) => [failure.index, failure]));
    // In the order of the texts, as the user wrote them.
    let next = 0;
    const failures = resolved.flatMap((outcome) => {
      if (!(outcome instanceof Array)) return [outcome];
      return outcome.flatMap(() => failed.get(next++) ?? []);
    });
    return { contacted: result.contacted, failures };
  }

  #writeTags(tags: ReadonlyMap<string, string>): void {
    try {
      writeTagsFile(this.config.tagsFile, tags, this.#platform.files);
    } catch (error) {
      this.#log(LogLevel.error, errorText(error));
      throw error;
    }
  }

  /** The cluster means another node by our name. */
  #onSelfShutdown(): void {
    this.#log(LogLevel.warn, "Serf shutdown detected, quitting");
    this.shutdown();
  }

  #attempt<T>(what: string, action: () => T): T {
    try {
      return action();
    } catch (error) {
      this.#log(LogLevel.warn, `${what}: ${errorText(error)}`);
      throw error;
    }
  }

  /**
   * What comes closest to Go's count of goroutines: things that go on side by side. The program itself, a receiver of
   * packets and one of streams, the RPC listener; and whoever listens to events or log lines.
   */
  #activities(): number {
    return 4 + this.#outlet.listenerCount + this.logRing.subscriberCount;
  }

  /** The lengths of the queues, as metrics call them. */
  #queues(): AgentReadings["queues"] {
    const { intentQueue, eventQueue, queryQueue } = this.serf.sizes;
    return {
      "serf.queue.Intent": intentQueue,
      "serf.queue.Event": eventQueue,
      "serf.queue.Query": queryQueue,
      "memberlist.queue.broadcasts": this.serf.memberlist.sizes.news,
    };
  }

  #call(start: (done: (error?: Error) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      start((error) => error === undefined ? resolve() : reject(error));
    });
  }

  #log(level: LogLevel, text: string): void {
    this.logger.log(level, `agent: ${text}`);
  }
}

/** Bytes as Go prints a text that it takes them for. */
function goText(bytes: Uint8Array): string {
  return goQuote(decodeText(bytes, 0, bytes.length));
}
