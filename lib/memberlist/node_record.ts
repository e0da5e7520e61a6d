/**
 * The entry of a push/pull in the form in which every agent writes it, read where it lies.
 *
 * ```
 * 87  a4 "Addr" raw  ab "Incarnation" uint  a4 "Meta" raw  a4 "Name" raw  a4 "Port" uint  a5 "State" 00..7f  a3 "Vsn" a6 6 bytes
 * ```
 * Nearly all entries of nearly all push/pulls say what is known already, and have this form: to find that out takes no
 * view, no string and no search for a key. All others are read as any struct is (push_pull_messages.ts).
 */
import { NO_BYTES } from "../base/bytes.ts";
import { Literal } from "../wire/literal.ts";
import { decodeText } from "../wire/text.ts";
import { VERSION_BYTES } from "./state_messages.ts";

const U16_MAX = 0xffff;

/** Strings become the short strings of MessagePack, numbers the bytes that they are. */
function key(...parts: (string | number)[]): Literal {
  const bytes = parts.flatMap((part) =>
    typeof part === "number" ? [part] : [0xa0 | part.length, ...ascii(part)]
  );
  return new Literal(Uint8Array.from(bytes));
}

function ascii(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}

/** What stands before each value; for the encoder too. */
export const RECORD_KEYS = {
  addr: key(0x87, "Addr"),
  incarnation: key("Incarnation"),
  meta: key("Meta"),
  name: key("Name"),
  port: key("Port"),
  state: key("State"),
  vsn: key("Vsn", 0xa0 | VERSION_BYTES),
} as const;

const NO_VIEW: DataView = new DataView(NO_BYTES.buffer);

/** A cursor over such entries. Offsets are those of the bytes given to {@linkcode open}, and mean nothing before {@linkcode read} said yes. */
export class NodeRecord {
  addrStart = 0;
  addrEnd = 0;
  metaStart = 0;
  metaEnd = 0;
  nameStart = 0;
  nameEnd = 0;
  /** Six bytes. */
  vsnStart = 0;
  /** Where the next entry begins. */
  end = 0;
  /** u32. */
  incarnation = 0;
  /** u16. */
  port = 0;
  /** 0 to 127: a NodeStatus, or none that is known. */
  state = 0;
  /** Where the value read last ends. */
  #at = 0;
  #value = 0;
  #bytes = NO_BYTES;
  #view = NO_VIEW;

  /** Borrows the bytes that entries are read from. */
  open(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Lets go of them: a message can have megabytes. */
  close(): void {
    this.#bytes = NO_BYTES;
    this.#view = NO_VIEW;
  }

  /**
   * Reads the entry at `at`.
   *
   * @returns whether there is a whole one of that form before `limit`. If not, it may still be an entry.
   */
  read(at: number, limit: number): boolean {
    if (!this.#raw(RECORD_KEYS.addr, at, limit)) return false;
    this.addrStart = this.#value;
    this.addrEnd = this.#at;
    if (!this.#uint(RECORD_KEYS.incarnation, limit)) return false;
    this.incarnation = this.#value;
    if (!this.#raw(RECORD_KEYS.meta, this.#at, limit)) return false;
    this.metaStart = this.#value;
    this.metaEnd = this.#at;
    if (!this.#raw(RECORD_KEYS.name, this.#at, limit)) return false;
    this.nameStart = this.#value;
    this.nameEnd = this.#at;
    if (!this.#uint(RECORD_KEYS.port, limit) || this.#value > U16_MAX) return false;
    this.port = this.#value;
    if (!this.#uint(RECORD_KEYS.state, limit) || this.#value > 0x7f) return false;
    this.state = this.#value;
    this.vsnStart = this.#at + RECORD_KEYS.vsn.length;
    this.end = this.vsnStart + VERSION_BYTES;
    return this.end <= limit && RECORD_KEYS.vsn.isAt(this.#view, this.#at);
  }

  /** The name. Short ones are interned: no string is made. */
  get name(): string {
    return decodeText(this.#bytes, this.nameStart, this.nameEnd);
  }

  /** A key and a byte string of less than 64 KiB: `#value` is where it begins, `#at` where it ends. */
  #raw(key: Literal, at: number, limit: number): boolean {
    let start = at + key.length;
    // Three bytes more than the key has: as many as the comparison may look at.
    if (start + 3 > limit || !key.isAt(this.#view, at)) return false;
    const bytes = this.#bytes;
    const head = bytes[start++]!;
    let length = head & 0x1f;
    if (head === 0xda) {
      length = bytes[start]! << 8 | bytes[start + 1]!;
      start += 2;
    } else if ((head & 0xe0) !== 0xa0) return false;
    this.#value = start;
    this.#at = start + length;
    return this.#at <= limit;
  }

  /** A key at `#at`, and an integer in one of its four forms. */
  #uint(key: Literal, limit: number): boolean {
    const at = this.#at + key.length;
    if (at + 5 > limit || !key.isAt(this.#view, this.#at)) return false;
    const bytes = this.#bytes;
    const head = bytes[at]!;
    let size = 1;
    let value = head;
    if (head > 0x7f) {
      if (head === 0xcc) size = 2;
      else if (head === 0xcd) size = 3;
      else if (head === 0xce) size = 5;
      else return false;
      value = 0;
      for (let i = 1; i < size; i++) value = value * 0x100 + bytes[at + i]!;
    }
    this.#value = value;
    this.#at = at + size;
    return true;
  }
}
