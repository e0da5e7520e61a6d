/**
 * Datagrams on their way in: unwrapped, taken apart, and each message handed to whom it concerns. protocol.md A.9.
 *
 * What breaks the rules is counted, logged at a bounded rate and dropped; it never stops the rest. A packet may make us
 * do a bounded amount of work, however cunningly it is wrapped.
 */
import { NO_BYTES } from "../base/bytes.ts";
import type { Address } from "../base/address.ts";
import type { Metric } from "../base/metrics.ts";
import { WireError } from "../base/errors.ts";
import { LogLevel } from "../base/ports.ts";
import { checkCrcHeader } from "../wire/crc32.ts";
import type { Label } from "../wire/label.ts";
import type { Engine } from "./engine.ts";
import type { Keyring } from "./keyring.ts";
import type { Membership } from "./membership.ts";
import {
  createAccusation,
  createAck,
  createAlive,
  createIndirectPing,
  createPing,
  decodeAck,
  decodeAlive,
  decodeDead,
  decodeIndirectPing,
  decodeNack,
  decodePing,
  decodeSuspect,
  decompressMessage,
  MessageType,
  PACKET_DECOMPRESSED_BYTES_MAX,
} from "./messages.ts";
import type { PingResponder } from "./ping_responder.ts";

/** Wrappers within wrappers. An honest packet has two: compressed, compound. */
const DEPTH_MAX = 8;
/** Messages in one packet. A compound holds 255, and an honest packet 1400 bytes. */
const MESSAGES_MAX = 512;
/** Messages in one packet that make us send something. An honest packet has one. */
const REQUESTS_MAX = 8;

/** Of a message without even a type byte. */
const NO_TYPE = -1;
/** What the log says, by message type: the words of HashiCorp's agents, which people search for. */
const DECODE_FAILURES: Readonly<Record<number, string>> = {
  [MessageType.ping]: "Failed to decode ping request:",
  [MessageType.indirectPing]: "Failed to decode indirect ping request:",
  [MessageType.ack]: "Failed to decode ack response:",
  [MessageType.nack]: "Failed to decode nack response:",
  [MessageType.suspect]: "Failed to decode suspect message:",
  [MessageType.alive]: "Failed to decode alive message:",
  [MessageType.dead]: "Failed to decode dead message:",
  [MessageType.compound]: "Failed to decode compound request:",
  [MessageType.compress]: "Failed to decompress payload:",
};

// Handling a packet is synchronous and never re-entered: all receivers of a process decode into the same objects.
const ping = createPing();
const indirectPing = createIndirectPing();
const ack = createAck();
const alive = createAlive();
const accusation = createAccusation();

/** See the top of the file. Allocates nothing for a plain packet. */
export class PacketReceiver {
  readonly #engine: Engine;
  readonly #label: Label;
  readonly #isLabelled: boolean;
  readonly #keyring: Keyring | undefined;
  readonly #membership: Membership;
  readonly #responder: PingResponder;
  readonly #receivedBytes: Metric;

  // What the packet at hand may still make us do.
  #messagesLeft = 0;
  #requestsLeft = 0;
  #inflatableBytes = 0;

  constructor(
    engine: Engine,
    label: Label,
    keyring: Keyring | undefined,
    membership: Membership,
    responder: PingResponder,
  ) {
    this.#engine = engine;
    this.#label = label;
    this.#isLabelled = label.header.length > 0;
    this.#keyring = keyring;
    this.#membership = membership;
    this.#responder = responder;
    this.#receivedBytes = engine.metrics.named("counter", "memberlist.udp.received");
  }

  /** @param bytes borrowed for the call. */
  onPacket(from: Address, bytes: Uint8Array): void {
    const { counters } = this.#engine;
    counters.packetsReceived++;
    counters.bytesReceived += bytes.length;
    this.#receivedBytes.record(bytes.length);
    this.#messagesLeft = MESSAGES_MAX;
    this.#requestsLeft = REQUESTS_MAX;
    this.#inflatableBytes = PACKET_DECOMPRESSED_BYTES_MAX;

    let start = 0;
    if (this.#isLabelled || bytes[0] === MessageType.label) {
      start = this.#stripLabel(from, bytes);
      if (start < 0) return;
    }
    let plain = bytes;
    if (this.#keyring !== undefined) {
      const opened = this.#open(from, this.#keyring, bytes, start);
      if (opened === undefined) return;
      plain = opened;
      start = 0;
    }
    if (plain[start] === MessageType.crc) {
      start = this.#checkCrc(from, plain, start);
      if (start < 0) return;
    }
    this.#onMessage(from, plain, start, plain.length, 0);
  }

