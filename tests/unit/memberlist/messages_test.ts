import { deepEqual, equal, ok, throws } from "../../support/assert.ts";
import fc from "fast-check";
import { WireError } from "../../../lib/base/errors.ts";
import * as messages from "../../../lib/memberlist/messages.ts";
import { MsgpackWriter } from "../../../lib/wire/msgpack_writer.ts";
import { fromHex, toHex } from "../../golden/sample.ts";
import { unicodeText } from "../../support/unicode_text.ts";

const written = (write: (writer: MsgpackWriter) => void): Uint8Array => {
  const writer = new MsgpackWriter(16);
  write(writer);
  return writer.copy();
};

const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const name = unicodeText(40);
const bytes = fc.uint8Array({ maxLength: 40 });

/** Byte fields as hex, so that views and arrays compare. */
function plain(message: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(message).map(([key, value]) => [key, value instanceof Uint8Array ? toHex(value) : value]),
  );
}

Deno.test("memberlist messages come back from their encoding", () => {
  const source = { sourceAddr: bytes, sourcePort: u16, sourceNode: name };
  const ping = messages.createPing();
  fc.assert(fc.property(fc.record({ seqNo: u32, node: name, ...source }), (message) => {
    const encoded = written((writer) => messages.encodePing(writer, message));
    messages.decodePing(encoded, 1, encoded.length, ping);
    deepEqual(plain(ping), plain(message));
  }));
  const indirect = messages.createIndirectPing();
  const indirectFields = { seqNo: u32, target: bytes, port: u16, node: name, nack: fc.boolean(), ...source };
  fc.assert(fc.property(fc.record(indirectFields), (message) => {
    const encoded = written((writer) => messages.encodeIndirectPing(writer, message));
    messages.decodeIndirectPing(encoded, 1, encoded.length, indirect);
    deepEqual(plain(indirect), plain(message));
  }));
  const alive = messages.createAlive();
  const vsn = fc.oneof(fc.constant(new Uint8Array(0)), fc.uint8Array({ minLength: 6, maxLength: 8 }));
  const aliveFields = { incarnation: u32, node: name, addr: bytes, port: u16, meta: bytes, vsn };
  fc.assert(fc.property(fc.record(aliveFields), (message) => {
    const encoded = written((writer) => messages.encodeAlive(writer, message));
    messages.decodeAlive(encoded, 1, encoded.length, alive);
    deepEqual(plain(alive), plain(message));
  }));
});

Deno.test("acks, nacks, accusations and errs come back from their encoding", () => {
  const ack = messages.createAck();
  fc.assert(fc.property(u32, fc.option(bytes), (seqNo, payload) => {
    const encoded = written((writer) => messages.encodeAck(writer, seqNo, payload));
    messages.decodeAck(encoded, 1, encoded.length, ack);
    deepEqual(plain(ack), plain({ seqNo, payload }));
    const nack = written((writer) => messages.encodeNack(writer, seqNo));
    equal(messages.decodeNack(nack, 1, nack.length), seqNo);
  }));
  const accusation = messages.createAccusation();
  fc.assert(fc.property(u32, name, name, (incarnation, node, from) => {
    for (const [encode, type] of [[messages.encodeSuspect, 3], [messages.encodeDead, 5]] as const) {
      const encoded = written((writer) => encode(writer, incarnation, node, from));
      equal(encoded[0], type);
      messages.decodeSuspect(encoded, 1, encoded.length, accusation);
      deepEqual(accusation, { incarnation, node, from });
    }
    const err = written((writer) => messages.encodeErr(writer, from));
    equal(messages.decodeErr(err, 1, err.length), from);
  }));
});

Deno.test("encodePing() leaves out what is empty of the source, and nothing else", () => {
  const ping = { ...messages.createPing(), node: "", seqNo: 0 };
  equal(toHex(written((writer) => messages.encodePing(writer, ping))), "0082a44e6f6465a0a55365714e6f00");
  const encoded = written((writer) => messages.encodePing(writer, { ...ping, sourcePort: 1 }));
  equal(toHex(encoded), "0083a44e6f6465a0a55365714e6f00aa536f75726365506f727401");
});

Deno.test("decoders set back what the message before had left", () => {
  const ping = messages.createPing();
  const full = fromHex(
    "85a44e6f6465a161a55365714e6f01aa536f7572636541646472a47f000001aa536f757263654e6f6465a162aa" +
      "536f75726365506f727405",
  );
  messages.decodePing(full, 0, full.length, ping);
  equal(ping.sourceNode, "b");
  messages.decodePing(fromHex("80"), 0, 1, ping);
  deepEqual(plain(ping), plain(messages.createPing()));
  const alive = messages.createAlive();
  const encoded = written((writer) =>
    messages.encodeAlive(writer, {
      incarnation: 5,
      node: "n",
      addr: fromHex("7f000001"),
      port: 7,
      meta: fromHex("ff80"),
      vsn: fromHex("010502020505"),
    })
  );
  messages.decodeAlive(encoded, 1, encoded.length, alive);
  messages.decodeAlive(fromHex("c0"), 0, 1, alive);
  deepEqual(plain(alive), plain(messages.createAlive()));
});

