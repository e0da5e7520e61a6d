/** Values in Go's own syntax, as `monitor` shows events: nobody can parse it sanely, but people know how it looks. */
import { compareBytewise, goQuote } from "../base/go_text.ts";
import type { RpcValue } from "../rpc/rpc_value.ts";

/** A value that stands alone: `"web"`, `[]byte{0x70}`, `<nil>`. */
export function goLiteral(value: RpcValue): string {
  if (value === null) return "<nil>";
  if (value instanceof Uint8Array) return `[]byte{${hexList(value)}}`;
  return nested(value);
}

/** A value inside another one, where its type is spelled out. */
function nested(value: RpcValue): string {
  if (value === null) return "interface {}(nil)";
  if (typeof value === "string") return goQuote(value);
  if (typeof value === "boolean") return String(value);
  if (typeof value === "number" || typeof value === "bigint") return integer(value);
  if (value instanceof Uint8Array) return `[]uint8{${hexList(value)}}`;
  if (value instanceof Map) {
    const entries = [...value as ReadonlyMap<string, RpcValue>].sort(([a], [b]) => compareBytewise(a, b));
    const pairs = entries.map(([key, each]) => `${goQuote(key)}:${nested(each)}`);
    return `map[interface {}]interface {}{${pairs.join(", ")}}`;
  }
  return `[]interface {}{${(value as readonly RpcValue[]).map(nested).join(", ")}}`;
}

/** Numbers beyond one byte on the wire are unsigned there, and Go shows unsigned numbers in hexadecimal. */
function integer(value: number | bigint): string {
  return value > 127 ? "0x" + value.toString(16) : value.toString();
}

function hexList(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => "0x" + byte.toString(16)).join(", ");
}
