/**
 * Datagrams on their way out: messages, and whatever gossip still fits beside them.
 *
 * ```
 * [f4 label] [encrypted] [0c CRC] [09 compressed] [07 compound] messages                        outermost first
 * ```
 * protocol.md A.9, A.10.
 */
import type { Address } from "../base/address.ts";
import { assert } from "../base/assert.ts";
import type { Metric } from "../base/metrics.ts";
import { COMPOUND_HEADER_BYTES, COMPOUND_PART_OVERHEAD_BYTES, COMPOUND_PARTS_MAX } from "../wire/compound.ts";
import { CRC_HEADER_BYTES, writeCrcHeader } from "../wire/crc32.ts";
import type { Label } from "../wire/label.ts";
import { MsgpackWriter } from "../wire/msgpack_writer.ts";
import { CIPHER_OVERHEAD_BYTES } from "../wire/packet_cipher.ts";
import type { BroadcastSink } from "./delegate.ts";
import type { Engine } from "./engine.ts";
import type { Keyring } from "./keyring.ts";
import { compressMessage, MessageType } from "./messages.ts";
import type { NodeState } from "./node_state.ts";

/** Nodes of this memberlist version understand the CRC wrapper. */
const CRC_VERSION = 5;
/**
 * Packets shorter than this are not tried to be compressed. The wrapper costs 12 bytes and LZW spends at least 9 bits
 * on each new byte, so only repetition wins: measured, it takes two alive messages (176 bytes). The most frequent packet
 * of all, a bare ack with its eleven floats (150 to 154 bytes), stays below, and never got smaller.
 */
const COMPRESSION_BYTES_MIN = 160;
/** Room in front of the messages for every header that may follow: compound lengths and CRC; the label comes on top. */
const HEADROOM_BYTES = COMPOUND_HEADER_BYTES + COMPOUND_PARTS_MAX * COMPOUND_PART_OVERHEAD_BYTES +
  CRC_HEADER_BYTES;
const NOTHING = new Uint8Array(HEADROOM_BYTES);

// Sending is synchronous and never re-entered: all senders of a process build their packets in the same place. Of the
// thousand in a simulation each would else find its own buffers gone from the processor's cache.
let packetBuffer: Uint8Array = new Uint8Array(4096);
let sealed: Uint8Array = new Uint8Array(0);
const compressed = new MsgpackWriter(2048);
const lengths = new Uint16Array(COMPOUND_PARTS_MAX);

/**
 * Builds one packet at a time in a buffer that is reused, and gives it to the transport. The messages are laid out
 * once; every header then goes into the room in front of them.
 *
 * While a packet is being filled nothing else may be sent: callbacks of finished broadcasts must not.
 */
export class PacketSender implements BroadcastSink {
  readonly #engine: Engine;
  readonly #sentBytes: Metric;
  readonly #label: Label;
  readonly #labelBytes: number;
  readonly #keyring: Keyring | undefined;
  /** What a packet that we fill may hold, compound framing included. */
  readonly #budgetBytes: number;
  /** Where the messages begin in the buffer. */
  readonly #start: number;
  #end = 0;
  #count = 0;
  #leftBytes = 0;
  #isFilling = false;

  constructor(engine: Engine, label: Label, keyring: Keyring | undefined) {
    this.#engine = engine;
    this.#sentBytes = engine.metrics.named("counter", "memberlist.udp.sent");
    this.#label = label;
    this.#labelBytes = label.header.length;
    this.#keyring = keyring;
    const sealOverhead = keyring === undefined ? 0 : CIPHER_OVERHEAD_BYTES;
    const { packetBytesMax } = engine.options;
    this.#budgetBytes = packetBytesMax - label.header.length - sealOverhead;
    this.#start = HEADROOM_BYTES + label.header.length;
  }

  /**
   * Sends a message of our own (ping, ack, ...) with the gossip that fits beside it.
   * @returns false when the local system refused it.
   */
  sendDirect(to: Address, message: Uint8Array): boolean {
    this.#begin();
    this.#append(message);
    this.#fill(this.#budgetBytes - COMPOUND_HEADER_BYTES - message.length);
    return this.#send(to, false);
  }

  /** Sends two messages that belong together, and no gossip. @returns as sendDirect. */
  sendPair(node: NodeState, first: Uint8Array, second: Uint8Array): boolean {
    this.#begin();
    this.#append(first);
    this.#append(second);
    return this.#send(node.address, knowsCrc(node));
  }

  /** Sends a message of the layer above (type byte 8 first), alone. @returns as sendDirect. */
  sendUser(to: Address, message: Uint8Array): boolean {
    this.#begin();
    this.#append(message);
    return this.#send(to, false);
  }

