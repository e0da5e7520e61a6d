/** Durations as users and peers write them, in Go's syntax: `300ms`, `1m30s`, `1.5h`. */
import { OptionError } from "./errors.ts";

const NS_PER_MS = 1_000_000;
const LIMIT = 1n << 63n;
/** Nanoseconds per unit. Both micro signs (U+00B5, U+03BC) are understood. */
const UNITS = new Map<string, bigint>([
  ["ns", 1n],
  ["us", 1_000n],
  ["\u00b5s", 1_000n],
  ["\u03bcs", 1_000n],
  ["ms", 1_000_000n],
  ["s", 1_000_000_000n],
  ["m", 60_000_000_000n],
  ["h", 3_600_000_000_000n],
]);

/**
 * @returns milliseconds, possibly fractional or negative.
 * @throws {OptionError} with Go's text: `time: invalid duration "abc"`, `time: missing unit in duration "5"`, ...
 */
export function parseGoDuration(text: string): number {
  return Number(parseGoDurationNs(text)) / NS_PER_MS;
}

/** As {@linkcode parseGoDuration}, in exact nanoseconds (a signed 64-bit value). */
export function parseGoDurationNs(text: string): bigint {
  const signed = text.startsWith("-") || text.startsWith("+");
  let rest = signed ? text.slice(1) : text;
  if (rest === "0") return 0n;
  let total = 0n;
  do {
    const match = /^([0-9]*)(?:\.([0-9]*))?([^0-9.]*)/.exec(rest)!;
    const whole = match[1]!, fraction = match[2] ?? "", unitText = match[3]!;
    if (whole === "" && fraction === "") throw invalid(text);
    if (whole !== "" && BigInt(whole) > LIMIT) throw invalid(text);
    total += scaled(text, whole, fraction, unitText);
    if (total > LIMIT) throw invalid(text);
    rest = rest.slice(match[0].length);
  } while (rest !== "");
  if (text.startsWith("-")) return -total;
  if (total >= LIMIT) throw invalid(text);
  return total;
}

function scaled(text: string, whole: string, fraction: string, unitText: string): bigint {
  if (unitText === "") throw error(`missing unit in duration ${quote(text)}`);
  const unit = UNITS.get(unitText);
  if (unit === undefined) throw error(`unknown unit ${quote(unitText)} in duration ${quote(text)}`);
  const value = BigInt(whole === "" ? "0" : whole) * unit;
  if (value > LIMIT) throw invalid(text);
  return value + fractionOf(unit, fraction);
}

/** Go multiplies in float64, and drops digits once the integer of them would pass 2^63: so do we. */
function fractionOf(unit: bigint, digits: string): bigint {
  let value = 0n, scale = 1;
  for (const digit of digits) {
    if (value > (LIMIT - 1n) / 10n) break;
    const next = value * 10n + BigInt(digit);
    if (next > LIMIT) break;
    value = next;
    scale *= 10;
  }
  return BigInt(Math.trunc(Number(value) * (Number(unit) / scale)));
}

function invalid(text: string): OptionError {
  return error(`invalid duration ${quote(text)}`);
}

function error(what: string): OptionError {
  return new OptionError("duration", `time: ${what}`);
}

/** The time package's own quoting: control and non-ASCII characters as the hex of their UTF-8 bytes. */
function quote(text: string): string {
  let quoted = '"';
  for (const byte of new TextEncoder().encode(text)) {
    if (byte >= 0x80 || byte < 0x20) quoted += "\\x" + byte.toString(16).padStart(2, "0");
    else quoted += (byte === 0x22 || byte === 0x5c ? "\\" : "") + String.fromCharCode(byte);
  }
  return quoted + '"';
}

/** @param durationMs milliseconds; rounded to nanoseconds. @returns `1m30s`, `200ms`, `1.5us` (with the micro sign), `0s`. */
export function formatGoDuration(durationMs: number): string {
  return formatGoDurationNs(BigInt(Math.round(durationMs * NS_PER_MS)));
}

/** As {@linkcode formatGoDuration}, of exact nanoseconds. */
export function formatGoDurationNs(durationNs: bigint): string {
  if (durationNs === 0n) return "0s";
  const sign = durationNs < 0n ? "-" : "";
  const ns = durationNs < 0n ? -durationNs : durationNs;
  if (ns < 1_000n) return `${sign}${ns}ns`;
  if (ns < 1_000_000n) return `${sign}${decimal(ns, 3)}\u00b5s`;
  if (ns < 1_000_000_000n) return `${sign}${decimal(ns, 6)}ms`;
  const minutes = ns / 60_000_000_000n;
  const seconds = `${decimal(ns % 60_000_000_000n, 9)}s`;
  if (minutes === 0n) return sign + seconds;
  const hours = minutes / 60n;
  return hours === 0n ? `${sign}${minutes}m${seconds}` : `${sign}${hours}h${minutes % 60n}m${seconds}`;
}

/** `value / 10^digits`, without trailing zeros. */
function decimal(value: bigint, digits: number): string {
  const text = value.toString().padStart(digits + 1, "0");
  const whole = text.slice(0, -digits), fraction = text.slice(-digits).replace(/0+$/, "");
  return fraction === "" ? whole : `${whole}.${fraction}`;
}
