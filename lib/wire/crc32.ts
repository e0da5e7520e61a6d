/**
 * The checksum around a packet.
 *
 * ```
 * 0c | CRC-32/IEEE of the rest, u32 big-endian | rest
 * ```
 * Only the outermost byte of the plaintext may be 0c. protocol.md A.5.
 */
import { crc32 as zlibCrc32 } from "node:zlib";
import { WireError } from "../base/errors.ts";

const CRC_TYPE = 12;
/** Type byte and checksum. */
export const CRC_HEADER_BYTES = 5;

/** CRC-32/IEEE, as zlib has it: an unsigned 32-bit integer. */
export function crc32(bytes: Uint8Array): number {
  return zlibCrc32(bytes);
}

/** Fills the first {@linkcode CRC_HEADER_BYTES} of `packet`, which the caller left free, for what follows them. */
export function writeCrcHeader(packet: Uint8Array): void {
  const sum = crc32(packet.subarray(CRC_HEADER_BYTES));
  packet[0] = CRC_TYPE;
  packet[1] = sum >>> 24;
  packet[2] = sum >>> 16;
  packet[3] = sum >>> 8;
  packet[4] = sum;
}

/**
 * Checks and passes the checksum of `bytes[start, end)`, if it begins with one.
 *
 * @returns where the message begins: `start` when there is no checksum.
 * @throws {WireError} when the checksum is wrong.
 */
export function checkCrcHeader(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < CRC_HEADER_BYTES || bytes[start] !== CRC_TYPE) return start;
  const body = start + CRC_HEADER_BYTES;
  const claimed =
    (bytes[start + 1]! << 24 | bytes[start + 2]! << 16 | bytes[start + 3]! << 8 | bytes[start + 4]!) >>> 0;
  const actual = crc32(bytes.subarray(body, end));
  if (actual !== claimed) {
    // Both sums, the right one first, is what the log of HashiCorp's agents shows.
    throw new WireError(`${actual.toString(16)}, ${claimed.toString(16)}`, start);
  }
  return body;
}
