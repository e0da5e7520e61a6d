import { ascii } from "./fakes.ts";
import { deepEqual, equal, throws } from "../../support/assert.ts";
import fc from "fast-check";
import { WireError } from "../../../lib/base/errors.ts";
import * as messages from "../../../lib/serf/messages.ts";
import { MsgpackWriter } from "../../../lib/wire/msgpack_writer.ts";
import { fromHex, toHex } from "../../golden/sample.ts";
import { unicodeText } from "../../support/unicode_text.ts";

const written = (write: (writer: MsgpackWriter) => void): Uint8Array => {
  const writer = new MsgpackWriter(16);
  write(writer);
  return writer.copy();
};

/** Decodes a body from the middle of a larger buffer: nothing outside may matter. */
function decoded<T>(decode: (bytes: Uint8Array, start: number, end: number) => T, body: string): T {
  const bytes = fromHex("c1c1" + body + "c1c1");
  return decode(bytes, 2, bytes.length - 2);
}

/** The same with an encoded message, without its type byte. */
const reread = <T>(decode: (bytes: Uint8Array, start: number, end: number) => T, encoded: Uint8Array): T =>
  decoded(decode, toHex(encoded.subarray(1)));

/** Byte fields as hex, so that views and arrays compare; maps as they are. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object" || value instanceof Map) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, plain(field)]));
}

const u8 = fc.integer({ min: 0, max: 0xff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const lTime = fc.maxSafeNat();
const name = unicodeText(40);
const bytes = fc.uint8Array({ maxLength: 40 });
const payload = fc.option(bytes);

Deno.test("Serf's intents and events come back from their encoding", () => {
  fc.assert(fc.property(lTime, name, fc.boolean(), payload, (time, node, flag, content) => {
    const join = written((writer) => messages.encodeJoin(writer, time, node));
    deepEqual(reread(messages.decodeJoin, join), { lTime: time, node });
    const leave = written((writer) => messages.encodeLeave(writer, time, node, flag));
    deepEqual(reread(messages.decodeLeave, leave), { lTime: time, node, prune: flag });
    const event = { lTime: time, name: node, payload: content, coalesce: flag };
    const encoded = written((writer) => messages.encodeUserEvent(writer, event));
    deepEqual(plain(reread(messages.decodeUserEvent, encoded)), plain(event));
  }));
});

Deno.test("queries and their responses come back from their encoding", () => {
  const query = fc.record({
    lTime,
    id: u32,
    addr: bytes,
    port: u16,
    sourceNode: name,
    filters: fc.array(bytes, { maxLength: 4 }),
    flags: u32,
    relayFactor: u8,
    timeoutNs: fc.maxSafeInteger(),
    name,
    payload,
  });
  fc.assert(fc.property(query, (message) => {
    const encoded = written((writer) => messages.encodeQuery(writer, message));
    deepEqual(plain(reread(messages.decodeQuery, encoded)), plain(message));
  }));
  const response = fc.record({ lTime, id: u32, from: name, flags: u32, payload });
  fc.assert(fc.property(response, (message) => {
    const encoded = written((writer) => messages.encodeQueryResponse(writer, message));
    deepEqual(plain(reread(messages.decodeQueryResponse, encoded)), plain(message));
  }));
});

Deno.test("relays, key messages and conflict responses come back from their encoding", () => {
  fc.assert(fc.property(bytes, u16, name, bytes, (ip, port, destName, inner) => {
    const relay = { ip, port, destName, inner };
    const encoded = written((writer) => messages.encodeRelay(writer, relay)).subarray(1);
    deepEqual(plain(messages.decodeRelay(encoded, 0, encoded.length)), plain(relay));
    const request = written((writer) => messages.encodeKeyRequest(writer, ip));
    equal(toHex(reread(messages.decodeKeyRequest, request)), toHex(ip));
  }));
  const keys = fc.option(fc.array(name, { maxLength: 4 }));
  fc.assert(fc.property(fc.boolean(), name, keys, name, (result, message, list, primaryKey) => {
    const response = { result, message, keys: list, primaryKey };
    const encoded = written((writer) => messages.encodeKeyResponse(writer, response));
    deepEqual(reread(messages.decodeKeyResponse, encoded), response);
  }));
  const tags = fc.array(fc.tuple(name, name), { maxLength: 4 }).map((pairs) => new Map(pairs));
  const versions = fc.record({ pMin: u8, pMax: u8, pCur: u8, dMin: u8, dMax: u8, dCur: u8 });
  const member = fc.record({
    name,
    ip: bytes,
    port: u16,
    tags,
    status: fc.constantFrom(0, 1, 2, 3, 4),
    versions,
  });
  fc.assert(fc.property(fc.option(member), (message) => {
    const encoded = written((writer) => messages.encodeConflictResponse(writer, message));
    deepEqual(plain(reread(messages.decodeConflictResponse, encoded)), plain(message));
  }));
});

Deno.test("filters come back from their encoding; what is empty, unknown or broken is refused", () => {
  fc.assert(fc.property(fc.array(name, { maxLength: 4 }), name, name, (names, tag, expr) => {
    const nodes = { kind: "nodes" as const, names };
    deepEqual(messages.decodeFilter(messages.encodeFilter(nodes)), nodes);
    const filter = { kind: "tag" as const, tag, expr };
    deepEqual(messages.decodeFilter(messages.encodeFilter(filter)), filter);
  }));
  // Declaration order is Tag, Expr.
  deepEqual(messages.decodeFilter(fromHex("0192a161a162")), { kind: "tag", tag: "a", expr: "b" });
  deepEqual(messages.decodeFilter(fromHex("00c0")), { kind: "nodes", names: [] });
  for (const hex of ["", "00", "02c0", "0091c40161", "009105", "01a161", "0181a354616705"]) {
    throws(() => messages.decodeFilter(fromHex(hex)), WireError, hex);
  }
});

const STATE: messages.PushPullState = {
  lTime: 7,
  statusLTimes: new Map([["b", 3], ["a", 0]]),
  leftMembers: ["c"],
  eventLTime: 4,
  events: [null, {
    lTime: 3,
    events: [{ name: "e", payload: fromHex("0102") }, { name: "f", payload: null }],
  }, null],
  queryLTime: 2,
};

Deno.test("the push/pull state comes back from its encoding, ring and order of names included", () => {
  const encoded = written((writer) => messages.encodePushPull(writer, STATE));
  const again = reread(messages.decodePushPull, encoded);
  deepEqual(plain(again), plain(STATE));
  deepEqual([...again.statusLTimes.keys()], ["b", "a"]);
  equal(toHex(written((writer) => messages.encodePushPull(writer, again))), toHex(encoded));
});

Deno.test("the push/pull state of an agent without events has a ring of 512 nils", () => {
  const state = { ...STATE, events: new Array(512).fill(null) };
  const encoded = toHex(written((writer) => messages.encodePushPull(writer, state)));
  equal(encoded.includes("a64576656e7473dc0200" + "c0".repeat(512) + "a54c54696d65"), true);
});

Deno.test("the push/pull state is read with any ring: nil, empty, short", () => {
  for (const [hex, length] of [["c0", 0], ["90", 0], ["91c0", 1], ["93c080c0", 3]] as const) {
    const state = decoded(messages.decodePushPull, "81a64576656e7473" + hex);
    equal(state.events.length, length);
    equal(state.statusLTimes.size, 0);
  }
  deepEqual(plain(decoded(messages.decodePushPull, "80")), {
    lTime: 0,
    statusLTimes: new Map(),
    leftMembers: [],
    eventLTime: 0,
    events: [],
    queryLTime: 0,
  });
  // Array form: LTime, StatusLTimes, LeftMembers, EventLTime, Events, QueryLTime.
  const state = decoded(messages.decodePushPull, "960181a1610291a162039192049192a165c005");
  deepEqual(plain(state), {
    lTime: 1,
    statusLTimes: new Map([["a", 2]]),
    leftMembers: ["b"],
    eventLTime: 3,
    events: [{ lTime: 4, events: [{ name: "e", payload: null }] }],
    queryLTime: 5,
  });
});

Deno.test("the push/pull state holds at most 1,048,576 names, and 131,072 slots and events", () => {
  /** A map of one key, whose value is an array of `count` times `entry`. */
  const stateOf = (key: string, count: number, entry: number) => {
    const body = new Uint8Array(key.length + 7 + count).fill(entry);
    body.set([0x81, 0xa0 + key.length, ...ascii(key), 0xdd, 0, count >> 16, count >> 8 & 0xff, count & 0xff]);
    return body;
  };
  const decode = (body: Uint8Array) => messages.decodePushPull(body, 0, body.length);
  equal(decode(stateOf("LeftMembers", 1_048_576, 0xa0)).leftMembers.length, 1_048_576);
  throws(() => decode(stateOf("LeftMembers", 1_048_577, 0xa0)), WireError);
  equal(decode(stateOf("Events", 131_072, 0xc0)).events.length, 131_072);
  throws(() => decode(stateOf("Events", 131_073, 0xc0)), WireError);
  // One slot, and in it so many events without anything.
  const slotOf = (count: number) => {
    const inner = stateOf("Events", count, 0x80);
    return Uint8Array.from([0x81, 0xa6, ...ascii("Events"), 0x91, ...inner]);
  };
  equal(decode(slotOf(131_072)).events[0]!.events.length, 131_072);
  throws(() => decode(slotOf(131_073)), WireError);
});

