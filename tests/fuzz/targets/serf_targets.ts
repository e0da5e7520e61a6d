/** Targets of Serf: its messages, and what is inside them. */
import fc from "fast-check";
import { compareBytewise } from "../../../lib/base/go_text.ts";
import {
  decodeCoordinatePayload,
  encodeCoordinatePayloadInto,
} from "../../../lib/coordinate/coordinate_codec.ts";
import { Keyring } from "../../../lib/memberlist/keyring.ts";
import * as serf from "../../../lib/serf/messages.ts";
import { SerfMessageType } from "../../../lib/serf/messages.ts";
import { decodeTags, encodeTags } from "../../../lib/serf/tags.ts";
import { MsgpackReader } from "../../../lib/wire/msgpack_reader.ts";
import type { MsgpackWriter } from "../../../lib/wire/msgpack_writer.ts";
import { leafMessages } from "../../golden/leaves.ts";
import { fromHex } from "../../golden/sample.ts";
import { partsFixture } from "../../unit/serf/parts.ts";
import type { Target } from "../support/target.ts";
import {
  bytes,
  type Codec,
  codec,
  family,
  flag,
  float,
  payload,
  text,
  textMap,
  texts,
  u16,
  u32,
  u53,
  u8,
  written,
} from "./family.ts";

const USER = 8;
/** Every Serf message of the samples, those in answers to internal queries included. */
const GOLDEN = leafMessages().filter((leaf) => leaf[0] === USER && leaf.length < 2000).map((leaf) =>
  leaf.subarray(1)
);

/** An encoder that writes the type byte, for a family, where that stands there already. */
function bare<T>(
  encode: (writer: MsgpackWriter, value: T) => void,
): (writer: MsgpackWriter, value: T) => void {
  return (writer, value) => void writer.raw(written((inner) => encode(inner, value)).subarray(1));
}

const versions = fc.record({ pMin: u8, pMax: u8, pCur: u8, dMin: u8, dMax: u8, dCur: u8 });
const event = fc.record({ name: text, payload });
const slot = fc.option(fc.record({ lTime: u53, events: fc.array(event, { maxLength: 3 }) }));

const CODECS: ReadonlyMap<number, Codec> = new Map<number, Codec>([
  [
    SerfMessageType.leave,
    codec({
      decode: serf.decodeLeave,
      encode: bare((writer, { lTime, node, prune }) => serf.encodeLeave(writer, lTime, node, prune)),
      generated: fc.record({ lTime: u53, node: text, prune: flag }),
    }),
  ],
  [
    SerfMessageType.join,
    codec({
      decode: serf.decodeJoin,
      encode: bare((writer, { lTime, node }) => serf.encodeJoin(writer, lTime, node)),
      generated: fc.record({ lTime: u53, node: text }),
    }),
  ],
  [
    SerfMessageType.pushPull,
    codec<serf.PushPullState>({
      decode: serf.decodePushPull,
      encode: bare(serf.encodePushPull),
      generated: fc.record({
        lTime: u53,
        statusLTimes: fc.array(fc.tuple(text, u53), { maxLength: 4 }).map((pairs) => new Map(pairs)),
        leftMembers: texts,
        eventLTime: u53,
        events: fc.array(slot, { maxLength: 4 }),
        queryLTime: u53,
      }),
    }),
  ],
  [
    SerfMessageType.userEvent,
    codec({
      decode: serf.decodeUserEvent,
      encode: bare(serf.encodeUserEvent),
      generated: fc.record({ lTime: u53, name: text, payload, coalesce: flag }),
    }),
  ],
  [
    SerfMessageType.query,
    codec<serf.QueryMessage>({
      decode: serf.decodeQuery,
      encode: bare(serf.encodeQuery),
      generated: fc.record({
        lTime: u53,
        id: u32,
        addr: bytes,
        port: u16,
        sourceNode: text,
        filters: fc.array(bytes, { maxLength: 3 }),
        flags: u32,
        relayFactor: u8,
        timeoutNs: fc.maxSafeInteger(),
        name: text,
        payload,
      }),
    }),
  ],
  [
    SerfMessageType.queryResponse,
    codec({
      decode: serf.decodeQueryResponse,
      encode: bare(serf.encodeQueryResponse),
      generated: fc.record({ lTime: u53, id: u32, from: text, flags: u32, payload }),
    }),
  ],
  [
    SerfMessageType.conflictResponse,
    codec<serf.ConflictMember | null>({
      decode: serf.decodeConflictResponse,
      encode: bare(serf.encodeConflictResponse),
      generated: fc.option(fc.record({
        name: text,
        ip: bytes,
        port: u16,
        tags: textMap,
        status: fc.maxSafeInteger(),
        versions,
      })),
    }),
  ],
  [
    SerfMessageType.keyRequest,
    codec({ decode: serf.decodeKeyRequest, encode: bare(serf.encodeKeyRequest), generated: bytes }),
  ],
  [
    SerfMessageType.keyResponse,
    codec<serf.KeyResponseMessage>({
      decode: serf.decodeKeyResponse,
      encode: bare(serf.encodeKeyResponse),
      generated: fc.record({ result: flag, message: text, keys: fc.option(texts), primaryKey: text }),
    }),
  ],
  [
    SerfMessageType.relay,
    codec({
      decode: serf.decodeRelay,
      encode: bare(serf.encodeRelay),
      generated: fc.record({ ip: bytes, port: u16, destName: text, inner: bytes }),
    }),
  ],
]);

