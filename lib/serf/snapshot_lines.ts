/**
 * The snapshot's lines, in HashiCorp's format. surface.md 5, protocol.md D.11.
 *
 * ```
 * alive: NAME IP:PORT     the name may hold spaces; IPv6 in brackets
 * not-alive: NAME
 * clock: N                event-clock: N      query-clock: N        (decimal)
 * leave
 * coordinate: ...         # ...               (nothing to us)
 * ```
 * Each ends in a newline. A last line without one was torn by a crash, and is no line.
 */
import { Address, parseIp } from "../base/address.ts";
import { splitHostPort } from "../base/host_port.ts";
import { decodeText } from "../wire/text.ts";
import { LAMPORT_TIME_MAX } from "./lamport_clock.ts";

/** What a snapshot tells. */
export interface SnapshotState {
  /** Who was alive, by name, in the order of the lines. */
  readonly alive: Map<string, Address>;
  /** The newest member, event and query time that was seen; 0 for none. */
  clock: number;
  eventClock: number;
  queryClock: number;
}

/** What became of reading one. */
export interface ReplayedSnapshot {
  readonly state: SnapshotState;
  /** Whether lines can be appended to these bytes: no torn line at the end, none of a crash's NULs. */
  readonly isClean: boolean;
}

/** How a line is to be understood, and what to say of those that are not. */
export interface ReplayContext {
  /** Whether a `leave` is ignored. */
  readonly rejoinAfterLeave: boolean;
  /** A line that means nothing; the text is Serf's own. */
  warn(text: string): void;
  /** A `leave` was ignored. */
  onLeaveIgnored(): void;
}

const NEWLINE = 0x0a;

/** Whether a node of this name can be written down: a line holds it, and gives it back as it was. */
export function isRecordable(name: string): boolean {
  return !name.includes("\n") && !name.includes("\0");
}

export function aliveLine(name: string, address: Address): string {
  return `alive: ${name} ${address}\n`;
}

export function notAliveLine(name: string): string {
  return `not-alive: ${name}\n`;
}

/** @param kind of clock. @param time the newest that was seen. */
export function clockLine(kind: "clock" | "event-clock" | "query-clock", time: number): string {
  return `${kind}: ${time}\n`;
}

export const LEAVE_LINE = "leave\n";

/** The shortest snapshot that tells the same. @param hasLeft whether this node has left since. */
export function compactText(state: SnapshotState, hasLeft: boolean): string {
  const lines: string[] = [];
  for (const [name, address] of state.alive) lines.push(aliveLine(name, address));
  lines.push(
    clockLine("clock", state.clock),
    clockLine("event-clock", state.eventClock),
    clockLine("query-clock", state.queryClock),
  );
  if (hasLeft) lines.push(LEAVE_LINE);
  return lines.join("");
}

/** Reads a snapshot. Anything may be in it: what cannot be understood is told to `context.warn`, and skipped. */
export function replaySnapshot(bytes: Uint8Array, context: ReplayContext): ReplayedSnapshot {
  const state: SnapshotState = { alive: new Map(), clock: 0, eventClock: 0, queryClock: 0 };
  let start = 0;
  for (;;) {
    const end = bytes.indexOf(NEWLINE, start);
    if (end < 0) break;
    replayLine(lineAt(bytes, start, end), state, context);
    start = end + 1;
  }
  return { state, isClean: start === bytes.length && !bytes.includes(0) };
}

/** Where a power cut left a hole there are NULs: before the first line that was written afterwards. */
function lineAt(bytes: Uint8Array, start: number, end: number): string {
  while (start < end && bytes[start] === 0) start++;
  return decodeText(bytes, start, end);
}

function replayLine(line: string, state: SnapshotState, context: ReplayContext): void {
  // A line with a hole in it could be anything.
  if (line.includes("\0")) return;
  if (line === "leave") return replayLeave(state, context);
  if (line.startsWith("#") || line.startsWith("coordinate: ")) return;
  const colon = line.indexOf(": ");
  const value = line.slice(colon + 2);
  switch (colon < 0 ? "" : line.slice(0, colon)) {
    case "alive":
      return replayAlive(line, value, state, context);
    case "not-alive":
      return void state.alive.delete(value);
    case "clock":
      state.clock = parseTime(value, "clock", context) ?? state.clock;
      return;
    case "event-clock":
      state.eventClock = parseTime(value, "event clock", context) ?? state.eventClock;
      return;
    case "query-clock":
      state.queryClock = parseTime(value, "query clock", context) ?? state.queryClock;
      return;
    default:
      context.warn(`Unrecognized snapshot line: ${line}`);
  }
}

function replayLeave(state: SnapshotState, context: ReplayContext): void {
  if (context.rejoinAfterLeave) return context.onLeaveIgnored();
  state.alive.clear();
  state.clock = state.eventClock = state.queryClock = 0;
}

function replayAlive(line: string, value: string, state: SnapshotState, context: ReplayContext): void {
  const space = value.lastIndexOf(" ");
  const address = space < 0 ? undefined : parseAddress(value.slice(space + 1));
  if (address === undefined) return context.warn(`Failed to parse address: ${line}`);
  const name = value.slice(0, space);
  // The newest goes last, as if it had been written but once.
  state.alive.delete(name);
  state.alive.set(name, address);
}

function parseAddress(text: string): Address | undefined {
  try {
    const { host, port } = splitHostPort(text);
    const ip = parseIp(host);
    if (ip === undefined || !/^[0-9]{1,5}$/.test(port) || Number(port) > 65_535) return undefined;
    return Address.fromBytes(ip, Number(port));
  } catch {
    return undefined;
  }
}

/** As Go's `strconv.ParseUint` judges; times that nobody can have counted to are out of range, too. */
function parseTime(text: string, what: string, context: ReplayContext): number | undefined {
  const time = /^[0-9]+$/.test(text) ? Number(text) : NaN;
  if (time <= LAMPORT_TIME_MAX) return time;
  const fault = Number.isNaN(time) ? "invalid syntax" : "value out of range";
  context.warn(`Failed to convert ${what} time: strconv.ParseUint: parsing "${text}": ${fault}`);
  return undefined;
}
