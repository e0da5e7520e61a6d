/** Bodies about user events and queries, both ways (surface.md 3.3, 3.4). Keys ascend, as Go's codec writes them. */
import { NO_BYTES } from "../base/bytes.ts";
import type { QueryEvent, UserEvent } from "../serf/events.ts";
import type { QueryParams } from "../serf/query_sender.ts";
import type { MsgpackReader } from "../wire/msgpack_reader.ts";
import type { MsgpackWriter } from "../wire/msgpack_writer.ts";
import { StructFields } from "../wire/struct_fields.ts";
import { decodeStringMap, decodeStrings, encodeStringMap, encodeStrings, type Seq } from "./messages.ts";

const NS_PER_MS = 1e6;

/** What `event` asks. */
export interface EventRequest {
  name: string;
  /** From a decoder: valid as long as what was decoded. */
  payload: Uint8Array;
  coalesce: boolean;
}

/** What `query` asks. A timeout below 0 is one that is already over. */
export interface QueryRequest extends QueryParams {
  readonly name: string;
  /** From a decoder: valid as long as what was decoded. */
  readonly payload: Uint8Array;
}

/** What a client is told of the query that it asked. */
export interface QueryRecord {
  /** `ack`, `response`, or at the end `done`. */
  type: string;
  /** "" in the last one. HashiCorp's agents may send others without a name: those mean nothing. */
  from: string;
  /** From a decoder: valid as long as what was decoded. */
  payload: Uint8Array;
}

const EVENT = new StructFields("Name", "Payload", "Coalesce");
const QUERY = new StructFields(
  "FilterNodes",
  "FilterTags",
  "RequestAck",
  "RelayFactor",
  "Timeout",
  "Name",
  "Payload",
);
const RESPOND = new StructFields("ID", "Payload");
const QUERY_RECORD = new StructFields("Type", "From", "Payload");

/** Appends the body of `event`. */
export function encodeEvent(writer: MsgpackWriter, event: Readonly<EventRequest>): void {
  writer.mapHeader(3).string("Coalesce").bool(event.coalesce).string("Name").string(event.name);
  writer.string("Payload").bytes(event.payload);
}

/** @throws {WireError} when malformed. */
export function decodeEvent(reader: MsgpackReader): EventRequest {
  const request: EventRequest = { name: "", payload: NO_BYTES, coalesce: false };
  reader.beginStruct(EVENT);
  for (let field = reader.nextField(); field >= 0; field = reader.nextField()) {
    if (field === 0) request.name = reader.string();
    else if (field === 1) request.payload = reader.bytes() ?? NO_BYTES;
    else request.coalesce = reader.bool();
  }
  return request;
}

/** Appends the body of `query`. @param timeoutNs exact, as users give it; 0 for the agent's default. */
export function encodeQuery(
  writer: MsgpackWriter,
  query: Omit<QueryRequest, "timeoutMs">,
  timeoutNs: bigint,
): void {
  writer.mapHeader(7).string("FilterNodes");
  encodeStrings(writer, query.filterNodes);
  writer.string("FilterTags");
  encodeStringMap(writer, query.filterTags);
  writer.string("Name").string(query.name).string("Payload").bytes(nilIfEmpty(query.payload));
  writer.string("RelayFactor").uint(query.relayFactor).string("RequestAck").bool(query.requestAck);
  writer.string("Timeout");
  if (timeoutNs >= 0n) writer.uint64(timeoutNs);
  else writer.int(Math.max(Number(timeoutNs), Number.MIN_SAFE_INTEGER));
}

/** @throws {WireError} when malformed. */
export function decodeQuery(reader: MsgpackReader): QueryRequest {
  const request = {
    filterNodes: [] as string[],
    filterTags: new Map<string, string>(),
    requestAck: false,
    relayFactor: 0,
    timeoutMs: 0,
    name: "",
    payload: NO_BYTES,
  };
  reader.struct(QUERY, (field) => {
    if (field === 0) request.filterNodes = decodeStrings(reader);
    else if (field === 1) request.filterTags = decodeStringMap(reader);
    else if (field === 2) request.requestAck = reader.bool();
    else if (field === 3) request.relayFactor = reader.uint(0xff);
    else if (field === 4) request.timeoutMs = reader.intClamped() / NS_PER_MS;
    else if (field === 5) request.name = reader.string();
    else request.payload = reader.bytes() ?? NO_BYTES;
  });
  return request;
}

/** Appends the body of `respond`. @param id that of the query's record. */
export function encodeRespond(writer: MsgpackWriter, id: Seq, payload: Uint8Array): void {
  writer.mapHeader(2).string("ID").uint64(id).string("Payload").bytes(payload);
}

/** @returns the payload is valid as long as what was decoded. @throws {WireError} when malformed. */
export function decodeRespond(reader: MsgpackReader): { id: Seq; payload: Uint8Array } {
  const request = { id: 0 as Seq, payload: NO_BYTES };
  reader.struct(RESPOND, (field) => {
    if (field === 0) request.id = reader.uint64OrBig();
    else request.payload = reader.bytes() ?? NO_BYTES;
  });
  return request;
}

/** Appends the body of a stream's record about a user event. */
export function encodeUserRecord(writer: MsgpackWriter, event: UserEvent): void {
  writer.mapHeader(5).string("Coalesce").bool(event.coalesce).string("Event").string("user");
  writer.string("LTime").uint(event.lTime).string("Name").string(event.name);
  writer.string("Payload").bytes(nilIfEmpty(event.payload));
}

/** Appends the body of a stream's record about a query. @param id by which this client may answer it. */
export function encodeQueryEventRecord(writer: MsgpackWriter, event: QueryEvent, id: number): void {
  writer.mapHeader(5).string("Event").string("query").string("ID").uint(id);
  writer.string("LTime").uint(event.lTime).string("Name").string(event.name);
  writer.string("Payload").bytes(nilIfEmpty(event.payload));
}

/** Appends the body of a record of a query's results. */
export function encodeQueryRecord(
  writer: MsgpackWriter,
  type: "ack" | "response" | "done",
  from: string,
  payload: Uint8Array,
): void {
  writer.mapHeader(3).string("From").string(from).string("Payload").bytes(nilIfEmpty(payload));
  writer.string("Type").string(type);
}

/** @throws {WireError} when malformed. */
export function decodeQueryRecord(reader: MsgpackReader): QueryRecord {
  const record: QueryRecord = { type: "", from: "", payload: NO_BYTES };
  reader.struct(QUERY_RECORD, (field) => {
    if (field === 0) record.type = reader.string();
    else if (field === 1) record.from = reader.string();
    else record.payload = reader.bytes() ?? NO_BYTES;
  });
  return record;
}

/** The Go agents do not tell an empty payload from none. */
function nilIfEmpty(payload: Uint8Array): Uint8Array | null {
  return payload.length === 0 ? null : payload;
}
