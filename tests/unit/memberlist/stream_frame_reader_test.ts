import { equal, ok } from "../../support/assert.ts";
import { SeededRandom } from "../../../lib/base/seeded_random.ts";
import * as messages from "../../../lib/memberlist/messages.ts";
import { StreamFrameReader } from "../../../lib/memberlist/stream_frame_reader.ts";
import { MsgpackWriter } from "../../../lib/wire/msgpack_writer.ts";
import { concat, fromHex } from "../../golden/sample.ts";

const encoded = (write: (writer: MsgpackWriter) => void): Uint8Array => {
  const writer = new MsgpackWriter(16);
  write(writer);
  return writer.copy();
};

const reader = (isEncrypted = false) => new StreamFrameReader(true, isEncrypted);
const scan = (bytes: Uint8Array, isEncrypted = false) => reader(isEncrypted).scan(bytes, bytes.length);

/** Whether the reader says "complete" for bytes that go on: it has seen enough to give up. */
function isBroken(hex: string, isEncrypted = false): boolean {
  const bytes = fromHex(hex);
  return scan(bytes, isEncrypted) === bytes.length;
}

const PUSH_PULL = encoded((writer) => {
  messages.encodePushPullHeader(writer, { nodes: 3, userStateLen: 700, join: true });
  for (let i = 0; i < 3; i++) {
    messages.encodePushPullNode(writer, {
      ...messages.createPushPullNode(),
      name: `node-${i}`,
      meta: new Uint8Array(300),
    });
  }
  writer.raw(new Uint8Array(700).fill(0xc1));
});

const FRAMES: [string, Uint8Array, boolean][] = [
  ["ping", encoded((writer) => messages.encodePing(writer, { ...messages.createPing(), node: "a" })), false],
  ["ack", encoded((writer) => messages.encodeAck(writer, 5, null)), false],
  ["err", encoded((writer) => messages.encodeErr(writer, "No")), false],
  ["push/pull", PUSH_PULL, false],
  [
    "empty push/pull",
    encoded((writer) => {
      messages.encodePushPullHeader(writer, { nodes: 0, userStateLen: 0, join: false });
    }),
    false,
  ],
  ["push/pull of nils", fromHex("069302 02 c0 c0c0 aabb".replaceAll(" ", "")), false],
  [
    "user",
    encoded((writer) => {
      messages.encodeUserHeader(writer, 3);
      writer.raw(fromHex("010203"));
    }),
    false,
  ],
  ["compressed", encoded((writer) => messages.compressMessage(writer, PUSH_PULL, false)), false],
  ["labelled", concat(fromHex("f403666f6f"), PUSH_PULL), false],
  ["encrypted", concat(fromHex("0a00000030"), new Uint8Array(48)), true],
  ["labelled and encrypted", concat(fromHex("f403666f6f0a00000030"), new Uint8Array(48)), true],
];

for (const [name, frame, isEncrypted] of FRAMES) {
  Deno.test(`StreamFrameReader finds the end of ${name}, however it is cut`, () => {
    equal(scan(frame, isEncrypted), frame.length);
    equal(scan(concat(frame, fromHex("0080")), isEncrypted), frame.length);
    const dripping = reader(isEncrypted);
    for (let length = 0; length < frame.length; length++) {
      equal(dripping.scan(frame, length), 0, `at ${length}`);
    }
    equal(dripping.scan(frame, frame.length), frame.length);
    const random = new SeededRandom(7, name);
    for (let round = 0; round < 20; round++) {
      const chunked = reader(isEncrypted);
      let length = 0;
      while (length < frame.length) {
        // The buffer may be another one at each call.
        equal(chunked.scan(frame.slice(0, length), length), 0);
        length += 1 + random.below(60);
      }
      equal(chunked.scan(frame, frame.length), frame.length);
    }
  });
}

Deno.test("StreamFrameReader takes the array form of the header", () => {
  // Nodes, UserStateLen, Join.
  const bytes = fromHex("069301020080aabbcc");
  equal(scan(bytes), 8);
});

Deno.test("StreamFrameReader: 20 MiB of ciphertext is allowed, one byte more is not", () => {
  equal(isBroken("0a01400000", true), false);
  equal(isBroken("0a01400001", true), true);
  equal(isBroken("0affffffff", true), true);
});

Deno.test("StreamFrameReader is done with the first byte of what must, or must not, be encrypted", () => {
  equal(isBroken("0a"), true);
  equal(isBroken("06", true), true);
  equal(isBroken("00", true), true);
});

Deno.test("StreamFrameReader gives up on unknown types at once", () => {
  for (let type = 0; type < 256; type++) {
    const known = [0, 2, 6, 8, 9, 13, 244].includes(type);
    equal(isBroken(type.toString(16).padStart(2, "0")), !known, `type ${type}`);
  }
});

Deno.test("StreamFrameReader knows a label only from the dialer, and gives up on an empty one", () => {
  const labelled = concat(fromHex("f403666f6f"), PUSH_PULL);
  equal(new StreamFrameReader(false, false).scan(labelled, 1), 1);
  equal(isBroken("f400"), true);
  equal(isBroken("f4"), false);
  equal(isBroken("f403666f6f"), false);
});

