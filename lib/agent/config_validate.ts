/** From flags and files to a configuration that can be run: the order of the checks, and their words. surface.md 2.4. */
import { parseGoDuration } from "../base/go_duration.ts";
import type { LogLevel } from "../base/ports.ts";
import { type ProfileName, PROFILES } from "../memberlist/options.ts";
import { parseTagPairs } from "../base/tag_pair.ts";
import type { Platform } from "../platform/platform.ts";
import { type AgentConfig, type AgentSettings, CONFIG_DEFAULTS } from "./agent_config.ts";
import type { AgentFlags } from "./agent_flags.ts";
import { chooseBind, resolveHostPort } from "./address_choice.ts";
import { ConfigError, explained } from "./config_error.ts";
import { readConfigPaths } from "./config_file.ts";
import type { ConfigLayer } from "./config_layer.ts";
import { mergeLayers } from "./config_merge.ts";
import { decodeGoBase64 } from "./go_base64.ts";
import { parseEventHandler } from "./event_handlers.ts";
import { LOG_LEVEL_NAMES, parseLogLevel } from "./log_format.ts";

/** Shows the user a line; `==> ` is put before it. */
export type Notice = (line: string) => void;

/** Neither of the two intervals may be shorter. */
const INTERVAL_LEAST_MS = 1_000;

/**
 * Reads files and flags, and judges what can be judged without resolving names.
 *
 * @param notice gets warnings; the configuration is good all the same.
 * @throws {ConfigError} with the line for the user. Nothing was changed.
 */
export function readSettings(flags: AgentFlags, platform: Platform, notice: Notice): AgentSettings {
  const typed = flagLayer(flags);
  const layer = mergeLayers(readConfigPaths(flags.configPaths ?? [], platform.files), typed);
  const nodeName = layer.nodeName || hostname(platform);
  const eventHandlers = (layer.eventHandlers ?? []).map(parseEventHandler);
  const interfaceName = layer.interfaceName ?? "";
  if (interfaceName !== "" && !platform.hasInterface(interfaceName)) {
    throw new ConfigError("Invalid network interface: route ip+net: no such network interface");
  }
  checkMdns(layer, platform);
  const merged = { ...CONFIG_DEFAULTS, ...setFields(layer) };
  const settings: AgentSettings = {
    ...merged,
    nodeName,
    tags: withRole(layer, notice),
    logLevel: merged.logLevel.toUpperCase(),
    compression: !merged.disableCompression,
    eventHandlers,
    startJoin: layer.startJoin ?? [],
    retryJoin: layer.retryJoin ?? [],
    retryIntervalMs: atLeast("RetryInterval", merged.retryIntervalMs, notice),
    broadcastTimeoutMs: atLeast("BroadcastTimeout", merged.broadcastTimeoutMs, notice),
  };
  if (settings.rejoinAfterLeave && settings.snapshotPath === "") {
    notice("Warning: 'RejoinAfterLeave' enabled without snapshot file");
  }
  return settings;
}

/**
 * Judges the rest, and resolves addresses.
 *
 * @param notice gets `Using interface ...`.
 * @throws {ConfigError} with the line for the user.
 */
export async function resolveConfig(
  settings: AgentSettings,
  platform: Platform,
  notice: Notice,
): Promise<AgentConfig> {
  const logLevel = judgeLogLevel(settings.logLevel);
  const bind = await chooseBind(settings, platform, notice);
  const advertise = settings.advertise === ""
    ? undefined
    : await resolveHostPort(settings.advertise, platform).catch((error) => {
      throw explained("Invalid advertise address", error);
    });
  const encryptKey = settings.encryptKey === "" ? undefined : decodeKey(settings.encryptKey);
  if (!Object.hasOwn(PROFILES, settings.profile)) {
    throw new ConfigError(`Unknown profile: ${settings.profile}`);
  }
  return { ...settings, bind, advertise, encryptKey, logLevel, profile: settings.profile as ProfileName };
}

