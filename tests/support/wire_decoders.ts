/** Every decoder of the wire under one signature, for tests that throw all kinds of bytes at all of them. */
import { SeededRandom } from "../../lib/base/seeded_random.ts";
import { Keyring } from "../../lib/memberlist/keyring.ts";
import * as memberlist from "../../lib/memberlist/messages.ts";
import { StreamFrames } from "../../lib/memberlist/stream_frames.ts";
import * as serf from "../../lib/serf/messages.ts";
import { decodeTags } from "../../lib/serf/tags.ts";
import { decodeCompound } from "../../lib/wire/compound.ts";
import { checkCrcHeader } from "../../lib/wire/crc32.ts";
import { Label } from "../../lib/wire/label.ts";
import { lzwDecompress } from "../../lib/wire/lzw.ts";
import { MsgpackReader } from "../../lib/wire/msgpack_reader.ts";
import { checkSealed } from "../../lib/wire/packet_cipher.ts";

/** Decodes `bytes[start, end)` and returns all that it read. */
export type Decoder = (bytes: Uint8Array, start: number, end: number) => unknown;

/** A decoder that fills an object. */
function filling<T>(
  into: T,
  decode: (bytes: Uint8Array, start: number, end: number, into: T) => void,
): Decoder {
  return (bytes, start, end) => {
    decode(bytes, start, end, into);
    return into;
  };
}

/** Bodies of memberlist's messages, by type byte. */
export const MEMBERLIST_DECODERS: ReadonlyMap<number, Decoder> = new Map<number, Decoder>([
  [memberlist.MessageType.ping, filling(memberlist.createPing(), memberlist.decodePing)],
  [
    memberlist.MessageType.indirectPing,
    filling(memberlist.createIndirectPing(), memberlist.decodeIndirectPing),
  ],
  [memberlist.MessageType.ack, filling(memberlist.createAck(), memberlist.decodeAck)],
  [memberlist.MessageType.suspect, filling(memberlist.createAccusation(), memberlist.decodeSuspect)],
  [memberlist.MessageType.alive, filling(memberlist.createAlive(), memberlist.decodeAlive)],
  [memberlist.MessageType.dead, filling(memberlist.createAccusation(), memberlist.decodeDead)],
  [memberlist.MessageType.compress, filling(memberlist.createCompressed(), memberlist.decodeCompressed)],
  [memberlist.MessageType.nack, memberlist.decodeNack],
  [memberlist.MessageType.err, memberlist.decodeErr],
  [memberlist.MessageType.pushPull, (bytes, start, end) => {
    const message = new memberlist.PushPullMessage(bytes.subarray(start - 1, end));
    const nodes: unknown[] = [];
    message.forEachNode((node) => nodes.push({ ...node }));
    return [message.join, message.userState, nodes];
  }],
]);

/** Bodies of Serf's messages, by type byte. */
export const SERF_DECODERS: ReadonlyMap<number, Decoder> = new Map<number, Decoder>([
  [serf.SerfMessageType.leave, serf.decodeLeave],
  [serf.SerfMessageType.join, serf.decodeJoin],
  [serf.SerfMessageType.pushPull, (bytes, start, end) => {
    const state = serf.decodePushPull(bytes, start, end);
    return { ...state, statusLTimes: [...state.statusLTimes] };
  }],
  [serf.SerfMessageType.userEvent, serf.decodeUserEvent],
  [serf.SerfMessageType.query, serf.decodeQuery],
  [serf.SerfMessageType.queryResponse, serf.decodeQueryResponse],
  [serf.SerfMessageType.conflictResponse, (bytes, start, end) => {
    const member = serf.decodeConflictResponse(bytes, start, end);
    return member && { ...member, tags: [...member.tags] };
  }],
  [serf.SerfMessageType.keyRequest, serf.decodeKeyRequest],
  [serf.SerfMessageType.keyResponse, serf.decodeKeyResponse],
  [serf.SerfMessageType.relay, serf.decodeRelay],
]);

const reader = new MsgpackReader();
const config = { compression: true, random: new SeededRandom(1) };
const plainFrames = new StreamFrames({ ...config, label: new Label("foo"), keyring: undefined });
const keyring = new Keyring([new Uint8Array(32)]);
const sealedFrames = new StreamFrames({ ...config, label: new Label(""), keyring });
/** Small, so that a bomb that gets through shows at once. */
const INFLATED_BYTES_MAX = 65_536;

/** Wrappers and building blocks. */
export const WRAPPER_DECODERS: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ["skip", (bytes, start, end) => {
    reader.reset(bytes, start, end).skip();
    return reader.position - start;
  }],
  ["compound", (bytes, start, end) => {
    const parts: number[] = [];
    const truncated = decodeCompound(bytes, start, end, (from, to) => parts.push(from - start, to - start));
    return [parts, truncated];
  }],
  ["crc", (bytes, start, end) => checkCrcHeader(bytes, start, end) - start],
  ["label", (bytes, start, end) => new Label("foo").strip(bytes, start, end) - start],
  ["lzw", (bytes, start, end) => lzwDecompress(bytes, start, end, INFLATED_BYTES_MAX)],
  ["decompress", (bytes, start, end) => memberlist.decompressMessage(bytes, start, end, INFLATED_BYTES_MAX)],
  ["sealed", (bytes, start, end) => checkSealed(bytes, start, end)],
  ["tags", (bytes, start, end) => [...decodeTags(bytes.subarray(start, end))]],
  ["filter", (bytes, start, end) => serf.decodeFilter(bytes.subarray(start, end))],
  ["user stream", (bytes, start, end) => memberlist.decodeUserStream(bytes.subarray(start, end))],
  ["stream", (bytes, start, end) => plainFrames.decode(bytes.subarray(start, end), "request")],
  ["sealed stream", (bytes, start, end) => sealedFrames.decode(bytes.subarray(start, end), "reply")],
  ["frame", (bytes, start, end) => {
    const frame = bytes.subarray(start, end);
    return [plainFrames, sealedFrames].map((frames) =>
      frames.newFrameReader("request").scan(frame, frame.length)
    );
  }],
]);
