/** IP addresses and ports as the wire has them: 4 or 16 raw bytes and a number. */
import { bytesEqual, isAt, slotOf } from "./bytes.ts";
import { OptionError } from "./errors.ts";
import { Slab } from "./slab.ts";

/** An endpoint. Immutable. */
export class Address {
  /** Whether it takes an IPv6 socket to reach it: a v4-mapped address does not. */
  readonly isIpv6: boolean;
  #text: string | undefined;

  /**
   * @param ip 4 bytes, or 16 (IPv6, or an IPv4 address in its v4-mapped form). Owned by the address.
   * @param host the textual IP; a v4-mapped address reads as plain IPv4, as in Go.
   * @param port 0..65535.
   */
  private constructor(readonly ip: Uint8Array, readonly host: string, readonly port: number) {
    this.isIpv6 = host.includes(":");
  }

  /**
   * The same bytes and port mostly give the same object, without a new one being made.
   * @param ip 4 or 16 bytes; copied. @returns undefined for any other length.
   */
  static fromBytes(ip: Uint8Array, port: number): Address | undefined {
    if (ip.length !== 4 && ip.length !== 16) return undefined;
    const slot = slotOf(ip, port, INTERN_SLOTS);
    const known = interned[slot];
    if (known !== undefined && known.port === port && bytesEqual(known.ip, ip)) return known;
    return interned[slot] = new Address(slab.copy(ip), ipText(ip), port);
  }

  /** @param host an IP literal, IPv6 without brackets. @throws {OptionError} when it is not one. */
  static fromHost(host: string, port: number): Address {
    const ip = parseIp(host);
    if (ip === undefined) throw new OptionError("address", `${host} is not an IP address`);
    return new Address(ip, ipText(ip), port);
  }

  /** The same IP with another port. */
  withPort(port: number): Address {
    return new Address(this.ip, this.host, port);
  }

  /** `127.0.0.1:7946` or `[::1]:7946`. */
  toString(): string {
    return this.#text ??= joinHostPort(this.host, this.port);
  }

  /** Whether it is the same endpoint; a v4-mapped IPv4 address equals its 4-byte form. */
  equals(other: Address): boolean {
    return this.port === other.port && this.host === other.host;
  }
}

/** bounded: this many addresses; a newcomer replaces what is in its slot, so that forged ones cannot flood it. */
const INTERN_SLOTS = 4096;
const interned = new Array<Address | undefined>(INTERN_SLOTS).fill(undefined);

/** Four bytes with a buffer of their own take some four hundred. An address that stays keeps no more than this beside it. */
const slab = new Slab(1024);

/** `host:port`, with brackets around an IPv6 host. */
export function joinHostPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The text of an IP as Go prints it: dotted for 4 bytes and v4-mapped, RFC 5952 for IPv6, `?hex` for other lengths. */
export function ipText(ip: Uint8Array): string {
  if (ip.length === 4) return `${ip[0]}.${ip[1]}.${ip[2]}.${ip[3]}`;
  if (ip.length !== 16) return ip.length === 0 ? "<nil>" : "?" + Array.from(ip, hexByte).join("");
  if (isV4Mapped(ip)) return `${ip[12]}.${ip[13]}.${ip[14]}.${ip[15]}`;
  return ipv6Text(ip);
}

/** Whether 16 bytes hold `::ffff:a.b.c.d`. */
export function isV4Mapped(ip: Uint8Array): boolean {
  if (ip.length !== 16 || ip[10] !== 0xff || ip[11] !== 0xff) return false;
  for (let i = 0; i < 10; i++) if (ip[i] !== 0) return false;
  return true;
}

/** Whether 4 or 16 bytes name the same host: an IPv4 address equals its v4-mapped form. */
export function sameIp(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length === b.length) return bytesEqual(a, b);
  return a.length < b.length ? isMappedFormOf(b, a) : isMappedFormOf(a, b);
}

function isMappedFormOf(mapped: Uint8Array, v4: Uint8Array): boolean {
  return v4.length === 4 && isV4Mapped(mapped) && isAt(v4, mapped, 12);
}

/** The 16-byte v4-mapped form of 4 bytes; 16 bytes are returned as they are. */
export function toV4Mapped(ip: Uint8Array): Uint8Array {
  if (ip.length !== 4) return ip;
  const mapped = new Uint8Array(16);
  mapped[10] = mapped[11] = 0xff;
  mapped.set(ip, 12);
  return mapped;
}

/** @returns 4 bytes for dotted text, 16 for IPv6 text (v4-mapped text gives 4, as it names an IPv4 host), else undefined. */
export function parseIp(text: string): Uint8Array | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  const ip = new Uint8Array(4);
  for (let i = 0; i < 4; i++) {
    const part = parts[i]!;
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return undefined;
    ip[i] = Number(part);
  }
  return ip;
}

function parseIpv6(text: string): Uint8Array | undefined {
  const zoneless = text.split("%", 1)[0]!;
  const halves = zoneless.split("::");
  if (halves.length > 2) return undefined;
  // Dotted groups end an address; before a "::" they do not.
  const head = halves.length === 2 && halves[0]!.includes(".") ? undefined : parseGroups(halves[0]!);
  const tail = halves.length === 2 ? parseGroups(halves[1]!) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 2 ? missing < 2 : missing !== 0) return undefined;
  const ip = new Uint8Array(16);
  ip.set(head, 0);
  ip.set(tail, 16 - tail.length);
  return isV4Mapped(ip) ? ip.slice(12) : ip;
}

function parseGroups(text: string): number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i]!;
    if (i === groups.length - 1 && group.includes(".")) {
      const v4 = parseIpv4(group);
      if (v4 === undefined) return undefined;
      bytes.push(...v4);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
      const value = parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    }
  }
  return bytes;
}

function ipv6Text(ip: Uint8Array): string {
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((ip[i]! << 8) | ip[i + 1]!);
  let bestStart = -1, bestLength = 1;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > bestLength) [bestStart, bestLength] = [i, end - i];
  }
  const text = (list: number[]) => list.map((group) => group.toString(16)).join(":");
  if (bestStart < 0) return text(groups);
  return `${text(groups.slice(0, bestStart))}::${text(groups.slice(bestStart + bestLength))}`;
}

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