const WORDS = [
  "LTime",
  "Node",
  "Prune",
  "Name",
  "Payload",
  "Filters",
  "Timeout",
  "RelayFactor",
  "Events",
  "Tags",
  "StatusLTimes",
  "_serf_ping",
  "_serf_conflict",
  "_serf_list-keys",
  "_serf_install-key",
];
const VERSION_LIMITS = { pMin: 0xff, pMax: 0xff, pCur: 0xff, dMin: 0xff, dMax: 0xff, dCur: 0xff };
const LIMITS = { id: 0xffffffff, flags: 0xffffffff, port: 0xffff, relayFactor: 0xff, ...VERSION_LIMITS };
const serfMessages = family("Serf message", CODECS, GOLDEN, WORDS, LIMITS);

const tags: Target = {
  name: "tags",
  seeds: [
    encodeTags(new Map([["role", "web"], ["dc", "east"]]), 5),
    encodeTags(new Map([["role", "web"]]), 2),
    encodeTags(new Map(), 5),
  ],
  words: [Uint8Array.of(0xff)],
  msgpackAt: 1,
  refusals: [],
  begin: () => ({
    decode: (input, start, end) => decodeTags(input.subarray(start, end)),
    // The encoder sorts, the decoder keeps the order: what is sorted comes back as it was.
    encode: (value) => {
      const keys = [...(value as Map<string, string>).keys()];
      const isSorted = keys.every((key, i) => i === 0 || compareBytewise(keys[i - 1]!, key) < 0);
      return isSorted ? encodeTags(value as Map<string, string>, 5) : undefined;
    },
  }),
  generated: textMap.map((map) => new Map([...map].sort(([a], [b]) => compareBytewise(a, b)))),
};

const GENERATED_FILTERS: readonly fc.Arbitrary<serf.QueryFilter>[] = [
  fc.record({ kind: fc.constant("nodes"), names: texts }),
  fc.record({ kind: fc.constant("tag"), tag: text, expr: text }),
];
const filters = family(
  "query filter",
  new Map([0, 1].map((type): [number, Codec] => [
    type,
    codec<serf.QueryFilter>({
      decode: (input, start, end) => serf.decodeFilter(input.subarray(start - 1, end)),
      encode: (writer, filter) => void writer.raw(serf.encodeFilter(filter).subarray(1)),
      generated: GENERATED_FILTERS[type]!,
    }),
  ])),
  [
    serf.encodeFilter({ kind: "nodes", names: ["a", "b"] }),
    serf.encodeFilter({ kind: "tag", tag: "role", expr: "^web" }),
  ],
  ["Tag", "Expr"],
);

const reader = new MsgpackReader();
const coordinates = family(
  "coordinate",
  new Map([[
    1,
    codec({
      decode: (input, start, end) => decodeCoordinatePayload(reader, input.subarray(start - 1, end)),
      encode: bare(encodeCoordinatePayloadInto),
      generated: fc.record({
        vec: fc.array(float, { maxLength: 9 }),
        error: float,
        adjustment: float,
        height: float,
      }),
    }),
  ]]),
  [fromHex(
    "0184aa41646a7573746d656e74cb3ee3c57f8791dda2a54572726f72cb3ff6e94b49ca2693a6486569676874cb3ee4f8b588e368f1" +
      "a356656398cbbef3b32dd7c4beb2cbbf0011e7583142b7cbbebd133193154266cb3ef88b5ed5ca8662cbbefefc34f0664fe5cb3e" +
      "e4847e76a602dbcbbeda2fd7d632a531cb3eddf883270b43e4",
  )],
  ["Vec", "Error", "Adjustment", "Height"],
);

/** The longest datagram of Serf, and the longest answer to a query. */
const PACKET_BYTES_MAX = 65_507, ANSWER_BYTES_MAX = 1024;

/** Those of others pass through us, however long they are, when they are relayed. */
function isOurAnswer(message: Uint8Array): boolean {
  if (message[1] !== SerfMessageType.queryResponse) return false;
  try {
    return serf.decodeQueryResponse(message, 2, message.length).from === "me";
  } catch {
    return false;
  }
}

/** Queries without anything in the place of bytes. */
const NIL_QUERIES = [["Filters", 0x91, 0xc0], ["Addr", 0xc0], ["Payload", 0xc0]].map(([field, ...value]) =>
  written((writer) => {
    writer.byte(SerfMessageType.query).mapHeader(4).string("Name").string("load").string("LTime").uint(9);
    writer.string("Flags").uint(serf.QueryFlag.ack).string(field as string);
    writer.raw(Uint8Array.from(value as number[]));
  })
);

/** Serf itself, which is told what strangers say. */
const router: Target = {
  name: "Serf of strangers",
  seeds: [...GOLDEN, ...NIL_QUERIES],
  words: WORDS.map((word) => new TextEncoder().encode(word)),
  msgpackAt: 1,
  isStateful: true,
  refusals: [],
  begin: () => {
    const fixture = partsFixture(["a", "b", "c"], {}, { keyring: new Keyring([new Uint8Array(32)]) });
    return {
      decode(input, start, end) {
        fixture.router.onMessage(input.subarray(start, end));
        fixture.clock.runFor(1);
        return undefined;
      },
      finish() {
        fixture.clock.runFor(1000);
        for (const { message } of fixture.sent) {
          if (message.length > PACKET_BYTES_MAX) throw new Error(`${message.length} bytes were sent`);
          if (message.length - 1 > ANSWER_BYTES_MAX && isOurAnswer(message)) {
            throw new Error(`an answer of ${message.length} bytes was sent`);
          }
        }
        if (fixture.heardQueries.some(({ name }) => name.startsWith("_serf_"))) {
          throw new Error("an internal query was shown");
        }
      },
    };
  },
};

export const SERF_TARGETS: readonly Target[] = [serfMessages, tags, filters, coordinates, router];
