/** From a configuration to a running Serf: files, keys, sockets, addresses, in the order of HashiCorp's agent. */
import { OptionError } from "../base/errors.ts";
import { type Logger, LogLevel, type Storage } from "../base/ports.ts";
import type { MetricsSink } from "../base/metrics.ts";
import { errorText } from "../base/error_text.ts";
import { isKeyLength, KEY_SIZE_TEXT, Keyring } from "../memberlist/keyring.ts";
import type { GossipTransport, Platform } from "../platform/platform.ts";
import type { SerfEvent } from "../serf/events.ts";
import { resolveSerfOptions, type SerfOptions } from "../serf/options.ts";
import { Serf } from "../serf/serf.ts";
import type { SerfPorts } from "../serf/serf_ports.ts";
import type { Aes192Gcm } from "../wire/packet_cipher.ts";
import { chooseAdvertised } from "./address_choice.ts";
import type { AgentConfig } from "./agent_config.ts";
import { explained } from "./config_error.ts";
import { fileKeyOf } from "./config_file.ts";
import { readKeyringFile, writeKeyringFile } from "./keyring_file.ts";
import { Re2Matcher } from "./re2_matcher.ts";
import { readTagsFile } from "./tags_file.ts";

/** Who is told what happens. */
export interface SerfListener {
  /** Hears of everything from the first moment on. */
  onEvent(event: SerfEvent): void;
  /** Serf has shut itself down. */
  onSelfShutdown(): void;
}

/** What runs afterwards. */
export interface StartedSerf {
  readonly serf: Serf;
  readonly transport: GossipTransport;
}

/**
 * @throws {ConfigError} `Failed to setup the Serf agent: ...`, `Failed to start the Serf agent: Error creating Serf:
 *   ...`. Nothing stays bound.
 */
export async function startSerf(
  config: AgentConfig,
  platform: Platform,
  logger: Logger,
  metrics: MetricsSink,
  listener: SerfListener,
): Promise<StartedSerf> {
  const { tags, keys } = orExplain(
    "Failed to setup the Serf agent",
    () => loadFiles(config, platform, logger),
  );
  logger.log(LogLevel.info, "agent: Serf agent starting");
  try {
    const options = serfOptions(config, tags);
    const storage = await openSnapshot(config, platform);
    try {
      const keyring = await createKeyring(keys);
      return await bindAndStart(config, options, keyring, storage, platform, logger, metrics, listener);
    } catch (error) {
      storage?.close();
      throw error;
    }
  } catch (error) {
    throw explained("Failed to start the Serf agent: Error creating Serf", error);
  }
}

/** Tags and keys from their files, which exclude the same from elsewhere. */
function loadFiles(
  config: AgentConfig,
  platform: Platform,
  logger: Logger,
): { tags: ReadonlyMap<string, string>; keys: readonly Uint8Array[] } {
  let tags = config.tags, keys = config.encryptKey === undefined ? [] : [config.encryptKey];
  if (config.tagsFile !== "") {
    if (tags.size > 0) throw new Error("Tags config not allowed while using tag files");
    const restored = readTagsFile(config.tagsFile, platform.files);
    if (restored !== undefined) {
      tags = restored;
      logger.log(LogLevel.info, `agent: Restored ${tags.size} tag(s) from ${config.tagsFile}`);
    }
  }
  if (config.keyringFile !== "") {
    if (keys.length > 0) throw new Error("Encryption key not allowed while using a keyring");
    keys = readKeyringFile(config.keyringFile, platform.files);
    logger.log(LogLevel.info, `agent: Restored keyring with ${keys.length} keys from ${config.keyringFile}`);
  }
  return { tags, keys };
}

/** @throws {OptionError} in the words of the user's files. */
function serfOptions(config: AgentConfig, tags: ReadonlyMap<string, string>): SerfOptions {
  try {
    return resolveOptions(config, tags);
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    const text = error.message.replace(error.option, fileKeyOf(error.option));
    throw new OptionError(error.option, text, { cause: error });
  }
}

