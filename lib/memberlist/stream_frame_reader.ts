/** Finds where the message at the start of a stream ends, without decoding it. protocol.md B. */
import { WireError } from "../base/errors.ts";
import type { FrameReader } from "../base/ports.ts";
import { labelHeaderBytes } from "../wire/label.ts";
import { MsgpackReader } from "../wire/msgpack_reader.ts";
import { containedValues, measureValue } from "../wire/msgpack_scan.ts";
import { MessageType } from "./message_type.ts";
import { NodeRecord, RECORD_KEYS } from "./node_record.ts";
import { decodePushPullHeader, decodeUserHeader } from "./push_pull_messages.ts";

/** `0a | length u32`. */
export const ENCRYPTED_HEADER_BYTES = 5;
/** The longest sealed payload: 20 MiB, exactly that included. */
export const ENCRYPTED_BYTES_MAX: number = 20 * 1024 * 1024;
/** The longest plain message, compressed or not, whatever its parts announce: 40 MiB. */
export const STREAM_MESSAGE_BYTES_MAX: number = 40 * 1024 * 1024;

/** What comes next in the stream. */
const Stage = { label: 0, type: 1, encrypted: 2, header: 3, values: 4, raw: 5, broken: 6 } as const;
type Stage = typeof Stage[keyof typeof Stage];

const reader = new MsgpackReader();
const record = new NodeRecord();

/**
 * One stream's reader.
 *
 * ```
 * label -> type -> encrypted ------------------------> raw -> complete
 *               -> header -> values (push/pull nodes) -> raw -> complete        any stage -> broken
 *               -> values (one) ----------------------> raw
 * ```
 * It remembers how far it came and how many MessagePack values are pending, so that every byte is looked at once,
 * however the stream is cut; nesting costs no stack. Each limit is checked as soon as it can be.
 */
export class StreamFrameReader implements FrameReader {
  #stage: Stage;
  /** Everything before this was understood. */
  #position = 0;
  /** Values still to pass over. */
  #pending = 0;
  /** Raw bytes that follow the values. */
  #rawBytes = 0;
  /** Where the header began, and which message it belongs to. */
  #headerStart = 0;
  #type = 0;
  readonly #isEncrypted: boolean;

  /**
   * @param fromDialer whether a label may come first.
   * @param isEncrypted whether the cluster is: what is wrapped otherwise is complete with its first byte, for whoever
   *   decodes it refuses it whatever follows.
   */
  constructor(fromDialer: boolean, isEncrypted: boolean) {
    this.#stage = fromDialer ? Stage.label : Stage.type;
    this.#isEncrypted = isEncrypted;
  }

  scan(bytes: Uint8Array, length: number): number {
    try {
      while (this.#step(bytes, length));
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#stage = Stage.broken;
    }
    record.close();
    if (this.#stage === Stage.broken) return length;
    return this.#stage === Stage.raw && this.#position <= length ? this.#position : 0;
  }

  /** @returns whether it got further; false means "need more", or "broken". */
  #step(bytes: Uint8Array, length: number): boolean {
    switch (this.#stage) {
      case Stage.label:
        return this.#onLabel(bytes, length);
      case Stage.type:
        return this.#onType(bytes, length);
      case Stage.encrypted:
        return this.#onEncrypted(bytes, length);
      case Stage.header:
        return this.#passValues(bytes, length) && this.#onHeader(bytes);
      case Stage.values:
        return this.#passValues(bytes, length) && this.#expectRaw();
      default:
        return false;
    }
  }

  #onLabel(bytes: Uint8Array, length: number): boolean {
    if (length === 0) return false;
    if (bytes[0] === MessageType.label) {
      const size = labelHeaderBytes(bytes, 0, length);
      if (size < 0) return false;
      this.#position = size;
    }
    this.#stage = Stage.type;
    return true;
  }

  #onType(bytes: Uint8Array, length: number): boolean {
    if (this.#position >= length) return false;
    const type = bytes[this.#position]!;
    if ((type === MessageType.encrypt) !== this.#isEncrypted) return this.#break();
    this.#type = type;
    if (type === MessageType.encrypt) {
      this.#stage = Stage.encrypted;
      return true;
    }
    this.#position++;
    this.#headerStart = this.#position;
    this.#pending = 1;
    switch (type) {
      case MessageType.pushPull:
      case MessageType.user:
        this.#stage = Stage.header;
        return true;
      case MessageType.ping:
      case MessageType.ack:
      case MessageType.compress:
      case MessageType.err:
        this.#stage = Stage.values;
        return true;
      default:
        return this.#break();
    }
  }

  #onEncrypted(bytes: Uint8Array, length: number): boolean {
    const at = this.#position;
    if (length - at < ENCRYPTED_HEADER_BYTES) return false;
    const size = (bytes[at + 1]! << 24 | bytes[at + 2]! << 16 | bytes[at + 3]! << 8 | bytes[at + 4]!) >>> 0;
    if (size > ENCRYPTED_BYTES_MAX) return this.#break();
    this.#rawBytes = size;
    this.#position += ENCRYPTED_HEADER_BYTES;
    return this.#expectRaw();
  }

  #onHeader(bytes: Uint8Array): boolean {
    reader.reset(bytes, this.#headerStart, this.#position);
    if (this.#type === MessageType.pushPull) {
      const header = decodePushPullHeader(reader);
      this.#pending = header.nodes;
      this.#rawBytes = header.userStateLen;
    } else this.#rawBytes = decodeUserHeader(reader);
    reader.reset(NOTHING);
    this.#stage = Stage.values;
    return true;
  }

  /** @returns true when no value is pending. */
  #passValues(bytes: Uint8Array, length: number): boolean {
    let isOpen = false;
    while (this.#pending > 0) {
      // Nearly all values are entries of the usual form, and these are passed over in one step.
      const isRecord = bytes[this.#position] === RECORD_HEAD;
      if (isRecord && !isOpen) {
        record.open(bytes);
        isOpen = true;
      }
      if (isRecord && record.read(this.#position, length)) {
        if (record.end + this.#pending - 1 > STREAM_MESSAGE_BYTES_MAX) return this.#break();
        this.#position = record.end;
        this.#pending--;
        continue;
      }
      const size = measureValue(bytes, this.#position, length);
      if (this.#position + size + this.#pending - 1 > STREAM_MESSAGE_BYTES_MAX) return this.#break();
      if (size === 0 || this.#position + size > length) return false;
      this.#position += size;
      this.#pending += containedValues - 1;
    }
    return true;
  }

  #expectRaw(): boolean {
    this.#position += this.#rawBytes;
    if (this.#position > STREAM_MESSAGE_BYTES_MAX) return this.#break();
    this.#stage = Stage.raw;
    return true;
  }

  #break(): boolean {
    this.#stage = Stage.broken;
    return false;
  }
}

const RECORD_HEAD = RECORD_KEYS.addr.words[0]! >>> 24;
const NOTHING = new Uint8Array(0);
