/** Bodies about the cluster's keys, both ways (surface.md 3.3). Keys ascend, as Go's codec writes them. */
import type { KeyResult } from "../serf/key_manager.ts";
import type { MsgpackReader } from "../wire/msgpack_reader.ts";
import type { MsgpackWriter } from "../wire/msgpack_writer.ts";
import { StructFields } from "../wire/struct_fields.ts";
import { decodeStringMap, decodeWord, encodeStringMap, encodeWord } from "./messages.ts";

/** What came of a request about keys, as a client sees it. */
export interface KeyReply {
  /** What nodes had to say, by their names; most say nothing. */
  messages: ReadonlyMap<string, string>;
  /** On how many nodes each key is, by its base64; empty unless keys were listed. */
  keys: ReadonlyMap<string, number>;
  /** How many nodes there are, failed, and answered at all. */
  nodeCount: number;
  errorCount: number;
  responseCount: number;
}

const KEY = new StructFields("Key");
const KEY_REPLY = new StructFields("Messages", "Keys", "NumNodes", "NumErr", "NumResp");
const COUNT_FIELDS = ["nodeCount", "errorCount", "responseCount"] as const;

/** Appends the body of `install-key`, `use-key` or `remove-key`. @param key base64. */
export function encodeKey(writer: MsgpackWriter, key: string): void {
  encodeWord(writer, "Key", key);
}

/** @returns base64, or whatever the client takes for it. @throws {WireError} when malformed. */
export function decodeKey(reader: MsgpackReader): string {
  return decodeWord(reader, KEY);
}

/** Appends the reply to any request about keys. @param isListing whether it was `list-keys`: others have no keys. */
export function encodeKeyReply(writer: MsgpackWriter, result: KeyResult, isListing: boolean): void {
  writer.mapHeader(5).string("Keys");
  if (isListing) {
    writer.mapHeader(result.keys.size);
    for (const [key, count] of result.keys) writer.string(key).uint(count);
  } else writer.nil();
  writer.string("Messages");
  encodeStringMap(writer, result.messages);
  writer.string("NumErr").uint(result.errorCount).string("NumNodes").uint(result.nodeCount);
  writer.string("NumResp").uint(result.responseCount);
}

/** @throws {WireError} when malformed. */
export function decodeKeyReply(reader: MsgpackReader): KeyReply {
  const reply: KeyReply = {
    messages: new Map(),
    keys: new Map(),
    nodeCount: 0,
    errorCount: 0,
    responseCount: 0,
  };
  reader.struct(KEY_REPLY, (field) => {
    if (field === 0) reply.messages = decodeStringMap(reader);
    else if (field === 1) reply.keys = decodeCounts(reader);
    else reply[COUNT_FIELDS[field - 2]!] = reader.int();
  });
  return reply;
}

function decodeCounts(reader: MsgpackReader): Map<string, number> {
  const counts = new Map<string, number>();
  for (let left = reader.mapHeader(); left > 0; left--) {
    const key = reader.string();
    counts.set(key, reader.int());
  }
  return counts;
}
