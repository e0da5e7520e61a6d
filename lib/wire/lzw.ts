/**
 * LZW as in GIF (least significant bit first, 8-bit literals), byte for byte what Go's compress/lzw writes.
 *
 * ```
 * codes   0..255 literals | 256 clear | 257 end | 258..4095 sequences, numbered as they are met
 * width   9 bits at first and after a clear; one more whenever the count of codes reaches 512, 1024, 2048; at most 12
 * stream  clear, data codes..., end, zero bits up to the next byte
 * ```
 * The count of codes ("high") starts at 257 and grows by one after every data code. When the encoder's reaches 4095 it
 * clears. A decoder's table just stops growing there. protocol.md A.6.
 */
import { WireError } from "../base/errors.ts";

const CLEAR = 256;
const END = 257;
const FIRST_CODE = 258;
const FIRST_WIDTH = 9;
const MAX_WIDTH = 12;
const MAX_CODE = (1 << MAX_WIDTH) - 1;

/** Four slots for each code keep the chains of the open-addressed table short. */
const TABLE_SLOTS = 4 * (MAX_CODE + 1);
const TABLE_MASK = TABLE_SLOTS - 1;
// Kept between calls: making them anew would cost more than compressing a packet.
/** Key (prefix code << 8 | byte) + 1, or 0 where the slot is free. */
const tableKeys = new Int32Array(TABLE_SLOTS);
const tableCodes = new Uint16Array(TABLE_SLOTS);
/** The slots in use, so that clearing costs what was used and no more. */
const usedSlots = new Uint16Array(MAX_CODE + 1);

/** The most bytes that {@linkcode lzwCompressInto} writes for `length` bytes of input. */
export function lzwBoundBytes(length: number): number {
  return Math.ceil(length * 1.5) + 2 * Math.ceil(length / 3800) + 8;
}

/**
 * Compresses `source[start, end)` into `target[offset, limit)`.
 *
 * @param limit where to give up: asking for less than the input's length makes hopeless inputs cheap.
 * @returns how many bytes were written, or -1 when they did not fit; `target` then holds rubbish from `offset` on.
 */
export function lzwCompressInto(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  offset: number,
  limit: number = target.length,
): number {
  let at = offset;
  let bits = CLEAR;
  let bitCount = FIRST_WIDTH;
  let width = FIRST_WIDTH;
  let high = END;
  let used = 0;
  let prefix = -1;
  for (let i = start; i <= end; i++) {
    const byte = i < end ? source[i]! : -1;
    let slot = 0;
    if (byte >= 0) {
      if (prefix < 0) {
        prefix = byte;
        continue;
      }
      const key = (prefix << 8 | byte) + 1;
      slot = Math.imul(key, 0x9e3779b1) >>> 18;
      while (tableKeys[slot] !== key && tableKeys[slot] !== 0) slot = (slot + 1) & TABLE_MASK;
      if (tableKeys[slot] === key) {
        prefix = tableCodes[slot]!;
        continue;
      }
    } else if (prefix < 0) break;
    bits |= prefix << bitCount;
    bitCount += width;
    if (at + (bitCount >> 3) > limit) return abandon(used);
    while (bitCount >= 8) {
      target[at++] = bits;
      bits >>>= 8;
      bitCount -= 8;
    }
    high++;
    if (high === 1 << width) width++;
    if (high === MAX_CODE) {
      bits |= CLEAR << bitCount;
      bitCount += MAX_WIDTH;
      forget(used);
      used = 0;
      high = END;
      width = FIRST_WIDTH;
    } else if (byte >= 0) {
      tableKeys[slot] = (prefix << 8 | byte) + 1;
      tableCodes[slot] = high;
      usedSlots[used++] = slot;
    }
    prefix = byte;
  }
  forget(used);
  bits |= END << bitCount;
  bitCount += width;
  if (at + ((bitCount + 7) >> 3) > limit) return -1;
  for (; bitCount > 0; bitCount -= 8) {
    target[at++] = bits;
    bits >>>= 8;
  }
  return at - offset;
}

function forget(used: number): void {
  for (let i = 0; i < used; i++) tableKeys[usedSlots[i]!] = 0;
}

function abandon(used: number): number {
  forget(used);
  return -1;
}

// The decoder's table: a sequence is the sequence `prefix` followed by the byte `suffix`.
const prefixes = new Uint16Array(MAX_CODE + 1);
const suffixes = new Uint8Array(MAX_CODE + 1);
const firstBytes = new Uint8Array(MAX_CODE + 1);
const lengths = new Uint16Array(MAX_CODE + 1);
for (let code = 0; code < CLEAR; code++) {
  suffixes[code] = firstBytes[code] = code;
  lengths[code] = 1;
}

/**
 * Decompresses `bytes[start, end)`; what follows the end code is ignored.
 *
 * Costs time in proportion to input and output, and memory only for an output that is within the limit: a first pass
 * counts it.
 *
 * @param maxBytes the most that may come out.
 * @returns a new array; empty for the compressed form of nothing.
 * @throws {WireError} when a code is impossible, the end code is missing, or more than `maxBytes` would come out.
 */
export function lzwDecompress(bytes: Uint8Array, start: number, end: number, maxBytes: number): Uint8Array {
  const length = decompress(bytes, start, end, maxBytes, null);
  const output = new Uint8Array(length);
  if (length > 0) decompress(bytes, start, end, maxBytes, output);
  return output;
}

/** One pass: counts when `output` is null, else fills it. @returns the number of bytes that come out. */
function decompress(
  bytes: Uint8Array,
  start: number,
  end: number,
  maxBytes: number,
  output: Uint8Array | null,
): number {
  let bits = 0;
  let bitCount = 0;
  let at = start;
  let width = FIRST_WIDTH;
  let high = END;
  let last = -1;
  let written = 0;
  for (;;) {
    while (bitCount < width) {
      if (at >= end) throw new WireError("compressed data without an end code", at);
      bits |= bytes[at++]! << bitCount;
      bitCount += 8;
    }
    const code = bits & ((1 << width) - 1);
    bits >>>= width;
    bitCount -= width;
    if (code === END) return written;
    if (code === CLEAR) {
      width = FIRST_WIDTH;
      high = END;
      last = -1;
      continue;
    }
    if (code > high) throw new WireError(`impossible code ${code} in compressed data`, at);
    // The entry that this code completes: the last sequence and the first byte of this one, which for a code that is
    // just being defined is the first byte of the last.
    if (last >= 0) {
      prefixes[high] = last;
      firstBytes[high] = firstBytes[last]!;
      lengths[high] = lengths[last]! + 1;
      suffixes[high] = firstBytes[code === high ? last : code]!;
    }
    const length = lengths[code]!;
    if (written + length > maxBytes) {
      throw new WireError(`more than ${maxBytes} bytes of decompressed data`, at);
    }
    if (output !== null) writeSequence(code, output, written + length);
    written += length;
    last = code;
    high++;
    if (high > MAX_CODE) {
      // The table is full: it neither grows nor learns until the next clear.
      high = MAX_CODE;
      last = -1;
    } else if (high === 1 << width) width++;
  }
}

/** Writes the sequence so that it ends before `end`, from its last byte to its first. */
function writeSequence(code: number, output: Uint8Array, end: number): void {
  let at = end - 1;
  let rest = code;
  for (; rest >= FIRST_CODE; rest = prefixes[rest]!) output[at--] = suffixes[rest]!;
  output[at] = rest;
}
