/** Queries, their responses and their filters. Conventions and layouts: messages.ts. */
import { WireError } from "../base/errors.ts";
import { NO_BYTES } from "../base/bytes.ts";
import { MsgpackReader } from "../wire/msgpack_reader.ts";
import { MsgpackWriter } from "../wire/msgpack_writer.ts";
import { StructFields } from "../wire/struct_fields.ts";
import { SerfMessageType } from "./message_type.ts";

const U8_MAX = 0xff;
const U16_MAX = 0xffff;
const U32_MAX = 0xffffffff;
const reader = new MsgpackReader();

/** Bits of {@linkcode QueryMessage.flags}. */
export const QueryFlag = { ack: 1, noBroadcast: 2 } as const;
/** Bits of {@linkcode QueryResponseMessage.flags}: this is an ack, not an answer. */
export const ResponseFlag = { ack: 1 } as const;

/** A question to the cluster. */
export interface QueryMessage {
  lTime: number;
  /** u32, random; with `lTime` it identifies the query. */
  id: number;
  /** IP bytes of the originator, 4 or 16; peers may send any length: check. */
  addr: Uint8Array;
  port: number;
  /** The originator's name. */
  sourceNode: string;
  /** Encoded filters, for {@linkcode decodeFilter}; all must match. None: everyone is asked. */
  filters: readonly Uint8Array[];
  /** Bits of {@linkcode QueryFlag}; others are kept. */
  flags: number;
  /** How many members to relay each answer through, 0..255. */
  relayFactor: number;
  /** Nanoseconds from receipt, exact up to 2^53-1, clamped beyond (104 days). May be negative. */
  timeoutNs: number;
  name: string;
  payload: Uint8Array | null;
}

const QUERY = new StructFields(
  "LTime",
  "ID",
  "Addr",
  "Port",
  "SourceNode",
  "Filters",
  "Flags",
  "RelayFactor",
  "Timeout",
  "Name",
  "Payload",
);

/** Appends the message. */
export function encodeQuery(writer: MsgpackWriter, query: Readonly<QueryMessage>): void {
  writer.byte(SerfMessageType.query).mapHeader(11).string("Addr").bytes(query.addr).string("Filters");
  if (query.filters.length === 0) writer.nil();
  else {
    writer.arrayHeader(query.filters.length);
    for (const filter of query.filters) writer.bytes(filter);
  }
  writer.string("Flags").uint(query.flags).string("ID").uint(query.id).string("LTime").uint(query.lTime);
  writer.string("Name").string(query.name).string("Payload").bytes(query.payload);
  writer.string("Port").uint(query.port).string("RelayFactor").uint(query.relayFactor);
  writer.string("SourceNode").string(query.sourceNode).string("Timeout").int(query.timeoutNs);
}

/** @throws {WireError} when the body is malformed. */
export function decodeQuery(bytes: Uint8Array, start: number, end: number): QueryMessage {
  const query: QueryMessage = {
    lTime: 0,
    id: 0,
    addr: NO_BYTES,
    port: 0,
    sourceNode: "",
    filters: [],
    flags: 0,
    relayFactor: 0,
    timeoutNs: 0,
    name: "",
    payload: null,
  };
  reader.reset(bytes, start, end).beginStruct(QUERY);
  for (let field = reader.nextField(); field >= 0; field = reader.nextField()) readQueryField(field, query);
  return query;
}

function readQueryField(field: number, query: QueryMessage): void {
  switch (field) {
    case 0:
      query.lTime = reader.uint64();
      break;
    case 1:
      query.id = reader.uint(U32_MAX);
      break;
    case 2:
      query.addr = reader.bytes() ?? NO_BYTES;
      break;
    case 3:
      query.port = reader.uint(U16_MAX);
      break;
    case 4:
      query.sourceNode = reader.string();
      break;
    case 5:
      query.filters = readFilters();
      break;
    case 6:
      query.flags = reader.uint(U32_MAX);
      break;
    case 7:
      query.relayFactor = reader.uint(U8_MAX);
      break;
    case 8:
      query.timeoutNs = reader.intClamped();
      break;
    case 9:
      query.name = reader.string();
      break;
    default:
      query.payload = reader.bytes();
  }
}

