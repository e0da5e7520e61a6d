/**
 * MessagePack reader that accepts and refuses exactly what HashiCorp's agents do (protocol.md A.2).
 *
 * ```
 * nil            the zero value of whatever is asked for
 * uint           any integer format, if not negative and in range; no floats
 * float          float64, float32 or any integer          bool  c2, c3, 00, 01
 * string, key    a0-bf, d9, da, db; never bin             bytes string formats, bin, or an array of small integers
 * struct         map (unknown keys skipped, last of a duplicate wins) or array in declaration order, any length
 * ```
 * Nothing here recurses, and every count is checked against the bytes that remain before anything is done with it.
 */
import { assert } from "../base/assert.ts";
import { WireError } from "../base/errors.ts";
import { NO_BYTES } from "../base/bytes.ts";
import { containedValues, measureValue } from "./msgpack_scan.ts";
import type { StructFields } from "./struct_fields.ts";
import { decodeText } from "./text.ts";

const SCRATCH = new DataView(new ArrayBuffer(8));
/** bounded: structs are nested as the message types are, at most this deep. */
const STRUCT_DEPTH_MAX = 8;

/** Where a struct that is being read stands. */
class StructCursor {
  fields: StructFields | null = null;
  /** Entries still to come. */
  remaining = 0;
  isMap = false;
  /** The field given last (map form), or the next one to give (array form). */
  field = -1;
}

/** A cursor over the bytes of one message. Reuse one for many messages through {@linkcode reset}. */
export class MsgpackReader {
  #bytes: Uint8Array = NO_BYTES;
  #position = 0;
  #end = 0;
  #depth = 0;
  #textStart = 0;
  readonly #cursors = Array.from({ length: STRUCT_DEPTH_MAX }, () => new StructCursor());

  /** @param bytes borrowed; the views that {@linkcode bytes} returns point into it. */
  reset(bytes: Uint8Array, start = 0, end: number = bytes.length): this {
    assert(start >= 0 && start <= end && end <= bytes.length, "MsgpackReader.reset() outside the buffer");
    this.#bytes = bytes;
    this.#position = start;
    this.#end = end;
    this.#depth = 0;
    return this;
  }

  /** Offset of the next byte to read, counted as the `bytes` given to {@linkcode reset} are. */
  get position(): number {
    return this.#position;
  }

  /** Whether the next value is nil; does not consume it. @throws {WireError} at the end of input. */
  isNil(): boolean {
    if (this.#position >= this.#end) throw this.#truncated();
    return this.#bytes[this.#position] === 0xc0;
  }

  /** Consumes a nil if there is one, and tells. @throws {WireError} at the end of input. */
  takeNil(): boolean {
    if (!this.isNil()) return false;
    this.#position++;
    return true;
  }

  /** @returns the number of pairs; 0 for nil. @throws {WireError} when it is no map, or longer than the input. */
  mapHeader(): number {
    return this.#checked(this.mapCount(), 2);
  }

  /**
   * Like {@linkcode mapHeader}, but the number is what the sender claims, unchecked: for who keeps what comes before
   * a fault. Allocate nothing for it.
   */
  mapCount(): number {
    const at = this.#position;
    const head = this.#byte();
    if (head === 0xc0) return 0;
    const count = (head & 0xf0) === 0x80
      ? head & 0x0f
      : head === 0xde
      ? this.#u16()
      : head === 0xdf
      ? this.#u32()
      : -1;
    if (count < 0) throw unexpected("a map", head, at);
    return count;
  }

  /** @returns the number of values; 0 for nil. @throws {WireError} when it is no array, or longer than the input. */
  arrayHeader(): number {
    const at = this.#position;
    const head = this.#byte();
    if (head === 0xc0) return 0;
    const count = this.#arrayCount(head);
    if (count < 0) throw unexpected("an array", head, at);
    return this.#checked(count, 1);
  }

  /** @returns text; "" for nil. Short ASCII strings are interned. @throws {WireError} for anything else, bin included. */
  string(): string {
    const length = this.#text();
    return decodeText(this.#bytes, this.#textStart, this.#textStart + length);
  }

  /**
   * @returns a view into the input, borrowed as the input is (a fresh array for the rare array-of-integers form);
   *   null for nil.
   * @throws {WireError} for anything that is no byte string.
   */
  bytes(): Uint8Array | null {
    const at = this.#position;
    const head = this.#byte();
    if (head === 0xc0) return null;
    let length = this.#rawLength(head);
    if (length < 0) {
      length = head === 0xc4 ? this.#byte() : head === 0xc5 ? this.#u16() : head === 0xc6 ? this.#u32() : -1;
    }
    if (length >= 0) return this.#take(length);
    const count = this.#arrayCount(head);
    if (count < 0) throw unexpected("bytes", head, at);
    return this.#byteArray(this.#checked(count, 1));
  }

  /** Passes over what {@linkcode string} would read. @throws as it does. */
  passString(): void {
    this.#text();
  }

  /** Passes over what {@linkcode bytes} would read. @throws as it does. */
  passBytes(): void {
    const head = this.#position < this.#end ? this.#bytes[this.#position]! : 0;
    if ((head & 0xe0) === 0xa0) this.#advance(1 + (head & 0x1f));
    else this.bytes();
  }

  /** @param max largest value allowed, at most 2^53-1. @returns 0 for nil. @throws {WireError} when out of range. */
  uint(max: number): number {
    const at = this.#position;
    const head = this.#byte();
    if (head <= 0x7f && head <= max) return head;
    const value = this.#integer(head, at);
    if (value < 0 || value > max) throw new WireError(`integer ${value} is out of range (0..${max})`, at);
    return value;
  }

  /** @returns a safe integer; 0 for nil. @throws {WireError} for others. */
  int(): number {
    const at = this.#position;
    const value = this.#integer(this.#byte(), at);
    if (!Number.isSafeInteger(value)) throw new WireError(`integer ${value} is out of range`, at);
    return value;
  }

  /** Like {@linkcode int}, but what is outside +-(2^53-1) becomes the nearest bound: for durations. */
  intClamped(): number {
    const at = this.#position;
    const value = this.#integer(this.#byte(), at);
    return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value));
  }

