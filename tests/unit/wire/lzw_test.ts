import { equal, ok, throws } from "../../support/assert.ts";
import fc from "fast-check";
import { SeededRandom } from "../../../lib/base/seeded_random.ts";
import { WireError } from "../../../lib/base/errors.ts";
import { lzwBoundBytes, lzwCompressInto, lzwDecompress } from "../../../lib/wire/lzw.ts";
import { fromHex, toHex } from "../../golden/sample.ts";
import { naiveLzw } from "./naive_lzw.ts";

function compress(input: Uint8Array): Uint8Array {
  const target = new Uint8Array(lzwBoundBytes(input.length));
  const length = lzwCompressInto(input, 0, input.length, target, 0);
  ok(length > 0, "lzwBoundBytes() promises room");
  return target.subarray(0, length);
}

const decompress = (bytes: Uint8Array, maxBytes = 1 << 20) => lzwDecompress(bytes, 0, bytes.length, maxBytes);

/** Inputs of all kinds: even, repetitive, random, longer than the table. */
function input(random: SeededRandom): Uint8Array {
  const bytes = new Uint8Array(random.below(12_000));
  const alphabet = 1 + random.below(random.below(2) === 0 ? 4 : 256);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = i > 300 && random.below(4) > 0 ? bytes[i - 300]! : random.below(alphabet);
  }
  return bytes;
}

Deno.test("lzwCompressInto() writes what the plain reading of the format writes", () => {
  const random = new SeededRandom(1, "lzw");
  for (let i = 0; i < 40; i++) {
    const bytes = input(random);
    equal(toHex(compress(bytes)), toHex(naiveLzw(bytes)));
  }
  for (let length = 0; length < 600; length += 7) {
    const bytes = new Uint8Array(length).fill(0x61);
    equal(toHex(compress(bytes)), toHex(naiveLzw(bytes)));
  }
});

Deno.test("lzwDecompress() undoes lzwCompressInto()", () => {
  const random = new SeededRandom(2, "lzw");
  for (let i = 0; i < 40; i++) {
    const bytes = input(random);
    equal(toHex(decompress(compress(bytes), bytes.length)), toHex(bytes));
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
    equal(toHex(decompress(compress(bytes))), toHex(bytes));
  }));
});

Deno.test("lzwDecompress() goes on with a full table when the sender does not clear", () => {
  const random = new SeededRandom(3, "lzw");
  const bytes = new Uint8Array(30_000).map(() => random.below(200));
  equal(toHex(decompress(naiveLzw(bytes, false))), toHex(bytes));
});

Deno.test("LZW of nothing is clear and end, and back; of no bytes at all it is an error", () => {
  equal(toHex(compress(new Uint8Array(0))), "000302");
  equal(decompress(fromHex("000302")).length, 0);
  throws(() => decompress(new Uint8Array(0)), WireError);
});

Deno.test("lzwDecompress() wants an end code, but no clear code at the start, and ignores what follows the end", () => {
  const whole = compress(new TextEncoder().encode("banana banana banana"));
  for (let length = 0; length < whole.length; length++) {
    throws(() => decompress(whole.subarray(0, length)), WireError, `cut to ${length}`);
  }
  equal(decompress(new Uint8Array([...whole, 0xff, 0xff])).length, 20);
  // 'a', end: without a clear.
  equal(toHex(decompress(fromHex("610202"))), "61");
});

Deno.test("lzwDecompress() refuses codes that do not exist yet", () => {
  // The first code is 258, or 300; or 259 after one literal.
  for (const codes of [[258], [300], [256, 258], [0x61, 259]]) {
    throws(() => decompress(packed([...codes, 257])), WireError);
  }
  // 258 after one literal is that literal twice.
  equal(toHex(decompress(packed([0x61, 258, 257]))), "616161");
});

/** Nine-bit codes, packed. */
function packed(codes: number[]): Uint8Array {
  let bits = 0n;
  codes.forEach((code, index) => bits |= BigInt(code) << BigInt(9 * index));
  const bytes = new Uint8Array(Math.ceil(codes.length * 9 / 8));
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number((bits >> BigInt(8 * i)) & 0xffn);
  return bytes;
}

Deno.test("lzwDecompress() lets out exactly as much as allowed", () => {
  const bomb = compress(new Uint8Array(1 << 20));
  ok(bomb.length < 3_000);
  equal(decompress(bomb, 1 << 20).length, 1 << 20);
  throws(() => decompress(bomb, (1 << 20) - 1), WireError);
  throws(() => decompress(bomb, 0), WireError);
});

Deno.test("lzwCompressInto() gives up at its limit and is none the worse for it", () => {
  const random = new SeededRandom(4, "lzw");
  const bytes = new Uint8Array(3000).map(() => random.below(256));
  const expected = toHex(compress(bytes));
  const target = new Uint8Array(8000);
  for (const limit of [0, 1, 2, 100, 2999, expected.length / 2 - 1]) {
    equal(lzwCompressInto(bytes, 0, bytes.length, target, 0, limit), -1);
    equal(toHex(compress(bytes)), expected);
  }
  target.fill(0);
  const length = lzwCompressInto(bytes, 0, bytes.length, target, 10, 10 + expected.length / 2);
  equal(toHex(target.subarray(10, 10 + length)), expected);
  equal(target[9], 0);
});

Deno.test("lzwCompressInto() reads and writes within its bounds", () => {
  const source = fromHex("ffff616161616161ffff");
  const target = new Uint8Array(40).fill(0xee);
  const length = lzwCompressInto(source, 2, 8, target, 3, 30);
  equal(toHex(lzwDecompress(target, 3, 3 + length, 100)), "616161616161");
  equal(target.subarray(3 + length).every((byte) => byte === 0xee), true);
});
