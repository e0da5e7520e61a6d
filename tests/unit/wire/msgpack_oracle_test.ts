/** Ours against @msgpack/msgpack, for everything that both dialects have. */
import { deepEqual, equal } from "../../support/assert.ts";
import { decode, encode } from "@msgpack/msgpack";
import fc from "fast-check";
import { MsgpackReader } from "../../../lib/wire/msgpack_reader.ts";
import { MsgpackWriter } from "../../../lib/wire/msgpack_writer.ts";
import { toHex } from "../../golden/sample.ts";
import { unicodeText } from "../../support/unicode_text.ts";

type Value = null | boolean | number | string | Uint8Array | Value[] | { [key: string]: Value };

/** Numbers are safe integers or have a fraction: the oracle writes 1.0 as the integer 1. */
const number = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -200, max: 70_000 }),
  fc.double({ noNaN: true }).filter((value) => !Number.isInteger(value)),
);
const text = fc.oneof(unicodeText(50), fc.string({ minLength: 25, maxLength: 300 }));
const bytes = fc.oneof(fc.uint8Array(), fc.uint8Array({ minLength: 200, maxLength: 300 }));
const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constant(null),
    fc.boolean(),
    number,
    text,
    bytes,
    fc.array(tie("value"), { maxLength: 20, size: "medium" }),
    fc.dictionary(fc.string(), tie("value"), { noNullPrototype: true, maxKeys: 5 }).filter((map) =>
      !Object.hasOwn(map, "__proto__")
    ),
  ),
}));

function write(writer: MsgpackWriter, item: Value): void {
  if (item === null) writer.nil();
  else if (typeof item === "boolean") writer.bool(item);
  else if (typeof item === "number") Number.isInteger(item) ? writer.int(item) : writer.float64(item);
  else if (typeof item === "string") writer.string(item);
  else if (item instanceof Uint8Array) writer.bytes(item);
  else if (Array.isArray(item)) {
    writer.arrayHeader(item.length);
    for (const element of item) write(writer, element);
  } else {
    writer.mapHeader(Object.keys(item).length);
    for (const [key, element] of Object.entries(item)) write(writer.string(key), element);
  }
}

/** Reads what must be `like`: the wire's types are in the schema, not in the bytes. */
function read(reader: MsgpackReader, like: Value): Value {
  if (like === null) return reader.takeNil() ? null : "not nil";
  if (typeof like === "boolean") return reader.bool();
  if (typeof like === "number") return Number.isInteger(like) ? reader.int() : reader.float();
  if (typeof like === "string") return reader.string();
  if (like instanceof Uint8Array) return reader.bytes()!.slice();
  if (Array.isArray(like)) {
    equal(reader.arrayHeader(), like.length);
    return like.map((element) => read(reader, element));
  }
  const keys = Object.keys(like);
  equal(reader.mapHeader(), keys.length);
  return Object.fromEntries(keys.map((key) => [reader.string(), read(reader, like[key]!)]));
}

Deno.test("MsgpackWriter of the new dialect writes what @msgpack/msgpack writes", () => {
  fc.assert(fc.property(value, (item) => {
    const writer = new MsgpackWriter(1, "new");
    write(writer, item);
    equal(toHex(writer.view()), toHex(encode(item)));
  }));
});

Deno.test("MsgpackReader reads what @msgpack/msgpack writes, unless it is text in bin, and skips it whole", () => {
  const reader = new MsgpackReader();
  fc.assert(fc.property(value, (item) => {
    const encoded = encode(item);
    deepEqual(read(reader.reset(encoded), item), item);
    equal(reader.position, encoded.length);
    reader.reset(encoded).skip();
    equal(reader.position, encoded.length);
  }));
});

Deno.test("MsgpackWriter of the old dialect writes what @msgpack/msgpack reads; bytes come as raw", () => {
  fc.assert(fc.property(value, (item) => {
    const writer = new MsgpackWriter(1);
    write(writer, item);
    const raw = decode(writer.view(), { rawStrings: true });
    const asBytes = (part: Value): unknown => {
      if (typeof part === "string") return new TextEncoder().encode(part.toWellFormed());
      if (Array.isArray(part)) return part.map(asBytes);
      if (part === null || typeof part !== "object" || part instanceof Uint8Array) return part;
      return Object.fromEntries(Object.entries(part).map(([key, element]) => [key, asBytes(element)]));
    };
    deepEqual(normal(raw), normal(asBytes(item)));
    deepEqual(read(new MsgpackReader().reset(writer.view()), item), item);
  }));
});

/** Byte arrays as hex: a view of a buffer and an array of its own are the same to us. */
function normal(part: unknown): unknown {
  if (part instanceof Uint8Array) return toHex(part);
  if (Array.isArray(part)) return part.map(normal);
  if (part === null || typeof part !== "object") return part;
  return Object.fromEntries(Object.entries(part).map(([key, element]) => [key, normal(element)]));
}
