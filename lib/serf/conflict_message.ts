/** What a node knows of a disputed name: the payload of an answer to `_serf_conflict`. Conventions: messages.ts. */
import { NO_BYTES } from "../base/bytes.ts";
import type { NodeVersions } from "../memberlist/node_state.ts";
import { MsgpackReader } from "../wire/msgpack_reader.ts";
import type { MsgpackWriter } from "../wire/msgpack_writer.ts";
import { MEMBER_FIELDS, MemberStatus } from "./member.ts";
import { SerfMessageType } from "./message_type.ts";

const U8_MAX = 0xff;
const U16_MAX = 0xffff;
const reader = new MsgpackReader();

/** A member as it travels in a conflict response. */
export interface ConflictMember {
  name: string;
  /** IP bytes as announced, of any length. */
  ip: Uint8Array;
  port: number;
  tags: ReadonlyMap<string, string>;
  /** A MemberStatus; peers may send any integer. */
  status: number;
  versions: NodeVersions;
}

/** Appends the message; null says that the name is unknown. Tags are written in the map's order. */
export function encodeConflictResponse(
  writer: MsgpackWriter,
  member: Readonly<Omit<ConflictMember, "versions">> & { readonly versions: Readonly<NodeVersions> } | null,
): void {
  writer.byte(SerfMessageType.conflictResponse);
  if (member === null) {
    writer.nil();
    return;
  }
  const versions = member.versions;
  writer.mapHeader(11).string("Addr").bytes(member.ip);
  writer.string("DelegateCur").uint(versions.dCur).string("DelegateMax").uint(versions.dMax);
  writer.string("DelegateMin").uint(versions.dMin).string("Name").string(member.name);
  writer.string("Port").uint(member.port).string("ProtocolCur").uint(versions.pCur);
  writer.string("ProtocolMax").uint(versions.pMax).string("ProtocolMin").uint(versions.pMin);
  const tags = member.tags;
  writer.string("Status").int(member.status).string("Tags").mapHeader(tags.size);
  for (const [key, value] of tags) writer.string(key).string(value);
}

/** @returns null when the peer does not know the name. @throws {WireError} when the body is malformed. */
export function decodeConflictResponse(bytes: Uint8Array, start: number, end: number): ConflictMember | null {
  reader.reset(bytes, start, end);
  if (reader.takeNil()) return null;
  const member: ConflictMember = {
    name: "",
    ip: NO_BYTES,
    port: 0,
    tags: new Map(),
    status: MemberStatus.none,
    versions: { pMin: 0, pMax: 0, pCur: 0, dMin: 0, dMax: 0, dCur: 0 },
  };
  reader.beginStruct(MEMBER_FIELDS);
  for (let field = reader.nextField(); field >= 0; field = reader.nextField()) {
    if (field === 0) member.name = reader.string();
    else if (field === 1) member.ip = reader.bytes() ?? NO_BYTES;
    else if (field === 2) member.port = reader.uint(U16_MAX);
    else if (field === 3) member.tags = readTags();
    else if (field === 4) member.status = reader.int();
    else readVersion(field - 5, member.versions);
  }
  return member;
}

function readTags(): Map<string, string> {
  const tags = new Map<string, string>();
  for (let count = reader.mapHeader(); count > 0; count--) tags.set(reader.string(), reader.string());
  return tags;
}

const VERSION_FIELDS = ["pMin", "pMax", "pCur", "dMin", "dMax", "dCur"] as const;

function readVersion(index: number, versions: NodeVersions): void {
  versions[VERSION_FIELDS[index]!] = reader.uint(U8_MAX);
}
