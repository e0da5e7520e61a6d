/** Reply and record bodies of the RPC protocol, both ways (surface.md 3.3, 3.4). Keys ascend, as Go's codec writes them. */
import { NO_BYTES } from "../base/bytes.ts";
import type { Coordinate } from "../coordinate/coordinate.ts";
import { MEMBER_FIELDS } from "../serf/member.ts";
import type { MsgpackReader } from "../wire/msgpack_reader.ts";
import type { MsgpackWriter } from "../wire/msgpack_writer.ts";
import { StructFields } from "../wire/struct_fields.ts";
import { decodeStringMap } from "./messages.ts";

/** A member as a client sees it. */
export interface RpcMember {
  name: string;
  /** 4 or 16 raw bytes; an IPv4 address may come in its v4-mapped form. Owned. */
  addr: Uint8Array;
  port: number;
  /** In the order of the wire. */
  tags: ReadonlyMap<string, string>;
  /** `none`, `alive`, `leaving`, `left` or `failed`. */
  status: string;
  /** memberlist's protocol versions. */
  protocolMin: number;
  protocolMax: number;
  protocolCur: number;
  /** Serf's protocol versions. */
  delegateMin: number;
  delegateMax: number;
  delegateCur: number;
}

const JOINED = new StructFields("Num");
const MEMBERS = new StructFields("Members");
const COORDINATE_REPLY = new StructFields("Coord", "Ok");
const COORDINATE = new StructFields("Vec", "Error", "Adjustment", "Height");
const LOG = new StructFields("Log");

/** Appends the reply to `join`. @param count addresses contacted. */
export function encodeJoined(writer: MsgpackWriter, count: number): void {
  writer.mapHeader(1).string("Num").int(count);
}

/** @throws {WireError} when malformed. */
export function decodeJoined(reader: MsgpackReader): number {
  let count = 0;
  reader.struct(JOINED, () => {
    count = reader.int();
  });
  return count;
}

/** Appends the head of a reply that lists members; `count` encoded members must follow. */
export function encodeMembersHeader(writer: MsgpackWriter, count: number): void {
  writer.mapHeader(1).string("Members").arrayHeader(count);
}

/** @throws {WireError} when malformed. */
export function decodeMembers(reader: MsgpackReader): RpcMember[] {
  const members: RpcMember[] = [];
  reader.struct(MEMBERS, () => {
    members.length = 0;
    for (let left = reader.arrayHeader(); left > 0; left--) members.push(decodeMember(reader));
  });
  return members;
}

function decodeMember(reader: MsgpackReader): RpcMember {
  const member: RpcMember = {
    name: "",
    addr: NO_BYTES,
    port: 0,
    tags: NO_TAGS,
    status: "",
    protocolMin: 0,
    protocolMax: 0,
    protocolCur: 0,
    delegateMin: 0,
    delegateMax: 0,
    delegateCur: 0,
  };
  reader.beginStruct(MEMBER_FIELDS);
  for (let field = reader.nextField(); field >= 0; field = reader.nextField()) {
    readMemberField(reader, field, member);
  }
  return member;
}

const NO_TAGS: ReadonlyMap<string, string> = new Map();
const VERSION_FIELDS = [
  "protocolMin",
  "protocolMax",
  "protocolCur",
  "delegateMin",
  "delegateMax",
  "delegateCur",
] as const;

/** @param field a number of {@linkcode MEMBER_FIELDS}. */
function readMemberField(reader: MsgpackReader, field: number, member: RpcMember): void {
  if (field === 0) member.name = reader.string();
  else if (field === 1) member.addr = reader.bytes()?.slice() ?? NO_BYTES;
  else if (field === 2) member.port = reader.uint(0xffff);
  else if (field === 3) member.tags = decodeStringMap(reader);
  else if (field === 4) member.status = reader.string();
  else member[VERSION_FIELDS[field - 5]!] = reader.uint(0xff);
}

/** @throws {WireError} when malformed. */
export function decodeStats(reader: MsgpackReader): Map<string, Map<string, string>> {
  const stats = new Map<string, Map<string, string>>();
  for (let left = reader.mapHeader(); left > 0; left--) {
    const section = reader.string();
    stats.set(section, decodeStringMap(reader));
  }
  return stats;
}

/** Appends the reply to `get-coordinate`; for undefined zeros, with a nil vector. */
export function encodeCoordinateReply(writer: MsgpackWriter, coordinate: Coordinate | undefined): void {
  writer.mapHeader(2).string("Coord").mapHeader(4);
  writer.string("Adjustment").float64(coordinate?.adjustment ?? 0);
  writer.string("Error").float64(coordinate?.error ?? 0);
  writer.string("Height").float64(coordinate?.height ?? 0).string("Vec");
  if (coordinate === undefined) writer.nil();
  else {
    writer.arrayHeader(coordinate.vec.length);
    for (const component of coordinate.vec) writer.float64(component);
  }
  writer.string("Ok").bool(coordinate !== undefined);
}

/** @returns undefined when the node has no coordinate. @throws {WireError} when malformed. */
export function decodeCoordinateReply(reader: MsgpackReader): Coordinate | undefined {
  const coordinate = { vec: [] as number[], error: 0, adjustment: 0, height: 0 };
  let isKnown = false;
  reader.struct(COORDINATE_REPLY, (field) => {
    if (field === 1) isKnown = reader.bool();
    else {
      reader.struct(COORDINATE, (part) => {
        if (part === 0) coordinate.vec = decodeFloats(reader);
        else if (part === 1) coordinate.error = reader.float();
        else if (part === 2) coordinate.adjustment = reader.float();
        else coordinate.height = reader.float();
      });
    }
  });
  return isKnown ? coordinate : undefined;
}

function decodeFloats(reader: MsgpackReader): number[] {
  const floats: number[] = [];
  for (let left = reader.arrayHeader(); left > 0; left--) floats.push(reader.float());
  return floats;
}

/** Appends the body of a `monitor` record. */
export function encodeLogRecord(writer: MsgpackWriter, line: string): void {
  writer.mapHeader(1).string("Log").string(line);
}

/** @throws {WireError} when malformed. */
export function decodeLogRecord(reader: MsgpackReader): string {
  let line = "";
  reader.struct(LOG, () => {
    line = reader.string();
  });
  return line;
}
