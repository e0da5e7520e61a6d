/** The messages about a node's state: alive, suspect, dead. Conventions and layouts: messages.ts. */
import { NO_BYTES } from "../base/bytes.ts";
import { WireError } from "../base/errors.ts";
import { MsgpackReader } from "../wire/msgpack_reader.ts";
import type { MsgpackWriter } from "../wire/msgpack_writer.ts";
import { StructFields } from "../wire/struct_fields.ts";
import { MessageType } from "./message_type.ts";
import type { NodeVersions } from "./node_state.ts";

const U16_MAX = 0xffff;
const U32_MAX = 0xffffffff;
/** The bytes of a full Vsn field: PMin, PMax, PCur, DMin, DMax, DCur. */
export const VERSION_BYTES = 6;

// Decoding is synchronous and never re-entered: one reader serves all.
const reader = new MsgpackReader();

/** A suspicion, or a death: `dead` with `node === from` says that the node left. */
export interface Accusation {
  /** u32: the incarnation that is accused. */
  incarnation: number;
  node: string;
  /** Who says so. */
  from: string;
}

const ACCUSATION = new StructFields("Incarnation", "Node", "From");

/** An accusation to decode into. */
export function createAccusation(): Accusation {
  return { incarnation: 0, node: "", from: "" };
}

/** Appends a suspect message. */
export function encodeSuspect(writer: MsgpackWriter, incarnation: number, node: string, from: string): void {
  encodeAccusation(writer.byte(MessageType.suspect), incarnation, node, from);
}

/** Appends a dead message; with `from` equal to `node` it is a farewell. */
export function encodeDead(writer: MsgpackWriter, incarnation: number, node: string, from: string): void {
  encodeAccusation(writer.byte(MessageType.dead), incarnation, node, from);
}

function encodeAccusation(writer: MsgpackWriter, incarnation: number, node: string, from: string): void {
  writer.mapHeader(3).string("From").string(from).string("Incarnation").uint(incarnation);
  writer.string("Node").string(node);
}

/** @throws {WireError} when the body is malformed; `into` is then half filled. */
export function decodeSuspect(bytes: Uint8Array, start: number, end: number, into: Accusation): void {
  into.incarnation = 0;
  into.node = "";
  into.from = "";
  reader.reset(bytes, start, end).beginStruct(ACCUSATION);
  for (let field = reader.nextField(); field >= 0; field = reader.nextField()) {
    if (field === 0) into.incarnation = reader.uint(U32_MAX);
    else if (field === 1) into.node = reader.string();
    else into.from = reader.string();
  }
}

/** @throws {WireError} when the body is malformed; `into` is then half filled. */
export const decodeDead = decodeSuspect;

/** A node announces itself, or somebody passes that on. */
export interface Alive {
  /** u32. */
  incarnation: number;
  node: string;
  /** IP bytes as announced. Peers may send any length: check. Keep them as they are: 4 and 16 bytes differ. */
  addr: Uint8Array;
  /** 0 stands for the receiver's own bind port. */
  port: number;
  meta: Uint8Array;
  /** Six version bytes, or more (the rest has no meaning), or none at all; see {@linkcode readVersions}. */
  vsn: Uint8Array;
}

const ALIVE = new StructFields("Incarnation", "Node", "Addr", "Port", "Meta", "Vsn");

/** An alive message to decode into. */
export function createAlive(): Alive {
  return { incarnation: 0, node: "", addr: NO_BYTES, port: 0, meta: NO_BYTES, vsn: NO_BYTES };
}

/** Appends the message. `vsn` must have six bytes: anything else harms the peers. */
export function encodeAlive(writer: MsgpackWriter, alive: Readonly<Alive>): void {
  writer.byte(MessageType.alive).mapHeader(6);
  writer.string("Addr").bytes(alive.addr).string("Incarnation").uint(alive.incarnation);
  writer.string("Meta").bytes(alive.meta).string("Node").string(alive.node);
  writer.string("Port").uint(alive.port).string("Vsn").bytes(alive.vsn);
}

