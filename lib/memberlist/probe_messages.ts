/** The messages of the failure detector: ping, indirect ping, ack, nack. Conventions and layouts: messages.ts. */
import { NO_BYTES } from "../base/bytes.ts";
import { MsgpackReader } from "../wire/msgpack_reader.ts";
import type { MsgpackWriter } from "../wire/msgpack_writer.ts";
import { StructFields } from "../wire/struct_fields.ts";
import { MessageType } from "./message_type.ts";

const U16_MAX = 0xffff;
const U32_MAX = 0xffffffff;

// Decoding is synchronous and never re-entered: one reader serves all.
const reader = new MsgpackReader();

/** A probe. The answer goes to the source address if both it and its port are given, else to where the ping came from. */
export interface Ping {
  /** u32; the ack carries it back. */
  seqNo: number;
  /** Whom it is meant for; "" for whoever gets it. */
  node: string;
  /** 4 or 16 bytes of IP, or empty. Peers may send any length: check. */
  sourceAddr: Uint8Array;
  sourcePort: number;
  sourceNode: string;
}

const PING = new StructFields("SeqNo", "Node", "SourceAddr", "SourcePort", "SourceNode");

/** A ping to decode into. */
export function createPing(): Ping {
  return { seqNo: 0, node: "", sourceAddr: NO_BYTES, sourcePort: 0, sourceNode: "" };
}

/** Makes `ping` one of our own. @param local who asks. */
export function fillPing(
  ping: Ping,
  seqNo: number,
  node: string,
  local: Readonly<{ name: string; ip: Uint8Array; port: number }>,
): void {
  ping.seqNo = seqNo;
  ping.node = node;
  ping.sourceAddr = local.ip;
  ping.sourcePort = local.port;
  ping.sourceNode = local.name;
}

/** Appends the message. */
export function encodePing(writer: MsgpackWriter, ping: Readonly<Ping>): void {
  writer.byte(MessageType.ping).mapHeader(2 + countSource(ping));
  writer.string("Node").string(ping.node).string("SeqNo").uint(ping.seqNo);
  encodeSource(writer, ping);
}

/** @throws {WireError} when the body is malformed; `into` is then half filled. */
export function decodePing(bytes: Uint8Array, start: number, end: number, into: Ping): void {
  into.seqNo = 0;
  into.node = "";
  into.sourceAddr = NO_BYTES;
  into.sourcePort = 0;
  into.sourceNode = "";
  reader.reset(bytes, start, end).beginStruct(PING);
  for (let field = reader.nextField(); field >= 0; field = reader.nextField()) {
    if (field === 0) into.seqNo = reader.uint(U32_MAX);
    else if (field === 1) into.node = reader.string();
    else if (field === 2) into.sourceAddr = reader.bytes() ?? NO_BYTES;
    else if (field === 3) into.sourcePort = reader.uint(U16_MAX);
    else into.sourceNode = reader.string();
  }
}

/** A request to probe somebody on the sender's behalf. */
export interface IndirectPing {
  seqNo: number;
  /** IP bytes of the node to probe: 4 or 16; check. */
  target: Uint8Array;
  /** Its port; 0 stands for the receiver's own bind port. */
  port: number;
  /** Its name. */
  node: string;
  /** Whether a nack is wanted when the probe fails. */
  nack: boolean;
  sourceAddr: Uint8Array;
  sourcePort: number;
  sourceNode: string;
}

const INDIRECT_PING = new StructFields(
  "SeqNo",
  "Target",
  "Port",
  "Node",
  "Nack",
  "SourceAddr",
  "SourcePort",
  "SourceNode",
);

/** An indirect ping to decode into. */
export function createIndirectPing(): IndirectPing {
  return {
    seqNo: 0,
    target: NO_BYTES,
    port: 0,
    node: "",
    nack: false,
    sourceAddr: NO_BYTES,
    sourcePort: 0,
    sourceNode: "",
  };
}

