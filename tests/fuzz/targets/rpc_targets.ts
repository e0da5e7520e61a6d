/** Targets of the RPC protocol: frames, and the bodies of both sides. */
import fc from "fast-check";
import { WireError } from "../../../lib/base/errors.ts";
import { FrameDecoder } from "../../../lib/rpc/frame_decoder.ts";
import * as keys from "../../../lib/rpc/key_messages.ts";
import * as messages from "../../../lib/rpc/messages.ts";
import * as queries from "../../../lib/rpc/query_messages.ts";
import * as replies from "../../../lib/rpc/replies.ts";
import { decodeValueMap } from "../../../lib/rpc/rpc_value.ts";
import { depthOf, encodeValueMap, NESTED_VALUES, VALUE_DEPTH_MAX, valueMaps } from "./rpc_values.ts";
import { MsgpackReader } from "../../../lib/wire/msgpack_reader.ts";
import type { MsgpackWriter } from "../../../lib/wire/msgpack_writer.ts";
import golden from "../../golden/rpc_conversations.json" with { type: "json" };
import { concat, fromHex, toHex } from "../../golden/sample.ts";
import { Digest } from "../support/digest.ts";
import type { Target } from "../support/target.ts";
import {
  bytes,
  type Codec,
  codec,
  family,
  flag,
  float,
  text,
  textMap,
  texts,
  u53,
  u8,
  written,
} from "./family.ts";

/** What clients sent in the golden conversations. */
export const SENT = golden.conversations.map(({ sent }) => fromHex(sent));
/** What they were answered. */
export const RECEIVED = golden.conversations.map(({ received }) => fromHex(received)).filter((all) =>
  all.length > 0
);
const FRAME_BYTES_MAX = 1 << 16;
/** What means something in the protocol. */
export const RPC_WORDS = [
  "Command",
  "Seq",
  "Error",
  "Version",
  "AuthKey",
  "Members",
  "Tags",
  "Payload",
  "Timeout",
  "ID",
  "Name",
  "Event",
  "members",
  "stats",
  "stream",
  "monitor",
  "query",
  "members-filtered",
  "stop",
  "*",
  "leave",
  "install-key",
];

/** The values that follow one another in a stream. @throws {WireError} */
function framesOf(stream: Uint8Array, chunkBytes: number): Uint8Array[] {
  const decoder = new FrameDecoder();
  const frames: Uint8Array[] = [];
  for (let at = 0; at < stream.length; at += chunkBytes) {
    const chunk = stream.slice(at, at + chunkBytes);
    decoder.push(chunk);
    while (decoder.next(FRAME_BYTES_MAX)) frames.push(decoder.bytes.slice(decoder.start, decoder.end));
    decoder.retain();
    // Its lender has it back.
    chunk.fill(0xc1);
    if (decoder.ownBytes > 2 * (stream.length + 4096)) throw new Error(`it holds ${decoder.ownBytes} bytes`);
  }
  return frames;
}

const frames: Target = {
  name: "RPC frame",
  seeds: [...SENT, ...RECEIVED],
  words: [],
  msgpackAt: 0,
  refusals: [WireError],
  begin: () => ({
    decode(input, start, end) {
      const stream = input.subarray(start, end);
      const whole = outcomeOf(() => framesOf(stream, Math.max(1, stream.length)));
      const cut = outcomeOf(() => framesOf(stream, 1 + stream.length % 17));
      if (whole.hash !== cut.hash) throw new Error("what comes in pieces is understood otherwise");
      if (whole.error !== undefined) throw whole.error;
      if (new Digest(valuesOf(stream)).hash !== whole.hash) throw new Error("these are not the values");
      return whole.frames;
    },
    // What is incomplete is not among the frames.
    encode: (value) => concat(...value as Uint8Array[]),
  }),
  generated: fc.array(valueMaps.map((map) => written((writer) => encodeValueMap(writer, map))), {
    maxLength: 6,
  }),
};

/** As {@linkcode framesOf}, one value after the other, each with the reader that knows its end. */
function valuesOf(stream: Uint8Array): Uint8Array[] {
  const values: Uint8Array[] = [];
  reader.reset(stream);
  for (let start = 0; start < stream.length; start = reader.position) {
    try {
      reader.skip();
    } catch (error) {
      if (error instanceof WireError) break;
      throw error;
    }
    values.push(stream.slice(start, reader.position));
  }
  return values;
}

/** Frames, or the error; the hash is the same if they are. */
function outcomeOf(decode: () => Uint8Array[]): { hash: number; frames?: Uint8Array[]; error?: WireError } {
  try {
    const frames = decode();
    return { hash: new Digest(frames).hash, frames };
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return { hash: new Digest(error.message).hash, error };
  }
}

const reader = new MsgpackReader();

/** A codec of a body that is read from a reader. */
function bodied<T>(
  decode: (reader: MsgpackReader, bytes: Uint8Array) => T,
  encode?: (writer: MsgpackWriter, value: T) => void,
  generated?: fc.Arbitrary<T>,
): Codec {
  return codec<T>({
    decode: (input, start, end) => decode(reader.reset(input, start, end), input),
    ...(encode !== undefined && { encode }),
    ...(generated !== undefined && { generated }),
  });
}

const seq = fc.oneof(u53, fc.bigInt({ min: 1n << 53n, max: (1n << 64n) - 1n }));
const int32 = fc.integer({ min: -0x80000000, max: 0x7fffffff });
const addresses = fc.record({ addresses: texts, replay: flag });

