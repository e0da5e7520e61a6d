/** Targets below Serf: memberlist's messages. */
import fc from "fast-check";
import { WireError } from "../../../lib/base/errors.ts";
import { NodeRecord } from "../../../lib/memberlist/node_record.ts";
import { NodeStatus } from "../../../lib/memberlist/node_state.ts";
import * as messages from "../../../lib/memberlist/messages.ts";
import { MessageType } from "../../../lib/memberlist/messages.ts";
import { MsgpackReader } from "../../../lib/wire/msgpack_reader.ts";
import type { MsgpackWriter } from "../../../lib/wire/msgpack_writer.ts";
import { leafMessages } from "../../golden/leaves.ts";
import { fromHex, SAMPLES } from "../../golden/sample.ts";
import { attempted } from "../support/attempted.ts";
import { Digest } from "../support/digest.ts";
import type { Target } from "../support/target.ts";
import { bytes, type Codec, codec, family, flag, payload, text, u16, u32, written } from "./family.ts";

/** The golden messages, without what is wrapped around them. */
export const LEAVES: readonly Uint8Array[] = leafMessages().filter((leaf) => leaf.length < 2000);
/** The golden packets and streams, as they were captured. */
export const CAPTURED: readonly { readonly isStream: boolean; readonly bytes: Uint8Array }[] = SAMPLES.map(
  ({ transport, hex }) => ({ isStream: transport !== "udp", bytes: fromHex(hex) }),
).filter((sample) => sample.bytes.length < 4000);
const WORDS = ["Node", "SeqNo", "SourceAddr", "Addr", "Meta", "Vsn", "Incarnation", "From", "Algo", "Buf"];

const LIMITS = { seqNo: 0xffffffff, incarnation: 0xffffffff, port: 0xffff, sourcePort: 0xffff, algo: 0 };

/** A decoder that fills an object. */
function filling<T extends object>(
  create: () => T,
  decode: (bytes: Uint8Array, start: number, end: number, into: T) => void,
): (bytes: Uint8Array, start: number, end: number) => T {
  return (input, start, end) => {
    const into = create();
    decode(input, start, end, into);
    return into;
  };
}

/** Appends a message without its type byte, which stands there already. */
function body(writer: MsgpackWriter, write: (writer: MsgpackWriter) => void): void {
  writer.raw(written(write).subarray(1));
}

const source = { sourceAddr: bytes, sourcePort: u16, sourceNode: text };
const accusation = fc.record({ incarnation: u32, node: text, from: text });
const vsn: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.constant(new Uint8Array(0)),
  fc.uint8Array({ minLength: 6, maxLength: 8 }),
);
const node = fc.record({
  name: text,
  addr: bytes,
  port: u16,
  meta: bytes,
  incarnation: u32,
  state: fc.nat(5),
  vsn,
});

/** Those of a kind may be shown as one. */
const kindOf = ({ state, vsn }: Readonly<messages.PushPullNode>) =>
  `${state === NodeStatus.alive} ${vsn.join()}`;

const pushPull = codec<{ join: boolean; userState: Uint8Array; nodes: readonly messages.PushPullNode[] }>({
  decode(input, start, end) {
    const message = new messages.PushPullMessage(input.subarray(start - 1, end));
    const nodes: messages.PushPullNode[] = [];
    message.forEachNode((each) => nodes.push({ ...each }));
    const kinds = new Set<string>();
    message.forEachVersion((each) => kinds.add(kindOf(each)));
    if (kinds.size !== new Set([...kinds, ...nodes.map(kindOf)]).size || nodes.length < kinds.size) {
      throw new Error("the versions shown are not those of all nodes");
    }
    return { join: message.join, userState: message.userState, nodes };
  },
  encode: (writer, { join, userState, nodes }) => {
    body(writer, (inner) => {
      const header = { join, nodes: nodes.length, userStateLen: userState.length };
      messages.encodePushPullHeader(inner, header);
      for (const each of nodes) messages.encodePushPullNode(inner, each);
      inner.raw(userState);
    });
  },
  // States that no node has are read, and never written.
  isWritable: ({ nodes }) => nodes.every((each) => each.state >= 0),
  generated: fc.record({ join: flag, userState: bytes, nodes: fc.array(node, { maxLength: 4 }) }),
});

