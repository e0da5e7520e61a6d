/** Entries of a push/pull that are read in place: they say what decoding says, and change what it changes. */
import { deepEqual, equal } from "../../support/assert.ts";
import { Address } from "../../../lib/base/address.ts";
import { NodeRecord } from "../../../lib/memberlist/node_record.ts";
import {
  createPushPullNode,
  decodePushPullNode,
  encodePushPullHeader,
  encodePushPullNode,
  type PushPullNode,
} from "../../../lib/memberlist/messages.ts";
import { MsgpackReader } from "../../../lib/wire/msgpack_reader.ts";
import type { MsgpackWriter } from "../../../lib/wire/msgpack_writer.ts";
import { encode, pushPull, SERF_VSN, World } from "./fakes.ts";

const FROM = Address.fromHost("127.0.0.9", 7946);
const NODE: PushPullNode = {
  name: "other",
  addr: Uint8Array.of(127, 0, 0, 2),
  port: 7946,
  meta: Uint8Array.of(0xff, 0x80),
  incarnation: 1,
  state: 0,
  vsn: SERF_VSN,
};

function readRecord(bytes: Uint8Array): PushPullNode | undefined {
  const record = new NodeRecord();
  record.open(bytes);
  if (!record.read(0, bytes.length)) return undefined;
  equal(record.end, bytes.length);
  const { incarnation, port, state } = record;
  return {
    name: record.name,
    addr: bytes.slice(record.addrStart, record.addrEnd),
    port,
    meta: bytes.slice(record.metaStart, record.metaEnd),
    incarnation,
    state,
    vsn: bytes.slice(record.vsnStart, record.vsnStart + 6),
  };
}

const VARIANTS: readonly Partial<PushPullNode>[] = [
  {},
  { incarnation: 0 },
  { incarnation: NODE.incarnation + 1 },
  { incarnation: 0x80 },
  { incarnation: 0x1234 },
  { incarnation: 0xffffffff },
  { port: 0 },
  { port: 200 },
  { port: 65535 },
  { state: 1 },
  { state: 2 },
  { state: 3 },
  { state: 77 },
  { addr: new Uint8Array(0) },
  { addr: Uint8Array.of(127, 0, 0, 3) },
  { addr: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 127, 0, 0, 2) },
  { meta: new Uint8Array(0) },
  { meta: new Uint8Array(512).fill(7) },
  { meta: new Uint8Array(513).fill(7), incarnation: 2 },
  { meta: new Uint8Array(513).fill(7) },
  { name: "" },
  { name: "me" },
  { name: "me", incarnation: 7 },
  { name: "me", addr: Uint8Array.of(127, 0, 0, 1), meta: new Uint8Array(0) },
  { name: "me", incarnation: 7, addr: Uint8Array.of(127, 0, 0, 1) },
  { name: "unknown" },
  { name: "\u00e4\udcff" },
  { name: "n".repeat(513) },
  { vsn: Uint8Array.of(0, 0, 0, 0, 0, 0) },
  { vsn: Uint8Array.of(1, 5, 6, 2, 5, 5) },
];

Deno.test("NodeRecord.read() finds what was written, in integers and bytes of any size", () => {
  for (const variant of VARIANTS) {
    const node = { ...NODE, ...variant };
    const bytes = encode((writer) => encodePushPullNode(writer, node));
    deepEqual(readRecord(bytes), node);
    const decoded = createPushPullNode();
    decodePushPullNode(new MsgpackReader().reset(bytes), decoded);
    deepEqual(decoded, node);
  }
});

Deno.test("NodeRecord.read() says no to what is cut off, whatever lies behind, and never yes to another form", () => {
  const bytes = encode((writer) => encodePushPullNode(writer, NODE));
  const record = new NodeRecord();
  for (let limit = 0; limit < bytes.length; limit++) {
    record.open(bytes);
    equal(record.read(0, limit), false, `cut to ${limit}`);
    record.open(bytes.slice(0, limit));
    equal(record.read(0, limit), false, `cut to ${limit}`);
  }
  for (let at = 0; at < bytes.length; at++) {
    for (const flip of [0x01, 0x20, 0x80]) {
      const other = bytes.slice();
      other[at] = other[at]! ^ flip;
      record.open(other);
      if (!record.read(0, other.length)) continue;
      const decoded = createPushPullNode();
      decodePushPullNode(new MsgpackReader().reset(other), decoded);
      deepEqual(record.end === other.length ? readRecord(other) : undefined, decoded, `byte ${at}`);
    }
  }
});

/** The entry with its keys in another order: it says the same, and is decoded. */
function encodeOtherwise(writer: MsgpackWriter, node: Readonly<PushPullNode>): void {
  writer.mapHeader(7).string("Name").string(node.name).string("Addr").bytes(node.addr);
  writer.string("Port").uint(node.port).string("Meta").bytes(node.meta).string("State").uint(node.state);
  writer.string("Incarnation").uint(node.incarnation).string("Vsn").bytes(node.vsn);
}

Deno.test("a push/pull changes and counts the same, whether an entry is read in place or decoded", () => {
  for (const variant of VARIANTS) {
    const node = { ...NODE, ...variant };
    const outcomes = [encodePushPullNode, encodeOtherwise].map((encodeNode) => {
      const world = new World({ options: { probeIntervalMs: 1e9, gossipNodes: 0 } });
      world.memberlist.onExchange(FROM, pushPull([NODE]));
      world.delegate.take();
      const request = encode((writer) => {
        encodePushPullHeader(writer, { join: false, nodes: 1, userStateLen: 0 });
        encodeNode(writer, node);
      });
      world.memberlist.onExchange(FROM, request);
      const { memberlist, delegate, logger } = world;
      const nodes = memberlist.nodes.map(({ name, status, incarnation, ip, port, meta, versions }) => ({
        name,
        status,
        incarnation,
        ip,
        port,
        meta,
        versions,
      }));
      return { nodes, counters: memberlist.counters, calls: delegate.events, lines: logger.lines };
    });
    deepEqual(outcomes[0], outcomes[1]);
  }
});
