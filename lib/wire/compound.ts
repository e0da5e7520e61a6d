/**
 * Several messages in one packet.
 *
 * ```
 * 07 | count u8 | count x length u16 big-endian | the messages, back to back
 * ```
 * What follows the last message is ignored. protocol.md A.4.
 */
import { assert } from "../base/assert.ts";
import { SizeLimitError, WireError } from "../base/errors.ts";
import type { MsgpackWriter } from "./msgpack_writer.ts";

const COMPOUND_TYPE = 7;
/** The most messages that one compound holds. */
export const COMPOUND_PARTS_MAX = 255;
/** The longest message in a compound, in bytes. */
export const COMPOUND_PART_BYTES_MAX = 0xffff;
/** Type byte and count. */
export const COMPOUND_HEADER_BYTES = 2;
/** What each message costs besides itself. */
export const COMPOUND_PART_OVERHEAD_BYTES = 2;

/**
 * Appends a compound of `parts`.
 *
 * @param count how many of `parts` to take, 1..255; the rest of the array is ignored.
 * @throws {SizeLimitError} when a part is longer than {@linkcode COMPOUND_PART_BYTES_MAX}; nothing is appended.
 */
export function encodeCompound(
  writer: MsgpackWriter,
  parts: readonly Uint8Array[],
  count: number = parts.length,
): void {
  assert(count >= 1 && count <= COMPOUND_PARTS_MAX && count <= parts.length, "a compound has 1 to 255 parts");
  for (let i = 0; i < count; i++) {
    if (parts[i]!.length > COMPOUND_PART_BYTES_MAX) {
      throw new SizeLimitError("a part of a compound is too long");
    }
  }
  writer.byte(COMPOUND_TYPE).byte(count);
  for (let i = 0; i < count; i++) writer.byte(parts[i]!.length >>> 8).byte(parts[i]!.length & 0xff);
  for (let i = 0; i < count; i++) writer.raw(parts[i]!);
}

/**
 * Shows each message of a compound to `visit`, in order.
 *
 * @param start where the count stands (after the type byte).
 * @param visit gets the offsets of one message in `bytes`, type byte first; it may be empty.
 * @returns how many messages were cut off by the end of the packet; those before them were visited.
 * @throws {WireError} when the lengths themselves are cut off; nothing was visited then.
 */
export function decodeCompound(
  bytes: Uint8Array,
  start: number,
  end: number,
  visit: (start: number, end: number) => void,
): number {
  if (start >= end) throw new WireError("compound without a count", start);
  const count = bytes[start]!;
  let at = start + 1 + 2 * count;
  if (at > end) throw new WireError(`compound of ${count} is cut off in its lengths`, start);
  for (let i = 0; i < count; i++) {
    const lengthAt = start + 1 + 2 * i;
    const length = bytes[lengthAt]! << 8 | bytes[lengthAt + 1]!;
    if (length > end - at) return count - i;
    visit(at, at + length);
    at += length;
  }
  return 0;
}
