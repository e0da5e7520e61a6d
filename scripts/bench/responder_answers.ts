/** What a member that does not exist says to a packet: an ack for every ping in it. */
import {
  createIndirectPing,
  createPing,
  decodeIndirectPing,
  decodePing,
  decompressMessage,
  encodeAck,
  MessageType,
} from "../../lib/memberlist/messages.ts";
import { decodeCompound } from "../../lib/wire/compound.ts";
import { CRC_HEADER_BYTES } from "../../lib/wire/crc32.ts";
import { MsgpackWriter } from "../../lib/wire/msgpack_writer.ts";

/** More than a packet of 64 KiB can become, within reason. */
const INFLATED_BYTES_MAX = 1 << 20;

const ping = createPing();
const indirectPing = createIndirectPing();
const writer = new MsgpackWriter();

/** @returns acks for the pings, direct and indirect, in one packet without a label or encryption. */
export function answersTo(packet: Uint8Array): Uint8Array[] {
  const acks: Uint8Array[] = [];
  const start = packet[0] === MessageType.crc ? CRC_HEADER_BYTES : 0;
  collectAcks(packet, start, packet.length, acks);
  return acks;
}

function collectAcks(bytes: Uint8Array, start: number, end: number, acks: Uint8Array[]): void {
  switch (bytes[start]) {
    case MessageType.ping:
      decodePing(bytes, start + 1, end, ping);
      return void acks.push(createAck(ping.seqNo));
    case MessageType.indirectPing:
      decodeIndirectPing(bytes, start + 1, end, indirectPing);
      return void acks.push(createAck(indirectPing.seqNo));
    case MessageType.compound:
      decodeCompound(bytes, start + 1, end, (from, to) => collectAcks(bytes, from, to, acks));
      return;
    case MessageType.compress: {
      const inner = decompressMessage(bytes, start + 1, end, INFLATED_BYTES_MAX);
      return collectAcks(inner, 0, inner.length, acks);
    }
  }
}

function createAck(seqNo: number): Uint8Array {
  writer.reset();
  encodeAck(writer, seqNo, null);
  return writer.copy();
}
