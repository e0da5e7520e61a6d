/** Serf's part of a push/pull: clocks, intents, those who left, buffered events. Conventions and layout: messages.ts. */
import { WireError } from "../base/errors.ts";
import { NO_BYTES } from "../base/bytes.ts";
import { MsgpackReader } from "../wire/msgpack_reader.ts";
import type { MsgpackWriter } from "../wire/msgpack_writer.ts";
import { StructFields } from "../wire/struct_fields.ts";
import { SerfMessageType } from "./message_type.ts";

/** The most names that one state may hold: as many as memberlist allows nodes. */
const NAMES_MAX = 1_048_576;
/**
 * The most slots, and the most events, that one state may hold: no ring keeps more (user_events.ts). A stranger's
 * empty ones take but a byte each, and a microsecond.
 */
const EVENTS_MAX = 131_072;
const reader = new MsgpackReader();

/** One user event in the buffer. */
export interface BufferedEvent {
  name: string;
  /** null and empty mean the same. */
  payload: Uint8Array | null;
}

/** All buffered user events of one Lamport time: one slot of the ring. */
export interface BufferedEvents {
  lTime: number;
  events: readonly BufferedEvent[];
}

/** Names and Lamport times, in an order: a Map, or whatever walks like one. */
export interface StatusLTimes {
  readonly size: number;
  forEach(visit: (lTime: number, name: string) => void): void;
}

/** What one node tells another. The three clocks are their owners' next unused values. */
export interface PushPullState {
  lTime: number;
  /** For every member the Lamport time of the last intent about it, 0 when there was none. */
  statusLTimes: ReadonlyMap<string, number>;
  /** Who left gracefully. */
  leftMembers: readonly string[];
  eventLTime: number;
  /** The ring as it lies: mostly null. Receivers skip nulls; the position has no meaning. */
  events: readonly (BufferedEvents | null)[];
  queryLTime: number;
}

const STATE = new StructFields("LTime", "StatusLTimes", "LeftMembers", "EventLTime", "Events", "QueryLTime");
const EVENTS = new StructFields("LTime", "Events");
const EVENT = new StructFields("Name", "Payload");

/** Appends the message; `statusLTimes` in their order. */
export function encodePushPull(
  writer: MsgpackWriter,
  state: Readonly<Omit<PushPullState, "statusLTimes"> & { statusLTimes: StatusLTimes }>,
): void {
  writer.byte(SerfMessageType.pushPull).mapHeader(6).string("EventLTime").uint(state.eventLTime);
  writer.string("Events").arrayHeader(state.events.length);
  for (const slot of state.events) {
    if (slot === null) writer.nil();
    else writeEvents(writer, slot);
  }
  writer.string("LTime").uint(state.lTime).string("LeftMembers").arrayHeader(state.leftMembers.length);
  for (const name of state.leftMembers) writer.string(name);
  writer.string("QueryLTime").uint(state.queryLTime).string("StatusLTimes").mapHeader(
    state.statusLTimes.size,
  );
  state.statusLTimes.forEach((lTime, name) => writer.string(name).uint(lTime));
}

function writeEvents(writer: MsgpackWriter, slot: Readonly<BufferedEvents>): void {
  writer.mapHeader(2).string("Events").arrayHeader(slot.events.length);
  for (const event of slot.events) {
    writer.mapHeader(2).string("Name").string(event.name).string("Payload").bytes(event.payload);
  }
  writer.string("LTime").uint(slot.lTime);
}

/**
 * @param isNews asked about each status of somebody who has not left. What is none is left out of `statusLTimes`: nearly
 *   all are known, and a map of ten thousand takes longer to make than to look at.
 * @throws {WireError} when the body is malformed, or has more than 1,048,576 names, or 131,072 slots or events.
 */
export function decodePushPull(
  bytes: Uint8Array,
  start: number,
  end: number,
  isNews: (name: string, lTime: number) => boolean = () => true,
): PushPullState {
  const state: PushPullState = {
    lTime: 0,
    statusLTimes: new Map(),
    leftMembers: [],
    eventLTime: 0,
    events: [],
    queryLTime: 0,
  };
  let statusesStart = -1;
  try {
    reader.reset(bytes, start, end).beginStruct(STATE);
    for (let field = reader.nextField(); field >= 0; field = reader.nextField()) {
      if (field === 0) state.lTime = reader.uint64();
      else if (field === 1) {
        statusesStart = reader.position;
        passStatusLTimes();
      } else if (field === 2) state.leftMembers = readNames();
      else if (field === 3) state.eventLTime = reader.uint64();
      else if (field === 4) state.events = readSlots();
      else state.queryLTime = reader.uint64();
    }
    if (statusesStart >= 0) {
      reader.reset(bytes, statusesStart, end);
      state.statusLTimes = readStatusLTimes(new Set(state.leftMembers), isNews);
    }
  } finally {
    // A state can have megabytes: do not hold on to them.
    reader.reset(NO_BYTES);
  }
  return state;
}

function passStatusLTimes(): void {
  for (let count = limited(reader.mapHeader(), NAMES_MAX); count > 0; count--) {
    reader.passString();
    reader.uint64();
  }
}

/** Of a name that comes twice the last time counts, whichever of the two is news. */
function readStatusLTimes(
  left: ReadonlySet<string>,
  isNews: (name: string, lTime: number) => boolean,
): Map<string, number> {
  const statusLTimes = new Map<string, number>();
  for (let count = reader.mapHeader(); count > 0; count--) {
    const name = reader.string();
    const lTime = reader.uint64();
    const isKept = isNews(name, lTime) || left.size > 0 && left.has(name) ||
      statusLTimes.size > 0 && statusLTimes.has(name);
    if (isKept) statusLTimes.set(name, lTime);
  }
  return statusLTimes;
}

function readNames(): string[] {
  const names: string[] = [];
  for (let count = limited(reader.arrayHeader(), NAMES_MAX); count > 0; count--) names.push(reader.string());
  return names;
}

function readSlots(): (BufferedEvents | null)[] {
  const slots: (BufferedEvents | null)[] = [];
  let room = EVENTS_MAX;
  for (let count = limited(reader.arrayHeader(), EVENTS_MAX); count > 0; count--) {
    if (reader.takeNil()) slots.push(null);
    else {
      const slot = readEvents(room);
      room -= slot.events.length;
      slots.push(slot);
    }
  }
  return slots;
}

function readEvents(room: number): BufferedEvents {
  const slot: BufferedEvents = { lTime: 0, events: [] };
  reader.beginStruct(EVENTS);
  for (let field = reader.nextField(); field >= 0; field = reader.nextField()) {
    if (field === 0) slot.lTime = reader.uint64();
    else {
      const events: BufferedEvent[] = [];
      for (let count = limited(reader.arrayHeader(), room); count > 0; count--) events.push(readEvent());
      slot.events = events;
    }
  }
  return slot;
}

function readEvent(): BufferedEvent {
  const event: BufferedEvent = { name: "", payload: null };
  reader.beginStruct(EVENT);
  for (let field = reader.nextField(); field >= 0; field = reader.nextField()) {
    if (field === 0) event.name = reader.string();
    else event.payload = reader.bytes();
  }
  return event;
}

function limited(count: number, max: number): number {
  if (count > max) throw new WireError(`${count} entries in a push/pull state`, reader.position);
  return count;
}
