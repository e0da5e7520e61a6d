/** The special-purpose address blocks of RFC 6890, as far as an agent has to know them. */
import { isV4Mapped, parseIp } from "./address.ts";

interface Block {
  readonly ip: Uint8Array;
  readonly prefixLength: number;
}

/** "Private" in HashiCorp's sense: in any block of RFC 6890 (2001::/16 whole, as in their list). */
const PRIVATE = blocks(
  "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 " +
    "192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4 " +
    "::1/128 ::/128 64:ff9b::/96 100::/64 2001::/16 2002::/16 fc00::/7 fe80::/10",
);

/** Blocks that no router forwards. */
const NOT_FORWARDED = blocks(
  "0.0.0.0/8 127.0.0.0/8 169.254.0.0/16 192.0.0.0/24 192.0.2.0/24 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4 " +
    "::1/128 ::/128 2001:db8::/32 2001:10::/28 fe80::/10",
);

const LINK_LOCAL = blocks("169.254.0.0/16 fe80::/10");

/** @param ip 4 or 16 bytes. A v4-mapped address is judged as the IPv4 address that it is. */
export function isPrivate(ip: Uint8Array): boolean {
  return isInAny(PRIVATE, ip);
}

/** Whether routers forward packets to it. @param ip as for {@linkcode isPrivate}. */
export function isForwardable(ip: Uint8Array): boolean {
  return !isInAny(NOT_FORWARDED, ip);
}

/** Whether it is self-assigned and good on its own link only. @param ip as for {@linkcode isPrivate}. */
export function isLinkLocal(ip: Uint8Array): boolean {
  return isInAny(LINK_LOCAL, ip);
}

function isInAny(list: readonly Block[], ip: Uint8Array): boolean {
  const bytes = isV4Mapped(ip) ? ip.subarray(12) : ip;
  return list.some((block) => contains(block, bytes));
}

function contains({ ip, prefixLength }: Block, bytes: Uint8Array): boolean {
  if (ip.length !== bytes.length) return false;
  for (let i = 0; i * 8 < prefixLength; i++) {
    const mask = prefixLength - i * 8 >= 8 ? 0xff : 0xff << (8 - (prefixLength - i * 8)) & 0xff;
    if ((ip[i]! & mask) !== (bytes[i]! & mask)) return false;
  }
  return true;
}

function blocks(text: string): Block[] {
  return text.split(" ").map((block) => {
    const [ip, length] = block.split("/");
    return { ip: parseIp(ip!)!, prefixLength: Number(length) };
  });
}
