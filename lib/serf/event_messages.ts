/** User events. Conventions and layouts: messages.ts. */
import { MsgpackReader } from "../wire/msgpack_reader.ts";
import type { MsgpackWriter } from "../wire/msgpack_writer.ts";
import { StructFields } from "../wire/struct_fields.ts";
import { SerfMessageType } from "./message_type.ts";

const reader = new MsgpackReader();

/** A user event. */
export interface UserEventMessage {
  lTime: number;
  name: string;
  /** null and empty mean the same. */
  payload: Uint8Array | null;
  /** Whether receivers may coalesce it. */
  coalesce: boolean;
}

const USER_EVENT = new StructFields("LTime", "Name", "Payload", "CC");

/** Appends the message. */
export function encodeUserEvent(writer: MsgpackWriter, event: Readonly<UserEventMessage>): void {
  writer.byte(SerfMessageType.userEvent).mapHeader(4).string("CC").bool(event.coalesce);
  writer.string("LTime").uint(event.lTime).string("Name").string(event.name);
  writer.string("Payload").bytes(event.payload);
}

/** @throws {WireError} when the body is malformed. */
export function decodeUserEvent(bytes: Uint8Array, start: number, end: number): UserEventMessage {
  const event: UserEventMessage = { lTime: 0, name: "", payload: null, coalesce: false };
  reader.reset(bytes, start, end).beginStruct(USER_EVENT);
  for (let field = reader.nextField(); field >= 0; field = reader.nextField()) {
    if (field === 0) event.lTime = reader.uint64();
    else if (field === 1) event.name = reader.string();
    else if (field === 2) event.payload = reader.bytes();
    else event.coalesce = reader.bool();
  }
  return event;
}
