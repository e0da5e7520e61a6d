/**
 * The messages of streams: the push/pull header and its node entries, and the header of a user message.
 *
 * ```
 * 06 {Join bool, Nodes int, UserStateLen int}   then Nodes entries   then UserStateLen raw bytes
 *    entry {Addr, Incarnation u32, Meta, Name, Port u16, State int, Vsn}
 * 08 {UserMsgLen int}                           then UserMsgLen raw bytes
 * ```
 * These decode from a reader that stands at the value, because several follow one another. protocol.md B.
 */
import { isAt, NO_BYTES } from "../base/bytes.ts";
import { MsgpackReader } from "../wire/msgpack_reader.ts";
import type { MsgpackWriter } from "../wire/msgpack_writer.ts";
import { StructFields } from "../wire/struct_fields.ts";
import { MessageType } from "./message_type.ts";
import { NodeStatus } from "./node_state.ts";
import { NodeRecord, RECORD_KEYS } from "./node_record.ts";
import { checkVersionLength, VERSION_BYTES } from "./state_messages.ts";

const U16_MAX = 0xffff;
const U32_MAX = 0xffffffff;

/** The most nodes that one push/pull may announce, as in the newest memberlist. */
export const PUSH_PULL_NODES_MAX = 1_048_576;
/** The most bytes of user state, or of a user message on a stream: 20 MiB. */
export const USER_STATE_BYTES_MAX: number = 20 * 1024 * 1024;

/** What a push/pull begins with. */
export interface PushPullHeader {
  /** How many node entries follow. */
  nodes: number;
  userStateLen: number;
  join: boolean;
}

const HEADER = new StructFields("Nodes", "UserStateLen", "Join");

/** Appends type byte and header. */
export function encodePushPullHeader(writer: MsgpackWriter, header: Readonly<PushPullHeader>): void {
  writer.byte(MessageType.pushPull).mapHeader(3).string("Join").bool(header.join);
  writer.string("Nodes").uint(header.nodes).string("UserStateLen").uint(header.userStateLen);
}

/** @throws {WireError} when malformed, negative, or above {@linkcode PUSH_PULL_NODES_MAX} or {@linkcode USER_STATE_BYTES_MAX}. */
export function decodePushPullHeader(reader: MsgpackReader): PushPullHeader {
  const header: PushPullHeader = { nodes: 0, userStateLen: 0, join: false };
  reader.beginStruct(HEADER);
  for (let field = reader.nextField(); field >= 0; field = reader.nextField()) {
    if (field === 0) header.nodes = reader.uint(PUSH_PULL_NODES_MAX);
    else if (field === 1) header.userStateLen = reader.uint(USER_STATE_BYTES_MAX);
    else header.join = reader.bool();
  }
  return header;
}

/** One node as a push/pull carries it. Byte fields are borrowed from the decoded buffer. */
export interface PushPullNode {
  name: string;
  /** IP bytes as announced, of any length: check. */
  addr: Uint8Array;
  /** 0 stands for the receiver's own bind port. */
  port: number;
  meta: Uint8Array;
  incarnation: number;
  /** A NodeStatus; peers may send any integer, and entries with an unknown one are ignored. */
  state: number;
  /** Six bytes or more, or none; see readVersions in state_messages.ts. */
  vsn: Uint8Array;
}

/** A node entry to decode into. */
export function createPushPullNode(): PushPullNode {
  return { name: "", addr: NO_BYTES, port: 0, meta: NO_BYTES, incarnation: 0, state: 0, vsn: NO_BYTES };
}

const NODE = new StructFields("Name", "Addr", "Port", "Meta", "Incarnation", "State", "Vsn");

/** Appends one entry. */
export function encodePushPullNode(writer: MsgpackWriter, node: Readonly<PushPullNode>): void {
  writer.literal(RECORD_KEYS.addr).bytes(node.addr).literal(RECORD_KEYS.incarnation).uint(node.incarnation);
  writer.literal(RECORD_KEYS.meta).bytes(node.meta).literal(RECORD_KEYS.name).string(node.name);
  writer.literal(RECORD_KEYS.port).uint(node.port).literal(RECORD_KEYS.state).uint(node.state);
  if (node.vsn.length === VERSION_BYTES) writer.literal(RECORD_KEYS.vsn).raw(node.vsn);
  else writer.string("Vsn").bytes(node.vsn);
}

/** @throws {WireError} when malformed, and for a Vsn of 1 to 5 bytes; `node` is then half filled. */
export function decodePushPullNode(reader: MsgpackReader, node: PushPullNode): void {
  node.name = "";
  node.addr = NO_BYTES;
  node.port = 0;
  node.meta = NO_BYTES;
  node.incarnation = 0;
  node.state = NodeStatus.alive;
  node.vsn = NO_BYTES;
  const start = reader.position;
  reader.beginStruct(NODE);
  for (let field = reader.nextField(); field >= 0; field = reader.nextField()) {
    if (field === 0) node.name = reader.string();
    else if (field === 1) node.addr = reader.bytes() ?? NO_BYTES;
    else if (field === 2) node.port = reader.uint(U16_MAX);
    else if (field === 3) node.meta = reader.bytes() ?? NO_BYTES;
    else if (field === 4) node.incarnation = reader.uint(U32_MAX);
    else if (field === 5) node.state = reader.int();
    else node.vsn = reader.bytes() ?? NO_BYTES;
  }
  checkVersionLength(node.vsn, start);
}

