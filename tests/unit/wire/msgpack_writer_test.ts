import { equal, throws } from "../../support/assert.ts";
import { AssertionError } from "../../../lib/base/assert.ts";
import { type MsgpackDialect, MsgpackWriter } from "../../../lib/wire/msgpack_writer.ts";
import { toHex } from "../../golden/sample.ts";

function written(write: (writer: MsgpackWriter) => unknown, dialect: MsgpackDialect = "old"): string {
  // A tiny capacity: everything has to make the buffer grow.
  const writer = new MsgpackWriter(1, dialect);
  write(writer);
  return toHex(writer.view());
}

const UINTS: [number | bigint, string][] = [
  [0, "00"],
  [127, "7f"],
  [128, "cc80"],
  [255, "ccff"],
  [256, "cd0100"],
  [65535, "cdffff"],
  [65536, "ce00010000"],
  [4294967295, "ceffffffff"],
  [4294967296, "cf0000000100000000"],
  [Number.MAX_SAFE_INTEGER, "cf001fffffffffffff"],
];

Deno.test("MsgpackWriter.uint() takes the shortest unsigned form", () => {
  for (const [value, hex] of UINTS) equal(written((writer) => writer.uint(Number(value))), hex);
  for (const bad of [-1, 1.5, NaN, 2 ** 53]) {
    throws(() => written((writer) => writer.uint(bad)), AssertionError);
  }
});

Deno.test("MsgpackWriter.int() writes non-negative values as uint() does, negative ones in the shortest form", () => {
  for (const [value, hex] of UINTS) equal(written((writer) => writer.int(Number(value))), hex);
  const negative: [number, string][] = [
    [-1, "ff"],
    [-32, "e0"],
    [-33, "d0df"],
    [-128, "d080"],
    [-129, "d1ff7f"],
    [-32768, "d18000"],
    [-32769, "d2ffff7fff"],
    [-2147483648, "d280000000"],
    [-2147483649, "d3ffffffff7fffffff"],
    [Number.MIN_SAFE_INTEGER, "d3ffe0000000000001"],
  ];
  for (const [value, hex] of negative) equal(written((writer) => writer.int(value)), hex);
  throws(() => written((writer) => writer.int(-1.5)), AssertionError);
});

Deno.test("MsgpackWriter.uint64() reaches 2^64-1 with bigints and is as short as uint() below", () => {
  for (const [value, hex] of UINTS) {
    equal(written((writer) => writer.uint64(value)), hex);
    equal(written((writer) => writer.uint64(BigInt(value))), hex);
  }
  equal(written((writer) => writer.uint64(2n ** 53n)), "cf0020000000000000");
  equal(written((writer) => writer.uint64(2n ** 64n - 1n)), "cfffffffffffffffff");
  throws(() => written((writer) => writer.uint64(2n ** 64n)), AssertionError);
  throws(() => written((writer) => writer.uint64(-1n)), AssertionError);
});

Deno.test("MsgpackWriter writes nil, booleans and always nine bytes for a float", () => {
  equal(written((writer) => writer.nil().bool(false).bool(true)), "c0c2c3");
  equal(written((writer) => writer.float64(0)), "cb0000000000000000");
  equal(written((writer) => writer.float64(-1.5)), "cbbff8000000000000");
});

Deno.test("MsgpackWriter of the old dialect writes strings and bytes as raw, never str8, never bin", () => {
  for (
    const [length, header] of [[0, "a0"], [31, "bf"], [32, "da0020"], [255, "da00ff"], [
      65535,
      "daffff",
    ]] as const
  ) {
    const content = "61".repeat(length);
    equal(written((writer) => writer.string("a".repeat(length))), header + content);
    equal(written((writer) => writer.bytes(new Uint8Array(length).fill(0x61))), header + content);
  }
  equal(written((writer) => writer.string("a".repeat(65536))).slice(0, 12), "db0001000061");
  equal(written((writer) => writer.bytes(new Uint8Array(65536))).slice(0, 12), "db0001000000");
});

Deno.test("MsgpackWriter of the new dialect writes str8 and bin", () => {
  const lengths = [[0, "a0", "c400"], [31, "bf", "c41f"], [32, "d920", "c420"], [
    255,
    "d9ff",
    "c4ff",
  ]] as const;
  for (const [length, text, bin] of lengths) {
    const content = "61".repeat(length);
    equal(written((writer) => writer.string("a".repeat(length)), "new"), text + content);
    equal(written((writer) => writer.bytes(new Uint8Array(length).fill(0x61)), "new"), bin + content);
  }
  equal(written((writer) => writer.string("a".repeat(256)), "new").slice(0, 6), "da0100");
  equal(written((writer) => writer.bytes(new Uint8Array(256)), "new").slice(0, 6), "c50100");
  equal(written((writer) => writer.bytes(new Uint8Array(65536)), "new").slice(0, 10), "c600010000");
});

Deno.test("MsgpackWriter.bytes() tells nil from empty", () => {
  equal(written((writer) => writer.bytes(null)), "c0");
  equal(written((writer) => writer.bytes(new Uint8Array(0))), "a0");
});

Deno.test("MsgpackWriter.string() counts bytes, not characters", () => {
  // 31 characters are 32 bytes here: the header that fits the characters is too short for the bytes.
  equal(written((writer) => writer.string("a".repeat(30) + "\u00e9")), "da0020" + "61".repeat(30) + "c3a9");
  equal(written((writer) => writer.string("\u{1f600}")), "a4f09f9880");
  equal(written((writer) => writer.string("a".repeat(254) + "\u00e9"), "new").slice(0, 6), "da0100");
  equal(written((writer) => writer.string("x\udcff\udc80y")), "a478ff8079");
});

Deno.test("MsgpackWriter container headers are fixed to 15, then 16 bits, then 32", () => {
  equal(written((writer) => writer.mapHeader(15).mapHeader(16).mapHeader(65536)), "8fde0010df00010000");
  equal(
    written((writer) => writer.arrayHeader(15).arrayHeader(512).arrayHeader(65536)),
    "9fdc0200dd00010000",
  );
});

Deno.test("MsgpackWriter.view() is borrowed, copy() is not; truncate() takes back", () => {
  const writer = new MsgpackWriter();
  writer.byte(8).string("abc");
  const view = writer.view();
  const copy = writer.copy();
  equal(writer.length, 5);
  writer.truncate(1);
  equal(toHex(writer.view()), "08");
  writer.reset();
  writer.raw(Uint8Array.of(1, 2, 3, 4, 5)).raw(new Uint8Array(30));
  equal(toHex(view), "0102030405");
  equal(toHex(copy), "08a3616263");
  throws(() => writer.truncate(36), AssertionError);
});

Deno.test("MsgpackWriter takes its buffer at the first write, as large as it was told", () => {
  const writer = new MsgpackWriter(1000);
  equal(writer.view().buffer.byteLength, 0);
  equal(writer.copy().length, 0);
  equal(writer.byte(7).view().buffer.byteLength, 1000);
  equal(writer.raw(new Uint8Array(1500)).view()[0], 7);
});