  /** Sends a packet of gossip. @returns false when there is nothing that fits into one. */
  sendGossip(node: NodeState): boolean {
    this.#begin();
    this.#fill(this.#budgetBytes - COMPOUND_HEADER_BYTES);
    if (this.#count === 0) return false;
    this.#engine.counters.gossips++;
    this.#send(node.address, knowsCrc(node));
    return true;
  }

  /** For those who fill the packet. */
  roomBytes(): number {
    return this.#count < COMPOUND_PARTS_MAX ? this.#leftBytes - COMPOUND_PART_OVERHEAD_BYTES : -1;
  }

  /** For those who fill the packet. */
  add(message: Uint8Array): void {
    assert(this.#isFilling && message.length <= this.roomBytes(), "a broadcast must fit into the packet");
    this.#leftBytes -= message.length + COMPOUND_PART_OVERHEAD_BYTES;
    this.#append(message);
  }

  #begin(): void {
    assert(!this.#isFilling, "nothing may be sent while a packet is being filled");
    this.#end = this.#start;
    this.#count = 0;
  }

  #append(message: Uint8Array): void {
    const end = this.#end + message.length;
    if (end > packetBuffer.length) growPacketBuffer(end, this.#end);
    packetBuffer.set(message, this.#end);
    this.#end = end;
    lengths[this.#count++] = message.length;
  }

  /** Memberlist's own news first, then the layer above: it has other ways to spread its own. */
  #fill(leftBytes: number): void {
    const { queue, delegate } = this.#engine;
    this.#leftBytes = leftBytes;
    if (this.roomBytes() <= 0) return;
    this.#isFilling = true;
    try {
      queue.fill(this);
      if (this.roomBytes() > 0) delegate.fillBroadcasts(this);
    } finally {
      this.#isFilling = false;
    }
  }

  #send(to: Address, withCrc: boolean): boolean {
    let buffer = packetBuffer;
    let start = this.#count > 1 ? this.#writeCompoundHeader() : this.#start;
    let end = this.#end;
    if (this.#engine.options.compression && end - start >= COMPRESSION_BYTES_MIN) {
      const room = this.#start;
      const shorter = this.#compress(buffer.subarray(start, end), room);
      if (shorter !== undefined) [buffer, start, end] = [shorter, room, shorter.length];
    }
    if (withCrc) {
      start -= CRC_HEADER_BYTES;
      writeCrcHeader(buffer.subarray(start, end));
    }
    return this.#transmit(to, this.#wrap(buffer, start, end));
  }

  #writeCompoundHeader(): number {
    const count = this.#count;
    const start = this.#start - COMPOUND_HEADER_BYTES - count * COMPOUND_PART_OVERHEAD_BYTES;
    const buffer = packetBuffer;
    buffer[start] = MessageType.compound;
    buffer[start + 1] = count;
    for (let i = 0, at = start + COMPOUND_HEADER_BYTES; i < count; i++) {
      buffer[at++] = lengths[i]! >>> 8;
      buffer[at++] = lengths[i]!;
    }
    return start;
  }

  /** @returns the compressed packet after `room` free bytes, or undefined when it would not be shorter. */
  #compress(packet: Uint8Array, room: number): Uint8Array | undefined {
    compressed.reset();
    compressed.raw(room <= NOTHING.length ? NOTHING.subarray(0, room) : new Uint8Array(room));
    return compressMessage(compressed, packet, true) ? compressed.view() : undefined;
  }

  /** Encrypts and labels. */
  #wrap(buffer: Uint8Array, start: number, end: number): Uint8Array {
    if (this.#keyring === undefined && this.#labelBytes === 0) return buffer.subarray(start, end);
    const { header, bytes: aad } = this.#label;
    if (this.#keyring === undefined) {
      buffer.set(header, start -= header.length);
      return buffer.subarray(start, end);
    }
    const size = header.length + end - start + CIPHER_OVERHEAD_BYTES;
    if (size > sealed.length) sealed = new Uint8Array(2 * size);
    sealed.set(header);
    const plaintext = buffer.subarray(start, end);
    const length = this.#keyring.sealInto(sealed, header.length, plaintext, aad, this.#engine.random);
    return sealed.subarray(0, header.length + length);
  }

  #transmit(to: Address, packet: Uint8Array): boolean {
    const { transport, counters } = this.#engine;
    const isSent = transport.sendPacket(to, packet);
    if (isSent) {
      counters.packetsSent++;
      counters.bytesSent += packet.length;
      this.#sentBytes.record(packet.length);
    } else counters.sendsRefused++;
    return isSent;
  }
}

/** @param used how much of it is kept. */
function growPacketBuffer(end: number, used: number): void {
  const grown = new Uint8Array(Math.max(end, packetBuffer.length * 2));
  grown.set(packetBuffer.subarray(0, used));
  packetBuffer = grown;
}

function knowsCrc(node: NodeState): boolean {
  return node.versions.pMax >= CRC_VERSION;
}
