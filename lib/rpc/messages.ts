/**
 * Headers and request bodies of the RPC protocol, both ways (surface.md 3.1, 3.3). Reply bodies: replies.ts. Events and
 * queries: query_messages.ts; keys: key_messages.ts.
 *
 * ```
 * request   {Command: str, Seq: u64}   then, for most commands, a body
 * response  {Error: str, Seq: u64}     then, for some commands, a body; Error "" = success
 * record    {Error: "", Seq: u64}      then a body; Seq is that of the stream's request
 * ```
 * A struct is a map with Go's field names (or an array in declaration order), nil or `{}` one of zero values. A missing
 * field is a zero value: unlike with HashiCorp's agents nothing is inherited from the request before.
 */
import { WireError } from "../base/errors.ts";
import type { MsgpackReader } from "../wire/msgpack_reader.ts";
import { MsgpackWriter } from "../wire/msgpack_writer.ts";
import { StructFields } from "../wire/struct_fields.ts";

/** A request's number, chosen by the client and echoed: 0..2^64-1, a bigint only above 2^53-1. */
export type Seq = number | bigint;

/** The only protocol version there is. */
export const RPC_VERSION = 1;

/** The head of a request. Reused: decoding overwrites it. */
export interface RequestHeader {
  command: string;
  seq: Seq;
}

const REQUEST_HEADER = new StructFields("Command", "Seq");

/** Appends a request header. */
export function encodeRequestHeader(writer: MsgpackWriter, command: string, seq: Seq): void {
  writer.mapHeader(2).string("Command").string(command).string("Seq").uint64(seq);
}

/** @throws {WireError} when it is no request header; `into` is then half filled. */
export function decodeRequestHeader(reader: MsgpackReader, into: RequestHeader): void {
  into.command = "";
  into.seq = 0;
  reader.beginStruct(REQUEST_HEADER);
  for (let field = reader.nextField(); field >= 0; field = reader.nextField()) {
    if (field === 0) into.command = reader.string();
    else into.seq = reader.uint64OrBig();
  }
}

/** The head of a response or record. */
export interface ResponseHeader {
  seq: Seq;
  /** "" for success. */
  error: string;
}

const RESPONSE_HEADER = new StructFields("Seq", "Error");
/** How every successful response and every record begins: `82 a5 Error a0 a3 Seq`. */
const SUCCESS = new MsgpackWriter(16, "new").mapHeader(2).string("Error").string("").string("Seq").copy();

/** Appends a response header; "" means success. */
export function encodeResponseHeader(writer: MsgpackWriter, seq: Seq, error: string): void {
  if (error === "") writer.raw(SUCCESS);
  else writer.mapHeader(2).string("Error").string(error).string("Seq");
  writer.uint64(seq);
}

/** @throws {WireError} when it is no response header; `into` is then half filled. */
export function decodeResponseHeader(reader: MsgpackReader, into: ResponseHeader): void {
  into.seq = 0;
  into.error = "";
  reader.beginStruct(RESPONSE_HEADER);
  for (let field = reader.nextField(); field >= 0; field = reader.nextField()) {
    if (field === 0) into.seq = reader.uint64OrBig();
    else into.error = reader.string();
  }
}

/** What `members-filtered` asks. Expressions are RE2; they must match the whole of a value, see member_filter.ts. */
export interface MembersFilter {
  /** By tag name; a member without the tag has the value "". */
  readonly tags: ReadonlyMap<string, string>;
  /** On the status word; "" for no filter. */
  readonly status: string;
  /** On the name; "" for no filter. */
  readonly name: string;
}

const HANDSHAKE = new StructFields("Version");
const AUTH = new StructFields("AuthKey");
const FORCE_LEAVE = new StructFields("Node", "Prune");
const JOIN = new StructFields("Existing", "Replay");
const MEMBERS_FILTERED = new StructFields("Tags", "Status", "Name");
const MONITOR = new StructFields("LogLevel");
const STREAM = new StructFields("Type");
const STOP = new StructFields("Stop");
const TAGS = new StructFields("Tags", "DeleteTags");
const COORDINATE = new StructFields("Node");

const INT32_MAX = 0x7fffffff;

/** Appends the body of `handshake`. */
export function encodeHandshake(writer: MsgpackWriter, version: number): void {
  writer.mapHeader(1).string("Version").int(version);
}

/** @returns the version asked for. @throws {WireError} when malformed. */
export function decodeHandshake(reader: MsgpackReader): number {
  let version = 0;
  reader.struct(HANDSHAKE, () => {
    const at = reader.position;
    version = reader.int();
    if (version > INT32_MAX || version < -INT32_MAX - 1) {
      throw new WireError("the version is out of range", at);
    }
  });
  return version;
}

/** Appends the body of `auth`. */
export function encodeAuth(writer: MsgpackWriter, authKey: string): void {
  encodeWord(writer, "AuthKey", authKey);
}

/** @throws {WireError} when malformed. */
export function decodeAuth(reader: MsgpackReader): string {
  return decodeWord(reader, AUTH);
}

/** Appends the body of `force-leave`. */
export function encodeForceLeave(writer: MsgpackWriter, node: string, prune: boolean): void {
  writer.mapHeader(2).string("Node").string(node).string("Prune").bool(prune);
}

