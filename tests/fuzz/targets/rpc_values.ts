/** Values of any shape, as the records of streams hold them: invented, and written as the agent's peers would. */
import fc from "fast-check";
import type { RpcValue } from "../../../lib/rpc/rpc_value.ts";
import type { MsgpackWriter } from "../../../lib/wire/msgpack_writer.ts";
import { bytes, flag, text, u53 } from "./family.ts";

/** How many containers may be within one another. */
export const VALUE_DEPTH_MAX = 16;

/** The least and the most that each format of integers holds. */
const EDGES = [-0x80000001, -0x80000000, -0x8001, -0x8000, -0x81, -0x80, -33, -32, -1]
  .concat([0, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x10000, 0xffffffff, 0x100000000]);

const { value } = fc.letrec<{ value: RpcValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof<fc.Arbitrary<RpcValue>[]>(
      fc.constant(null),
      flag,
      u53,
      fc.constantFrom(...EDGES),
      fc.maxSafeInteger(),
      fc.bigInt({ min: 1n << 53n, max: (1n << 64n) - 1n }),
      fc.double(),
      text,
      bytes,
    ),
    fc.array(tie("value"), { maxLength: 5 }),
    mapsOf(tie("value")),
  ),
}));

function mapsOf(values: fc.Arbitrary<RpcValue>): fc.Arbitrary<Map<string, RpcValue>> {
  return fc.array(fc.tuple(text, values), { maxLength: 5 }).map((pairs) => new Map(pairs));
}

/** Maps of anything. */
export const valueMaps: fc.Arbitrary<Map<string, RpcValue>> = mapsOf(value);

/** Maps and lists within a map, as deep as is allowed, one level deeper, and much deeper. */
export const NESTED_VALUES: readonly Uint8Array[] = [VALUE_DEPTH_MAX, VALUE_DEPTH_MAX + 1, 60].flatMap((
  depth,
) => [
  nested(depth, [0x81, 0xa0]),
  Uint8Array.of(0x81, 0xa0, ...nested(depth - 1, [0x91])),
]);

function nested(depth: number, opener: readonly number[]): Uint8Array {
  return Uint8Array.from([...Array.from({ length: depth }, () => opener).flat(), 0xc0]);
}

/** How many containers are within one another, `value` included. */
export function depthOf(value: RpcValue): number {
  if (value instanceof Map) return 1 + Math.max(0, ...[...value.values()].map(depthOf));
  if (!Array.isArray(value)) return 0;
  return 1 + Math.max(0, ...(value as readonly RpcValue[]).map(depthOf));
}

/** Appends a map. */
export function encodeValueMap(writer: MsgpackWriter, map: ReadonlyMap<string, RpcValue>): void {
  writer.mapHeader(map.size);
  for (const [key, each] of map) encodeValue(writer.string(key), each);
}

function encodeValue(writer: MsgpackWriter, value: RpcValue): void {
  if (value === null) writer.nil();
  else if (value instanceof Map) encodeValueMap(writer, value);
  else if (value instanceof Uint8Array) encodeBin(writer, value);
  else if (typeof value === "boolean") writer.bool(value);
  else if (typeof value === "string") writer.string(value);
  else if (typeof value === "bigint") writer.uint64(value);
  else if (typeof value === "number") {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) writer.int(value);
    else writer.float64(value);
  } else {
    const list = value as readonly RpcValue[];
    writer.arrayHeader(list.length);
    for (const each of list) encodeValue(writer, each);
  }
}

/** The writer's own bytes are text to who reads any value. */
function encodeBin(writer: MsgpackWriter, content: Uint8Array): void {
  writer.byte(0xc6);
  for (const shift of [24, 16, 8, 0]) writer.byte(content.length >>> shift & 0xff);
  writer.raw(content);
}
