/** Targets that keep a state: a whole memberlist, which strangers send packets and streams. */
import { Address } from "../../../lib/base/address.ts";
import { WireError } from "../../../lib/base/errors.ts";
import { SeededRandom } from "../../../lib/base/seeded_random.ts";
import { Keyring } from "../../../lib/memberlist/keyring.ts";
import {
  compressMessage,
  MessageType,
  STREAM_DECOMPRESSED_BYTES_MAX,
} from "../../../lib/memberlist/messages.ts";
import { StreamFrameReader } from "../../../lib/memberlist/stream_frame_reader.ts";
import {
  type StreamDirection,
  StreamFrames,
  type StreamFramesConfig,
} from "../../../lib/memberlist/stream_frames.ts";
import { Label } from "../../../lib/wire/label.ts";
import { concat } from "../../golden/sample.ts";
import { compound, ping, World } from "../../unit/memberlist/fakes.ts";
import { attempted } from "../support/attempted.ts";
import { Digest } from "../support/digest.ts";
import type { Subject, Target } from "../support/target.ts";
import { bytes, written } from "./family.ts";
import { CAPTURED, MEMBERLIST_CODECS } from "./memberlist_targets.ts";
import { MESSAGES_MAX, plainLabelEnd, userMessagesIn } from "./unwrapping.ts";

const QUIET = { probeIntervalMs: 1e9, pushPullIntervalMs: 0, gossipNodes: 0 };
const KEYRING = new Keyring([new Uint8Array(32).fill(3)]);
const STRANGER = Address.fromHost("127.0.0.9", 7946);
/** What one packet may make us send. */
const PACKETS_SENT_MAX = 8;
/** Lines that a batch may log; its packets come within no time. */
const LINES_MAX = 100;

/** One byte in front of the packet says to which kind of cluster it goes. */
const ways = { plain: 0, sealed: 1, unsealed: 2, labelled: 3, both: 4, otherLabel: 5 } as const;
const LABEL = new Label("foo");

function seal(plain: Uint8Array, random: SeededRandom, aad: Uint8Array = new Uint8Array(0)): Uint8Array {
  const sealed = new Uint8Array(plain.length + 64);
  return sealed.slice(0, KEYRING.sealInto(sealed, 0, plain, aad, random));
}

/** What is sent in this way, for `packet` to be what is inside. */
function sentIn(way: number, packet: Uint8Array, random: SeededRandom): Uint8Array {
  if (way === ways.sealed) return seal(packet, random);
  if (way === ways.both) return concat(LABEL.header, seal(packet, random, LABEL.bytes));
  if (way === ways.otherLabel) return concat(LABEL.header, seal(packet, random));
  return packet;
}

/** The user messages that are to be heard of it. */
function expectedIn(way: number, packet: Uint8Array): Uint8Array[] {
  if (way === ways.unsealed || way === ways.otherLabel) return [];
  const start = way === ways.labelled ? plainLabelEnd(packet, LABEL) : 0;
  const isLabelled = way === ways.plain && packet[0] === MessageType.label;
  return start === undefined || isLabelled ? [] : userMessagesIn(packet.subarray(start));
}

function newWorlds(): readonly World[] {
  const plain = new World({ options: QUIET });
  const sealed = new World({ options: QUIET, keyring: KEYRING });
  const labelled = new World({ options: { ...QUIET, label: LABEL.text } });
  const both = new World({ options: { ...QUIET, label: LABEL.text }, keyring: KEYRING });
  return [plain, sealed, sealed, labelled, both, both];
}

/** More requests than one packet may make us answer. */
const PINGS = compound(...Array.from({ length: 40 }, (_, seqNo) => ping({ seqNo })));

const said = Uint8Array.of(MessageType.user, 0x68);
const MANY = compound(...Array.from({ length: 250 }, () => said));
/** More messages than are taken of one packet, wrappers within more wrappers than are taken off, and the most of both. */
const WRAPPED = [
  PINGS,
  compound(MANY, MANY, MANY),
  compound(MANY, compound(MANY), said, said, said, said, said, said, said, said, said, said),
  ...[7, 8, 9, 10].map((depth) => {
    let packet: Uint8Array = compound(said, said);
    for (let i = 1; i < depth; i++) packet = compound(said, packet, said);
    return packet;
  }),
  compound(said, squeezed(said), said),
  compound(
    squeezed(compound(...Array.from({ length: 20 }, () => compound(said, new Uint8Array(4000))))),
    said,
  ),
  compound(...Array.from({ length: 9 }, () => squeezed(concat(said, new Uint8Array(8000))))),
  squeezed(squeezed(squeezed(said))),
  // What follows the last message could be one more, whose length is the beginning of the first.
  concat(compound(Uint8Array.of(0, 2, 1)), said),
].map((bytes) => ({ isStream: false, bytes }));

function squeezed(message: Uint8Array): Uint8Array {
  return written((writer) => compressMessage(writer, message, false));
}