Deno.test("the array forms are taken in declaration order", () => {
  deepEqual(decoded(messages.decodeJoin, "9205a161"), { lTime: 5, node: "a" });
  deepEqual(decoded(messages.decodeLeave, "9305a161c3"), { lTime: 5, node: "a", prune: true });
  deepEqual(plain(decoded(messages.decodeUserEvent, "9405a161a2c0c1c3")), {
    lTime: 5,
    name: "a",
    payload: "c0c1",
    coalesce: true,
  });
  deepEqual(plain(decoded(messages.decodeQuery, "9b0106a47f00000107a16191a10008090aa16ea170")), {
    lTime: 1,
    id: 6,
    addr: "7f000001",
    port: 7,
    sourceNode: "a",
    filters: ["00"],
    flags: 8,
    relayFactor: 9,
    timeoutNs: 10,
    name: "n",
    payload: "70",
  });
  deepEqual(plain(decoded(messages.decodeQueryResponse, "950106a16101a170")), {
    lTime: 1,
    id: 6,
    from: "a",
    flags: 1,
    payload: "70",
  });
  deepEqual(decoded(messages.decodeKeyResponse, "94c3a16d91a16ba170"), {
    result: true,
    message: "m",
    keys: ["k"],
    primaryKey: "p",
  });
  deepEqual(
    plain(decoded(messages.decodeConflictResponse, "9ba161a47f0000010581a16ba176010102030405" + "06")),
    {
      name: "a",
      ip: "7f000001",
      port: 5,
      tags: new Map([["k", "v"]]),
      status: 1,
      versions: { pMin: 1, pMax: 2, pCur: 3, dMin: 4, dMax: 5, dCur: 6 },
    },
  );
});

