/** Values of any shape, for what a client passes on without understanding it: the fields of a stream's record. */
import { WireError } from "../base/errors.ts";
import type { MsgpackReader } from "../wire/msgpack_reader.ts";

/** A bigint only above 2^53-1. Maps keep the order of the wire. */
export type RpcValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly RpcValue[]
  | ReadonlyMap<string, RpcValue>;

/** bounded: the deepest record there is, a list of members with tags, has four levels. */
const DEPTH_MAX = 16;

/**
 * Reads one value. Bytes are copied.
 * @param bytes what `reader` reads from.
 * @throws {WireError} for extension types, for keys that are no text, and when nested too deeply.
 */
export function decodeValue(reader: MsgpackReader, bytes: Uint8Array, depth = 0): RpcValue {
  const head = bytes[reader.position] ?? 0xc1;
  if (reader.takeNil()) return null;
  if (head === 0xc2 || head === 0xc3) return reader.bool();
  if (head === 0xca || head === 0xcb) return reader.float();
  if (head <= 0x7f || (head >= 0xcc && head <= 0xcf)) return reader.uint64OrBig();
  if (head >= 0xe0 || (head >= 0xd0 && head <= 0xd3)) return reader.int();
  if (head >= 0xc4 && head <= 0xc6) return reader.bytes()!.slice();
  if ((head & 0xe0) === 0xa0 || (head >= 0xd9 && head <= 0xdb)) return reader.string();
  if (depth >= DEPTH_MAX) throw new WireError("nested too deeply", reader.position);
  if ((head & 0xf0) === 0x90 || head === 0xdc || head === 0xdd) {
    const list: RpcValue[] = [];
    for (let left = reader.arrayHeader(); left > 0; left--) list.push(decodeValue(reader, bytes, depth + 1));
    return list;
  }
  return decodeValueMap(reader, bytes, depth);
}

/** Reads a map; nil is an empty one. @throws {WireError} when it is none, and as {@linkcode decodeValue}. */
export function decodeValueMap(reader: MsgpackReader, bytes: Uint8Array, depth = 0): Map<string, RpcValue> {
  const map = new Map<string, RpcValue>();
  for (let left = reader.mapHeader(); left > 0; left--) {
    const key = reader.string();
    map.set(key, decodeValue(reader, bytes, depth + 1));
  }
  return map;
}
