/** Join and leave intents. Conventions and layouts: messages.ts. */
import { MsgpackReader } from "../wire/msgpack_reader.ts";
import type { MsgpackWriter } from "../wire/msgpack_writer.ts";
import { StructFields } from "../wire/struct_fields.ts";
import { SerfMessageType } from "./message_type.ts";

const reader = new MsgpackReader();

/** A node says that it joined. */
export interface JoinMessage {
  lTime: number;
  node: string;
}

const JOIN = new StructFields("LTime", "Node");

/** Appends the message. */
export function encodeJoin(writer: MsgpackWriter, lTime: number, node: string): void {
  writer.byte(SerfMessageType.join).mapHeader(2).string("LTime").uint(lTime).string("Node").string(node);
}

/** @throws {WireError} when the body is malformed. */
export function decodeJoin(bytes: Uint8Array, start: number, end: number): JoinMessage {
  const message: JoinMessage = { lTime: 0, node: "" };
  reader.reset(bytes, start, end).beginStruct(JOIN);
  for (let field = reader.nextField(); field >= 0; field = reader.nextField()) {
    if (field === 0) message.lTime = reader.uint64();
    else message.node = reader.string();
  }
  return message;
}

/** A node says that it, or another one, leaves. */
export interface LeaveMessage {
  lTime: number;
  node: string;
  /** Whether to forget the node at once. Old peers do not send it. */
  prune: boolean;
}

const LEAVE = new StructFields("LTime", "Node", "Prune");

/** Appends the message. */
export function encodeLeave(writer: MsgpackWriter, lTime: number, node: string, prune: boolean): void {
  writer.byte(SerfMessageType.leave).mapHeader(3).string("LTime").uint(lTime).string("Node").string(node);
  writer.string("Prune").bool(prune);
}

/** @throws {WireError} when the body is malformed. */
export function decodeLeave(bytes: Uint8Array, start: number, end: number): LeaveMessage {
  const message: LeaveMessage = { lTime: 0, node: "", prune: false };
  reader.reset(bytes, start, end).beginStruct(LEAVE);
  for (let field = reader.nextField(); field >= 0; field = reader.nextField()) {
    if (field === 0) message.lTime = reader.uint64();
    else if (field === 1) message.node = reader.string();
    else message.prune = reader.bool();
  }
  return message;
}