Deno.test("what old peers leave out has its zero value", () => {
  equal(decoded(messages.decodeLeave, "82a54c54696d6505a44e6f6465a161").prune, false);
  const relay = decoded(messages.decodeRelay, "81a84465737441646472" + "82a24950c4047f000001a4506f727405");
  deepEqual([toHex(relay.ip), relay.port, relay.destName], ["7f000001", 5, ""]);
  equal(decoded(messages.decodeRelay, "81a84465737441646472c0").port, 0);
  equal(decoded(messages.decodeConflictResponse, "c0"), null);
  equal(decoded(messages.decodeKeyResponse, "c0").keys, null);
});

Deno.test("a relay's inner message is all that follows the header, whatever it is", () => {
  const header = fromHex("82a8446573744164647280a8446573744e616d65a0");
  for (const inner of ["", "05", "0580", "ffffff"]) {
    const bytes = new Uint8Array([...header, ...fromHex(inner)]);
    equal(toHex(messages.decodeRelay(bytes, 0, bytes.length).inner), inner);
  }
});

Deno.test("Lamport times beyond 2^53-1 are refused; timeouts are clamped", () => {
  const huge = "cfffffffffffffffff";
  throws(() => decoded(messages.decodeJoin, "81a54c54696d65" + huge), WireError);
  throws(() => decoded(messages.decodeUserEvent, "81a54c54696d65" + huge), WireError);
  throws(() => decoded(messages.decodePushPull, "81aa4576656e744c54696d65" + huge), WireError);
  throws(() => decoded(messages.decodePushPull, "81ac5374617475734c54696d657381a161" + huge), WireError);
  equal(decoded(messages.decodeJoin, "81a54c54696d65cf001fffffffffffff").lTime, Number.MAX_SAFE_INTEGER);
  equal(decoded(messages.decodeQuery, "81a754696d656f7574" + huge).timeoutNs, Number.MAX_SAFE_INTEGER);
  // Newer agents write signed types as int64.
  equal(decoded(messages.decodeQuery, "81a754696d656f7574d300000000bebc2000").timeoutNs, 3_200_000_000);
});

