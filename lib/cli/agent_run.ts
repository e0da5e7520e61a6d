/** The whole life of `serf agent`: judge, start, join, show the log, wait for the end. surface.md 2.4, 2.6, 2.11-2.13. */
import { Agent } from "../agent/agent.ts";
import type { AgentConfig } from "../agent/agent_config.ts";
import type { AgentFlags } from "../agent/agent_flags.ts";
import { AgentLogger } from "../agent/agent_logger.ts";
import { bannerText } from "../agent/banner.ts";
import { ConfigError, explained } from "../agent/config_error.ts";
import { judgeLogLevel, logLevelFault, readSettings, resolveConfig } from "../agent/config_validate.ts";
import { parseLogLevel } from "../agent/log_format.ts";
import { Syslog } from "../agent/syslog.ts";
import type { Mdns } from "../agent/mdns.ts";
import { QuietCollector } from "../agent/quiet_collector.ts";
import { RetryJoin } from "../agent/retry_join.ts";
import { type AgentSignal, ignoreSignals, SIGNAL_TEXTS, SignalWatch } from "../agent/signals.ts";
import { resolveListenAddress } from "../agent/address_choice.ts";
import { LogLimiter } from "../base/log_limiter.ts";
import { LogLevel } from "../base/ports.ts";
import { Timer } from "../base/timer_heap.ts";
import { errorText } from "../base/error_text.ts";
import type { Platform } from "../platform/platform.ts";
import { RpcServer } from "../rpc/rpc_server.ts";

/** How long a graceful leave may take before the agent goes anyway. */
const GRACEFUL_TIMEOUT_MS = 3_000;

/** What our own bugs may make us write: lines at once, and per second in the long run. */
const FAULT_LINES_BURST = 10;
const FAULT_LINES_PER_SECOND = 0.1;

/** Why the wait for a signal ended. */
type WakeUp = AgentSignal | "finished" | "given up";

/**
 * Runs an agent until it is told to stop.
 * @returns the exit code: 0 after a graceful leave, 1 for everything else.
 */
export async function runAgent(flags: AgentFlags, platform: Platform): Promise<number> {
  const say = (line: string) => platform.ui.out(`==> ${line}\n`);
  try {
    const settings = readSettings(flags, platform, say);
    const level = judgeLogLevel(settings.logLevel);
    const syslog = settings.enableSyslog ? await Syslog.open(settings.syslogFacility, platform) : undefined;
    const logger = new AgentLogger(platform.clock, level, (text) => platform.ui.out(text));
    try {
      const config = await resolveConfig(settings, platform, say);
      logger.tee = syslog === undefined ? undefined : (level, text) => syslog.log(level, text);
      say("Starting Serf agent...");
      const agent = await Agent.create(config, platform, logger);
      return await new AgentRun(flags, config, platform, logger, agent).run();
    } finally {
      logger.close();
      await syslog?.close();
    }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    say(error.message);
    return 1;
  }
}

/** One running agent and its user. */
class AgentRun {
  readonly #flags: AgentFlags;
  readonly #config: AgentConfig;
  readonly #platform: Platform;
  readonly #logger: AgentLogger;
  readonly #agent: Agent;
  readonly #faultLines: LogLimiter;
  readonly #givenUp = Promise.withResolvers<WakeUp>();
  /** Changed by a reload. */
  #leaveOn: { readonly interrupt: boolean; readonly terminate: boolean };

  constructor(
    flags: AgentFlags,
    config: AgentConfig,
    platform: Platform,
    logger: AgentLogger,
    agent: Agent,
  ) {
    this.#flags = flags;
    this.#config = config;
    this.#platform = platform;
    this.#logger = logger;
    this.#agent = agent;
    this.#faultLines = new LogLimiter(platform.clock, logger, FAULT_LINES_BURST, FAULT_LINES_PER_SECOND);
    this.#leaveOn = { interrupt: !config.skipLeaveOnInterrupt, terminate: config.leaveOnTerminate };
  }

  async run(): Promise<number> {
    const collector = new QuietCollector(this.#platform);
    let mdns: Mdns | undefined, server: RpcServer | undefined, retry: RetryJoin | undefined;
    try {
      this.#platform.onFault((error) => this.#onFault(error));
      ignoreSignals(this.#platform);
      // It asks and ends nothing, so it is heard from the first moment: a start may take as long as its joins.
      this.#platform.onSignal("SIGUSR1", () => this.#dumpMetrics());
      mdns = await this.#startMdns();
      server = await this.#startRpc(collector);
      this.#say("Starting Serf agent RPC...");
      this.#platform.ui.out(bannerText(this.#config, this.#agent.encrypted));
      await this.#startJoin();
      this.#platform.ui.out("\n==> Log data will now stream in as it occurs:\n\n");
      // From here on whoever reads the log may stop: members who wait for us would declare us failed.
      this.#platform.ui.queueOut();
      this.#logger.openGate();
      retry = this.#startRetryJoin();
      this.#agent.onEvent(() => collector.wake());
      collector.wake();
      return await this.#waitForEnd(new SignalWatch(this.#platform));
    } finally {
      retry?.stop();
      mdns?.stop();
      server?.close();
      this.#agent.shutdown();
      collector.stop();
    }
  }

  /** Its code is loaded by those alone who want it. */
  async #startMdns(): Promise<Mdns | undefined> {
    const { discover, interfaceName, mdnsInterface, mdnsDisableIpv4, mdnsDisableIpv6 } = this.#config;
    if (discover === "") return undefined;
    const options = {
      cluster: discover,
      nodeName: this.#config.nodeName,
      address: this.#agent.serf.memberlist.local.address,
      interfaceName: mdnsInterface || interfaceName,
      ipv4: !mdnsDisableIpv4,
      ipv6: !mdnsDisableIpv6,
      replay: this.#config.replayOnJoin,
    };
    try {
      const { Mdns } = await import("../agent/mdns.ts");
      return await Mdns.start(
        options,
        this.#platform,
        this.#logger,
        (addresses, replay) => this.#agent.join(addresses, replay),
      );
    } catch (error) {
      throw explained("Error starting mDNS listener", error);
    }
  }

  async #startRpc(collector: QuietCollector): Promise<RpcServer> {
    const { rpcAddr, rpcAuth } = this.#config;
    try {
      const { host, port } = await resolveListenAddress(rpcAddr, this.#platform);
      const server = new RpcServer(this.#agent, this.#platform, {
        host,
        port,
        authKey: rpcAuth,
        onSessionEnd: () => collector.wake(),
      });
      server.start();
      return server;
    } catch (error) {
      throw explained("Error starting RPC listener", error);
    }
  }

