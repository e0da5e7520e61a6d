/** The file in which the agent's tags survive a restart: a JSON object of texts. surface.md 2.9. */
import { SizeLimitError } from "../base/errors.ts";
import { compareBytewise } from "../base/go_text.ts";
import { errorText } from "../base/error_text.ts";
import type { Files } from "../platform/platform.ts";
import { TAGS_TOO_LONG_TEXT } from "../serf/options.ts";
import { META_BYTES_MAX } from "../memberlist/node_state.ts";
import { encodeTags } from "../serf/tags.ts";
import { decodeWholeText, failUnmarshal } from "./go_json.ts";

/** Mode of a tags file that we create: tags may be nobody else's business. */
const MODE = 0o600;

/**
 * @returns the tags, or undefined when there is no such file (which is fine: it will be written).
 * @throws {Error} `Failed to read tags file: ...`, `Failed to decode tags file: ...`.
 */
export function readTagsFile(path: string, files: Files): Map<string, string> | undefined {
  if (!exists(path, files)) return undefined;
  let json: string;
  try {
    json = files.readText(path);
  } catch (error) {
    throw new Error(`Failed to read tags file: ${errorText(error)}`, { cause: error });
  }
  try {
    return decodeTags(json);
  } catch (error) {
    throw new Error(`Failed to decode tags file: ${errorText(error)}`, { cause: error });
  }
}

/** Replaces the file. @throws {Error} `Failed to write tags file: ...`; the old file is then still there. */
export function writeTagsFile(path: string, tags: ReadonlyMap<string, string>, files: Files): void {
  try {
    files.writeAtomic(path, encodeTagsFile(tags), MODE);
  } catch (error) {
    throw new Error(`Failed to write tags file: ${errorText(error)}`, { cause: error });
  }
}

/**
 * @param protocol Serf's protocol version.
 * @throws {SizeLimitError} `Encoded length of tags exceeds limit of 512 bytes`.
 */
export function checkTagsLength(tags: ReadonlyMap<string, string>, protocol: number): void {
  if (encodeTags(tags, protocol).length > META_BYTES_MAX) {
    throw new SizeLimitError(TAGS_TOO_LONG_TEXT);
  }
}

/** The file's text: indented by two spaces, sorted by key, without a newline at its end. */
export function encodeTagsFile(tags: ReadonlyMap<string, string>): string {
  const entries = [...tags].sort(([a], [b]) => compareBytewise(a, b));
  if (entries.length === 0) return "{}";
  return `{\n${entries.map(([key, value]) => `  ${goString(key)}: ${goString(value)}`).join(",\n")}\n}`;
}

function exists(path: string, files: Files): boolean {
  try {
    return files.stat(path) !== undefined;
  } catch {
    // What cannot be looked at counts as absent, as in HashiCorp's agent; writing it later says why.
    return false;
  }
}

function decodeTags(json: string): Map<string, string> {
  const value = decodeWholeText(json);
  if (value === null) return new Map();
  if (typeof value !== "object" || Array.isArray(value)) failUnmarshal(value, "map[string]string");
  const tags = new Map<string, string>();
  for (const [key, tag] of Object.entries(value as object)) {
    if (tag !== null && typeof tag !== "string") failUnmarshal(tag, "string");
    tags.set(key, tag ?? "");
  }
  return tags;
}

/** JSON with the escapes of Go, which keeps such files safe inside HTML. */
function goString(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (char) => "\\u" + char.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}
