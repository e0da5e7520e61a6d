/**
 * Streams: what is wrapped around the one message that each direction carries.
 *
 * ```
 * [f4 label]                        by the dialer only
 * [0a | length u32 | sealed]        when the cluster is encrypted; authenticated with 0a, length and the label
 *   [09 {Algo, Buf}]                when compression is on
 *     message                       type byte first: ping, ack, push/pull, user, err
 * ```
 * protocol.md B and A.9. Finding a message's end is stream_frame_reader.ts's part.
 */
import { SizeLimitError, WireError } from "../base/errors.ts";
import type { Random } from "../base/ports.ts";
import { Slab } from "../base/slab.ts";
import type { Label } from "../wire/label.ts";
import { MsgpackWriter } from "../wire/msgpack_writer.ts";
import { CIPHER_OVERHEAD_BYTES } from "../wire/packet_cipher.ts";
import {
  compressMessage,
  decompressMessage,
  encodeErr,
  STREAM_DECOMPRESSED_BYTES_MAX,
} from "./envelope_messages.ts";
import type { Keyring } from "./keyring.ts";
import { MessageType } from "./message_type.ts";
import { ENCRYPTED_BYTES_MAX, ENCRYPTED_HEADER_BYTES, StreamFrameReader } from "./stream_frame_reader.ts";

/** Who wrote the bytes: the dialer's come with the label in front, the acceptor's do not. */
export type StreamDirection = "request" | "reply";

/**
 * What the outer wrappers hold could not be read. Whoever accepted the stream answers with an err frame of this text
 * ({@linkcode StreamFrames.encodeErr}); other errors end the stream without a word.
 */
export class StreamUnwrapError extends WireError {}

/** How to wrap: shared by all streams of a node. */
export interface StreamFramesConfig {
  readonly label: Label;
  /** Always compress what we send. What we receive is decompressed whatever this says. */
  readonly compression: boolean;
  /** Present in an encrypted cluster: then everything is sealed, and everything must be. */
  readonly keyring: Keyring | undefined;
  /** For nonces. */
  readonly random: Random;
}

/** Pings over TCP and their answers, which live for a round trip, do not get a buffer each. */
const slab = new Slab(4096);

/** Wraps and unwraps the messages of streams. Stateless but for reused buffers. */
export class StreamFrames {
  readonly #config: StreamFramesConfig;
  readonly #writer = new MsgpackWriter(1024);

  constructor(config: StreamFramesConfig) {
    this.#config = config;
  }

  /** A reader for one stream in one direction. */
  newFrameReader(direction: StreamDirection): StreamFrameReader {
    return new StreamFrameReader(direction === "request", this.#config.keyring !== undefined);
  }

  /**
   * Wraps one message.
   *
   * @param message type byte first; copied.
   * @returns bytes of their own, ready for the transport.
   * @throws {SizeLimitError} when the sealed message would be larger than a peer accepts.
   */
  encode(message: Uint8Array, direction: StreamDirection): Uint8Array {
    const { label, keyring, random, compression } = this.#config;
    const header = direction === "request" ? label.header : EMPTY;
    let inner = message;
    if (compression) {
      // A buffer that grew for one huge state is not kept.
      const writer = message.length <= REUSED_BYTES_MAX ? this.#writer : new MsgpackWriter(message.length);
      writer.reset();
      compressMessage(writer, message, false);
      inner = writer.view();
    }
    if (keyring === undefined) {
      if (header.length === 0) return slab.copy(inner);
      const plain = new Uint8Array(header.length + inner.length);
      plain.set(header);
      plain.set(inner, header.length);
      return plain;
    }
    const length = inner.length + CIPHER_OVERHEAD_BYTES;
    if (length > ENCRYPTED_BYTES_MAX) {
      throw new SizeLimitError(
        `an encrypted message of ${length} bytes is larger than ${ENCRYPTED_BYTES_MAX}`,
      );
    }
    const frame = new Uint8Array(header.length + ENCRYPTED_HEADER_BYTES + length);
    frame.set(header);
    writeEncryptedHeader(frame, header.length, length);
    const aad = this.#aad(frame, header.length);
    keyring.sealInto(frame, header.length + ENCRYPTED_HEADER_BYTES, inner, aad, random);
    return frame;
  }

  /** An err reply, wrapped as every reply is. */
  encodeErr(text: string): Uint8Array {
    const writer = new MsgpackWriter(text.length + 32);
    encodeErr(writer, text);
    return this.encode(writer.view(), "reply");
  }

  /**
   * Unwraps one message.
   *
   * @param bytes a whole request or reply, as the frame reader delimited it.
   * @returns the message, type byte first, never empty; a view into `bytes` when nothing was encrypted or compressed.
   * @throws {StreamUnwrapError} when decryption or decompression fails, or is missing, or must not be.
   * @throws {WireError} for a wrong label, and when there is nothing.
   */
  decode(bytes: Uint8Array, direction: StreamDirection): Uint8Array {
    const { label, keyring } = this.#config;
    const start = direction === "request" ? label.strip(bytes, 0, bytes.length) : 0;
    if (start === bytes.length) throw new WireError("empty stream message", start);
    try {
      let message = bytes.subarray(start);
      if (bytes[start] === MessageType.encrypt) message = this.#open(bytes, start);
      else if (keyring !== undefined) {
        throw new WireError("Encryption is configured but remote state is not encrypted", start);
      }
      if (message[0] === MessageType.compress) {
        message = decompressMessage(message, 1, message.length, STREAM_DECOMPRESSED_BYTES_MAX);
      }
      if (message.length === 0) throw new WireError("The message is empty", start);
      return message;
    } catch (error) {
      if (error instanceof WireError) throw new StreamUnwrapError(error.message, error.offset);
      throw error;
    }
  }

  #open(bytes: Uint8Array, start: number): Uint8Array {
    const { keyring } = this.#config;
    if (keyring === undefined) {
      throw new WireError("Remote state is encrypted and encryption is not configured", start);
    }
    const body = start + ENCRYPTED_HEADER_BYTES;
    if (bytes.length < body) throw new WireError("encrypted frame is cut off", start);
    const length = readLength(bytes, start + 1);
    if (length > ENCRYPTED_BYTES_MAX) {
      throw new WireError(`Remote node state is larger than limit (${length})`, start);
    }
    if (length > bytes.length - body) throw new WireError("encrypted frame is cut off", start);
    return keyring.open(bytes, body, body + length, this.#aad(bytes, start));
  }

  /** The frame's header, as it stands at `at`, and the label (in both directions). */
  #aad(frame: Uint8Array, at: number): Uint8Array {
    const label = this.#config.label.bytes;
    const header = frame.subarray(at, at + ENCRYPTED_HEADER_BYTES);
    if (label.length === 0) return header;
    const aad = new Uint8Array(ENCRYPTED_HEADER_BYTES + label.length);
    aad.set(header);
    aad.set(label, ENCRYPTED_HEADER_BYTES);
    return aad;
  }
}

const EMPTY = new Uint8Array(0);
const REUSED_BYTES_MAX = 64 * 1024;

function writeEncryptedHeader(frame: Uint8Array, at: number, length: number): void {
  frame[at] = MessageType.encrypt;
  frame[at + 1] = length >>> 24;
  frame[at + 2] = length >>> 16;
  frame[at + 3] = length >>> 8;
  frame[at + 4] = length;
}

/** The u32 big-endian at `at`. */
function readLength(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!) >>> 0;
}
