/** Configuration files: JSON objects, strictly typed, every key known. */
import * as v from "valibot";
import { parseGoDuration } from "../base/go_duration.ts";
import { compareBytewise } from "../base/go_text.ts";
import { errorText } from "../base/error_text.ts";
import type { Files } from "../platform/platform.ts";
import { ConfigError, explained } from "./config_error.ts";
import { type ConfigLayer, FIELD_KINDS, type FieldKind } from "./config_layer.ts";
import { mergeLayers } from "./config_merge.ts";
import { goKindName, goTypeName, goValueText } from "./go_format.ts";
import { decodeFirstValue } from "./go_json.ts";

/** The file's key of every field that a file can set, in the order in which durations are judged. */
const FILE_KEYS: readonly (readonly [key: string, field: keyof ConfigLayer])[] = [
  ["node_name", "nodeName"],
  ["role", "role"],
  ["tags", "tags"],
  ["tags_file", "tagsFile"],
  ["bind", "bind"],
  ["advertise", "advertise"],
  ["encrypt_key", "encryptKey"],
  ["keyring_file", "keyringFile"],
  ["log_level", "logLevel"],
  ["rpc_addr", "rpcAddr"],
  ["rpc_auth", "rpcAuth"],
  ["protocol", "protocol"],
  ["replay_on_join", "replayOnJoin"],
  ["query_response_size_limit", "queryResponseSizeLimit"],
  ["query_size_limit", "querySizeLimit"],
  ["user_event_size_limit", "userEventSizeLimit"],
  ["start_join", "startJoin"],
  ["event_handlers", "eventHandlers"],
  ["profile", "profile"],
  ["snapshot_path", "snapshotPath"],
  ["leave_on_terminate", "leaveOnTerminate"],
  ["skip_leave_on_interrupt", "skipLeaveOnInterrupt"],
  ["discover", "discover"],
  ["interface", "interfaceName"],
  ["reconnect_interval", "reconnectIntervalMs"],
  ["reconnect_timeout", "reconnectTimeoutMs"],
  ["tombstone_timeout", "tombstoneTimeoutMs"],
  ["disable_name_resolution", "disableNameResolution"],
  ["enable_syslog", "enableSyslog"],
  ["syslog_facility", "syslogFacility"],
  ["retry_join", "retryJoin"],
  ["retry_max_attempts", "retryMaxAttempts"],
  ["retry_interval", "retryIntervalMs"],
  ["rejoin_after_leave", "rejoinAfterLeave"],
  ["statsite_addr", "statsiteAddr"],
  ["statsd_addr", "statsdAddr"],
  ["broadcast_timeout", "broadcastTimeoutMs"],
];

/** @returns the file's key of a field; `field` itself when no file can set it. */
export function fileKeyOf(field: string): string {
  return FILE_KEYS.find(([, name]) => name === field)?.[0] ?? field;
}

/** Keys of the object under `mdns`. */
const MDNS_KEYS: readonly (readonly [key: string, field: keyof ConfigLayer])[] = [
  ["interface", "mdnsInterface"],
  ["disable_ipv4", "mdnsDisableIpv4"],
  ["disable_ipv6", "mdnsDisableIpv6"],
];

/** Flags that HashiCorp's agents know and never use: accepted, type-checked, without effect. */
const INERT_KEYS = [
  "disable_coordinates",
  "enable_compression",
  "validate_node_names",
  "msgpackusenewtimeformat",
] as const;

const text = v.nullish(v.string(), "");
const isMap = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);

/** JSON knows no bounds; HashiCorp's agents cut what does not fit, differently on each processor. */
const isInt64 = (value: number) => value >= -(2 ** 63) && value < 2 ** 63;
const integer = v.pipe(v.number(), v.check(isInt64), v.transform(Math.trunc));

/** How each kind of field is written in JSON. */
const SCHEMAS: Readonly<Record<FieldKind, v.GenericSchema<unknown, unknown>>> = {
  text: v.string(),
  duration: v.string(),
  flag: v.boolean(),
  integer,
  positive: integer,
  list: v.array(text),
  // Not as a record: valibot drops keys like "constructor" from those.
  map: v.pipe(
    v.custom<Record<string, unknown>>(isMap),
    v.transform((object) => new Map(Object.entries(object))),
    v.map(v.string(), text),
  ),
};

/** The name of each JSON type in Go's complaint. */
const GO_TYPES: Readonly<Record<string, string>> = { string: "string", boolean: "bool", number: "int" };

/**
 * Decodes one file's text: its first JSON value, an object or null; whatever follows is ignored.
 * @throws {Error} with HashiCorp's cause: `EOF`, `1 error(s) decoding: ...`, `time: invalid duration "abc"`.
 */
