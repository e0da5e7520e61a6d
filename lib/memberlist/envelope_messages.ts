/** Messages around others, and instead of them: compress, err. Conventions and layouts: messages.ts. */
import { NO_BYTES } from "../base/bytes.ts";
import { WireError } from "../base/errors.ts";
import { once } from "../base/once.ts";
import { lzwBoundBytes, lzwCompressInto, lzwDecompress } from "../wire/lzw.ts";
import { MsgpackReader } from "../wire/msgpack_reader.ts";
import type { MsgpackWriter } from "../wire/msgpack_writer.ts";
import { StructFields } from "../wire/struct_fields.ts";
import { MessageType } from "./message_type.ts";

const U8_MAX = 0xff;
const U16_MAX = 0xffff;

/**
 * The most bytes that all compressed messages of one datagram may decompress to, together. A sender fills datagrams by
 * their uncompressed size, so an honest one stays below the largest datagram there is.
 */
export const PACKET_DECOMPRESSED_BYTES_MAX: number = 64 * 1024;
/** The most bytes that a compressed stream message may decompress to: 40 MiB, as in the newest memberlist. */
export const STREAM_DECOMPRESSED_BYTES_MAX: number = 40 * 1024 * 1024;

// Decoding is synchronous and never re-entered: one reader serves all.
const reader = new MsgpackReader();

/** What a compress message holds. */
export interface Compressed {
  /** 0 is LZW, the only one there is. */
  algo: number;
  buf: Uint8Array;
}

const COMPRESSED = new StructFields("Algo", "Buf");

/** A compress message to decode into. */
export function createCompressed(): Compressed {
  return { algo: 0, buf: NO_BYTES };
}

/** Appends the message. */
export function encodeCompressed(writer: MsgpackWriter, buf: Uint8Array): void {
  writer.byte(MessageType.compress).mapHeader(2).string("Algo").uint(0).string("Buf").bytes(buf);
}

/** How many bytes {@linkcode encodeCompressed} adds to a buffer of `length` bytes. */
export function compressedOverheadBytes(length: number): number {
  return 12 + (length < 32 ? 1 : length <= U16_MAX ? 3 : 5);
}

/** @throws {WireError} when the body is malformed or the algorithm unknown; `into` is then half filled. */
export function decodeCompressed(bytes: Uint8Array, start: number, end: number, into: Compressed): void {
  into.algo = 0;
  into.buf = NO_BYTES;
  reader.reset(bytes, start, end).beginStruct(COMPRESSED);
  for (let field = reader.nextField(); field >= 0; field = reader.nextField()) {
    if (field === 0) into.algo = reader.uint(U8_MAX);
    else into.buf = reader.bytes() ?? NO_BYTES;
  }
  // Agents of all versions send this text back on a stream.
  if (into.algo !== 0) throw new WireError(`Cannot decompress unknown algorithm ${into.algo}`, start);
}

/** Scratch for compressing; larger inputs get a buffer of their own for the call. */
const scratch = once(() => new Uint8Array(lzwBoundBytes(64 * 1024)));

/**
 * Compresses a finished message (or compound) and appends the compress message that holds it.
 *
 * @param plain not part of `writer`'s own buffer.
 * @param onlyIfShorter appends nothing unless the whole wrapper is strictly shorter than `plain`: the rule for datagrams.
 *   Streams are always compressed.
 * @returns whether something was appended.
 */
export function compressMessage(writer: MsgpackWriter, plain: Uint8Array, onlyIfShorter: boolean): boolean {
  const bound = lzwBoundBytes(plain.length);
  const target = bound <= scratch().length ? scratch() : new Uint8Array(bound);
  const limit = onlyIfShorter ? Math.max(0, plain.length - compressedOverheadBytes(0) - 1) : bound;
  const length = lzwCompressInto(plain, 0, plain.length, target, 0, limit);
  if (length < 0) return false;
  if (onlyIfShorter && length + compressedOverheadBytes(length) >= plain.length) return false;
  encodeCompressed(writer, target.subarray(0, length));
  return true;
}

/**
 * The message inside the compress message whose body is `bytes[start, end)`.
 *
 * @param maxBytes one of the two limits above, less what was decompressed of the same datagram before.
 * @returns an array of its own, type byte first; it may be empty.
 * @throws {WireError} when the body or the compressed data is malformed, or too much would come out.
 */
export function decompressMessage(
  bytes: Uint8Array,
  start: number,
  end: number,
  maxBytes: number,
): Uint8Array {
  decodeCompressed(bytes, start, end, compressed);
  const buf = compressed.buf;
  compressed.buf = NO_BYTES;
  return lzwDecompress(buf, 0, buf.length, maxBytes);
}

const compressed = createCompressed();

const ERR = new StructFields("Error");

/** Appends the message: a reply on a stream whose request could not be read. */
export function encodeErr(writer: MsgpackWriter, text: string): void {
  writer.byte(MessageType.err).mapHeader(1).string("Error").string(text);
}

/** @returns the text, for people only. @throws {WireError} when the body is malformed. */
export function decodeErr(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  reader.reset(bytes, start, end).beginStruct(ERR);
  while (reader.nextField() >= 0) text = reader.string();
  return text;
}