  async #startJoin(): Promise<void> {
    const { startJoin, replayOnJoin } = this.#config;
    if (startJoin.length === 0) return;
    this.#say(`Joining cluster...(replay: ${replayOnJoin})`);
    try {
      const count = await this.#agent.join(startJoin, replayOnJoin);
      this.#platform.ui.out(`    Join completed. Synced with ${count} initial agents\n`);
    } catch (error) {
      throw explained("", error);
    }
  }

  #startRetryJoin(): RetryJoin | undefined {
    const { retryJoin, replayOnJoin, retryIntervalMs, retryMaxAttempts } = this.#config;
    if (retryJoin.length === 0) return undefined;
    const options = {
      addresses: retryJoin,
      replay: replayOnJoin,
      intervalMs: retryIntervalMs,
      maxAttempts: retryMaxAttempts,
    };
    const retry = new RetryJoin(
      options,
      (addresses, replay) => this.#agent.join(addresses, replay),
      { clock: this.#platform.clock, logger: this.#logger },
      () => this.#givenUp.resolve("given up"),
    );
    retry.start();
    return retry;
  }

  async #waitForEnd(signals: SignalWatch): Promise<number> {
    const finished = this.#agent.finished.then((): WakeUp => "finished");
    for (;;) {
      const cause = await Promise.race([signals.next(), this.#givenUp.promise, finished]);
      if (cause === "finished") return 0;
      if (cause === "given up") return 1;
      this.#say(`Caught signal: ${SIGNAL_TEXTS[cause]}`);
      if (cause === "SIGHUP") await this.#reload();
      else if (cause === "SIGINT" ? this.#leaveOn.interrupt : this.#leaveOn.terminate) {
        return await this.#leave(signals);
      } else return 1;
    }
  }

  /** A second signal, or too long a wait, and we go without having left. */
  async #leave(signals: SignalWatch): Promise<number> {
    this.#say("Gracefully shutting down agent...");
    const { promise, resolve } = Promise.withResolvers<number>();
    let isOver = false;
    const timer = new Timer(() => resolve(1));
    this.#platform.clock.arm(timer, GRACEFUL_TIMEOUT_MS);
    void signals.next().then(() => resolve(1));
    this.#agent.leave().then(() => resolve(0), (error) => {
      // Once we go anyway, that interrupts the leave, which is no news.
      if (!isOver) this.#say(`Error: ${errorText(error)}`);
    });
    const code = await promise;
    isOver = true;
    this.#platform.clock.disarm(timer);
    return code;
  }

  /** Reads flags and files anew, and takes from them what can change while the agent runs. */
  async #reload(): Promise<void> {
    this.#say("Reloading configuration...");
    try {
      const settings = readSettings(this.#flags, this.#platform, (line) => this.#say(line));
      const level = parseLogLevel(settings.logLevel);
      if (level === undefined) this.#say(logLevelFault(settings.logLevel));
      else this.#logger.level = level;
      this.#leaveOn = { interrupt: !settings.skipLeaveOnInterrupt, terminate: settings.leaveOnTerminate };
      this.#agent.handlers.replace(settings.eventHandlers);
      await this.#reloadTags(settings.tags);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.#say(error.message);
      this.#say("Failed to reload configs");
    }
  }

  /**
   * Where a tags file is the source of the tags, the configuration has none to offer, and they stay as they are.
   * (HashiCorp's agent takes that for "no tags", and empties the file.)
   */
  async #reloadTags(tags: ReadonlyMap<string, string>): Promise<void> {
    if (this.#config.tagsFile !== "" && tags.size === 0) return;
    try {
      await this.#agent.replaceTags(tags);
    } catch (error) {
      this.#say(`Failed to update tags: ${errorText(error)}`);
    }
  }

  #dumpMetrics(): void {
    this.#platform.ui.err(this.#agent.metrics.dump());
  }

  /** A bug of ours that escaped from a timer or a socket: the agent goes on, and so may the bug, with every packet. */
  #onFault(error: unknown): void {
    const text = error instanceof Error ? error.stack ?? error.message : String(error);
    this.#faultLines.log(LogLevel.error, `agent: internal error: ${text}`);
  }

  #say(line: string): void {
    this.#platform.ui.out(`==> ${line}\n`);
  }
}
