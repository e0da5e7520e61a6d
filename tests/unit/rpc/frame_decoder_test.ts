import { deepEqual, equal, ok, throws } from "../../support/assert.ts";
import fc from "fast-check";
import { encode, Encoder } from "@msgpack/msgpack";
import { WireError } from "../../../lib/base/errors.ts";
import { FrameDecoder } from "../../../lib/rpc/frame_decoder.ts";
import { concat } from "./fake_stream.ts";

const LIMIT = 1 << 20;

/** Feeds chunks as a connection lends them: each is scribbled over when the next one comes. */
function framesOf(chunks: readonly Uint8Array[], limit = LIMIT): Uint8Array[] {
  const decoder = new FrameDecoder();
  const frames: Uint8Array[] = [];
  for (const chunk of chunks) {
    const lent = chunk.slice();
    decoder.push(lent);
    while (decoder.next(limit)) frames.push(decoder.bytes.slice(decoder.start, decoder.end));
    decoder.retain();
    lent.fill(0xc1);
  }
  return frames;
}

function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const end = Math.min(bytes.length, at + sizes[i % sizes.length]!);
    chunks.push(bytes.subarray(at, end));
    at = end;
  }
  return chunks;
}

const anyValue = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.double(),
    fc.string({ maxLength: 300 }),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie("value"), { maxLength: 20 }),
    fc.dictionary(fc.string({ maxLength: 40 }).filter((key) => key !== "__proto__"), tie("value"), {
      maxKeys: 20,
    }),
  ),
})).value;

Deno.test("FrameDecoder finds the same values however the bytes are cut", () => {
  const encoder = new Encoder();
  fc.assert(fc.property(
    fc.array(anyValue, { minLength: 1, maxLength: 8 }),
    fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 }),
    (values, sizes) => {
      const frames = values.map((value) => encoder.encode(value));
      deepEqual(framesOf(cut(concat(frames), sizes)), frames);
    },
  ));
});

Deno.test("FrameDecoder finds values byte by byte, extension types included", () => {
  const frames = [
    Uint8Array.of(0xc7, 3, 0x10, 1, 2, 3),
    Uint8Array.of(0xd4, 1, 2),
    Uint8Array.of(0xd8, 1, ...new Array(16).fill(7)),
    Uint8Array.of(0xc8, 0, 2, 9, 1, 2),
    Uint8Array.of(0xdf, 0, 0, 0, 1, 0xa1, 65, 0xdd, 0, 0, 0, 1, 0xc0),
    Uint8Array.of(0x05),
  ];
  deepEqual(framesOf(Array.from(concat(frames), (byte) => Uint8Array.of(byte))), frames);
});

Deno.test("FrameDecoder.next() refuses what is too long as soon as it is announced", () => {
  for (
    const announced of [
      [0xdb, 0xff, 0xff, 0xff, 0xff],
      [0xc6, 0xff, 0xff, 0xff, 0xff],
      [0xc9, 0xff, 0xff, 0xff, 0xff, 1],
      [0xdd, 0xff, 0xff, 0xff, 0xff],
      [0xdf, 0xff, 0xff, 0xff, 0xff],
      [0xde, 0xff, 0xff], // 131070 values: more than 100 000 bytes
      [0x92, 0xda, 0xff, 0xff, ...new Array(0xffff).fill(65), 0xda, 0xff, 0xff],
    ]
  ) {
    throws(() => framesOf([Uint8Array.from(announced)], 100_000), WireError, announced.slice(0, 5).join());
  }
});

Deno.test("FrameDecoder.next() takes a value of exactly the limit, and no byte more", () => {
  const text = Uint8Array.of(0xda, 0x03, 0xe5, ...new Array(997).fill(65));
  equal(framesOf(cut(text, [10]), 1000).length, 1);
  throws(() => framesOf(cut(text, [10]), 999), WireError);
});

Deno.test("FrameDecoder.next() refuses the byte that begins no value", () => {
  throws(() => framesOf([Uint8Array.of(0x92, 1, 0xc1)]), WireError);
});

Deno.test("FrameDecoder: nesting costs nothing", () => {
  const nested = new Uint8Array(500_001).fill(0x91);
  nested[500_000] = 0xc0;
  equal(framesOf(cut(nested, [65536]))[0]!.length, 500_001);
});

Deno.test("FrameDecoder: a dripping sender costs linear time", () => {
  // 200 000 bytes one at a time, of a value with 1000 strings: walking it anew for each byte would take 10^8 steps.
  const value = concat([
    Uint8Array.of(0xdc, 0x03, 0xe8),
    ...Array.from({ length: 1000 }, () => Uint8Array.of(0xd9, 200, ...new Array(200).fill(65))),
  ]);
  const decoder = new FrameDecoder();
  const one = new Uint8Array(1);
  let found = 0, moved = 0, last = decoder.bytes;
  for (const byte of value) {
    one[0] = byte;
    decoder.push(one);
    if (decoder.next(LIMIT)) found++;
    decoder.retain();
    if (decoder.bytes !== last) moved += decoder.unreadBytes;
    last = decoder.bytes;
  }
  equal(found, 1);
  ok(moved < 4 * value.length, `${moved} bytes copied`);
});

Deno.test("FrameDecoder: random bytes give values, or a WireError, and little is kept", () => {
  const limit = 1000;
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 }), { maxLength: 30 }), (chunks) => {
      const decoder = new FrameDecoder();
      try {
        for (const chunk of chunks) {
          decoder.push(chunk);
          while (decoder.next(limit)) ok(decoder.end > decoder.start && decoder.end - decoder.start <= limit);
          decoder.retain();
          ok(decoder.unreadBytes <= limit);
          ok(decoder.bytes.length <= 2 * (limit + 200));
        }
      } catch (error) {
        ok(error instanceof WireError);
      }
    }),
  );
});

Deno.test("FrameDecoder.unreadBytes tells what a value lacks to be whole", () => {
  const decoder = new FrameDecoder();
  decoder.push(Uint8Array.of(1, 0xa3, 65));
  equal(decoder.next(LIMIT), true);
  equal(decoder.next(LIMIT), false);
  equal(decoder.unreadBytes, 2);
  decoder.push(Uint8Array.of(66, 67));
  equal(decoder.next(LIMIT), true);
  equal(decoder.next(LIMIT), false);
  equal(decoder.unreadBytes, 0);
});

Deno.test("FrameDecoder.retain() gives a large buffer back as soon as nothing in it is unread", () => {
  const decoder = new FrameDecoder();
  const value = encode(new Uint8Array(300_000));
  decoder.push(value.subarray(0, 200_000));
  equal(decoder.next(1 << 20), false);
  decoder.retain();
  ok(decoder.ownBytes >= 200_000);
  decoder.push(value.subarray(200_000));
  equal(decoder.next(1 << 20), true);
  deepEqual(decoder.bytes.slice(decoder.start, decoder.end), value);
  equal(decoder.next(1 << 20), false);
  decoder.retain();
  equal(decoder.ownBytes, 0);
  // And goes on as if nothing had been.
  decoder.push(encode("after"));
  equal(decoder.next(10), true);
  deepEqual(decoder.bytes.slice(decoder.start, decoder.end), encode("after"));
});
