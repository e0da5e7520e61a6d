/** Requests to the key manager and its answers: payloads of internal queries. Conventions and layouts: messages.ts. */
import { NO_BYTES } from "../base/bytes.ts";
import { MsgpackReader } from "../wire/msgpack_reader.ts";
import type { MsgpackWriter } from "../wire/msgpack_writer.ts";
import { StructFields } from "../wire/struct_fields.ts";
import { SerfMessageType } from "./message_type.ts";

const reader = new MsgpackReader();

const KEY_REQUEST = new StructFields("Key");

/** Appends the message. @param key raw key bytes; empty to list keys. */
export function encodeKeyRequest(writer: MsgpackWriter, key: Uint8Array): void {
  writer.byte(SerfMessageType.keyRequest).mapHeader(1).string("Key").bytes(key);
}

/** @returns the raw key bytes, of any length. @throws {WireError} when the body is malformed. */
export function decodeKeyRequest(bytes: Uint8Array, start: number, end: number): Uint8Array {
  let key: Uint8Array = NO_BYTES;
  reader.reset(bytes, start, end).beginStruct(KEY_REQUEST);
  while (reader.nextField() >= 0) key = reader.bytes() ?? NO_BYTES;
  return key;
}

/** What one node answers to a key query. */
export interface KeyResponseMessage {
  result: boolean;
  /** Why it failed, or a remark. */
  message: string;
  /** The installed keys in base64 (list only); null and empty mean the same. */
  keys: readonly string[] | null;
  /** The primary key in base64 (list only). */
  primaryKey: string;
}

const KEY_RESPONSE = new StructFields("Result", "Message", "Keys", "PrimaryKey");

/** Appends the message. */
export function encodeKeyResponse(writer: MsgpackWriter, response: Readonly<KeyResponseMessage>): void {
  writer.byte(SerfMessageType.keyResponse).mapHeader(4).string("Keys");
  if (response.keys === null) writer.nil();
  else {
    writer.arrayHeader(response.keys.length);
    for (const key of response.keys) writer.string(key);
  }
  writer.string("Message").string(response.message).string("PrimaryKey").string(response.primaryKey);
  writer.string("Result").bool(response.result);
}

/** @throws {WireError} when the body is malformed. */
export function decodeKeyResponse(bytes: Uint8Array, start: number, end: number): KeyResponseMessage {
  const response: KeyResponseMessage = { result: false, message: "", keys: null, primaryKey: "" };
  reader.reset(bytes, start, end).beginStruct(KEY_RESPONSE);
  for (let field = reader.nextField(); field >= 0; field = reader.nextField()) {
    if (field === 0) response.result = reader.bool();
    else if (field === 1) response.message = reader.string();
    else if (field === 2) response.keys = readKeys();
    else response.primaryKey = reader.string();
  }
  return response;
}

function readKeys(): string[] | null {
  if (reader.takeNil()) return null;
  const keys: string[] = [];
  for (let count = reader.arrayHeader(); count > 0; count--) keys.push(reader.string());
  return keys;
}