/** memberlist's messages, without push/pull. */
export const MEMBERLIST_CODECS: ReadonlyMap<number, Codec> = new Map<number, Codec>([
  [
    MessageType.ping,
    codec({
      decode: filling(messages.createPing, messages.decodePing),
      encode: (writer, ping) => body(writer, (inner) => messages.encodePing(inner, ping)),
      generated: fc.record({ seqNo: u32, node: text, ...source }),
    }),
  ],
  [
    MessageType.indirectPing,
    codec({
      decode: filling(messages.createIndirectPing, messages.decodeIndirectPing),
      encode: (writer, ping) => body(writer, (inner) => messages.encodeIndirectPing(inner, ping)),
      generated: fc.record({ seqNo: u32, target: bytes, port: u16, node: text, nack: flag, ...source }),
    }),
  ],
  [
    MessageType.ack,
    codec({
      decode: filling(messages.createAck, messages.decodeAck),
      encode: (writer, ack) => body(writer, (inner) => messages.encodeAck(inner, ack.seqNo, ack.payload)),
      generated: fc.record({ seqNo: u32, payload }),
    }),
  ],
  [
    MessageType.nack,
    codec({
      decode: messages.decodeNack,
      encode: (writer, seqNo) => body(writer, (inner) => messages.encodeNack(inner, seqNo)),
      generated: u32,
    }),
  ],
  ...([[MessageType.suspect, messages.encodeSuspect], [MessageType.dead, messages.encodeDead]] as const).map(
    ([type, encode]): [number, Codec] => [
      type,
      codec({
        decode: filling(messages.createAccusation, messages.decodeSuspect),
        encode: (writer, { incarnation, node, from }) => {
          body(writer, (inner) => encode(inner, incarnation, node, from));
        },
        generated: accusation,
      }),
    ],
  ),
  [
    MessageType.alive,
    codec({
      decode: filling(messages.createAlive, messages.decodeAlive),
      encode: (writer, alive) => body(writer, (inner) => messages.encodeAlive(inner, alive)),
      generated: fc.record({ incarnation: u32, node: text, addr: bytes, port: u16, meta: bytes, vsn }),
    }),
  ],
  [
    MessageType.compress,
    codec({
      decode: filling(messages.createCompressed, messages.decodeCompressed),
      encode: (writer, { buf }) => body(writer, (inner) => messages.encodeCompressed(inner, buf)),
      generated: fc.record({ algo: fc.constant<number>(0), buf: bytes }),
    }),
  ],
  [
    MessageType.err,
    codec({
      decode: messages.decodeErr,
      encode: (writer, error) => body(writer, (inner) => messages.encodeErr(inner, error)),
      generated: text,
    }),
  ],
  [
    MessageType.user,
    codec({
      decode: (input, start, end) => messages.decodeUserStream(input.subarray(start - 1, end)),
      encode: (writer, message) => {
        body(writer, (inner) => {
          messages.encodeUserHeader(inner, message.length);
          inner.raw(message);
        });
      },
      generated: bytes,
    }),
  ],
]);

const memberlistMessages = family("memberlist message", MEMBERLIST_CODECS, LEAVES, WORDS, LIMITS);
/** Apart from the others, as it is the largest message of a stranger. */
const pushPulls = family(
  "push/pull",
  new Map([[MessageType.pushPull, pushPull]]),
  [
    written((writer) => {
      messages.encodePushPullHeader(writer, { join: true, nodes: 1, userStateLen: 2 });
      const addr = Uint8Array.of(127, 0, 0, 1), six = Uint8Array.of(1, 5, 2, 2, 5, 5);
      messages.encodePushPullNode(writer, {
        name: "n",
        addr,
        port: 7946,
        meta: addr,
        incarnation: 1,
        state: 0,
        vsn: six,
      });
      writer.raw(addr.subarray(0, 2));
    }),
    ...LEAVES.filter((leaf) => leaf[0] === MessageType.pushPull),
  ],
  ["Nodes", "UserStateLen", "Join", "State", ...WORDS],
  LIMITS,
);

const reader = new MsgpackReader();
const record = new NodeRecord();

const ENTRY_KEYS = ["Addr", "Incarnation", "Meta", "Name", "Port", "State", "Vsn"];

/** The usual entry, and those in which one value begins as others do. */
function* entrySeeds(): Generator<Uint8Array> {
  const addr = Uint8Array.of(127, 0, 0, 1), six = Uint8Array.of(1, 5, 2, 2, 5, 5);
  const usual = { name: "n", addr, port: 7, meta: addr, incarnation: 1, state: 0, vsn: six };
  const entry = (each: messages.PushPullNode) =>
    written((writer) => messages.encodePushPullNode(writer, each));
  const bytes = entry(usual);
  yield* [bytes, entry({ ...usual, port: 0x10000 }), entry({ ...usual, incarnation: 0x100000000 })];
  for (const key of ENTRY_KEYS) {
    const at = String.fromCharCode(...bytes).indexOf(key) + key.length;
    for (const head of [0x80, 0x81, 0x91, 0xc0, 0xc4, 0xd9, 0xcf, 0xe0]) yield bytes.with(at, head);
  }
}

/** An entry of a push/pull: read in place and decoded, which is the same where both can. */
const entries: Target = {
  name: "push/pull entry",
  seeds: [...entrySeeds()],
  words: ENTRY_KEYS.map((key) => new TextEncoder().encode(key)),
  msgpackAt: 0,
  isWidenable: true,
  refusals: [WireError],
  begin: () => ({
    decode(input, start, end) {
      record.open(input);
      const isUsual = record.read(start, end);
      const { value, refusal } = attempted(() => decodedEntry(input, start, end));
      if (isUsual && (record.end !== reader.position || !isSame(readEntry(input), value))) {
        throw new Error("what is read in place is not what is decoded");
      }
      if (refusal !== undefined) throw refusal;
      return value;
    },
    encode(value) {
      const each = value as messages.PushPullNode;
      if (each.state < 0) return undefined;
      const bytes = written((writer) => messages.encodePushPullNode(writer, each));
      record.open(bytes);
      const isUsual = each.state < 0x80 && each.vsn.length === 6;
      if (record.read(0, bytes.length) !== isUsual) throw new Error("our own form is not read in place");
      return bytes;
    },
  }),
  generated: node,
};

function decodedEntry(input: Uint8Array, start: number, end: number): messages.PushPullNode {
  const into = messages.createPushPullNode();
  messages.decodePushPullNode(reader.reset(input, start, end), into);
  return into;
}

/** What the record has just read. */
function readEntry(input: Uint8Array): messages.PushPullNode {
  return {
    name: record.name,
    addr: input.subarray(record.addrStart, record.addrEnd),
    port: record.port,
    meta: input.subarray(record.metaStart, record.metaEnd),
    incarnation: record.incarnation,
    state: record.state,
    vsn: input.subarray(record.vsnStart, record.vsnStart + 6),
  };
}

function isSame(a: unknown, b: unknown): boolean {
  return new Digest(a).hash === new Digest(b).hash;
}

export const MEMBERLIST_TARGETS: readonly Target[] = [memberlistMessages, pushPulls, entries];