const packets: Target = {
  name: "UDP packet",
  seeds: [...CAPTURED, ...WRAPPED].filter((sample) => !sample.isStream).flatMap((
    sample,
  ) => [
    concat(Uint8Array.of(ways.plain), sample.bytes),
    concat(Uint8Array.of(ways.sealed), sample.bytes),
    concat(Uint8Array.of(ways.unsealed), sample.bytes),
    concat(Uint8Array.of(ways.labelled), LABEL.header, sample.bytes),
    concat(Uint8Array.of(ways.both), sample.bytes),
    concat(Uint8Array.of(ways.otherLabel), sample.bytes),
  ]),
  words: [...Object.values(MessageType).map((type) => Uint8Array.of(type)), Uint8Array.of(7, 2, 0, 1, 0, 1)],
  msgpackAt: 2,
  isStateful: true,
  refusals: [],
  begin: packetSubject,
};

function packetSubject(): Subject {
  const worlds = newWorlds();
  const random = new SeededRandom(1, "nonces");
  return {
    decode(input, start, end) {
      const way = (input[start] ?? 0) % worlds.length;
      const world = worlds[way]!;
      const packet = input.subarray(Math.min(end, start + 1), end);
      world.memberlist.onPacket(STRANGER, sentIn(way, packet, random));
      const sent = world.transport.take().length, heard = world.delegate.userMessages.splice(0);
      if (sent > PACKETS_SENT_MAX) throw new Error(`${sent} packets were sent for one`);
      const expected = expectedIn(way, packet);
      if (new Digest(heard).hash !== new Digest(expected).hash) {
        throw new Error(`${heard.length} messages were heard, and not ${expected.length} as they were said`);
      }
      if (heard.length > MESSAGES_MAX) throw new Error(`${heard.length} messages were in one packet`);
      const bytesHeard = heard.reduce((sum, message) => sum + message.length, 0);
      // Nesting may show the same bytes at several depths, but none twice at one.
      if (bytesHeard > packet.length + (1 << 16)) {
        throw new Error(`${bytesHeard} bytes came out of one packet`);
      }
      world.delegate.pings.length = 0;
      world.delegate.events.length = 0;
      return undefined;
    },
    finish() {
      for (const world of worlds) {
        if (world.logger.lines.length > LINES_MAX) {
          throw new Error(`${world.logger.lines.length} lines were logged`);
        }
        world.runFor(5_000);
      }
    },
  };
}

const frames = new StreamFrames({
  label: new Label(""),
  compression: true,
  keyring: undefined,
  random: new SeededRandom(1),
});

/** A code of 12 bits stands for at most 3838 bytes. */
const inflatedMax = (length: number) => Math.min(STREAM_DECOMPRESSED_BYTES_MAX, 2600 * length) + 4096;

const STREAMS = CAPTURED.filter((sample) => sample.isStream).map((sample) => sample.bytes);

const streams: Target = {
  name: "TCP stream",
  seeds: STREAMS,
  words: [Uint8Array.of(9), Uint8Array.of(6), Uint8Array.of(10), Uint8Array.of(0xf4, 1, 0x61)],
  msgpackAt: 1,
  refusals: [WireError],
  weightMax: inflatedMax,
  begin: () => ({
    decode(input, start, end) {
      const stream = input.subarray(start, end);
      checkFrames(stream);
      return frames.decode(stream, "request");
    },
    encode: (message) => delimited(frames, message as Uint8Array, "request"),
  }),
  generated: bytes.filter((message) => message.length > 0),
};

/** What is sealed is as long as it says, and nobody waits for more than is accepted. */
function checkSealedEnd(stream: Uint8Array, direction: StreamDirection): void {
  // An empty label is refused at once.
  if (stream[0] === MessageType.label && stream[1] === 0) return;
  const labelBytes = direction === "request" && stream[0] === MessageType.label ? 2 + (stream[1] ?? 0) : 0;
  const sealed = stream.subarray(labelBytes);
  if (sealed[0] !== MessageType.encrypt || sealed.length < 5) return;
  const length = new DataView(sealed.buffer, sealed.byteOffset).getUint32(1);
  // What is too long is complete with what is here: it is refused at once.
  const whole = length > SEALED_BYTES_MAX ? stream.length : labelBytes + 5 + length;
  const expected = whole > stream.length ? 0 : whole;
  const dripping = sealedFrames.newFrameReader(direction);
  for (let length = 0; length < labelBytes + 5; length++) {
    if (dripping.scan(stream, length) !== 0) throw new Error(`a message ends before byte ${length}`);
  }
  const end = dripping.scan(stream, stream.length);
  if (end !== expected) throw new Error(`the message ends at ${end}, not at ${expected}`);
}

/** A wrapped message, whose end its reader finds, whatever comes behind it. */
function delimited(wrapper: StreamFrames, message: Uint8Array, direction: StreamDirection): Uint8Array {
  const stream = wrapper.encode(message, direction);
  const followed = concat(stream, Uint8Array.of(0xff));
  // Empty labels and the like are for other targets: this stream was made by ourselves.
  if (wrapper.newFrameReader(direction).scan(followed, followed.length) !== stream.length) {
    throw new Error("the end of our own message is not found");
  }
  return stream;
}

