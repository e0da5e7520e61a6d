/**
 * Text of the wire: UTF-8 by convention, any bytes in fact (a peer may name its node with whatever it likes). Decoding;
 * how bytes that are not UTF-8 are kept, and encoding: base/byte_text.ts. (protocol.md F.2.1)
 */
export { encodeText, encodeTextInto } from "../base/byte_text.ts";

const STRICT_DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Strings up to this many bytes are interned: names, keys of tags, words. */
const INTERN_BYTES_MAX = 64;
/** Most clusters know few names, and every agent pays for all slots. */
const INTERN_SLOTS_MIN = 1 << 8;
/** Enough for the names of ten thousand members, of which in a quarter of it a third would displace each other. */
const INTERN_SLOTS_MAX = 1 << 16;

/** bounded: INTERN_SLOTS_MAX texts of at most {@linkcode INTERN_BYTES_MAX} characters; a newcomer replaces what is in its slot. */
let internTable: string[] = new Array<string>(INTERN_SLOTS_MIN).fill("");
/** How many texts were displaced since the table has its size. */
let displaced = 0;

/**
 * The string for `bytes[start, end)`. Short ASCII strings are interned: the same bytes give the same string object
 * without a new one being made.
 */
export function decodeText(bytes: Uint8Array, start: number, end: number): string {
  const length = end - start;
  if (length === 0) return "";
  if (length > INTERN_BYTES_MAX) return decodeFresh(bytes, start, end);
  let hash = 0x811c9dc5;
  let union = 0;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    union |= byte;
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  if (union >= 0x80) return decodeFresh(bytes, start, end);
  const slot = (hash ^ (hash >>> 15)) & (internTable.length - 1);
  const known = internTable[slot]!;
  if (known.length === length && isAsciiOf(known, bytes, start)) return known;
  // A text that was displaced by its neighbour, as happens to some of thousands of names.
  const other = internTable[slot ^ 1]!;
  if (other.length === length && isAsciiOf(other, bytes, start)) return other;
  if (other !== "" && ++displaced > internTable.length >> 1) growInternTable();
  internTable[slot ^ 1] = known;
  // A call of TextDecoder costs more than a short text.
  return internTable[slot] = String.fromCharCode(...bytes.subarray(start, end));
}

/** Starts over with twice the slots: what is still in use comes again. */
function growInternTable(): void {
  displaced = 0;
  if (internTable.length < INTERN_SLOTS_MAX) internTable = new Array(2 * internTable.length).fill("");
}

function isAsciiOf(text: string, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}

function decodeFresh(bytes: Uint8Array, start: number, end: number): string {
  try {
    return STRICT_DECODER.decode(bytes.subarray(start, end));
  } catch {
    return decodeEscaping(bytes, start, end);
  }
}

/**
 * Decodes what is not UTF-8 as a whole: valid sequences as they are, every other byte as U+DC00 + byte. By hand: a call
 * of TextDecoder for each piece took 50 ms for one packet of a stranger.
 */
function decodeEscaping(bytes: Uint8Array, start: number, end: number): string {
  const units = new Uint16Array(end - start);
  let count = 0;
  for (let i = start; i < end;) {
    const size = sequenceLength(bytes, i, end);
    if (size === 0) units[count++] = 0xdc00 + bytes[i]!;
    else if (size < 4) units[count++] = codePointAt(bytes, i, size);
    else {
      const beyond = codePointAt(bytes, i, size) - 0x10000;
      units[count++] = 0xd800 + (beyond >> 10);
      units[count++] = 0xdc00 + (beyond & 0x3ff);
    }
    i += Math.max(1, size);
  }
  let text = "";
  for (let i = 0; i < count; i += UNITS_AT_ONCE) {
    text += String.fromCharCode(...units.subarray(i, Math.min(count, i + UNITS_AT_ONCE)));
  }
  return text;
}

/** As many arguments as a call surely takes. */
const UNITS_AT_ONCE = 4096;

/** The code point of the well-formed sequence of `size` bytes at `at`. */
function codePointAt(bytes: Uint8Array, at: number, size: number): number {
  if (size === 1) return bytes[at]!;
  let code = bytes[at]! & (0x7f >> size);
  for (let i = 1; i < size; i++) code = code << 6 | (bytes[at + i]! & 0x3f);
  return code;
}

/** Length of the well-formed UTF-8 sequence at `at`, or 0 when there is none. Unicode 15, table 3-7. */
function sequenceLength(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at]!;
  if (lead < 0x80) return 1;
  const size = lead >= 0xc2 && lead <= 0xdf
    ? 2
    : lead >= 0xe0 && lead <= 0xef
    ? 3
    : lead >= 0xf0 && lead <= 0xf4
    ? 4
    : 0;
  if (size === 0 || at + size > end) return 0;
  const second = bytes[at + 1]!;
  // No overlong forms, no surrogates, nothing above U+10FFFF.
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (let i = 2; i < size; i++) if ((bytes[at + i]! & 0xc0) !== 0x80) return 0;
  return size;
}