/** Appends the message. */
export function encodeIndirectPing(writer: MsgpackWriter, ping: Readonly<IndirectPing>): void {
  writer.byte(MessageType.indirectPing).mapHeader(5 + countSource(ping));
  writer.string("Nack").bool(ping.nack).string("Node").string(ping.node);
  writer.string("Port").uint(ping.port).string("SeqNo").uint(ping.seqNo);
  encodeSource(writer, ping);
  writer.string("Target").bytes(ping.target);
}

/** @throws {WireError} when the body is malformed; `into` is then half filled. */
export function decodeIndirectPing(bytes: Uint8Array, start: number, end: number, into: IndirectPing): void {
  into.seqNo = 0;
  into.target = NO_BYTES;
  into.port = 0;
  into.node = "";
  into.nack = false;
  into.sourceAddr = NO_BYTES;
  into.sourcePort = 0;
  into.sourceNode = "";
  reader.reset(bytes, start, end).beginStruct(INDIRECT_PING);
  for (let field = reader.nextField(); field >= 0; field = reader.nextField()) {
    if (field === 0) into.seqNo = reader.uint(U32_MAX);
    else if (field === 1) into.target = reader.bytes() ?? NO_BYTES;
    else if (field === 2) into.port = reader.uint(U16_MAX);
    else if (field === 3) into.node = reader.string();
    else if (field === 4) into.nack = reader.bool();
    else if (field === 5) into.sourceAddr = reader.bytes() ?? NO_BYTES;
    else if (field === 6) into.sourcePort = reader.uint(U16_MAX);
    else into.sourceNode = reader.string();
  }
}

/** The three fields that say where an answer goes; each is left out when empty. */
type Source = Pick<Ping, "sourceAddr" | "sourcePort" | "sourceNode">;

function countSource(source: Readonly<Source>): number {
  return Number(source.sourceAddr.length > 0) + Number(source.sourceNode !== "") +
    Number(source.sourcePort !== 0);
}

function encodeSource(writer: MsgpackWriter, source: Readonly<Source>): void {
  if (source.sourceAddr.length > 0) writer.string("SourceAddr").bytes(source.sourceAddr);
  if (source.sourceNode !== "") writer.string("SourceNode").string(source.sourceNode);
  if (source.sourcePort !== 0) writer.string("SourcePort").uint(source.sourcePort);
}

/** The answer to a ping. */
export interface Ack {
  seqNo: number;
  /** What the layer above gave; null on streams and when forwarded for an indirect ping. */
  payload: Uint8Array | null;
}

const ACK = new StructFields("SeqNo", "Payload");

/** An ack to decode into. */
export function createAck(): Ack {
  return { seqNo: 0, payload: null };
}

/** Appends the message. */
export function encodeAck(writer: MsgpackWriter, seqNo: number, payload: Uint8Array | null): void {
  writer.byte(MessageType.ack).mapHeader(2);
  writer.string("Payload").bytes(payload).string("SeqNo").uint(seqNo);
}

/** @throws {WireError} when the body is malformed; `into` is then half filled. */
export function decodeAck(bytes: Uint8Array, start: number, end: number, into: Ack): void {
  into.seqNo = 0;
  into.payload = null;
  reader.reset(bytes, start, end).beginStruct(ACK);
  for (let field = reader.nextField(); field >= 0; field = reader.nextField()) {
    if (field === 0) into.seqNo = reader.uint(U32_MAX);
    else into.payload = reader.bytes();
  }
}

const NACK = new StructFields("SeqNo");

/** Appends the message: a helper could not reach the target of an indirect ping. */
export function encodeNack(writer: MsgpackWriter, seqNo: number): void {
  writer.byte(MessageType.nack).mapHeader(1).string("SeqNo").uint(seqNo);
}

/** @returns the sequence number. @throws {WireError} when the body is malformed. */
export function decodeNack(bytes: Uint8Array, start: number, end: number): number {
  let seqNo = 0;
  reader.reset(bytes, start, end).beginStruct(NACK);
  while (reader.nextField() >= 0) seqNo = reader.uint(U32_MAX);
  return seqNo;
}
