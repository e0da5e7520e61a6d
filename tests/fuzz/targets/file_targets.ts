/** Targets that are files: JSON, in several shapes, and the snapshot. */
import fc from "fast-check";
import { decodeConfig } from "../../../lib/agent/config_file.ts";
import { ConfigError } from "../../../lib/agent/config_error.ts";
import { decodeFirstValue, decodeWholeText, GoJsonError } from "../../../lib/agent/go_json.ts";
import { readKeyringFile, writeKeyringFile } from "../../../lib/agent/keyring_file.ts";
import { readTagsFile, writeTagsFile } from "../../../lib/agent/tags_file.ts";
import { Address } from "../../../lib/base/address.ts";
import { OptionError } from "../../../lib/base/errors.ts";
import { compareBytewise } from "../../../lib/base/go_text.ts";
import { splitHostPort } from "../../../lib/base/host_port.ts";
import type { Files } from "../../../lib/platform/platform.ts";
import { compactText, replaySnapshot, type SnapshotState } from "../../../lib/serf/snapshot_lines.ts";
import { encodeText } from "../../../lib/wire/text.ts";
import type { Target } from "../support/target.ts";
import { textTarget, utf8 } from "./text_target.ts";

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
  ],
  [...JSON_WORDS, "=", "==", "\\n", "AAAA", "/+"],
  [Error, GoJsonError],
  (text) => readKeyringFile("k", new OneFile(text)),
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

/** What of a snapshot lives on. */
interface Recovered {
  readonly alive: readonly (readonly [name: string, address: Address])[];
  readonly clocks: readonly [number, number, number];
}

const snapshots: Target = {
  name: "snapshot",
  seeds: [
    "alive: a 10.0.0.1:7946\nalive: the peer [fd00::1]:7946\nnot-alive: b\nclock: 72\nevent-clock: 16\n" +
    "query-clock: 3\ncoordinate: {}\n# c\n",
    "clock: 7\nleave\nclock: 8\n",
    "alive: nospace\nclock: x\nevent-clock: -1\nquery-clock: 99999999999999999999999\nbogus line\n\nnot-alive: zz\n",
    "\0\0\0alive: n 1.2.3.4:5\nclock: 9007199254740992\nalive: torn 1.2.3",
  ].map(utf8),
  words: [
    "\n",
    "\0",
    " ",
    ": ",
    "alive: ",
    "not-alive: ",
    "clock: ",
    "leave\n",
    "[::1]:1",
    "1.2.3.4:65535",
    "\xff",
    "0",
  ]
    .map(utf8),
  generated: fc.record({
    // Names may hold spaces; printable ones are enough here.
    alive: fc.uniqueArray(
      fc.tuple(fc.string({ maxLength: 12 }), fc.constantFrom("1.2.3.4:5", "[fd00::1]:7946")),
      {
        maxLength: 4,
        selector: ([name]) => name,
      },
    ),
    clocks: fc.tuple(fc.nat(), fc.nat(), fc.nat()),
  }),
  refusals: [],
  begin: () => ({
    decode(bytes, start, end) {
      const snapshot = bytes.subarray(start, end);
      const whole = recover(snapshot);
      // A crash may tear the last line, which is none then: before it nothing changes.
      const lastLine = snapshot.lastIndexOf(0x0a) + 1;
      const torn = recover(snapshot.subarray(0, lastLine));
      if (JSON.stringify(whole) !== JSON.stringify(torn)) throw new Error("a torn line has a meaning");
      return { alive: whole.alive.map(([name, address]) => [name, `${address}`]), clocks: whole.clocks };
    },
    encode(value) {
      const { alive, clocks } = value as { alive: [string, string][]; clocks: Recovered["clocks"] };
      const state: SnapshotState = {
        alive: new Map(alive.map(([name, address]) => [name, parsedAddress(address)])),
        clock: clocks[0],
        eventClock: clocks[1],
        queryClock: clocks[2],
      };
      return encodeText(compactText(state, false));
    },
  }),
};

function parsedAddress(text: string): Address {
  const { host, port } = splitHostPort(text);
  return Address.fromHost(host, Number(port));
}

function recover(bytes: Uint8Array): Recovered {
  const context = { rejoinAfterLeave: false, warn() {}, onLeaveIgnored() {} };
  const { state } = replaySnapshot(bytes, context);
  return { alive: [...state.alive], clocks: [state.clock, state.eventClock, state.queryClock] };
}

/** Files that the agent reads. */
export const FILE_TARGETS: readonly Target[] = [json, configs, keyrings, tagFiles, snapshots];
