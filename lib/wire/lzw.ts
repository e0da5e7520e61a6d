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
import { once } from "../base/once.ts";

const CLEAR = 256;
const END = 257;
const FIRST_WIDTH = 9;
const MAX_WIDTH = 12;
const MAX_CODE = (1 << MAX_WIDTH) - 1;

/** Four slots for each code keep the chains of the open-addressed table short. */
const TABLE_SLOTS = 4 * (MAX_CODE + 1);
const TABLE_MASK = TABLE_SLOTS - 1;

/** Made with the first input, since many an agent never has one; kept, since that costs more than compressing a packet. */
const encoderTables = once(() => ({
  /** Key (prefix code << 8 | byte) + 1, or 0 where the slot is free. */
  tableKeys: new Int32Array(TABLE_SLOTS),
  tableCodes: new Uint16Array(TABLE_SLOTS),
  /** The slots in use, so that clearing costs what was used and no more. */
  usedSlots: new Uint16Array(MAX_CODE + 1),
}));

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
  const { tableKeys, tableCodes, usedSlots } = encoderTables();
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
  const { tableKeys, usedSlots } = encoderTables();
  for (let i = 0; i < used; i++) tableKeys[usedSlots[i]!] = 0;
}

function abandon(used: number): number {
  forget(used);
  return -1;
}

const decoderTables = once(() => ({
  // A sequence stands in the output already, at this place and of this length.
  offsets: new Uint32Array(MAX_CODE + 1),
  lengths: new Uint16Array(MAX_CODE + 1).fill(1, 0, CLEAR),
  /** Where outputs of ordinary size are made, before they are known to be of ordinary size. */
  scratch: new Uint8Array(64 * 1024),
}));

/**
 * Decompresses `bytes[start, end)`; what follows the end code is ignored.
 *
 * Costs time in proportion to input and output, and memory only for an output that is within the limit: a large one is
 * counted before it is made.
 *
 * @param maxBytes the most that may come out.
 * @returns a new array; empty for the compressed form of nothing.
 * @throws {WireError} when a code is impossible, the end code is missing, or more than `maxBytes` would come out.
 */
export function lzwDecompress(bytes: Uint8Array, start: number, end: number, maxBytes: number): Uint8Array {
  const { scratch } = decoderTables();
  let length = decompress(bytes, start, end, maxBytes, scratch);
  if (length >= 0) return scratch.slice(0, length);
  length = decompress(bytes, start, end, maxBytes, null);
  const output = new Uint8Array(length);
  decompress(bytes, start, end, maxBytes, output);
  return output;
}

/**
 * One pass: counts when `output` is null, else fills it.
 * @returns the number of bytes that come out, or -1 when they do not fit into `output`.
 */
function decompress(
  bytes: Uint8Array,
  start: number,
  end: number,
  maxBytes: number,
  output: Uint8Array | null,
): number {
  const { offsets, lengths } = decoderTables();
  let bits = 0;
  let bitCount = 0;
  let at = start;
  let width = FIRST_WIDTH;
  let high = END;
  let last = -1;
  let lastStart = 0;
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
    // The entry that this code completes: the last sequence and the byte after it, which is the first of this one. A
    // code that is just being defined therefore copies a byte that it has itself written.
    if (last >= 0) {
      offsets[high] = lastStart;
      lengths[high] = lengths[last]! + 1;
    }
    const length = lengths[code]!;
    if (written + length > maxBytes) {
      throw new WireError(`more than ${maxBytes} bytes of decompressed data`, at);
    }
    if (output !== null) {
      if (written + length > output.length) return -1;
      if (code < CLEAR) output[written] = code;
      else repeat(output, offsets[code]!, written, length);
    }
    lastStart = written;
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

/** Copies byte by byte, forwards: what is written first may be what is read last. */
function repeat(output: Uint8Array, from: number, to: number, length: number): void {
  for (let i = 0; i < length; i++) output[to + i] = output[from + i]!;
}