/**
 * @throws {WireError} when the body is malformed, and when Vsn has 1 to 5 bytes: such a message crashes HashiCorp's
 *   agents up to memberlist 0.6, so it must go no further. `into` is then half filled.
 */
export function decodeAlive(bytes: Uint8Array, start: number, end: number, into: Alive): void {
  into.incarnation = 0;
  into.node = "";
  into.addr = NO_BYTES;
  into.port = 0;
  into.meta = NO_BYTES;
  into.vsn = NO_BYTES;
  reader.reset(bytes, start, end).beginStruct(ALIVE);
  for (let field = reader.nextField(); field >= 0; field = reader.nextField()) {
    if (field === 0) into.incarnation = reader.uint(U32_MAX);
    else if (field === 1) into.node = reader.string();
    else if (field === 2) into.addr = reader.bytes() ?? NO_BYTES;
    else if (field === 3) into.port = reader.uint(U16_MAX);
    else if (field === 4) into.meta = reader.bytes() ?? NO_BYTES;
    else into.vsn = reader.bytes() ?? NO_BYTES;
  }
  checkVersionLength(into.vsn, start);
}

/** @throws {WireError} for 1 to 5 version bytes. */
export function checkVersionLength(vsn: Uint8Array, offset: number): void {
  if (vsn.length > 0 && vsn.length < VERSION_BYTES) {
    throw new WireError(`Vsn has ${vsn.length} bytes instead of ${VERSION_BYTES}`, offset);
  }
}

/** Spreads version bytes into `into`; all 0 when there are none. */
export function readVersions(vsn: Uint8Array, into: NodeVersions): void {
  readVersionsAt(vsn.length >= VERSION_BYTES ? vsn : NO_VERSIONS, 0, into);
}

/** As {@linkcode readVersions}, of the six bytes at `start`. */
export function readVersionsAt(bytes: Uint8Array, start: number, into: NodeVersions): void {
  into.pMin = bytes[start]!;
  into.pMax = bytes[start + 1]!;
  into.pCur = bytes[start + 2]!;
  into.dMin = bytes[start + 3]!;
  into.dMax = bytes[start + 4]!;
  into.dCur = bytes[start + 5]!;
}

const NO_VERSIONS = new Uint8Array(VERSION_BYTES);

/** A cluster's members speak few different sets of versions. bounded: this many; a newcomer replaces what is in its slot. */
const SHARED_SLOTS = 16;
const shared = new Array<Readonly<NodeVersions> | undefined>(SHARED_SLOTS).fill(undefined);

/** As {@linkcode readVersions}, into a record that is not to be written to: equal bytes mostly give the same one. */
export function sharedVersions(vsn: Uint8Array): Readonly<NodeVersions> {
  readVersions(vsn, scratch);
  const { pMin, pMax, pCur, dMin, dMax, dCur } = scratch;
  const slot = (pMin + pMax + pCur + dMin + dMax + dCur) % SHARED_SLOTS;
  const known = shared[slot];
  const isSame = known !== undefined && known.pMin === pMin && known.pMax === pMax && known.pCur === pCur &&
    known.dMin === dMin && known.dMax === dMax && known.dCur === dCur;
  return isSame ? known : shared[slot] = { ...scratch };
}

const scratch: NodeVersions = { pMin: 0, pMax: 0, pCur: 0, dMin: 0, dMax: 0, dCur: 0 };

/** The six bytes of `versions`, written to `into` and returned. */
export function versionBytes(
  versions: Readonly<NodeVersions>,
  into: Uint8Array = new Uint8Array(6),
): Uint8Array {
  into[0] = versions.pMin;
  into[1] = versions.pMax;
  into[2] = versions.pCur;
  into[3] = versions.dMin;
  into[4] = versions.dMax;
  into[5] = versions.dCur;
  return into;
}
