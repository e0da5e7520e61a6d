/** Targets that are several messages of one protocol, told apart by the first byte. */
import fc from "fast-check";
import { WireError } from "../../../lib/base/errors.ts";
import { MsgpackWriter } from "../../../lib/wire/msgpack_writer.ts";
import { decodeText } from "../../../lib/wire/text.ts";
import { fromHex } from "../../golden/sample.ts";
import type { Subject, Target } from "../support/target.ts";

/** One message: how it is read, written, and invented. */
export interface Codec<T = unknown> {
  /** @param start where the body begins, after the byte that names the message. */
  decode(bytes: Uint8Array, start: number, end: number): T;
  /** Appends the body, without the byte that names the message. */
  encode?(writer: MsgpackWriter, value: T): void;
  /** Whether there is an encoding of a value; if absent, there always is. */
  isWritable?(value: T): boolean;
  readonly generated?: fc.Arbitrary<T>;
}

/** A codec whose type nobody needs to know any more. */
export function codec<T>(parts: Codec<T>): Codec {
  return parts as Codec;
}

/** What a message decoded to. */
interface Named {
  readonly type: number;
  readonly value: unknown;
}

/** The bytes that `write` writes. */
export function written(write: (writer: MsgpackWriter) => void): Uint8Array {
  const writer = new MsgpackWriter(256);
  write(writer);
  return writer.copy();
}

/** The most that numbers may be, by the name that they have in what decoders give. */
export type Limits = Readonly<Record<string, number>>;

/**
 * The target of a family.
 *
 * @param seeds whole messages, first byte included.
 * @param limits of all fields that have some: a number beyond them must have been refused.
 */
export function family(
  name: string,
  codecs: ReadonlyMap<number, Codec>,
  seeds: readonly Uint8Array[],
  words: readonly string[],
  limits: Limits = {},
): Target {
  const generated = [...codecs].filter(([, each]) => each.generated !== undefined).map(([type, each]) =>
    each.generated!.map((value) => ({ type, value }))
  );
  return {
    name,
    seeds: [...excessive(codecs, limits), ...seeds],
    words: [...words.map((word) => new TextEncoder().encode(word)), ...LOADED],
    msgpackAt: 1,
    isWidenable: true,
    refusals: [WireError],
    ...(generated.length > 0 && { generated: fc.oneof(...generated) }),
    begin: () => familySubject(codecs, limits),
  };
}

function familySubject(codecs: ReadonlyMap<number, Codec>, limits: Limits): Subject {
  return {
    decode(bytes, start, end) {
      const type = start < end ? bytes[start]! : -1;
      const codec = codecs.get(type);
      if (codec === undefined) throw new WireError("no such message", start);
      const value = codec.decode(bytes, start + 1, end);
      checkNumbers(value, limits);
      return { type, value };
    },
    encode(named) {
      const { type, value } = named as Named;
      const { encode, isWritable } = codecs.get(type)!;
      if (encode === undefined || isWritable?.(value) === false) return undefined;
      return written((writer) => encode(writer.byte(type), value));
    },
  };
}

/** Messages in which one number is beyond its limit: to be refused, each of them, and to be mutated. */
function excessive(codecs: ReadonlyMap<number, Codec>, limits: Limits): Uint8Array[] {
  return [...codecs].flatMap(([type, { encode, generated }]) => {
    if (encode === undefined || generated === undefined) return [];
    return fc.sample(generated, { seed: 1, numRuns: 2 }).flatMap((value) =>
      [...exceeding(value, limits)].map((each) => written((writer) => encode(writer.byte(type), each)))
    );
  });
}

/** Copies of a value in each of which one number is beyond its limit. */
function* exceeding(value: unknown, limits: Limits): Generator<unknown> {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return;
  for (const [name, field] of Object.entries(value)) {
    const most = limits[name];
    const copies = most === undefined ? exceeding(field, limits) : [most + 1];
    for (const copy of copies) {
      yield Array.isArray(value) ? value.with(Number(name), copy) : { ...value, [name]: copy };
    }
  }
}

function checkNumbers(value: unknown, limits: Limits): void {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return;
  for (const [name, field] of Object.entries(value)) {
    const most = limits[name];
    if (most !== undefined && typeof field === "number" && !(field >= 0 && field <= most)) {
      throw new Error(`${name} is ${field}`);
    }
    checkNumbers(field, limits);
  }
}

/** Bytes that mean much to the formats: headers, lengths, type bytes. */
const LOADED = [
  ...fromHex("00017f80818f90919fa0a1bfc0c1c2c3c4c5c6c7c9cacbcccdcecfd0d3d4d8d9dadbdcdddedfe0fff40a0c0907"),
].map((byte) => Uint8Array.of(byte));

/** Arbitrary values of the wire's kinds, in the form that decoders give them. */
export const bytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 40, size: "max" }),
  fc.nat(5000).map((length) => new Uint8Array(length).fill(length)),
);
export const payload: fc.Arbitrary<Uint8Array | null> = fc.option(bytes);
export const u8 = upTo(0xff);
export const u16 = upTo(0xffff);
export const u32 = upTo(0xffffffff);
export const u53 = fc.oneof(u32, upTo(Number.MAX_SAFE_INTEGER));
export const flag = fc.boolean();
/** Text of the wire: any bytes are one. */
export const text: fc.Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.uint8Array({ maxLength: 40, size: "max" }).map((any) => decodeText(any, 0, any.length)),
);
export const texts = fc.array(text, { maxLength: 5 });
export const textMap = fc.array(fc.tuple(text, text), { maxLength: 5 }).map((pairs) => new Map(pairs));
export const float = fc.double();

/** Often the largest itself. */
function upTo(max: number): fc.Arbitrary<number> {
  return fc.oneof(fc.integer({ min: 0, max }), fc.integer({ min: 0, max }), fc.constant(max));
}