Deno.test("numbers that do not fit their field are refused, the largest that fit are not", () => {
  const field = (name: string, value: number) =>
    toHex(written((writer) => writer.mapHeader(1).string(name).uint(value)));
  const limits: readonly (readonly [name: string, max: number, key: keyof messages.QueryMessage])[] = [
    ["ID", 0xffffffff, "id"],
    ["Port", 0xffff, "port"],
    ["Flags", 0xffffffff, "flags"],
    ["RelayFactor", 0xff, "relayFactor"],
  ];
  for (const [name, max, key] of limits) {
    equal(decoded(messages.decodeQuery, field(name, max))[key], max, name);
    throws(() => decoded(messages.decodeQuery, field(name, max + 1)), WireError, name);
  }
  for (const [name, key] of [["ID", "id"], ["Flags", "flags"]] as const) {
    equal(decoded(messages.decodeQueryResponse, field(name, 0xffffffff))[key], 0xffffffff);
    throws(() => decoded(messages.decodeQueryResponse, field(name, 0x100000000)), WireError);
  }
  equal(decoded(messages.decodeQueryResponse, field("LTime", 0x1_0000_0001)).lTime, 0x1_0000_0001);
});

Deno.test("nil is the zero value of every field", () => {
  const nil = (name: string) => toHex(written((writer) => writer.mapHeader(1).string(name).nil()));
  const query = ["LTime", "ID", "Addr", "Port", "SourceNode", "Filters", "Flags", "RelayFactor", "Timeout"];
  for (const name of [...query, "Name", "Payload"]) {
    deepEqual(decoded(messages.decodeQuery, nil(name)), decoded(messages.decodeQuery, "80"), name);
  }
  for (const name of ["LTime", "ID", "From", "Flags", "Payload"]) {
    deepEqual(decoded(messages.decodeQueryResponse, nil(name)), decoded(messages.decodeQueryResponse, "80"));
  }
  // Filters of one nil: an empty one, which is for nobody.
  const { filters } = decoded(messages.decodeQuery, "81a746696c7465727391c0");
  deepEqual(filters.map((filter) => filter.length), [0]);
});

Deno.test("names as bin are refused, payloads as bin are not", () => {
  throws(() => decoded(messages.decodeJoin, "81a44e6f6465c40161"), WireError);
  throws(() => decoded(messages.decodeKeyResponse, "81a44b65797391c40161"), WireError);
  throws(() => decoded(messages.decodePushPull, "81ab4c6566744d656d6265727391c40161"), WireError);
  equal(toHex(decoded(messages.decodeUserEvent, "81a75061796c6f6164c40161").payload!), "61");
});