export function decodeConfig(json: string): ConfigLayer {
  const raw = decodeFirstValue(json);
  if (raw === null) return {};
  if (!isMap(raw)) throw new ConfigError(`'' expected a map, got '${goKindName(raw)}'`);
  const faults: string[] = [];
  const layer: Record<string, unknown> = {};
  const mdns = decodeObject(raw as Record<string, unknown>, "", FILE_KEYS, layer, faults);
  if (isMap(mdns)) decodeObject(mdns as Record<string, unknown>, "mdns", MDNS_KEYS, layer, faults);
  else if (mdns !== null && mdns !== undefined) {
    faults.push(`'mdns' expected a map, got '${goKindName(mdns)}'`);
  }
  if (faults.length > 0) {
    const lines = faults.sort(compareBytewise).map((fault) => `* ${fault}`);
    throw new ConfigError(`${faults.length} error(s) decoding:\n\n${lines.join("\n")}`);
  }
  for (const [field, value] of Object.entries(layer)) {
    if (FIELD_KINDS[field as keyof ConfigLayer] === "duration") {
      layer[field] = value === "" ? 0 : parseGoDuration(value as string);
    }
  }
  return layer as ConfigLayer;
}

/**
 * Decodes one level of a file into `layer`, and says in `faults` what is wrong with it.
 * @returns the value under the top level's `mdns`.
 */
function decodeObject(
  raw: Record<string, unknown>,
  prefix: string,
  keys: readonly (readonly [key: string, field: keyof ConfigLayer])[],
  layer: Record<string, unknown>,
  faults: string[],
): unknown {
  const left = new Set(Object.keys(raw));
  const take = (key: string): [name: string, value: unknown] => {
    const name = left.has(key) ? key : [...left].find((other) => other.toLowerCase() === key);
    if (name === undefined) return [key, undefined];
    left.delete(name);
    return [prefix === "" ? key : `${prefix}.${key}`, raw[name]];
  };
  for (const [key, field] of keys) {
    const [name, value] = take(key);
    if (value === null || value === undefined) continue;
    const result = v.safeParse(SCHEMAS[FIELD_KINDS[field]], value);
    if (!result.success) faults.push(...result.issues.map((issue) => faultText(name, issue)));
    else layer[field] = result.output;
  }
  if (prefix !== "") return reportUnknown(prefix, left, faults);
  for (const key of INERT_KEYS) {
    const [name, value] = take(key);
    const result = v.safeParse(v.nullish(v.boolean()), value);
    if (!result.success) faults.push(...result.issues.map((issue) => faultText(name, issue)));
  }
  const mdns = take("mdns")[1];
  reportUnknown(prefix, left, faults);
  return mdns;
}

function reportUnknown(prefix: string, left: ReadonlySet<string>, faults: string[]): void {
  if (left.size === 0) return;
  faults.push(`'${prefix}' has invalid keys: ${[...left].sort(compareBytewise).join(", ")}`);
}

/** One complaint in Go's words. */
function faultText(name: string, issue: v.BaseIssue<unknown>): string {
  if (issue.type === "custom") return `'${name}' expected a map, got '${goKindName(issue.input)}'`;
  if (issue.type === "check") return `'${name}' is out of range: ${goValueText(issue.input)}`;
  if (issue.type === "array") {
    const kind = isMap(issue.input) ? "map" : goTypeName(issue.input);
    return `'${name}': source data must be an array or slice, got ${kind}`;
  }
  const inner = issue.path?.map((item) => `[${String(item.key)}]`).join("") ?? "";
  return `'${name}${inner}' expected type '${GO_TYPES[issue.type]}', got unconvertible type ` +
    `'${goTypeName(issue.input)}', value: '${goValueText(issue.input)}'`;
}

/**
 * Reads files and directories (their `*.json` files, not deeper, in byte order) strictly in the given order.
 * @throws {ConfigError} `Error reading 'P': ...`, `Error decoding 'P': ...`.
 */
export function readConfigPaths(paths: readonly string[], files: Files): ConfigLayer {
  let merged: ConfigLayer = {};
  for (const path of paths) {
    for (const file of filesAt(path, files)) merged = mergeLayers(merged, readConfigFile(file, files));
  }
  return merged;
}

function filesAt(path: string, files: Files): string[] {
  if (!isDirectory(path, files)) return [path];
  try {
    const names = files.listDirectory(path).filter((entry) => !entry.isDirectory).map((entry) => entry.name);
    const directory = path.replace(/\/+$/, "");
    return names.filter((name) => name.endsWith(".json")).map((name) => `${directory}/${name}`);
  } catch (error) {
    throw explained(`Error reading '${path}'`, error);
  }
}

function isDirectory(path: string, files: Files): boolean {
  try {
    return files.stat(path)?.isDirectory === true;
  } catch {
    // Reading it says why, in the words that users know.
    return false;
  }
}

function readConfigFile(path: string, files: Files): ConfigLayer {
  let json: string;
  try {
    json = files.readText(path);
  } catch (error) {
    // HashiCorp's agents open and read in two steps, and call a failed read a failure to decode.
    const verb = errorText(error).startsWith("read ") ? "decoding" : "reading";
    throw explained(`Error ${verb} '${path}'`, error);
  }
  try {
    return decodeConfig(json);
  } catch (error) {
    throw explained(`Error decoding '${path}'`, error);
  }
}