/** @throws {WireError} when malformed. */
export function decodeForceLeave(reader: MsgpackReader): { node: string; prune: boolean } {
  const request = { node: "", prune: false };
  reader.struct(FORCE_LEAVE, (field) => {
    if (field === 0) request.node = reader.string();
    else request.prune = reader.bool();
  });
  return request;
}

/** Appends the body of `join`. */
export function encodeJoin(writer: MsgpackWriter, addresses: readonly string[], replay: boolean): void {
  writer.mapHeader(2).string("Existing");
  encodeStrings(writer, addresses);
  writer.string("Replay").bool(replay);
}

/** @throws {WireError} when malformed. */
export function decodeJoin(reader: MsgpackReader): { addresses: string[]; replay: boolean } {
  const request = { addresses: [] as string[], replay: false };
  reader.struct(JOIN, (field) => {
    if (field === 0) request.addresses = decodeStrings(reader);
    else request.replay = reader.bool();
  });
  return request;
}

/** Appends the body of `members-filtered`. */
export function encodeMembersFilter(writer: MsgpackWriter, filter: MembersFilter): void {
  writer.mapHeader(3).string("Name").string(filter.name).string("Status").string(filter.status).string(
    "Tags",
  );
  encodeStringMap(writer, filter.tags);
}

/** @throws {WireError} when malformed. */
export function decodeMembersFilter(reader: MsgpackReader): MembersFilter {
  const filter = { tags: new Map<string, string>(), status: "", name: "" };
  reader.struct(MEMBERS_FILTERED, (field) => {
    if (field === 0) filter.tags = decodeStringMap(reader);
    else if (field === 1) filter.status = reader.string();
    else filter.name = reader.string();
  });
  return filter;
}

/** Appends the body of `monitor`. @param level in any case. */
export function encodeMonitor(writer: MsgpackWriter, level: string): void {
  encodeWord(writer, "LogLevel", level);
}

/** @throws {WireError} when malformed. */
export function decodeMonitor(reader: MsgpackReader): string {
  return decodeWord(reader, MONITOR);
}

/** Appends the body of `stream`. @param filter a comma list of event types; "" is the same as `*`. */
export function encodeStream(writer: MsgpackWriter, filter: string): void {
  encodeWord(writer, "Type", filter);
}

/** @throws {WireError} when malformed. */
export function decodeStream(reader: MsgpackReader): string {
  return decodeWord(reader, STREAM);
}

/** Appends the body of `stop`. @param seq that of the stream's or monitor's request. */
export function encodeStop(writer: MsgpackWriter, seq: Seq): void {
  writer.mapHeader(1).string("Stop").uint64(seq);
}

/** @throws {WireError} when malformed. */
export function decodeStop(reader: MsgpackReader): Seq {
  let seq: Seq = 0;
  reader.struct(STOP, () => {
    seq = reader.uint64OrBig();
  });
  return seq;
}

/** Appends the body of `tags`. */
export function encodeTags(
  writer: MsgpackWriter,
  set: ReadonlyMap<string, string>,
  remove: readonly string[],
): void {
  writer.mapHeader(2).string("DeleteTags");
  encodeStrings(writer, remove);
  writer.string("Tags");
  encodeStringMap(writer, set);
}

/** @throws {WireError} when malformed. */
export function decodeTags(reader: MsgpackReader): { set: Map<string, string>; remove: string[] } {
  const request = { set: new Map<string, string>(), remove: [] as string[] };
  reader.struct(TAGS, (field) => {
    if (field === 0) request.set = decodeStringMap(reader);
    else request.remove = decodeStrings(reader);
  });
  return request;
}

/** Appends the body of `get-coordinate`. */
export function encodeCoordinateRequest(writer: MsgpackWriter, node: string): void {
  encodeWord(writer, "Node", node);
}

/** @returns the node's name. @throws {WireError} when malformed. */
export function decodeCoordinateRequest(reader: MsgpackReader): string {
  return decodeWord(reader, COORDINATE);
}

/** Appends a body of one text. */
export function encodeWord(writer: MsgpackWriter, field: string, word: string): void {
  writer.mapHeader(1).string(field).string(word);
}

/** @returns the text of a body of one. @throws {WireError} when malformed. */
export function decodeWord(reader: MsgpackReader, fields: StructFields): string {
  let word = "";
  reader.struct(fields, () => {
    word = reader.string();
  });
  return word;
}

/** Appends a list of texts. */
export function encodeStrings(writer: MsgpackWriter, strings: readonly string[]): void {
  writer.arrayHeader(strings.length);
  for (const text of strings) writer.string(text);
}

/** @returns the list; empty for nil. @throws {WireError} when malformed. */
export function decodeStrings(reader: MsgpackReader): string[] {
  const strings: string[] = [];
  for (let left = reader.arrayHeader(); left > 0; left--) strings.push(reader.string());
  return strings;
}

/** Appends a map of strings, in the map's own order. */
export function encodeStringMap(writer: MsgpackWriter, map: ReadonlyMap<string, string>): void {
  writer.mapHeader(map.size);
  for (const [key, value] of map) writer.string(key).string(value);
}

/** @returns the map in the order of the wire; empty for nil. @throws {WireError} when malformed. */
export function decodeStringMap(reader: MsgpackReader): Map<string, string> {
  const map = new Map<string, string>();
  for (let left = reader.mapHeader(); left > 0; left--) {
    const key = reader.string();
    map.set(key, reader.string());
  }
  return map;
}
