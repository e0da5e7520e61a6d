/** What people write after `join`: from a text to the addresses to contact. surface.md 1.10. */
import { Address, parseIp } from "../base/address.ts";
import { goQuote } from "../base/go_text.ts";
import { splitHostPort } from "../base/host_port.ts";

/** Resolves a host name to IP literals, at least one. */
export type HostLookup = (host: string) => Promise<string[]>;

/**
 * Resolves `host`, `host:port`, `ip`, `ip:port`, `[v6]`, `[v6]:port` or a bare `v6`, each with or without `NAME/` before
 * it (the node's name; not needed to reach it).
 *
 * @param defaultPort where none is given.
 * @returns every address of the host, in the resolver's order.
 * @throws {Error} whose message is the cause alone: `empty node name provided`, `lookup x: no such host`, ...
 */
export async function resolveJoinAddress(
  text: string,
  defaultPort: number,
  lookup: HostLookup,
): Promise<Address[]> {
  const slash = text.indexOf("/");
  if (slash === 0) throw new Error("empty node name provided");
  const { host, port } = splitHostPort(withPort(text.slice(slash + 1), defaultPort));
  const number = parseUint16(port);
  const literals = parseIp(host) === undefined ? await lookup(host) : [host];
  return literals.map((literal) => Address.fromHost(literal, number));
}

function withPort(text: string, defaultPort: number): string {
  if (hasPort(text)) return text;
  const host = text.replace(/^[[\]]+|[[\]]+$/g, "");
  return host.includes(":") ? `[${host}]:${defaultPort}` : `${host}:${defaultPort}`;
}

/** A single colon, or one behind the bracket: more than one without brackets is an IPv6 address. */
function hasPort(text: string): boolean {
  if (text.startsWith("[")) return text.lastIndexOf(":") > text.lastIndexOf("]");
  return text.indexOf(":") >= 0 && text.indexOf(":") === text.lastIndexOf(":");
}

function parseUint16(text: string): number {
  if (!/^[0-9]+$/.test(text)) throw new Error(`strconv.ParseUint: parsing ${goQuote(text)}: invalid syntax`);
  const number = Number(text);
  if (number > 0xffff) throw new Error(`strconv.ParseUint: parsing ${goQuote(text)}: value out of range`);
  return number;
}
