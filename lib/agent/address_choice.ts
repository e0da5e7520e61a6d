/** Which address the agent binds, and which it announces. surface.md 2.5. */
import { Address, ipText, isV4Mapped, joinHostPort, parseIp, toV4Mapped } from "../base/address.ts";
import { lacksPort, parsePort, splitHostPort } from "../base/host_port.ts";
import type { InterfaceAddress, Platform } from "../platform/platform.ts";
import type { AgentConfig, AgentSettings, HostPort } from "./agent_config.ts";
import { ConfigError, explained } from "./config_error.ts";
import { isForwardable, isLinkLocal, isPrivate } from "../base/special_addresses.ts";
import { errorText } from "../base/error_text.ts";

/** The gossip port of everybody who does not say otherwise. */
export const DEFAULT_PORT = 7946;

/** What listens on every interface. */
const WILDCARD = "0.0.0.0";

/**
 * Resolves `ip`, `ip:port`, `host[:port]`, `[v6]`, `[v6]:port` or `:port`.
 * @throws {Error} with Go's cause: `address ::1: too many colons in address`, `lookup x: no such host`, ...
 */
export async function resolveHostPort(text: string, platform: Platform): Promise<HostPort> {
  const withPort = lacksPort(text) ? `${text}:${DEFAULT_PORT}` : text;
  const { host, port } = splitHostPort(withPort);
  const number = parsePort(port);
  if (host === "") return { host, port: number };
  const literal = parseIp(host);
  if (literal !== undefined) return { host: ipText(literal), port: number };
  const found = await platform.resolveHost(host);
  return { host: found.find((ip) => !ip.includes(":")) ?? found[0]!, port: number };
}

/**
 * Resolves where to listen for RPC: `host:port`, the port is mandatory; no host means every interface.
 * @throws {Error} in the words of Go's listener: `listen tcp: address x: missing port in address`, ...
 */
export async function resolveListenAddress(text: string, platform: Platform): Promise<HostPort> {
  if (lacksPort(text)) throw new Error(`listen tcp: address ${text}: missing port in address`);
  try {
    const endpoint = await resolveHostPort(text, platform);
    return endpoint.host === "" ? { ...endpoint, host: WILDCARD } : endpoint;
  } catch (error) {
    throw new Error(`listen tcp: ${errorText(error)}`, { cause: error });
  }
}

/**
 * The endpoint to bind: as configured, or of the configured interface.
 *
 * @param notice gets `Using interface 'x' address 'y'` when the interface decided.
 * @throws {ConfigError} `Invalid bind address: ...`, `Interface 'x' has no addresses`, `Interface 'x' has no 'y'
 *   address`, `Failed to find usable address for interface 'x'`, `Failed to get interface addresses: ...`.
 */
export async function chooseBind(
  settings: Pick<AgentSettings, "bind" | "interfaceName">,
  platform: Platform,
  notice: (line: string) => void,
): Promise<HostPort> {
  let bind: HostPort;
  try {
    bind = await resolveHostPort(settings.bind, platform);
  } catch (error) {
    throw explained("Invalid bind address", error);
  }
  const name = settings.interfaceName;
  if (name === "") return bind;
  const hosts = interfaceHosts(name, platform);
  if (hosts.length === 0) throw new ConfigError(`Interface '${name}' has no addresses`);
  if (bind.host !== WILDCARD && bind.host !== "") {
    if (!hosts.includes(bind.host)) {
      throw new ConfigError(`Interface '${name}' has no '${bind.host}' address`);
    }
    return bind;
  }
  const host = hosts.find((candidate) => !isLinkLocal(parseIp(candidate)!));
  if (host === undefined) throw new ConfigError(`Failed to find usable address for interface '${name}'`);
  notice(`Using interface '${name}' address '${host}'`);
  return { host, port: bind.port };
}

function interfaceHosts(name: string, platform: Platform): string[] {
  try {
    return platform.interfaces().filter((entry) => entry.interfaceName === name).map((entry) =>
      normal(entry.host)
    );
  } catch (error) {
    throw explained("Failed to get interface addresses", error);
  }
}

/**
 * What the node announces: the configured address, else a private one of this host when every interface is bound,
 * else the bound one. An IPv4 address is announced in 4 bytes, except the one found behind the wildcard: HashiCorp's
 * agents announce that one in 16, v4-mapped, and peers compare the bytes.
 *
 * @param bound what the sockets are bound to, with their real port.
 * @throws {Error} `Failed to get final advertise address: ...`.
 */
export async function chooseAdvertised(
  config: Pick<AgentConfig, "bind" | "advertise">,
  bound: Address,
  platform: Platform,
): Promise<Address> {
  const { advertise, bind } = config;
  if (advertise !== undefined) {
    if (advertise.host === "") throw finalAddressError('Failed to parse advertise address "<nil>"');
    // As the real one does: with a port that the system chose, that port is announced, whatever `advertise` says.
    return Address.fromHost(advertise.host, bind.port === 0 ? bound.port : advertise.port);
  }
  if (!isWildcard(bind.host)) return bound;
  const host = choosePrivate(platform.interfaces(), await platform.defaultInterface());
  if (host === undefined) {
    throw finalAddressError("No private IP address found, and explicit IP not provided");
  }
  return Address.fromBytes(toV4Mapped(parseIp(host)!), bound.port)!;
}

/** Whether binding `host` listens on every interface. */
export function isWildcard(host: string): boolean {
  return host === "" || host === WILDCARD || host === "::";
}

/**
 * The private (RFC 6890) address to announce: of the default route's interface before others, IPv4 before IPv6, wider
 * networks before narrower ones, otherwise in the system's order. Addresses that no router forwards do not count.
 */
export function choosePrivate(
  interfaces: readonly InterfaceAddress[],
  defaultInterface: string | undefined,
): string | undefined {
  const candidates = interfaces
    .map((entry) => ({ ...entry, ip: parseIp(entry.host) }))
    .filter((entry) => entry.ip !== undefined && isForwardable(entry.ip))
    .map((entry) => ({
      host: entry.host,
      ip: entry.ip!,
      rank: [
        entry.interfaceName === defaultInterface ? 0 : 1,
        entry.ip!.length,
        entry.prefixLength,
      ],
    }));
  candidates.sort((a, b) => compareRanks(a.rank, b.rank));
  return candidates.find((entry) => isPrivate(entry.ip))?.host;
}

/** The bound endpoint as the banner shows it. */
export function hostPortText(endpoint: HostPort): string {
  return joinHostPort(endpoint.host, endpoint.port);
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}

function normal(host: string): string {
  const ip = parseIp(host);
  return ip === undefined ? host : ipText(isV4Mapped(ip) ? ip.subarray(12) : ip);
}

function finalAddressError(what: string): Error {
  return new Error(`Failed to get final advertise address: ${what}`);
}