/** A message that can be decoded is complete; its end is found where it is, however the stream is cut, and its decoder misses nothing behind it. */
function checkFrames(stream: Uint8Array): void {
  for (const isEncrypted of [false, true]) {
    const whole = new StreamFrameReader(true, isEncrypted).scan(stream, stream.length);
    const dripping = new StreamFrameReader(true, isEncrypted);
    const step = 1 + stream.length % 13;
    for (let length = 0; length < stream.length + step; length += step) {
      const here = Math.min(length, stream.length);
      const end = dripping.scan(stream, here);
      if (end === 0) continue;
      // What is broken is complete with what is here.
      if (end !== whole && !(end === here && whole === stream.length)) {
        throw new Error(`a message ends at ${end} when it drips, and at ${whole} when it does not`);
      }
      break;
    }
    if (!isEncrypted && whole !== 1 && whole < stream.length) checkNothingMissed(stream, whole);
  }
}

function checkNothingMissed(stream: Uint8Array, end: number): void {
  const codec = MEMBERLIST_CODECS.get(stream[0]!);
  if (codec === undefined) return;
  const outcomes = [end, stream.length].map((length) => {
    if (length === 0) return -1;
    try {
      return new Digest(codec.decode(stream.subarray(0, length), 1, length)).hash;
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      return -1;
    }
  });
  if (outcomes[0] !== outcomes[1]) throw new Error(`the message does not end at ${end}`);
}

const SEALING: StreamFramesConfig = {
  label: LABEL,
  compression: false,
  keyring: KEYRING,
  random: { below: () => 0, uniform: () => 0, fill: (nonce) => nonce.fill(9) },
};
const sealedFrames = new StreamFrames(SEALING);
/** Those of another cluster, which has the same keys. */
const otherFrames = new StreamFrames({ ...SEALING, label: new Label("fop") });

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return new Digest(a).hash === new Digest(b).hash;
}

/** The longest sealed payload: 20 MiB. */
const SEALED_BYTES_MAX = 20 * 1024 * 1024;
/** What the length of a frame that is sealed may claim to be. */
const SEALED_LIES = [0, 28, 29, 0x10000, SEALED_BYTES_MAX, SEALED_BYTES_MAX + 1, 0xffffffff].map((length) =>
  Uint8Array.of(10, length >>> 24, length >>> 16, length >>> 8, length)
);

const sealedStreams: Target = {
  name: "sealed TCP stream",
  seeds: [
    ...STREAMS.map((stream) => sealedFrames.encode(stream, "reply")),
    ...SEALED_LIES.map((head) => concat(head, new Uint8Array(40))),
    Uint8Array.of(10, 0, 0, 0),
  ],
  words: [Uint8Array.of(10), ...SEALED_LIES],
  refusals: [WireError],
  weightMax: inflatedMax,
  begin: () => ({
    decode(input, start, end) {
      const stream = input.subarray(start, end);
      checkSealedEnd(stream, "reply");
      checkSealedEnd(stream, "request");
      return sealedFrames.decode(stream, "reply");
    },
    encode(message) {
      const request = delimited(sealedFrames, message as Uint8Array, "request");
      const reply = delimited(sealedFrames, message as Uint8Array, "reply");
      if (!isSame(sealedFrames.decode(request, "request"), message as Uint8Array)) {
        throw new Error("a request does not come back as it was");
      }
      for (
        const refuse of [
          () => sealedFrames.decode(reply, "request"),
          () => sealedFrames.decode(request, "reply"),
          () => otherFrames.decode(request, "request"),
          () => otherFrames.decode(reply, "reply"),
        ]
      ) {
        if (attempted(refuse).refusal === undefined) throw new Error("a label is not missed");
      }
      return reply;
    },
  }),
  // What begins as a compressed message would be taken for one.
  generated: bytes.filter((message) => message.length > 0 && message[0] !== MessageType.compress),
};

const exchanges: Target = {
  name: "TCP exchange",
  seeds: STREAMS,
  words: [Uint8Array.of(9), Uint8Array.of(6), Uint8Array.of(0)],
  msgpackAt: 1,
  isStateful: true,
  refusals: [],
  begin: () => {
    const world = new World({ options: QUIET });
    return {
      decode(input, start, end) {
        const reply = world.memberlist.onExchange(STRANGER, input.subarray(start, end));
        world.transport.packets.length = world.delegate.userMessages.length = 0;
        world.delegate.remoteStates.length = world.delegate.events.length = 0;
        // Our own state, which strangers may have filled with some hundred nodes of names of their own.
        return reply?.length;
      },
      finish() {
        if (world.logger.lines.length > LINES_MAX) {
          throw new Error(`${world.logger.lines.length} lines were logged`);
        }
        world.runFor(5_000);
      },
    };
  },
};

export const STRANGER_TARGETS: readonly Target[] = [packets, streams, sealedStreams, exchanges];