function resolveOptions(config: AgentConfig, tags: ReadonlyMap<string, string>): SerfOptions {
  // HashiCorp's agent keeps the number in one byte: 258 is 2 to it.
  const protocol = config.protocol & 0xff;
  return resolveSerfOptions({
    memberlist: {
      name: config.nodeName,
      profile: config.profile,
      delegateProtocol: protocol,
      compression: config.compression,
    },
    tags,
    broadcastTimeoutMs: config.broadcastTimeoutMs,
    reconnectIntervalMs: config.reconnectIntervalMs,
    reconnectTimeoutMs: config.reconnectTimeoutMs,
    tombstoneTimeoutMs: config.tombstoneTimeoutMs,
    userEventBytesMax: config.userEventSizeLimit,
    queryBytesMax: config.querySizeLimit,
    responseBytesMax: config.queryResponseSizeLimit,
    resolveNameConflicts: !config.disableNameResolution,
    rejoinAfterLeave: config.rejoinAfterLeave,
  });
}

async function openSnapshot({ snapshotPath }: AgentConfig, platform: Platform): Promise<Storage | undefined> {
  if (snapshotPath === "") return undefined;
  return await orExplainAsync(
    "Failed to setup snapshot: failed to open snapshot",
    platform.openStorage(snapshotPath),
  );
}

async function createKeyring(keys: readonly Uint8Array[]): Promise<Keyring | undefined> {
  if (keys.length === 0) return undefined;
  if (!keys.every((key) => isKeyLength(key.length))) {
    throw new Error(`Failed to create memberlist: ${KEY_SIZE_TEXT}`);
  }
  // Who has such a key cannot start without; the others get it once they run.
  const needsAes192 = keys.some((key) => key.length === 24);
  return new Keyring(keys, needsAes192 ? await loadAes192() : undefined);
}

/** The system's crypto has no AES-192, and the library that has it is large: it is not loaded with the program. */
async function loadAes192(): Promise<Aes192Gcm> {
  return (await import("../wire/aes192.ts")).aes192Gcm;
}

/** Any message sealed with a present key may bring one of 24 bytes: by then the library must be there. */
function supportAes192Soon(keyring: Keyring, logger: Logger): void {
  loadAes192().then(
    (aes192) => keyring.supportAes192(aes192),
    (error) => logger.log(LogLevel.warn, `agent: No keys of 24 bytes can be installed: ${errorText(error)}`),
  );
}

async function bindAndStart(
  config: AgentConfig,
  options: SerfOptions,
  keyring: Keyring | undefined,
  storage: Storage | undefined,
  platform: Platform,
  logger: Logger,
  metrics: MetricsSink,
  listener: SerfListener,
): Promise<StartedSerf> {
  const transport = await bind(config, options.memberlist.tcpTimeoutMs, platform);
  try {
    if (config.bind.port === 0) {
      logger.log(LogLevel.debug, `memberlist: Using dynamic bind port ${transport.bound.port}`);
    }
    const address = await orExplainAsync(
      "Failed to create memberlist",
      chooseAdvertised(config, transport.bound, platform),
    );
    const { clock, random } = platform;
    const saveKeys = config.keyringFile === ""
      ? undefined
      : (keys: readonly Uint8Array[]) => writeKeyringFile(config.keyringFile, keys, platform.files);
    const ports: SerfPorts = {
      clock,
      random,
      transport,
      logger,
      metrics,
      regex: new Re2Matcher(),
      saveKeys,
      storage,
      onSelfShutdown: () => listener.onSelfShutdown(),
    };
    const endpoint = { address, bindPort: transport.bound.port };
    const serf = orExplain(
      "Failed to setup snapshot",
      () => new Serf(options, endpoint, ports, (event) => listener.onEvent(event), keyring),
    );
    serf.start();
    transport.start(serf.memberlist);
    if (keyring !== undefined) supportAes192Soon(keyring, logger);
    return { serf, transport };
  } catch (error) {
    transport.close();
    throw error;
  }
}

async function bind(config: AgentConfig, tcpTimeoutMs: number, platform: Platform): Promise<GossipTransport> {
  const host = config.bind.host === "" ? "0.0.0.0" : config.bind.host;
  try {
    return await platform.bindGossip(host, config.bind.port, { tcpTimeoutMs });
  } catch (error) {
    const protocol = errorText(error).startsWith("listen udp") ? "UDP" : "TCP";
    throw explained(
      "Failed to create memberlist: Could not set up network transport: failed to obtain an address: " +
        `Failed to start ${protocol} listener on "${host}" port ${config.bind.port}`,
      error,
    );
  }
}

function orExplain<T>(prefix: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw explained(prefix, error);
  }
}

async function orExplainAsync<T>(prefix: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw explained(prefix, error);
  }
}