  /** A Lamport time and its like. @returns 0..2^53-1; 0 for nil. @throws {WireError} for larger or negative ones. */
  uint64(): number {
    return this.uint(Number.MAX_SAFE_INTEGER);
  }

  /** @returns 0..2^64-1, as a bigint only above 2^53-1; 0 for nil. @throws {WireError} for negative ones. */
  uint64OrBig(): number | bigint {
    const at = this.#position;
    const head = this.#byte();
    const value = this.#integer(head, at);
    if (value < 0) throw new WireError(`integer ${value} is out of range`, at);
    if (value <= Number.MAX_SAFE_INTEGER) return value;
    let exact = 0n;
    for (let i = at + 1; i < at + 9; i++) exact = (exact << 8n) | BigInt(this.#bytes[i]!);
    return exact;
  }

  /** @returns any number, NaN and infinities included; 0 for nil. @throws {WireError} when it is no number. */
  float(): number {
    const at = this.#position;
    const head = this.#byte();
    if (head === 0xcb) {
      SCRATCH.setUint32(0, this.#u32());
      SCRATCH.setUint32(4, this.#u32());
      return SCRATCH.getFloat64(0);
    }
    if (head === 0xca) {
      SCRATCH.setUint32(0, this.#u32());
      return SCRATCH.getFloat32(0);
    }
    return this.#integer(head, at);
  }

  /** @returns false for nil. @throws {WireError} when it is neither a boolean nor 0 or 1. */
  bool(): boolean {
    const at = this.#position;
    const head = this.#byte();
    if (head === 0xc3 || head === 0x01) return true;
    if (head === 0xc2 || head === 0x00 || head === 0xc0) return false;
    throw unexpected("a boolean", head, at);
  }

  /** Passes over one value of any kind, however deeply nested. @throws {WireError} when it is cut short or invalid. */
  skip(): void {
    // A count of values still to pass over replaces recursion: nesting costs nothing.
    let pending = 1;
    while (pending > 0) {
      const size = measureValue(this.#bytes, this.#position, this.#end);
      if (size === 0) throw this.#truncated();
      this.#advance(size);
      pending += containedValues - 1;
      if (pending > this.#end - this.#position) throw this.#truncated();
    }
  }

  /** The next `length` bytes as they are; a borrowed view. @throws {WireError} when fewer remain. */
  raw(length: number): Uint8Array {
    return this.#take(length);
  }

  /** All that remains; a borrowed view. */
  rest(): Uint8Array {
    return this.#take(this.#end - this.#position);
  }

  /**
   * Begins a struct; then call {@linkcode nextField} until it says -1. Structs nest.
   * @throws {WireError} when it is neither map, array nor nil.
   */
  beginStruct(fields: StructFields): void {
    assert(this.#depth < STRUCT_DEPTH_MAX, "structs are nested too deeply");
    const cursor = this.#cursors[this.#depth]!;
    const at = this.#position;
    const head = this.#byte();
    cursor.fields = fields;
    cursor.field = -1;
    cursor.isMap = true;
    if ((head & 0xf0) === 0x80) cursor.remaining = this.#checked(head & 0x0f, 2);
    else if (head === 0xc0) cursor.remaining = 0;
    else {
      cursor.isMap = head === 0xde || head === 0xdf;
      const isArray = (head & 0xf0) === 0x90 || head === 0xdc || head === 0xdd;
      if (!cursor.isMap && !isArray) throw unexpected("a struct", head, at);
      this.#position = at;
      cursor.remaining = cursor.isMap ? this.mapHeader() : this.arrayHeader();
    }
    this.#depth++;
  }

  /**
   * The number of the next field of the struct begun last, whose value the caller must read (or skip) now; -1 when
   * the struct is over. What is unknown is skipped. A field may come more than once: the last one counts.
   */
  nextField(): number {
    const cursor = this.#cursors[this.#depth - 1]!;
    const fields = cursor.fields!;
    while (cursor.remaining > 0) {
      cursor.remaining--;
      if (cursor.isMap) {
        const length = this.#text();
        const field = fields.find(this.#bytes, this.#textStart, this.#textStart + length, cursor.field);
        if (field >= 0) return cursor.field = field;
      } else if (++cursor.field < fields.names.length) return cursor.field;
      this.skip();
    }
    this.#depth--;
    return -1;
  }

  /** Reads a struct: `visit` gets each field's number (declaration order) and must read or skip its value. */
  struct(fields: StructFields, visit: (field: number) => void): void {
    this.beginStruct(fields);
    for (let field = this.nextField(); field >= 0; field = this.nextField()) visit(field);
  }

  /** Reads a string's header, leaves its start in `#textStart`, moves past it; returns its length. */
  #text(): number {
    const at = this.#position;
    const head = this.#byte();
    const length = (head & 0xe0) === 0xa0 ? head & 0x1f : head === 0xc0 ? 0 : this.#rawLength(head);
    if (length < 0) throw unexpected("a string", head, at);
    const start = this.#position;
    if (length > this.#end - start) throw this.#truncated();
    this.#textStart = start;
    this.#position = start + length;
    return length;
  }

  /** The length that a string format's header announces, or -1 when `head` is of another family. */
  #rawLength(head: number): number {
    if ((head & 0xe0) === 0xa0) return head & 0x1f;
    return head === 0xd9 ? this.#byte() : head === 0xda ? this.#u16() : head === 0xdb ? this.#u32() : -1;
  }

  #arrayCount(head: number): number {
    return (head & 0xf0) === 0x90
      ? head & 0x0f
      : head === 0xdc
      ? this.#u16()
      : head === 0xdd
      ? this.#u32()
      : -1;
  }

  #byteArray(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let i = 0; i < count; i++) bytes[i] = this.uint(0xff);
    return bytes;
  }

  /** An integer of any format, 0 for nil; beyond +-2^53 it is only nearly right, which a range check sees. */
  #integer(head: number, at: number): number {
    if (head <= 0x7f) return head;
    if (head >= 0xe0) return head - 0x100;
    switch (head) {
      case 0xc0:
        return 0;
      case 0xcc:
        return this.#byte();
      case 0xcd:
        return this.#u16();
      case 0xce:
        return this.#u32();
      case 0xcf:
        return this.#u32() * 0x100000000 + this.#u32();
      case 0xd0:
        return this.#byte() << 24 >> 24;
      case 0xd1:
        return this.#u16() << 16 >> 16;
      case 0xd2:
        return this.#u32() | 0;
      case 0xd3:
        return (this.#u32() | 0) * 0x100000000 + this.#u32();
      default:
        throw unexpected("an integer", head, at);
    }
  }

  #advance(size: number): void {
    if (size > this.#end - this.#position) throw this.#truncated();
    this.#position += size;
  }

  #take(length: number): Uint8Array {
    const start = this.#position;
    this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** A count of things of at least `bytesEach` bytes cannot exceed what remains. */
  #checked(count: number, bytesEach: number): number {
    if (count * bytesEach > this.#end - this.#position) throw this.#truncated();
    return count;
  }

  #byte(): number {
    if (this.#position >= this.#end) throw this.#truncated();
    return this.#bytes[this.#position++]!;
  }

  #u16(): number {
    const at = this.#position;
    if (this.#end - at < 2) throw this.#truncated();
    this.#position = at + 2;
    return this.#bytes[at]! << 8 | this.#bytes[at + 1]!;
  }

  #u32(): number {
    const at = this.#position;
    if (this.#end - at < 4) throw this.#truncated();
    this.#position = at + 4;
    const bytes = this.#bytes;
    return (bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!) >>> 0;
  }

  #truncated(): WireError {
    return new WireError("unexpected end of input", this.#position);
  }
}

function unexpected(wanted: string, head: number, at: number): WireError {
  return new WireError(`expected ${wanted}, found the byte ${head.toString(16).padStart(2, "0")}`, at);
}
