/** A message to be passed on to somebody else. Conventions and layouts: messages.ts. */
import { NO_BYTES } from "../base/bytes.ts";
import { MsgpackReader } from "../wire/msgpack_reader.ts";
import type { MsgpackWriter } from "../wire/msgpack_writer.ts";
import { StructFields } from "../wire/struct_fields.ts";
import { SerfMessageType } from "./message_type.ts";

const U16_MAX = 0xffff;
const reader = new MsgpackReader();

/** Where a relayed message goes, and the message. */
export interface RelayMessage {
  /** IP bytes, 4 or 16; peers may send any length: check. */
  ip: Uint8Array;
  port: number;
  /** The receiver's name; has no use over UDP. Old peers do not send it. */
  destName: string;
  /** The Serf message to pass on unchanged, type byte first; may be anything, even empty. */
  inner: Uint8Array;
}

const RELAY = new StructFields("DestAddr", "DestName");
const UDP_ADDR = new StructFields("IP", "Port", "Zone");

/** Appends the message. */
export function encodeRelay(writer: MsgpackWriter, relay: Readonly<RelayMessage>): void {
  writer.byte(SerfMessageType.relay).mapHeader(2).string("DestAddr").mapHeader(3);
  writer.string("IP").bytes(relay.ip).string("Port").uint(relay.port).string("Zone").string("");
  writer.string("DestName").string(relay.destName).raw(relay.inner);
}

/** @throws {WireError} when the header is malformed. */
export function decodeRelay(bytes: Uint8Array, start: number, end: number): RelayMessage {
  const relay: RelayMessage = { ip: NO_BYTES, port: 0, destName: "", inner: NO_BYTES };
  reader.reset(bytes, start, end).beginStruct(RELAY);
  for (let field = reader.nextField(); field >= 0; field = reader.nextField()) {
    if (field === 0) readDestination(relay);
    else relay.destName = reader.string();
  }
  relay.inner = reader.rest();
  return relay;
}

function readDestination(relay: RelayMessage): void {
  reader.beginStruct(UDP_ADDR);
  for (let field = reader.nextField(); field >= 0; field = reader.nextField()) {
    if (field === 0) relay.ip = reader.bytes() ?? NO_BYTES;
    else if (field === 1) relay.port = reader.uint(U16_MAX);
    else reader.string();
  }
}