/** As {@linkcode decodePushPullNode}, of what is asked at first: only state and versions are written. @throws as it does. */
function validatePushPullNode(reader: MsgpackReader, node: PushPullNode): void {
  node.state = NodeStatus.alive;
  node.vsn = NO_BYTES;
  const start = reader.position;
  reader.beginStruct(NODE);
  for (let field = reader.nextField(); field >= 0; field = reader.nextField()) {
    if (field === 0) reader.passString();
    else if (field === 1 || field === 3) reader.passBytes();
    else if (field === 2) reader.uint(U16_MAX);
    else if (field === 4) reader.uint(U32_MAX);
    else if (field === 5) node.state = reader.int();
    else node.vsn = reader.bytes() ?? NO_BYTES;
  }
  checkVersionLength(node.vsn, start);
}

/** So many kinds of nodes are told apart by their versions; in a cluster that is being upgraded there are four. */
const EXAMPLES_MAX = 8;

/** Whether one of the examples is alive as `state` says, and has the `length` bytes of versions at `start`. */
function isShown(
  examples: readonly PushPullNode[],
  state: number,
  bytes: Uint8Array,
  start: number,
  length: number,
): boolean {
  const lives = state === NodeStatus.alive;
  for (const example of examples) {
    const isAlike = (example.state === NodeStatus.alive) === lives && example.vsn.length === length &&
      isAt(example.vsn, bytes, start);
    if (isAlike) return true;
  }
  return false;
}

/**
 * A received push/pull. All of it is validated at once; its nodes are decoded again at each walk, because as objects
 * they would take many times the space of the bytes that a hostile peer has to send.
 */
export class PushPullMessage {
  readonly join: boolean;
  readonly nodeCount: number;
  /** The state of the layer above. Borrowed from the message. */
  readonly userState: Uint8Array;
  readonly #message: Uint8Array;
  readonly #nodesStart: number;
  readonly #record = new NodeRecord();
  /** The first of the living and of the others with each versions; undefined when these are too many. */
  readonly #examples: readonly PushPullNode[] | undefined;

  /**
   * @param message type byte first; borrowed for as long as this object is used. What follows the state is ignored.
   * @throws {WireError} when any of it is malformed, cut off, or beyond the limits.
   */
  constructor(message: Uint8Array) {
    const reader = new MsgpackReader().reset(message, Math.min(1, message.length));
    const header = decodePushPullHeader(reader);
    this.join = header.join;
    this.nodeCount = header.nodes;
    this.#message = message;
    this.#record.open(message);
    this.#nodesStart = reader.position;
    this.#examples = this.#validateNodes(reader);
    this.userState = reader.raw(header.userStateLen);
  }

  /**
   * As {@linkcode forEachNode}, but of nodes that are alike in being alive or not and in their versions the first may
   * stand for all: in most clusters two or three are shown.
   */
  forEachVersion(visit: (node: Readonly<PushPullNode>) => void): void {
    if (this.#examples === undefined) this.forEachNode(visit);
    else this.#examples.forEach(visit);
  }

  #validateNodes(reader: MsgpackReader): readonly PushPullNode[] | undefined {
    const message = this.#message;
    const record = this.#record;
    const node = createPushPullNode();
    const examples: PushPullNode[] = [];
    let at = this.#nodesStart;
    for (let i = 0; i < this.nodeCount; i++) {
      const start = at;
      let isKnownKind: boolean;
      if (record.read(at, message.length)) {
        at = record.end;
        isKnownKind = isShown(examples, record.state, message, record.vsnStart, VERSION_BYTES);
      } else {
        validatePushPullNode(reader.reset(message, at), node);
        at = reader.position;
        isKnownKind = isShown(examples, node.state, node.vsn, 0, node.vsn.length);
      }
      if (!isKnownKind && examples.length <= EXAMPLES_MAX) examples.push(this.#nodeAt(start));
    }
    reader.reset(message, at);
    return examples.length <= EXAMPLES_MAX ? examples : undefined;
  }

  #nodeAt(start: number): PushPullNode {
    const node = createPushPullNode();
    decodePushPullNode(new MsgpackReader().reset(this.#message, start), node);
    return node;
  }

  /**
   * Shows each node to `visit`, in the sender's order. The object is reused: copy what is kept.
   *
   * @param isKnown asked first about each entry of the usual form; of whom it says so `visit` sees nothing.
   */
  forEachNode(
    visit: (node: Readonly<PushPullNode>) => void,
    isKnown: (record: Readonly<NodeRecord>, message: Uint8Array) => boolean = () => false,
  ): void {
    const message = this.#message;
    const record = this.#record;
    const reader = new MsgpackReader();
    const node = createPushPullNode();
    let at = this.#nodesStart;
    for (let i = 0; i < this.nodeCount; i++) {
      if (record.read(at, message.length) && isKnown(record, message)) at = record.end;
      else {
        decodePushPullNode(reader.reset(message, at), node);
        at = reader.position;
        visit(node);
      }
    }
  }
}

const USER_HEADER = new StructFields("UserMsgLen");

/** Appends type byte and header of a user message on a stream. */
export function encodeUserHeader(writer: MsgpackWriter, userMsgLen: number): void {
  writer.byte(MessageType.user).mapHeader(1).string("UserMsgLen").uint(userMsgLen);
}

/** @returns the length of what follows. @throws {WireError} when malformed or above {@linkcode USER_STATE_BYTES_MAX}. */
export function decodeUserHeader(reader: MsgpackReader): number {
  let userMsgLen = 0;
  reader.beginStruct(USER_HEADER);
  while (reader.nextField() >= 0) userMsgLen = reader.uint(USER_STATE_BYTES_MAX);
  return userMsgLen;
}

/** The message inside a user message on a stream. @param message type byte first. @returns a view. @throws {WireError} */
export function decodeUserStream(message: Uint8Array): Uint8Array {
  const reader = new MsgpackReader().reset(message, Math.min(1, message.length));
  return reader.raw(decodeUserHeader(reader));
}