  #stripLabel(from: Address, bytes: Uint8Array): number {
    try {
      return this.#label.strip(bytes, 0, bytes.length);
    } catch (error) {
      this.#report(LogLevel.error, "discarding packet with", error, from);
      this.#engine.counters.labelMismatches++;
      return -1;
    }
  }

  #open(from: Address, keyring: Keyring, bytes: Uint8Array, start: number): Uint8Array | undefined {
    try {
      return keyring.open(bytes, start, bytes.length, this.#label.bytes);
    } catch (error) {
      this.#report(LogLevel.error, "Decrypt packet failed:", error, from);
      this.#engine.counters.undecryptable++;
      return undefined;
    }
  }

  #checkCrc(from: Address, bytes: Uint8Array, start: number): number {
    try {
      return checkCrcHeader(bytes, start, bytes.length);
    } catch (error) {
      this.#report(LogLevel.warn, "Got invalid checksum for UDP packet:", error, from);
      this.#engine.counters.badChecksums++;
      return -1;
    }
  }

  /** One message, `bytes[start, end)`, type byte first. `depth` wrappers are around it. */
  #onMessage(from: Address, bytes: Uint8Array, start: number, end: number, depth: number): void {
    if (this.#messagesLeft === 0 || depth > DEPTH_MAX) {
      this.#engine.counters.overLimit++;
      return;
    }
    this.#messagesLeft--;
    const type = start < end ? bytes[start]! : NO_TYPE;
    try {
      this.#dispatch(type, from, bytes, start + 1, end, depth);
    } catch (error) {
      this.#report(LogLevel.error, DECODE_FAILURES[type] ?? "Failed to decode message:", error, from);
      this.#engine.counters.malformed++;
    }
  }

  /** @param body where what follows the type byte begins. @throws {WireError} when the message is malformed. */
  #dispatch(
    type: number,
    from: Address,
    bytes: Uint8Array,
    body: number,
    end: number,
    depth: number,
  ): void {
    switch (type) {
      case MessageType.ping:
        decodePing(bytes, body, end, ping);
        if (this.#takeRequest()) this.#responder.onPing(ping, from);
        return;
      case MessageType.indirectPing:
        decodeIndirectPing(bytes, body, end, indirectPing);
        if (this.#takeRequest()) this.#responder.onIndirectPing(indirectPing, from);
        return;
      case MessageType.ack:
        decodeAck(bytes, body, end, ack);
        this.#engine.acks.onAck(ack.seqNo, ack.payload ?? NO_BYTES);
        return;
      case MessageType.nack:
        this.#engine.acks.onNack(decodeNack(bytes, body, end));
        return;
      case MessageType.alive:
        decodeAlive(bytes, body, end, alive);
        this.#membership.onAlive(alive);
        return;
      case MessageType.suspect:
        decodeSuspect(bytes, body, end, accusation);
        this.#membership.onSuspect(accusation);
        return;
      case MessageType.dead:
        decodeDead(bytes, body, end, accusation);
        this.#membership.onDead(accusation);
        return;
      case MessageType.user:
        this.#engine.delegate.onUserMessage(bytes.subarray(body, end));
        return;
      case MessageType.compound:
        this.#onCompound(from, bytes, body, end, depth);
        return;
      case MessageType.compress:
        this.#onCompressed(from, bytes, body, end, depth);
        return;
      case NO_TYPE:
        throw new WireError("missing message type byte", end);
      default:
        this.#onUnsupported(from, type);
    }
  }

  /** By hand, not through a visitor: a compound costs no closure. */
  #onCompound(from: Address, bytes: Uint8Array, start: number, end: number, depth: number): void {
    const count = start < end ? bytes[start]! : 0;
    let at = start + 1 + 2 * count;
    if (start >= end || at > end) throw new WireError("compound is cut off in its lengths", start);
    for (let i = 0; i < count; i++) {
      const lengthAt = start + 1 + 2 * i;
      const next = at + (bytes[lengthAt]! << 8 | bytes[lengthAt + 1]!);
      if (next > end) {
        this.#onTruncated(from, count - i);
        return;
      }
      this.#onMessage(from, bytes, at, next, depth + 1);
      at = next;
    }
  }

  #onCompressed(from: Address, bytes: Uint8Array, start: number, end: number, depth: number): void {
    const allowance = this.#inflatableBytes;
    // What fails has cost its work as well; there is nothing left after it.
    this.#inflatableBytes = 0;
    const message = decompressMessage(bytes, start, end, allowance);
    this.#inflatableBytes = allowance - message.length;
    this.#onMessage(from, message, 0, message.length, depth + 1);
  }

  #takeRequest(): boolean {
    if (this.#requestsLeft > 0) {
      this.#requestsLeft--;
      return true;
    }
    this.#engine.counters.overLimit++;
    return false;
  }

  #onTruncated(from: Address, missing: number): void {
    const { counters, strangers } = this.#engine;
    counters.truncated += missing;
    if (strangers.admits(LogLevel.warn)) {
      strangers.log(
        LogLevel.warn,
        `memberlist: Compound request had ${missing} truncated messages from=${from}`,
      );
    }
  }

  #onUnsupported(from: Address, type: number): void {
    const { counters, strangers } = this.#engine;
    counters.unsupported++;
    if (strangers.admits(LogLevel.error)) {
      strangers.log(LogLevel.error, `memberlist: msg type (${type}) not supported from=${from}`);
    }
  }

  /** @throws what is no {@linkcode WireError}: it is a bug of ours. */
  #report(level: LogLevel, what: string, error: unknown, from: Address): void {
    if (!(error instanceof WireError)) throw error;
    const { strangers } = this.#engine;
    if (strangers.admits(level)) strangers.log(level, `memberlist: ${what} ${error.message} from=${from}`);
  }
}
