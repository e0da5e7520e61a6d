/** The file that holds the encryption keys: a JSON array of base64 texts, the primary key first. surface.md 2.10. */
import { errorText } from "../base/error_text.ts";
import { isKeyLength, KEY_SIZE_TEXT } from "../memberlist/keyring.ts";
import type { Files } from "../platform/platform.ts";
import { decodeGoBase64 } from "./go_base64.ts";
import { decodeWholeText, failUnmarshal } from "./go_json.ts";

/** Keys are nobody else's business. */
const MODE = 0o600;

/**
 * @returns at least one key, each of 16, 24 or 32 bytes, the primary first.
 * @throws {Error} `stat P: no such file or directory`, `Failed to read|decode keyring file: ...`,
 *   `Failed to decode key from keyring: ...`, `Keyring file contains no keys`, `Failed to restore keyring: ...`.
 */
export function readKeyringFile(path: string, files: Files): Uint8Array[] {
  if (files.stat(path) === undefined) throw new Error(`stat ${path}: no such file or directory`);
  const keys = decodeTexts(readText(path, files)).map(decodeKey);
  if (keys.length === 0) throw new Error("Keyring file contains no keys");
  if (keys[0]!.length === 0) throw new Error("Failed to restore keyring: Empty primary key not allowed");
  if (!keys.every((key) => isKeyLength(key.length))) {
    throw new Error(`Failed to restore keyring: ${KEY_SIZE_TEXT}`);
  }
  return keys;
}

/** Replaces the file. @throws {Error} `Failed to write keyring file: ...`; the old one is then still there. */
export function writeKeyringFile(path: string, keys: readonly Uint8Array[], files: Files): void {
  const texts = keys.map((key) => `  "${btoa(String.fromCharCode(...key))}"`);
  try {
    files.writeAtomic(path, `[\n${texts.join(",\n")}\n]`, MODE);
  } catch (error) {
    throw new Error(`Failed to write keyring file: ${errorText(error)}`, { cause: error });
  }
}

function readText(path: string, files: Files): string {
  try {
    return files.readText(path);
  } catch (error) {
    throw new Error(`Failed to read keyring file: ${errorText(error)}`, { cause: error });
  }
}

function decodeTexts(json: string): string[] {
  try {
    const value = decodeWholeText(json);
    if (value === null) return [];
    if (!Array.isArray(value)) failUnmarshal(value, "[]string");
    return value.map((text) => {
      if (text !== null && typeof text !== "string") failUnmarshal(text, "string");
      return text ?? "";
    });
  } catch (error) {
    throw new Error(`Failed to decode keyring file: ${errorText(error)}`, { cause: error });
  }
}

function decodeKey(text: string): Uint8Array {
  try {
    return decodeGoBase64(text);
  } catch (error) {
    throw new Error(`Failed to decode key from keyring: ${errorText(error)}`, { cause: error });
  }
}
