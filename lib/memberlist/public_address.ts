/** Which addresses are routed on the public internet. */
import { isV4Mapped } from "../base/address.ts";

/** IPv4 blocks that are not: RFC 6890 and the later special-purpose registrations. Network, prefix length. */
const SPECIAL_V4: readonly (readonly [number, number])[] = [
  [0x00000000, 8], // this network
  [0x0a000000, 8], // private
  [0x64400000, 10], // shared by carriers
  [0x7f000000, 8], // loopback
  [0xa9fe0000, 16], // link-local
  [0xac100000, 12], // private
  [0xc0000000, 24], // protocol assignments
  [0xc0000200, 24], // documentation
  [0xc0a80000, 16], // private
  [0xc6120000, 15], // benchmarking
  [0xc6336400, 24], // documentation
  [0xcb007100, 24], // documentation
  [0xf0000000, 4], // reserved
];

/** @param ip 4 or 16 bytes. @returns whether strangers on the internet could reach it. */
export function isPublicIp(ip: Uint8Array): boolean {
  if (ip.length === 4) return !isSpecialV4(ip, 0);
  if (isV4Mapped(ip)) return !isSpecialV4(ip, 12);
  // Only 2000::/3 is given out, and of that 2001:db8::/32 (documentation) and 2001::/23 (protocols) are not routed.
  if ((ip[0]! & 0xe0) !== 0x20) return false;
  const isProtocol = ip[0] === 0x20 && ip[1] === 0x01 && ip[2]! < 0x02;
  const isDocumentation = ip[0] === 0x20 && ip[1] === 0x01 && ip[2] === 0x0d && ip[3] === 0xb8;
  return !isProtocol && !isDocumentation;
}

function isSpecialV4(ip: Uint8Array, at: number): boolean {
  const value = (ip[at]! << 24 | ip[at + 1]! << 16 | ip[at + 2]! << 8 | ip[at + 3]!) >>> 0;
  return SPECIAL_V4.some(([network, prefix]) => (value ^ network) >>> (32 - prefix) === 0);
}