Deno.test("StreamFrameReader gives up on malformed headers and broken limits before reading on", () => {
  equal(isBroken("06c1"), true);
  equal(isBroken("0600"), true);
  equal(isBroken("0683a44a6f696ec2a54e6f646573ce00100001ac5573657253746174654c656e00"), true); // 1,048,577 nodes
  equal(isBroken("0683a44a6f696ec2a54e6f646573ce00100000ac5573657253746174654c656e00"), false);
  equal(isBroken("0681ac5573657253746174654c656ece01400001"), true); // more than 20 MiB
  equal(isBroken("0681ac5573657253746174654c656ece01400000"), false);
  equal(isBroken("0681ac5573657253746174654c656eff"), true); // negative
  equal(isBroken("0881aa557365724d73674c656ece01400001"), true);
  equal(isBroken("0881aa557365724d73674c656ecb4014000000000000"), true); // a float
});

Deno.test("StreamFrameReader bounds the whole message at 40 MiB, whatever its parts announce", () => {
  equal(isBroken("00c602800001"), true);
  equal(isBroken("00dbffffffff"), true);
  equal(isBroken("00ddffffffff"), true);
  equal(isBroken("00dfffffffff"), true);
  equal(isBroken("0982a4416c676f00a3427566c602700000"), false);
});

const MESSAGE_BYTES_MAX = 40 * 1024 * 1024;

/** A stream of zeros that begins with `head`, whose first value is a text of `textBytes`, followed by `behind`. */
function longStream(head: Uint8Array, textBytes: number, behind: Uint8Array = new Uint8Array(0)): Uint8Array {
  const lengths = [24, 16, 8, 0].map((shift) => textBytes >>> shift & 0xff);
  const start = concat(head, Uint8Array.of(0xdb, ...lengths));
  const stream = new Uint8Array(start.length + textBytes + behind.length);
  stream.set(start);
  stream.set(behind, start.length + textBytes);
  return stream;
}

Deno.test("StreamFrameReader: a value may end at 40 MiB, with nothing left to come, and not a byte later", () => {
  // 00 and the text's head are 6 bytes; one more of an array's head, and one at least of its second value.
  equal(isBroken(`00db${(MESSAGE_BYTES_MAX - 6).toString(16).padStart(8, "0")}`), false);
  equal(isBroken(`00db${(MESSAGE_BYTES_MAX - 5).toString(16).padStart(8, "0")}`), true);
  equal(isBroken(`0092db${(MESSAGE_BYTES_MAX - 8).toString(16).padStart(8, "0")}`), false);
  equal(isBroken(`0092db${(MESSAGE_BYTES_MAX - 7).toString(16).padStart(8, "0")}`), true);
});

Deno.test("StreamFrameReader: an entry of a push/pull may end at 40 MiB, with nothing left to come", () => {
  const entry = encoded((writer) =>
    messages.encodePushPullNode(writer, { ...messages.createPushPullNode(), vsn: new Uint8Array(6) })
  );
  const endOf = (nodes: number, end: number) => {
    const header = Uint8Array.of(0x06, 0x93, nodes, 0, 0xc2);
    const stream = longStream(header, end - 10 - entry.length, entry);
    equal(stream.length, end);
    // What is broken is complete with all that is there.
    return scan(concat(stream, Uint8Array.of(0)));
  };
  equal(endOf(2, MESSAGE_BYTES_MAX), MESSAGE_BYTES_MAX);
  equal(endOf(2, MESSAGE_BYTES_MAX + 1), MESSAGE_BYTES_MAX + 2);
  equal(endOf(3, MESSAGE_BYTES_MAX - 1), MESSAGE_BYTES_MAX);
  equal(endOf(3, MESSAGE_BYTES_MAX), MESSAGE_BYTES_MAX + 1);
  equal(endOf(4, MESSAGE_BYTES_MAX - 1), MESSAGE_BYTES_MAX);
});

Deno.test("StreamFrameReader: the state behind the entries may end at 40 MiB, and not a byte later", () => {
  const stateBytes = 20 * 1024 * 1024;
  const header = fromHex(`069301ce${stateBytes.toString(16).padStart(8, "0")}c2`);
  const waitsFor = (end: number) => {
    const stream = longStream(header, end - stateBytes - header.length - 5);
    return scan(stream) === 0;
  };
  equal(waitsFor(MESSAGE_BYTES_MAX), true);
  equal(waitsFor(MESSAGE_BYTES_MAX + 1), false);
});

Deno.test("StreamFrameReader passes deep nesting without recursion, and looks at each byte once", () => {
  const depth = 300_000;
  const frame = new Uint8Array(depth + 2).fill(0x91);
  frame[0] = 0;
  frame[depth + 1] = 0xc0;
  const dripping = reader();
  // Were it to begin anew at each call, this would be 10^10 steps.
  for (let length = 0; length < frame.length; length++) {
    if (dripping.scan(frame, length) !== 0) throw new Error(`complete at ${length}`);
  }
  equal(dripping.scan(frame, frame.length), frame.length);
  ok(depth > 10_000);
});
