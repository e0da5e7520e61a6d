/**
 * MessagePack writer in the two dialects that the Go agents speak.
 *
 * ```
 * nil c0 | false c2 | true c3 | uint: fixint, cc, cd, ce, cf (shortest) | negative int: e0-ff, d0, d1, d2, d3
 * float64 cb | map 80-8f, de, df | array 90-9f, dc, dd
 * "old" (gossip): string and bytes alike a0-bf, da, db         (no str8, no bin)
 * "new" (RPC):    string a0-bf, d9, da, db; bytes c4, c5, c6
 * ```
 * Source: protocol.md A.2.
 */
import { assert } from "../base/assert.ts";
import { NO_BYTES } from "../base/bytes.ts";
import type { Literal } from "./literal.ts";
import { encodeTextInto } from "./text.ts";

/** `old`: strings and bytes share the raw family (gossip). `new`: str8 and bin exist (RPC). */
export type MsgpackDialect = "old" | "new";

const SCRATCH = new DataView(new ArrayBuffer(8));

const NO_VIEW = new DataView(NO_BYTES.buffer);

/**
 * A growable buffer that MessagePack values are appended to. Reuse one for many messages: `reset()`, write, `view()`.
 * One that is never written to takes no memory: every agent has a dozen for what rarely happens.
 *
 * bounded: keeps the largest buffer it ever needed.
 */
export class MsgpackWriter {
  #bytes: Uint8Array = NO_BYTES;
  /** Of the same bytes. */
  #view: DataView = NO_VIEW;
  #length = 0;
  readonly #capacity: number;
  readonly #isNew: boolean;

  /** @param capacity first size of the buffer, in bytes. */
  constructor(capacity = 512, dialect: MsgpackDialect = "old") {
    this.#capacity = capacity;
    this.#isNew = dialect === "new";
  }

  /** Bytes written since the last {@linkcode reset}. */
  get length(): number {
    return this.#length;
  }

  /** Forgets what was written. Views handed out before become stale. */
  reset(): void {
    this.#length = 0;
  }