Deno.test("the array form is taken in declaration order", () => {
  const ping = messages.createPing();
  messages.decodePing(fromHex("9518a57065657241a47f000048cd54cea26d65"), 0, 19, ping);
  deepEqual(plain(ping), {
    seqNo: 24,
    node: "peerA",
    sourceAddr: "7f000048",
    sourcePort: 21710,
    sourceNode: "me",
  });
  const indirect = messages.createIndirectPing();
  messages.decodeIndirectPing(fromHex("9507a47f00000105a161c3"), 0, 11, indirect);
  deepEqual([indirect.seqNo, toHex(indirect.target), indirect.port, indirect.node, indirect.nack], [
    7,
    "7f000001",
    5,
    "a",
    true,
  ]);
  const accusation = messages.createAccusation();
  messages.decodeDead(fromHex("9303a161a162"), 0, 6, accusation);
  deepEqual(accusation, { incarnation: 3, node: "a", from: "b" });
  const alive = messages.createAlive();
  messages.decodeAlive(fromHex("9602a161a47f00000105a2ff80a6010502020505"), 0, 20, alive);
  deepEqual(plain(alive), {
    incarnation: 2,
    node: "a",
    addr: "7f000001",
    port: 5,
    meta: "ff80",
    vsn: "010502020505",
  });
});

Deno.test("an alive message with 1 to 5 version bytes is refused: it would crash others", () => {
  const alive = messages.createAlive();
  for (let length = 0; length <= 8; length++) {
    const message = {
      ...messages.createAlive(),
      node: "n",
      incarnation: 1,
      vsn: new Uint8Array(length).fill(1),
    };
    const encoded = written((writer) => messages.encodeAlive(writer, message));
    const decode = () => messages.decodeAlive(encoded, 1, encoded.length, alive);
    if (length >= 1 && length <= 5) throws(decode, WireError);
    else {
      decode();
      equal(alive.vsn.length, length);
    }
  }
  // As an array of integers it is the same field.
  const vector = fromHex("81a356736e93010502");
  throws(() => messages.decodeAlive(vector, 0, vector.length, alive), WireError);
});

Deno.test("readVersions() spreads six bytes, and zeros when there are none; versionBytes() undoes it", () => {
  const versions = { pMin: 9, pMax: 9, pCur: 9, dMin: 9, dMax: 9, dCur: 9 };
  messages.readVersions(fromHex("01050202050477"), versions);
  deepEqual(versions, { pMin: 1, pMax: 5, pCur: 2, dMin: 2, dMax: 5, dCur: 4 });
  equal(toHex(messages.versionBytes(versions)), "010502020504");
  messages.readVersions(new Uint8Array(0), versions);
  deepEqual(Object.values(versions), [0, 0, 0, 0, 0, 0]);
});

Deno.test("sharedVersions() gives equal bytes the same record, and tells all others apart", () => {
  const bytes = fromHex("01050202050477");
  const shared = messages.sharedVersions(bytes);
  equal(messages.sharedVersions(bytes.slice()), shared);
  for (let i = 0; i < 6; i++) {
    for (const other of [1, 3, 16, 255]) {
      const changed = bytes.slice();
      changed[i] = changed[i]! ^ other;
      deepEqual(Object.values(messages.sharedVersions(changed)), [...changed.subarray(0, 6)]);
      // The sum is what it was.
      const swapped = fromHex("010502020504");
      swapped[i] = (swapped[i]! + other) & 255;
      swapped[(i + 1) % 6] = (swapped[(i + 1) % 6]! - other) & 255;
      deepEqual(Object.values(messages.sharedVersions(swapped)), [...swapped]);
    }
  }
  deepEqual(shared, { pMin: 1, pMax: 5, pCur: 2, dMin: 2, dMax: 5, dCur: 4 });
  deepEqual(Object.values(messages.sharedVersions(new Uint8Array(0))), [0, 0, 0, 0, 0, 0]);
});

Deno.test("numbers are checked against their width", () => {
  const ping = messages.createPing();
  const refuse = (hex: string) =>
    throws(() => messages.decodePing(fromHex(hex), 0, hex.length / 2, ping), WireError);
  refuse("81a55365714e6fcf0000000100000000");
  refuse("81aa536f75726365506f7274ce00010000");
  const compressed = messages.createCompressed();
  throws(() => messages.decodeCompressed(fromHex("81a4416c676fcd0100"), 0, 9, compressed), WireError);
});

Deno.test("decodeCompressed() names an unknown algorithm as HashiCorp's agents do", () => {
  const body = fromHex("82a4416c676f07a3427566a27878");
  throws(
    () => messages.decodeCompressed(body, 0, body.length, messages.createCompressed()),
    (error) => error instanceof WireError && error.message === "Cannot decompress unknown algorithm 7",
  );
});

Deno.test("compressMessage() for a datagram gives the wrapper only when it is strictly shorter", () => {
  const writer = new MsgpackWriter();
  for (let length = 0; length < 400; length++) {
    const message = new Uint8Array(length).map((_, index) => index < 40 ? index * 37 : 0x61);
    writer.reset();
    const isShorter = messages.compressMessage(writer, message, true);
    equal(isShorter, writer.length > 0);
    if (isShorter) ok(writer.length < length);
    const always = new MsgpackWriter();
    equal(messages.compressMessage(always, message, false), true);
    equal(isShorter, always.length < length, `at ${length}`);
    if (isShorter) equal(toHex(writer.view()), toHex(always.view()));
  }
});

Deno.test("compressedOverheadBytes() is what encodeCompressed() adds", () => {
  for (const length of [0, 31, 32, 65535, 65536]) {
    const buffer = new Uint8Array(length);
    const encoded = written((writer) => messages.encodeCompressed(writer, buffer));
    equal(encoded.length - length, messages.compressedOverheadBytes(length));
  }
});

Deno.test("decompressMessage() undoes compressMessage() within its limit, however large", () => {
  for (const length of [0, 1, 1000, 200_000]) {
    const message = new Uint8Array(length).map((_, index) => index * index >> 3);
    const encoded = written((writer) => messages.compressMessage(writer, message, false));
    equal(toHex(messages.decompressMessage(encoded, 1, encoded.length, length)), toHex(message));
    if (length > 0) {
      throws(() => messages.decompressMessage(encoded, 1, encoded.length, length - 1), WireError);
    }
  }
});
