/** What the host tells about itself: name, interfaces, default route, names of others, signals. */
import { parseIp } from "../base/address.ts";
import type { LookupAddress } from "node:dns";
import type { InterfaceAddress, MemoryUsage, RuntimeInfo, SignalName } from "./platform.ts";

/** The name that Go has for an architecture. */
const GO_ARCH: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64" };

/** Of this process and machine. */
export function runtimeInfo(): RuntimeInfo {
  return {
    os: Deno.build.os,
    arch: GO_ARCH[Deno.build.arch] ?? Deno.build.arch,
    cpuCount: navigator.hardwareConcurrency,
    pid: Deno.pid,
    version: `deno ${Deno.version.deno}`,
  };
}

/** Of this process. */
export function memoryUsage(): MemoryUsage {
  const { heapUsed, rss } = Deno.memoryUsage();
  return { usedBytes: heapUsed, residentBytes: rss };
}

/** What the runtime offers besides its own name: Node's process, and V8's collector if a flag says so. */
const host = globalThis as unknown as {
  readonly process: { cpuUsage(): { readonly user: number; readonly system: number } };
  readonly gc?: (options: Readonly<Record<string, string>>) => void;
};

/** Of user and system together. */
export function cpuTimeMs(): number {
  const { user, system } = host.process.cpuUsage();
  return (user + system) / 1_000;
}

/** A thorough collection is V8's for when memory is short. */
export function collectGarbage(isThorough: boolean): void {
  host.gc?.({ type: "major", execution: "sync", flavor: isThorough ? "last-resort" : "regular" });
}

/** All addresses of all interfaces that are up. */
export function interfaceAddresses(): InterfaceAddress[] {
  return Deno.networkInterfaces().map(({ name, address, cidr }) => ({
    interfaceName: name,
    host: address.split("%", 1)[0]!,
    prefixLength: Number(cidr.slice(cidr.lastIndexOf("/") + 1)),
  }));
}

/** Whether there is an interface of that name. The runtime lists only those with addresses, Linux has a folder of all. */
export function hasInterface(name: string): boolean {
  if (interfaceAddresses().some(({ interfaceName }) => interfaceName === name)) return true;
  try {
    for (const entry of Deno.readDirSync("/sys/class/net")) if (entry.name === name) return true;
  } catch {
    // Not Linux, or a runtime that wants all permissions for this folder (2.9 does, 2.4 does not): an interface
    // without addresses cannot be told from one that does not exist.
  }
  return false;
}

/**
 * The interface of the default route.
 *
 * The routing table is asked of the system's own tool, as the Go agents do: the kernel's table in /proc is closed to a
 * program with fewer than all permissions, and the runtime tells a UDP socket's local address only after binding.
 * Where the tool is missing (small containers), it is the first interface with a private IPv4 address, else undefined.
 */
export async function defaultInterface(): Promise<string | undefined> {
  const tools = ROUTE_TOOLS[Deno.build.os] ?? [];
  for (const { command, args, pattern } of tools) {
    const output = await outputOf(command, args);
    if (output !== undefined) return pattern.exec(output)?.[1];
  }
  return interfaceAddresses().find(({ host }) => isPrivateV4(host))?.interfaceName;
}

/** A program that prints the routing table, and where in its output the interface is. */
interface RouteTool {
  readonly command: string;
  readonly args: readonly string[];
  readonly pattern: RegExp;
}

const IP_ROUTE = { args: ["route"], pattern: /^default\b.*? dev (\S+)/m } as const;
const ROUTE_TOOLS: Readonly<Record<string, readonly RouteTool[]>> = {
  linux: [
    { command: "ip", ...IP_ROUTE },
    // An agent started with an empty environment has no search path.
    { command: "/sbin/ip", ...IP_ROUTE },
    { command: "/usr/sbin/ip", ...IP_ROUTE },
  ],
  darwin: [{ command: "/sbin/route", args: ["-n", "get", "default"], pattern: /^\s*interface: (\S+)/m }],
};

async function outputOf(command: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const process = new Deno.Command(command, {
      args: [...args],
      stdin: "null",
      stderr: "null",
      stdout: "piped",
    });
    const { success, stdout } = await process.output();
    return success ? new TextDecoder().decode(stdout) : undefined;
  } catch {
    return undefined;
  }
}

/** RFC 1918. */
function isPrivateV4(host: string): boolean {
  const ip = parseIp(host);
  if (ip === undefined || ip.length !== 4) return false;
  const [a, b] = [ip[0]!, ip[1]!];
  return a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168);
}

/** @throws {Error} when the system has none. */
export function hostname(): string {
  return Deno.hostname();
}

/**
 * Resolves a name as the system's own resolver does (hosts file, DNS, whatever is configured).
 *
 * @returns at least one IP literal; an IP literal resolves to itself.
 * @throws {Error} `lookup x: no such host`.
 */
export async function resolveHost(host: string): Promise<string[]> {
  if (parseIp(host) !== undefined) return [host];
  // The module warns on standard error of an empty name.
  if (host === "") throw new Error("lookup : no such host");
  // No import: the commands' program is a script (scripts/bundle.ts), which cannot.
  const { lookup } = process.getBuiltinModule("node:dns");
  const addresses = await new Promise<LookupAddress[]>((resolve, reject) => {
    // Throws at once when the name cannot be one: it is not a domain in any script.
    lookup(
      host,
      { all: true, verbatim: true },
      (error, found) => error === null ? resolve(found) : reject(error),
    );
  }).catch((error) => {
    throw new Error(`lookup ${host}: ${lookupFailure(error)}`, { cause: error });
  });
  if (addresses.length === 0) throw new Error(`lookup ${host}: no such host`);
  // A resolver tells an address once for each kind of socket.
  return [...new Set(addresses.map(({ address }) => address))];
}

function lookupFailure(error: { code?: string | undefined } | null): string {
  return error?.code === "EAI_AGAIN" ? "Temporary failure in name resolution" : "no such host";
}

/** macOS has no signal for a power failure. */
const LINUX_ONLY = "SIGPWR";

/** Ctrl+Break is the one signal besides Ctrl+C that Windows lets a program catch: it stands for "terminate". */
const WINDOWS_SIGNALS: Readonly<Partial<Record<SignalName, Deno.Signal>>> = {
  SIGINT: "SIGINT",
  SIGTERM: "SIGBREAK",
};

/** Calls `listener` at each `name`; returns what stops it. A signal that the system lacks never comes. */
export function onSignal(name: SignalName, listener: () => void): () => void {
  const signal = Deno.build.os === "windows" ? WINDOWS_SIGNALS[name] : name;
  const isLacking = name === LINUX_ONLY && Deno.build.os !== "linux";
  if (signal === undefined || isLacking) return () => {};
  Deno.addSignalListener(signal, listener);
  return () => Deno.removeSignalListener(signal, listener);
}
