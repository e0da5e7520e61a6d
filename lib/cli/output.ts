/** Columns and JSON exactly as the Go programs print them: scripts parse these. */
import { compareBytewise, goTrim } from "../base/go_text.ts";
import { CommandFailure } from "./command.ts";

/** How a command prints its result. */
export type OutputFormat = "text" | "json";

/** @throws {CommandFailure} `Encoding error: Invalid output format "xml"`: no quoting of what was given, as upstream. */
export function checkFormat(format: string): asserts format is OutputFormat {
  if (format === "text" || format === "json") return;
  throw new CommandFailure(`Encoding error: Invalid output format "${format}"`);
}

/**
 * Left-aligned columns, two spaces apart, as wide as their widest cell (in code points).
 *
 * @param rows cells separated by `|`: a bar inside a cell starts one more column, and cells lose the white space at
 *   their ends. Rows may differ in length.
 * @returns the lines, without white space at either end of the whole.
 */
export function columnize(rows: readonly string[]): string {
  const table = rows.map((row) => row.split("|").map(goTrim));
  const widths: number[] = [];
  for (const cells of table) {
    for (let i = 0; i < cells.length; i++) widths[i] = Math.max(widths[i] ?? 0, codePoints(cells[i]!));
  }
  const lines = table.map((cells) => {
    let line = "";
    const last = cells.length - 1;
    for (let i = 0; i < last; i++) line += cells[i]! + " ".repeat(widths[i]! - codePoints(cells[i]!) + 2);
    return line + cells[last]!;
  });
  return goTrim(lines.join("\n"));
}

function codePoints(text: string): number {
  let count = text.length;
  for (let i = 0; i + 1 < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0xd800 && unit < 0xdc00) count--;
  }
  return count;
}

/** What {@linkcode goJson} can write. A Map's keys are sorted; an object's keep their order, like a struct's fields. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | ReadonlyMap<string, JsonValue>
  | { readonly [key: string]: JsonValue };

/** Indented JSON, two spaces a level, escaped as Go escapes it. */
export function goJson(value: JsonValue, indent = ""): string {
  if (typeof value === "string") return goJsonString(value);
  if (value === null || typeof value !== "object") return String(value);
  const inner = indent + "  ";
  if (Array.isArray(value)) {
    return bracket("[", "]", value.map((item: JsonValue) => inner + goJson(item, inner)), indent);
  }
  const entries: [string, JsonValue][] = value instanceof Map
    ? [...value].sort(([a], [b]) => compareBytewise(a, b))
    : Object.entries(value);
  const lines = entries.map(([key, item]) => `${inner}${goJsonString(key)}: ${goJson(item, inner)}`);
  return bracket("{", "}", lines, indent);
}

function bracket(open: string, close: string, lines: readonly string[], indent: string): string {
  return lines.length === 0 ? open + close : `${open}\n${lines.join(",\n")}\n${indent}${close}`;
}

/** A JSON string safe inside HTML and JavaScript. Lone surrogates stand for bytes that were not UTF-8 (byte_text.ts). */
function goJsonString(text: string): string {
  // deno-lint-ignore no-control-regex
  return `"${text.replace(/[\x00-\x1f"\\<>&\u2028\u2029\ud800-\udfff]/gu, jsonEscape)}"`;
}

function jsonEscape(char: string): string {
  switch (char) {
    case '"':
      return '\\"';
    case "\\":
      return "\\\\";
    case "\n":
      return "\\n";
    case "\r":
      return "\\r";
    case "\t":
      return "\\t";
    default:
      if (char >= "\ud800") return "\\ufffd";
      return "\\u" + char.charCodeAt(0).toString(16).padStart(4, "0");
  }
}