const REQUESTS: readonly Codec[] = [
  bodied(
    (from) => {
      const header = { command: "", seq: 0 as messages.Seq };
      messages.decodeRequestHeader(from, header);
      return header;
    },
    (writer, header) => messages.encodeRequestHeader(writer, header.command, header.seq),
    fc.record({ command: text, seq }),
  ),
  bodied(messages.decodeHandshake, messages.encodeHandshake, int32),
  bodied(messages.decodeAuth, messages.encodeAuth, text),
  bodied(
    messages.decodeForceLeave,
    (writer, { node, prune }) => messages.encodeForceLeave(writer, node, prune),
    fc.record({ node: text, prune: flag }),
  ),
  bodied(
    messages.decodeJoin,
    (writer, join) => messages.encodeJoin(writer, join.addresses, join.replay),
    addresses,
  ),
  bodied(
    messages.decodeMembersFilter,
    messages.encodeMembersFilter,
    fc.record({ tags: textMap, status: text, name: text }),
  ),
  bodied(messages.decodeMonitor, messages.encodeMonitor, text),
  bodied(messages.decodeStream, messages.encodeStream, text),
  bodied(messages.decodeStop, messages.encodeStop, seq),
  bodied(
    messages.decodeTags,
    (writer, { set, remove }) => messages.encodeTags(writer, set, remove),
    fc.record({ set: textMap, remove: texts }),
  ),
  bodied(messages.decodeCoordinateRequest, messages.encodeCoordinateRequest, text),
  bodied(queries.decodeEvent, queries.encodeEvent, fc.record({ name: text, payload: bytes, coalesce: flag })),
  bodied(
    queries.decodeQuery,
    (writer, query) => queries.encodeQuery(writer, query, BigInt(Math.round(query.timeoutMs * 1e6))),
    fc.record({
      filterNodes: texts,
      filterTags: textMap,
      requestAck: flag,
      relayFactor: u8,
      timeoutMs: fc.integer({ min: -1e9, max: 1e9 }),
      name: text,
      payload: bytes,
    }),
  ),
  bodied(
    queries.decodeRespond,
    (writer, { id, payload }) => queries.encodeRespond(writer, id, payload),
    fc.record({ id: seq, payload: bytes }),
  ),
  bodied(keys.decodeKey, keys.encodeKey, text),
];

const REPLIES: readonly Codec[] = [
  bodied(
    (from) => {
      const header = { seq: 0 as messages.Seq, error: "" };
      messages.decodeResponseHeader(from, header);
      return header;
    },
    (writer, header) => messages.encodeResponseHeader(writer, header.seq, header.error),
    fc.record({ seq, error: text }),
  ),
  bodied(replies.decodeJoined, replies.encodeJoined, fc.maxSafeInteger()),
  bodied(replies.decodeMembers),
  bodied(replies.decodeStats),
  bodied(
    replies.decodeCoordinateReply,
    replies.encodeCoordinateReply,
    fc.option(
      fc.record({ vec: fc.array(float, { maxLength: 9 }), error: float, adjustment: float, height: float }),
      {
        nil: undefined,
      },
    ),
  ),
  bodied(replies.decodeLogRecord, replies.encodeLogRecord, text),
  bodied(keys.decodeKeyReply),
  bodied(queries.decodeQueryRecord, (writer, record) => {
    queries.encodeQueryRecord(writer, record.type as "ack", record.from, record.payload);
  }, fc.record({ type: text, from: text, payload: bytes })),
  bodied(
    (from, input) => {
      const map = decodeValueMap(from, input);
      if (depthOf(map) > VALUE_DEPTH_MAX) throw new Error(`${depthOf(map)} levels came out`);
      return map;
    },
    encodeValueMap,
    valueMaps,
  ),
];

/** The golden values that a codec of the list reads, its number in front. */
function seedsOf(codecs: readonly Codec[], streams: readonly Uint8Array[]): Uint8Array[] {
  const values = new Map(
    streams.flatMap((stream) => framesOf(stream, 4096)).map((value) => [toHex(value), value]),
  );
  return [...values.values()].flatMap((value) =>
    codecs.flatMap((each, type) => {
      try {
        each.decode(value, 0, value.length);
        return [concat(Uint8Array.of(type), value)];
      } catch {
        return [];
      }
    })
  );
}

const wellFramed = SENT.filter((stream) => outcomeOf(() => framesOf(stream, 4096)).error === undefined);
const requests = family(
  "RPC request",
  new Map(REQUESTS.entries()),
  seedsOf(REQUESTS, wellFramed),
  RPC_WORDS,
  {
    relayFactor: 0xff,
  },
);
const deep = NESTED_VALUES.map((value) => concat(Uint8Array.of(REPLIES.length - 1), value));
const replySeeds = [...seedsOf(REPLIES, RECEIVED), ...deep];
const MEMBER_LIMITS = {
  port: 0xffff,
  protocolMin: 0xff,
  protocolMax: 0xff,
  protocolCur: 0xff,
  delegateMin: 0xff,
  delegateMax: 0xff,
  delegateCur: 0xff,
};
const answers = family("RPC reply", new Map(REPLIES.entries()), replySeeds, RPC_WORDS, MEMBER_LIMITS);

/** What is read of RPC. */
export const RPC_TARGETS: readonly Target[] = [frames, requests, answers];