  /** Forgets everything after the first `length` bytes: undoes what was appended too much. */
  truncate(length: number): void {
    assert(length >= 0 && length <= this.#length, "truncate beyond what was written");
    this.#length = length;
  }

  /** What was written; borrowed until the next write or reset. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** What was written, in an array of its own. */
  copy(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** Appends one byte as it is (a message type). */
  byte(value: number): this {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
    return this;
  }

  /** Appends bytes as they are: a value encoded before, or what follows the MessagePack part. Copied. */
  raw(bytes: Uint8Array): this {
    const size = bytes.length;
    this.#reserve(size);
    const target = this.#bytes;
    const at = this.#length;
    // A loop beats set() for the short pieces that messages are made of.
    if (size <= 24) { for (let i = 0; i < size; i++) target[at + i] = bytes[i]!; }
    else target.set(bytes, at);
    this.#length = at + size;
    return this;
  }

  /** As {@linkcode raw}, of bytes that the program knows. */
  literal({ words, length }: Literal): this {
    this.#reserve(4 * words.length);
    const view = this.#view;
    const at = this.#length;
    for (let i = 0; i < words.length; i++) view.setInt32(at + 4 * i, words[i]!);
    this.#length = at + length;
    return this;
  }

  nil(): this {
    return this.byte(0xc0);
  }

  bool(value: boolean): this {
    return this.byte(value ? 0xc3 : 0xc2);
  }

  /** @param value an integer, 0..2^53-1, in its shortest form. */
  uint(value: number): this {
    assert(Number.isSafeInteger(value) && value >= 0, "uint() takes an integer from 0 to 2^53-1");
    this.#reserve(9);
    if (value <= 0x7f) this.#bytes[this.#length++] = value;
    else if (value <= 0xff) this.#put1(0xcc, value);
    else if (value <= 0xffff) this.#put2(0xcd, value);
    else if (value <= 0xffffffff) this.#put4(0xce, value);
    else {
      this.#put4(0xcf, Math.floor(value / 0x100000000));
      this.#put32(value % 0x100000000);
    }
    return this;
  }

  /** @param value a safe integer; a non-negative one is written as {@linkcode uint} writes it. */
  int(value: number): this {
    if (value >= 0) return this.uint(value);
    assert(Number.isSafeInteger(value), "int() takes a safe integer");
    this.#reserve(9);
    if (value >= -0x20) this.#bytes[this.#length++] = value & 0xff;
    else if (value >= -0x80) this.#put1(0xd0, value & 0xff);
    else if (value >= -0x8000) this.#put2(0xd1, value & 0xffff);
    else if (value >= -0x80000000) this.#put4(0xd2, value);
    else {
      SCRATCH.setBigInt64(0, BigInt(value));
      this.#put4(0xd3, SCRATCH.getUint32(0));
      this.#put32(SCRATCH.getUint32(4));
    }
    return this;
  }

  /** @param value 0..2^64-1, in its shortest form; a bigint where 2^53 is not enough. */
  uint64(value: number | bigint): this {
    if (typeof value === "number") return this.uint(value);
    if (value <= 0x1fffffffffffffn) return this.uint(Number(value));
    assert(value <= 0xffffffffffffffffn, "uint64() takes at most 2^64-1");
    this.#reserve(9);
    this.#put4(0xcf, Number(value >> 32n));
    this.#put32(Number(value & 0xffffffffn));
    return this;
  }

  /** Always nine bytes, as the Go agents write a float64. */
  float64(value: number): this {
    this.#reserve(9);
    const at = this.#length;
    this.#bytes[at] = 0xcb;
    this.#view.setFloat64(at + 1, value);
    this.#length = at + 9;
    return this;
  }

  /** @param text lone surrogates U+DC80..U+DCFF are written as the bytes they stand for (see text.ts). */
  string(text: string): this {
    this.#reserve(5 + 3 * text.length);
    // The common case first: ASCII that is shorter than 32 needs one header byte, whatever comes.
    let at = this.#length + this.#headerBytes(text.length);
    const written = encodeTextInto(text, this.#bytes, at);
    if (written !== text.length) {
      const start = this.#length + this.#headerBytes(written);
      if (start !== at) this.#bytes.copyWithin(start, at, at + written);
      at = start;
    }
    this.#rawHeader(written, this.#isNew);
    this.#length = at + written;
    return this;
  }

  /** @param bytes copied; null is written as nil (a Go nil slice), an empty array as an empty value. */
  bytes(bytes: Uint8Array | null): this {
    if (bytes === null) return this.nil();
    this.#reserve(5);
    const size = bytes.length;
    if (!this.#isNew) this.#rawHeader(size, false);
    else if (size <= 0xff) this.#put1(0xc4, size);
    else if (size <= 0xffff) this.#put2(0xc5, size);
    else this.#put4(0xc6, size);
    return this.raw(bytes);
  }

  /** @param count how many key/value pairs follow. */
  mapHeader(count: number): this {
    return this.#container(count, 0x80, 0xde);
  }

  /** @param count how many values follow. */
  arrayHeader(count: number): this {
    return this.#container(count, 0x90, 0xdc);
  }

  #container(count: number, fix: number, wide: number): this {
    this.#reserve(5);
    if (count <= 15) this.#bytes[this.#length++] = fix | count;
    else if (count <= 0xffff) this.#put2(wide, count);
    else this.#put4(wide + 1, count);
    return this;
  }

  #headerBytes(size: number): number {
    if (size < 32) return 1;
    if (this.#isNew && size <= 0xff) return 2;
    return size <= 0xffff ? 3 : 5;
  }

  #rawHeader(size: number, hasStr8: boolean): void {
    if (size < 32) this.#bytes[this.#length++] = 0xa0 | size;
    else if (hasStr8 && size <= 0xff) this.#put1(0xd9, size);
    else if (size <= 0xffff) this.#put2(0xda, size);
    else this.#put4(0xdb, size);
  }

  #put1(head: number, value: number): void {
    this.#bytes[this.#length++] = head;
    this.#bytes[this.#length++] = value;
  }

  #put2(head: number, value: number): void {
    this.#bytes[this.#length++] = head;
    this.#bytes[this.#length++] = value >>> 8;
    this.#bytes[this.#length++] = value;
  }

  #put4(head: number, value: number): void {
    this.#bytes[this.#length++] = head;
    this.#put32(value);
  }

  #put32(value: number): void {
    this.#view.setUint32(this.#length, value);
    this.#length += 4;
  }

  #reserve(size: number): void {
    const needed = this.#length + size;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#capacity, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = viewOf(grown);
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