function checkMdns(layer: ConfigLayer, platform: Platform): void {
  const interfaceName = layer.mdnsInterface ?? "";
  if (interfaceName !== "" && !layer.discover) {
    throw new ConfigError("mDNS interface specified without enabling mDNS discovery");
  }
  if (interfaceName !== "" && !platform.hasInterface(interfaceName)) {
    throw new ConfigError("Invalid mDNS network interface: route ip+net: no such network interface");
  }
  if (layer.discover && layer.mdnsDisableIpv4 && layer.mdnsDisableIpv6) {
    throw new ConfigError("Invalid mDNS configuration: both IPv4 and IPv6 are disabled");
  }
}

/** @param level in upper case. @throws {ConfigError} when there is no such level. */
export function judgeLogLevel(level: string): LogLevel {
  const known = parseLogLevel(level);
  if (known === undefined) throw new ConfigError(logLevelFault(level));
  return known;
}

/** The line for a level that does not exist. */
export function logLevelFault(level: string): string {
  return `Invalid log level: ${level}. Valid log levels are: [${LOG_LEVEL_NAMES.join(" ")}]`;
}

/** The command line as the last, strongest layer. */
function flagLayer(flags: AgentFlags): ConfigLayer {
  const { tags, invalid } = parseTagPairs(flags.tag ?? []);
  if (tags === undefined) throw new ConfigError(`Error: Invalid tag: '${invalid}'`);
  const layer: { -readonly [Field in keyof ConfigLayer]: ConfigLayer[Field] | undefined } = {
    nodeName: flags.node,
    role: flags.role,
    tags,
    tagsFile: flags.tagsFile,
    bind: flags.bind,
    advertise: flags.advertise,
    interfaceName: flags.iface,
    encryptKey: flags.encrypt,
    keyringFile: flags.keyringFile,
    logLevel: flags.logLevel,
    rpcAddr: flags.rpcAddr,
    protocol: flags.protocol,
    profile: flags.profile,
    replayOnJoin: flags.replay,
    disableCompression: flags.disableCompression,
    startJoin: flags.join,
    retryJoin: flags.retryJoin,
    retryMaxAttempts: flags.retryMax,
    retryIntervalMs: flagDuration(flags.retryInterval),
    broadcastTimeoutMs: flagDuration(flags.broadcastTimeout),
    snapshotPath: flags.snapshot,
    rejoinAfterLeave: flags.rejoin,
    eventHandlers: flags.eventHandler,
    discover: flags.discover,
    mdnsInterface: flags.mdnsIface,
    mdnsDisableIpv4: flags.mdnsDisableIpv4,
    mdnsDisableIpv6: flags.mdnsDisableIpv6,
    enableSyslog: flags.syslog,
  };
  return setFields(layer) as ConfigLayer;
}

function flagDuration(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  try {
    return parseGoDuration(text);
  } catch (error) {
    throw explained("Error", error);
  }
}

/** The fields that say something: not undefined, and not the zero value, which leaves the default in place. */
function setFields<Layer extends object>(
  layer: Layer,
): Partial<{ [F in keyof Layer]: NonNullable<Layer[F]> }> {
  const set = Object.entries(layer).filter(([, value]) => isSet(value));
  return Object.fromEntries(set) as Partial<{ [F in keyof Layer]: NonNullable<Layer[F]> }>;
}

function isSet(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== "" && value !== false && value !== 0;
}

function hostname(platform: Platform): string {
  try {
    return platform.hostname();
  } catch (error) {
    throw explained("Error determining hostname", error);
  }
}

function withRole(layer: ConfigLayer, notice: Notice): ReadonlyMap<string, string> {
  const tags = new Map(layer.tags);
  if (layer.role !== undefined && layer.role !== "") {
    notice("Deprecation warning: 'Role' has been replaced with 'Tags'");
    tags.set("role", layer.role);
  }
  return tags;
}

function atLeast(name: string, intervalMs: number, notice: Notice): number {
  if (intervalMs >= INTERVAL_LEAST_MS) return intervalMs;
  notice(`Warning: '${name}' is too low. Setting to 1s`);
  return INTERVAL_LEAST_MS;
}

function decodeKey(text: string): Uint8Array {
  try {
    return decodeGoBase64(text);
  } catch (error) {
    throw explained("Invalid encryption key", error);
  }
}
