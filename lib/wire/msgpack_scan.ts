/** How long MessagePack values are, without decoding them: for skipping, and for finding the end of a stream's message. */
import { WireError } from "../base/errors.ts";

/** What {@linkcode measureValue} found besides the size: how many values are contained in the one measured. */
export let containedValues = 0;

/**
 * Measures one value at `at`: header and scalar content, not what it contains; {@linkcode containedValues} tells how
 * many values those are (a map counts two for each pair).
 *
 * @returns its size in bytes (which may reach beyond `end`), or 0 when `end` cuts off the header itself.
 * @throws {WireError} for the one byte that begins no value, c1.
 */
export function measureValue(bytes: Uint8Array, at: number, end: number): number {
  containedValues = 0;
  if (at >= end) return 0;
  const head = bytes[at]!;
  if (head <= 0x7f || head >= 0xe0) return 1;
  if (head <= 0x9f) {
    containedValues = head <= 0x8f ? 2 * (head & 0x0f) : head & 0x0f;
    return 1;
  }
  if (head <= 0xbf) return 1 + (head & 0x1f);
  return measureMarked(head, bytes, at, end);
}

function measureMarked(head: number, bytes: Uint8Array, at: number, end: number): number {
  switch (head) {
    case 0xc0:
    case 0xc2:
    case 0xc3:
      return 1;
    case 0xc4:
    case 0xc5:
    case 0xc6:
      return counted(bytes, at, end, 1 << (head - 0xc4), 0);
    case 0xc7:
    case 0xc8:
    case 0xc9:
      return counted(bytes, at, end, 1 << (head - 0xc7), 1);
    case 0xca:
      return 5;
    case 0xcb:
      return 9;
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf:
      return 1 + (1 << (head - 0xcc));
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
      return 1 + (1 << (head - 0xd0));
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
      return 2 + (1 << (head - 0xd4));
    case 0xd9:
    case 0xda:
    case 0xdb:
      return counted(bytes, at, end, 1 << (head - 0xd9), 0);
    case 0xdc:
    case 0xdd:
      return container(bytes, at, end, 2 << (head - 0xdc), 1);
    case 0xde:
    case 0xdf:
      return container(bytes, at, end, 2 << (head - 0xde), 2);
    default:
      throw new WireError(`no value begins with the byte ${head.toString(16)}`, at);
  }
}

/** A value that announces its size in `width` bytes, with `extra` bytes that it does not count. */
function counted(bytes: Uint8Array, at: number, end: number, width: number, extra: number): number {
  if (at + 1 + width > end) return 0;
  return 1 + width + extra + readCount(bytes, at + 1, width);
}

function container(bytes: Uint8Array, at: number, end: number, width: number, valuesEach: number): number {
  if (at + 1 + width > end) return 0;
  containedValues = valuesEach * readCount(bytes, at + 1, width);
  return 1 + width;
}

function readCount(bytes: Uint8Array, at: number, width: number): number {
  let count = 0;
  for (let i = 0; i < width; i++) count = count * 0x100 + bytes[at + i]!;
  return count;
}
