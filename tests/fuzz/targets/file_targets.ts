/** Targets that are files: JSON, in several shapes, and (snapshot_target.ts) the snapshot. */
import fc from "fast-check";
import { decodeConfig } from "../../../lib/agent/config_file.ts";
import { ConfigError } from "../../../lib/agent/config_error.ts";
import { decodeFirstValue, decodeWholeText, GoJsonError } from "../../../lib/agent/go_json.ts";
import { readKeyringFile, writeKeyringFile } from "../../../lib/agent/keyring_file.ts";
import { readTagsFile, writeTagsFile } from "../../../lib/agent/tags_file.ts";
import { OptionError } from "../../../lib/base/errors.ts";
import { compareBytewise } from "../../../lib/base/go_text.ts";
import type { Files } from "../../../lib/platform/platform.ts";
import type { Target } from "../support/target.ts";
import { snapshots } from "./snapshot_target.ts";
import { textTarget } from "./text_target.ts";

/** One file, in memory. */
class OneFile implements Files {
  constructor(public text: string) {}
  readText = () => this.text;
  listDirectory = () => [];
  stat = () => ({ isDirectory: false });
  writeAtomic = (_path: string, text: string) => void (this.text = text);
}

function fileWith(write: (files: Files) => void): string {
  const file = new OneFile("");
  write(file);
  return file.text;
}

const JSON_WORDS = [
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  '"',
  "\\u",
  "\\ud800",
  "\\",
  "null",
  "true",
  "1e999",
  "-0",
  "0.5",
  '"__proto__":',
  '"constructor":',
  '"":',
  " ",
  "\n",
  "\r",
  "\t",
  "\v",
  "\f",
  "\u00a0",
  "\\/",
  "1E2",
  "\u2028",
  "\ufeff",
  "1234567890123456789012",
];

/** Whoever reads JSON accepts the same texts. */
const json = textTarget(
  "JSON",
  [
    '{"a":[1,-2.5e3,null,true,"\\u00e9\\n"],"b":{}}',
    "[]",
    '"x"',
    " 1 ",
    "[[[[1]]]]",
    '{"a":{"b":{"c":[{}]}}}',
    '\t[\r\n 1E2 , -0.5e-1 , 0e+1 , "\\/\\b\\f" ]\r',
  ],
  JSON_WORDS,
  [GoJsonError],
  (text) => {
    let first: unknown;
    try {
      first = decodeFirstValue(text);
    } catch (error) {
      if (!(error instanceof GoJsonError)) throw error;
    }
    let value: unknown;
    try {
      value = decodeWholeText(text);
    } catch (error) {
      if (!(error instanceof GoJsonError)) throw error;
      if (!error.message.includes("max depth") && isJson(text)) throw new Error("valid JSON is refused");
      throw error;
    }
    if (!isJson(text)) throw new Error("what is no JSON is accepted");
    const canonical = JSON.stringify(value);
    if (first !== undefined && JSON.stringify(first) !== canonical) {
      throw new Error("the first value differs");
    }
    return canonical;
  },
  (canonical) => canonical,
  fc.json().map((text) => JSON.stringify(JSON.parse(text))),
);

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Deeper than calls can be, and less deep than is refused. */
const NESTED = "[".repeat(7_000) + "]".repeat(7_000);

const CONFIG = JSON.stringify({
  node_name: "n",
  role: "web",
  tags: { dc: "east", rack: "1" },
  bind: "0.0.0.0:7946",
  advertise: "10.0.0.1",
  encrypt_key: "AAECAwQFBgcICQoLDA0ODw==",
  log_level: "debug",
  rpc_addr: "127.0.0.1:7373",
  protocol: 5,
  replay_on_join: true,
  query_size_limit: 1024,
  start_join: ["a", "b"],
  event_handlers: ["user:deploy=x"],
  profile: "lan",
  snapshot_path: "/s",
  reconnect_interval: "30s",
  mdns: { interface: "eth0", disable_ipv4: true },
  disable_coordinates: false,
});

const configs = textTarget(
  "configuration file",
  [
    CONFIG,
    "{}",
    "null",
    '{"tags":{"a":"b"}}',
    `{"role":${NESTED}}`,
    '{"start_join":[[]],"tags":{"a":[]}}',
    '{"retry_interval":"1m30s","start_join":[null]}',
  ],
  [
    ...JSON_WORDS,
    '"tags":{',
    '"mdns":',
    '"protocol":',
    '"start_join":[',
    '"retry_interval":"',
    "1h",
    "Node_Name",
  ],
  [ConfigError, GoJsonError, OptionError],
  decodeConfig,
);

const key = fc.constantFrom(16, 24, 32).chain((length) =>
  fc.uint8Array({ minLength: length, maxLength: length })
);
const keyrings = textTarget<Uint8Array[]>(
  "keyring file",
  [
    '["AAECAwQFBgcICQoLDA0ODw=="]',
    '[\n  "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",\n  "AAECAwQFBgcICQoLDA0ODw=="\n]',
    // Of 15, 17 and 33 bytes.
    '["AAECAwQFBgcICQoLDA0O"]',
    '["AAECAwQFBgcICQoLDA0ODxA="]',
    '["AAECAwQFBgcICQoLDA0ODw==","AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"]',
    '["",null]',
  ],
  [...JSON_WORDS, "=", "==", "\\n", "AAAA", "/+"],
  [Error, GoJsonError],
  (text) => {
    const keys = readKeyringFile("k", new OneFile(text));
    if (keys.length === 0 || keys.some(({ length }) => length !== 16 && length !== 24 && length !== 32)) {
      throw new RangeError("these are no keys");
    }
    return keys;
  },
  (keys) => fileWith((files) => writeKeyringFile("k", keys, files)),
  fc.array(key, { minLength: 1, maxLength: 4 }),
);

const sorted = (map: ReadonlyMap<string, string>) =>
  new Map([...map].sort(([a], [b]) => compareBytewise(a, b)));
const anyText = fc.string({ maxLength: 20, unit: "binary" });
const tagFiles = textTarget<Map<string, string>>(
  "tags file",
  ['{\n  "dc": "east",\n  "role": "web"\n}', "{}", "null", '{"a":null}'],
  JSON_WORDS,
  [Error, GoJsonError],
  (text) => sorted(readTagsFile("t", new OneFile(text))!),
  (tags) => fileWith((files) => writeTagsFile("t", tags, files)),
  fc.array(fc.tuple(anyText, anyText), { maxLength: 6 }).map((pairs) => sorted(new Map(pairs))),
);

/** Files that the agent reads. */
export const FILE_TARGETS: readonly Target[] = [json, configs, keyrings, tagFiles, snapshots];
