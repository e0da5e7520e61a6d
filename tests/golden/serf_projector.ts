/** Decodes Serf messages into the shape of the samples, and encodes what was decoded. */
import {
  decodeConflictResponse,
  decodeFilter,
  decodeJoin,
  decodeKeyRequest,
  decodeKeyResponse,
  decodeLeave,
  decodePushPull,
  decodeQuery,
  decodeQueryResponse,
  decodeRelay,
  decodeUserEvent,
  encodeConflictResponse,
  encodeFilter,
  encodeJoin,
  encodeKeyRequest,
  encodeKeyResponse,
  encodeLeave,
  encodePushPull,
  encodeQuery,
  encodeQueryResponse,
  encodeRelay,
  encodeUserEvent,
  SerfMessageType,
} from "../../lib/serf/messages.ts";
import { MsgpackWriter } from "../../lib/wire/msgpack_writer.ts";
import { type Json, type JsonObject, type Projection, showBytes } from "./sample.ts";

type Projector = (body: Uint8Array) => { json: JsonObject; write: (writer: MsgpackWriter) => void };

/** Projects a whole Serf message, type byte first. */
export function projectSerf(message: Uint8Array): Projection {
  const projector = PROJECTORS.get(message[0]!);
  if (projector === undefined) throw new Error(`no Serf message begins with ${message[0]}`);
  const { json, write } = projector(message.subarray(1));
  const writer = new MsgpackWriter();
  write(writer);
  return { json, bytes: writer.copy() };
}

const PROJECTORS = new Map<number, Projector>([
  [SerfMessageType.leave, (body) => {
    const { lTime, node, prune } = decodeLeave(body, 0, body.length);
    return {
      json: { serf: "leave", v: { LTime: lTime, Node: node, Prune: prune } },
      write: (writer) => encodeLeave(writer, lTime, node, prune),
    };
  }],
  [SerfMessageType.join, (body) => {
    const { lTime, node } = decodeJoin(body, 0, body.length);
    return {
      json: { serf: "join", v: { LTime: lTime, Node: node } },
      write: (writer) => encodeJoin(writer, lTime, node),
    };
  }],
  [SerfMessageType.pushPull, projectPushPull],
  [SerfMessageType.userEvent, (body) => {
    const event = decodeUserEvent(body, 0, body.length);
    const { coalesce, lTime, name, payload } = event;
    return {
      json: {
        serf: "userEvent",
        v: { CC: coalesce, LTime: lTime, Name: name, Payload: showBytes(payload) },
      },
      write: (writer) => encodeUserEvent(writer, event),
    };
  }],
  [SerfMessageType.query, projectQuery],
  [SerfMessageType.queryResponse, projectResponse],
  [SerfMessageType.conflictResponse, projectConflict],
  [SerfMessageType.keyRequest, (body) => {
    const key = decodeKeyRequest(body, 0, body.length);
    return {
      json: { serf: "keyRequest", v: { Key: showBytes(key) } },
      write: (writer) => encodeKeyRequest(writer, key),
    };
  }],
  [SerfMessageType.keyResponse, (body) => {
    const response = decodeKeyResponse(body, 0, body.length);
    const { keys, message, primaryKey, result } = response;
    const v = {
      Keys: keys === null ? null : [...keys],
      Message: message,
      PrimaryKey: primaryKey,
      Result: result,
    };
    return { json: { serf: "keyResponse", v }, write: (writer) => encodeKeyResponse(writer, response) };
  }],
  [SerfMessageType.relay, (body) => {
    const relay = decodeRelay(body, 0, body.length);
    const inner = projectSerf(relay.inner);
    const destination = { IP: showBytes(relay.ip), Port: relay.port, Zone: "" };
    return {
      json: { serf: "relay", v: { DestAddr: destination, DestName: relay.destName }, inner: inner.json },
      write: (writer) => encodeRelay(writer, { ...relay, inner: inner.bytes }),
    };
  }],
]);

function projectPushPull(body: Uint8Array): ReturnType<Projector> {
  const state = decodePushPull(body, 0, body.length);
  const nonNil: JsonObject = {};
  state.events.forEach((slot, index) => {
    if (slot === null) return;
    const events = slot.events.map((event) => ({ Name: event.name, Payload: showBytes(event.payload) }));
    nonNil[index] = { Events: events, LTime: slot.lTime };
  });
  const v: JsonObject = {
    EventLTime: state.eventLTime,
    Events: { _sparse_array_len: state.events.length, _nonnil: nonNil },
    LTime: state.lTime,
    LeftMembers: [...state.leftMembers],
    QueryLTime: state.queryLTime,
    StatusLTimes: Object.fromEntries(state.statusLTimes),
  };
  return { json: { serf: "pushPull", v }, write: (writer) => encodePushPull(writer, state) };
}

function projectQuery(body: Uint8Array): ReturnType<Projector> {
  const query = decodeQuery(body, 0, body.length);
  const json: JsonObject = {
    serf: "query",
    v: {
      Addr: showBytes(query.addr),
      Filters: query.filters.length === 0 ? null : query.filters.map(showBytes),
      Flags: query.flags,
      ID: query.id,
      LTime: query.lTime,
      Name: query.name,
      Payload: showBytes(query.payload),
      Port: query.port,
      RelayFactor: query.relayFactor,
      SourceNode: query.sourceNode,
      Timeout: query.timeoutNs,
    },
  };
  const filters = query.filters.map(decodeFilter);
  if (filters.length > 0) json["filters"] = filters.map(showFilter);
  let payload = query.payload;
  if (query.name.startsWith("_serf_") && query.name.endsWith("key") || query.name === "_serf_list-keys") {
    const inner = projectSerf(payload!);
    json["payload"] = inner.json;
    payload = inner.bytes;
  }
  return {
    json,
    write: (writer) => encodeQuery(writer, { ...query, payload, filters: filters.map(encodeFilter) }),
  };
}

function showFilter(filter: ReturnType<typeof decodeFilter>): Json {
  if (filter.kind === "nodes") return { type: 0, v: [...filter.names] };
  return { type: 1, v: { Expr: filter.expr, Tag: filter.tag } };
}

function projectResponse(body: Uint8Array): ReturnType<Projector> {
  const response = decodeQueryResponse(body, 0, body.length);
  const json: JsonObject = {
    serf: "queryResponse",
    v: {
      Flags: response.flags,
      From: response.from,
      ID: response.id,
      LTime: response.lTime,
      Payload: showBytes(response.payload),
    },
  };
  let payload = response.payload;
  // Only answers to internal queries hold a message; text never begins with these two bytes.
  if (payload?.[0] === SerfMessageType.conflictResponse || payload?.[0] === SerfMessageType.keyResponse) {
    const inner = projectSerf(payload);
    json["payload"] = inner.json;
    payload = inner.bytes;
  }
  return { json, write: (writer) => encodeQueryResponse(writer, { ...response, payload }) };
}

function projectConflict(body: Uint8Array): ReturnType<Projector> {
  const member = decodeConflictResponse(body, 0, body.length);
  const v: Json = member === null ? null : {
    Addr: showBytes(member.ip),
    DelegateCur: member.versions.dCur,
    DelegateMax: member.versions.dMax,
    DelegateMin: member.versions.dMin,
    Name: member.name,
    Port: member.port,
    ProtocolCur: member.versions.pCur,
    ProtocolMax: member.versions.pMax,
    ProtocolMin: member.versions.pMin,
    Status: member.status,
    Tags: Object.fromEntries(member.tags),
  };
  return { json: { serf: "conflictResponse", v }, write: (writer) => encodeConflictResponse(writer, member) };
}