function readFilters(): Uint8Array[] {
  const filters: Uint8Array[] = [];
  for (let count = reader.arrayHeader(); count > 0; count--) filters.push(reader.bytes() ?? NO_BYTES);
  return filters;
}

/** An ack of a query, or an answer to it. */
export interface QueryResponseMessage {
  lTime: number;
  id: number;
  /** Who answers. */
  from: string;
  /** Bits of {@linkcode ResponseFlag}; others are kept. */
  flags: number;
  payload: Uint8Array | null;
}

const RESPONSE = new StructFields("LTime", "ID", "From", "Flags", "Payload");

/** Appends the message. */
export function encodeQueryResponse(writer: MsgpackWriter, response: Readonly<QueryResponseMessage>): void {
  writer.byte(SerfMessageType.queryResponse).mapHeader(5);
  writer.string("Flags").uint(response.flags).string("From").string(response.from);
  writer.string("ID").uint(response.id).string("LTime").uint(response.lTime);
  writer.string("Payload").bytes(response.payload);
}

/** @throws {WireError} when the body is malformed. */
export function decodeQueryResponse(bytes: Uint8Array, start: number, end: number): QueryResponseMessage {
  const response: QueryResponseMessage = { lTime: 0, id: 0, from: "", flags: 0, payload: null };
  reader.reset(bytes, start, end).beginStruct(RESPONSE);
  for (let field = reader.nextField(); field >= 0; field = reader.nextField()) {
    if (field === 0) response.lTime = reader.uint64();
    else if (field === 1) response.id = reader.uint(U32_MAX);
    else if (field === 2) response.from = reader.string();
    else if (field === 3) response.flags = reader.uint(U32_MAX);
    else response.payload = reader.bytes();
  }
  return response;
}

/** Who is meant by a query: nodes by name, or those whose tag matches an expression. */
export type QueryFilter =
  | { readonly kind: "nodes"; readonly names: readonly string[] }
  /** `expr` is a regular expression of RE2, not anchored. */
  | { readonly kind: "tag"; readonly tag: string; readonly expr: string };

const FilterType = { nodes: 0, tag: 1 } as const;
const TAG_FILTER = new StructFields("Tag", "Expr");

/** One filter: its type byte, then an array of names or `{Expr, Tag}`. @returns bytes of their own. */
export function encodeFilter(filter: QueryFilter): Uint8Array {
  const writer = new MsgpackWriter(64);
  if (filter.kind === "tag") {
    writer.byte(FilterType.tag).mapHeader(2);
    writer.string("Expr").string(filter.expr).string("Tag").string(filter.tag);
  } else {
    writer.byte(FilterType.nodes).arrayHeader(filter.names.length);
    for (const name of filter.names) writer.string(name);
  }
  return writer.copy();
}

/** @throws {WireError} when it is malformed, empty, or of an unknown type: such a query is not for us. */
export function decodeFilter(bytes: Uint8Array): QueryFilter {
  if (bytes.length === 0) throw new WireError("empty filter", 0);
  reader.reset(bytes, 1);
  if (bytes[0] === FilterType.nodes) {
    const names: string[] = [];
    for (let count = reader.arrayHeader(); count > 0; count--) names.push(reader.string());
    return { kind: "nodes", names };
  }
  if (bytes[0] !== FilterType.tag) throw new WireError(`unknown filter type ${bytes[0]}`, 0);
  let tag = "";
  let expr = "";
  reader.struct(TAG_FILTER, (field) => {
    if (field === 0) tag = reader.string();
    else expr = reader.string();
  });
  return { kind: "tag", tag, expr };
}
