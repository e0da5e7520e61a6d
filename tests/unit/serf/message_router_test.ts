import { deepEqual, equal } from "../../support/assert.ts";
import fc from "fast-check";
import { encodeUserEvent } from "../../../lib/serf/event_messages.ts";
import { encodeJoin, encodeLeave } from "../../../lib/serf/intent_messages.ts";
import { encodeQueryResponse } from "../../../lib/serf/query_messages.ts";
import { encodeRelay } from "../../../lib/serf/relay_message.ts";
import { encodePushPull } from "../../../lib/serf/push_pull_messages.ts";
import { ascii } from "./fakes.ts";
import { encoded, partsFixture, queryMessage } from "./parts.ts";

const join = (lTime: number, node: string) => encoded((writer) => encodeJoin(writer, lTime, node));
const leave = (lTime: number, node: string, prune = false) =>
  encoded((writer) => encodeLeave(writer, lTime, node, prune));
const userEvent = (lTime: number, name: string) =>
  encoded((writer) => encodeUserEvent(writer, { lTime, name, payload: null, coalesce: true }));

Deno.test("D.3: an intent that is news travels on as the bytes that came, unknown fields included", () => {
  const f = partsFixture(["a"]);
  const strange = encoded((writer) => {
    writer.byte(1).mapHeader(3).string("Future").uint(9).string("LTime").uint(7).string("Node").string("a");
  });
  f.router.onMessage(strange);
  equal(f.table.get("a")!.statusTime, 7);
  deepEqual(f.queued(), [strange]);
});

Deno.test("D.3: an intent that is no news does not travel on", () => {
  const f = partsFixture(["a"]);
  f.router.onMessage(join(7, "a"));
  f.queued();
  const before = f.broadcasts.depth("intent");
  f.router.onMessage(join(7, "a"));
  f.router.onMessage(leave(6, "a"));
  equal(f.broadcasts.depth("intent"), before);
});

Deno.test("D.3: leave intents do their work, prune included; old peers send none", () => {
  const f = partsFixture(["a", "b"]);
  const withoutPrune = encoded((writer) => {
    writer.byte(0).mapHeader(2).string("LTime").uint(7).string("Node").string("a");
  });
  f.router.onMessage(withoutPrune);
  f.router.onMessage(leave(8, "b", true));
  deepEqual(f.view(), { me: "alive", a: "leaving" });
});

Deno.test("D.4: a new user event travels on once, and witnesses the event clock", () => {
  const f = partsFixture();
  const message = userEvent(41, "deploy");
  f.router.onMessage(message);
  f.router.onMessage(message);
  equal(f.eventClock.time, 42);
  equal(f.broadcasts.depth("event"), 1);
  deepEqual(f.queued(), [message]);
});

Deno.test("D.4: an event that is too old is warned of, and goes nowhere", () => {
  const f = partsFixture();
  f.router.onMessage(userEvent(2000, "x"));
  f.logger.take();
  f.router.onMessage(userEvent(1488, "deploy"));
  equal(f.broadcasts.depth("event"), 1);
  deepEqual(f.logger.matching("WARN"), [
    "WARN serf: received old event deploy from time 1488 (current: 2001)",
  ]);
});

Deno.test("D.5: a new query travels on once, and witnesses the query clock", () => {
  const f = partsFixture();
  const message = queryMessage({});
  f.router.onMessage(message);
  f.router.onMessage(message);
  equal(f.queryClock.time, 6);
  equal(f.broadcasts.depth("query"), 1);
  deepEqual(f.queued(), [message]);
  deepEqual(f.sent, []);
});

Deno.test("D.5: a query that says so does not travel on, but is answered", () => {
  const f = partsFixture();
  f.router.onMessage(queryMessage({ flags: 3 }));
  equal(f.broadcasts.waiting, false);
  equal(f.sent.length, 1);
});

Deno.test("D.5: a query that is not meant for us, or that we cannot read, travels on all the same", () => {
  const filters = [[Uint8Array.of(0, 0x91, 0xa1, 0x78)], [Uint8Array.of(9)], [new Uint8Array(0)]];
  filters.forEach((list, id) => {
    const f = partsFixture();
    f.router.onMessage(queryMessage({ filters: list, id, flags: 1 }));
    equal(f.broadcasts.depth("query"), 1);
    deepEqual(f.sent, []);
  });
});

Deno.test("D.5: a query that is too old is warned of, and goes nowhere", () => {
  const f = partsFixture();
  f.router.onMessage(queryMessage({ lTime: 2000 }));
  f.router.onMessage(queryMessage({ lTime: 1488, name: "load" }));
  equal(f.broadcasts.depth("query"), 1);
  deepEqual(f.logger.matching("WARN"), ["WARN serf: received old query load from time 1488 (current: 2001)"]);
});

Deno.test("D.5: an answer to nothing is logged, and goes nowhere", () => {
  const f = partsFixture();
  f.router.onMessage(
    encoded((writer) => encodeQueryResponse(writer, { lTime: 4, id: 9, from: "a", flags: 0, payload: null })),
  );
  equal(f.broadcasts.waiting, false);
  deepEqual(f.logger.matching("WARN"), ["WARN serf: reply for non-running query (LTime: 4, ID: 9) From: a"]);
});

Deno.test("D.6: what no packet can hold is not relayed", () => {
  const f = partsFixture();
  const ip = Uint8Array.of(127, 0, 0, 3);
  const relay = (length: number) =>
    encoded((writer) =>
      encodeRelay(writer, { ip, port: 7946, destName: "c", inner: new Uint8Array(length) })
    );
  f.router.onMessage(relay(65_507));
  deepEqual([f.sent.length, f.router.malformed], [0, 1]);
  f.router.onMessage(relay(65_506));
  deepEqual([f.sent.length, f.router.malformed], [1, 1]);
});

Deno.test("D.6: a relayed message is passed on unchanged to where it says, as a user message", () => {
  const f = partsFixture();
  const inner = ascii("\x05anything");
  for (
    const ip of [
      Uint8Array.of(127, 0, 0, 3),
      Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 127, 0, 0, 3),
    ]
  ) {
    f.router.onMessage(encoded((writer) => encodeRelay(writer, { ip, port: 7946, destName: "c", inner })));
  }
  deepEqual(f.sent, [
    { to: "127.0.0.3:7946", message: ascii("\x08\x05anything") },
    { to: "127.0.0.3:7946", message: ascii("\x08\x05anything") },
  ]);
  equal(f.logger.matching("DEBUG serf: Relaying response to addr: 127.0.0.3:7946").length, 2);
});

Deno.test("D.6: a relay to no address is refused", () => {
  const f = partsFixture();
  for (const [ip, port] of [[new Uint8Array(5), 7946], [new Uint8Array(4), 0]] as const) {
    f.router.onMessage(
      encoded((writer) => encodeRelay(writer, { ip, port, destName: "", inner: ascii("x") })),
    );
  }
  deepEqual(f.sent, []);
  equal(f.router.malformed, 2);
});

Deno.test("D: bare messages of inner types, and of types that do not exist, are counted and dropped", () => {
  const f = partsFixture();
  const state = {
    lTime: 9,
    statusLTimes: new Map(),
    leftMembers: [],
    eventLTime: 0,
    events: [],
    queryLTime: 0,
  };
  f.router.onMessage(encoded((writer) => encodePushPull(writer, state)));
  for (const type of [6, 7, 8, 10, 255]) f.router.onMessage(Uint8Array.of(type, 0x80));
  equal(f.router.unknown, 6);
  equal(f.memberClock.time, 0);
  equal(f.broadcasts.waiting, false);
  deepEqual(f.logger.matching("type: 255"), ["WARN serf: Received message of unknown type: 255"]);
});

Deno.test("D: an empty user message is ignored", () => {
  const f = partsFixture();
  f.router.onMessage(new Uint8Array(0));
  equal(f.router.malformed + f.router.unknown, 0);
  deepEqual(f.logger.lines, []);
});

Deno.test("D: what cannot be decoded is counted, logged in Serf's words, and never travels on", () => {
  const words = [
    "leave message",
    "join message",
    "",
    "user event message",
    "query message",
    "query response message",
  ];
  const f = partsFixture(["a"]);
  for (const type of [0, 1, 3, 4, 5]) {
    f.router.onMessage(Uint8Array.of(type, 0x81, 0xa5));
    equal(f.logger.matching(`ERR serf: Error decoding ${words[type]}: `).length, 1);
  }
  f.router.onMessage(Uint8Array.of(9, 0x81));
  equal(f.logger.matching("ERR serf: Error decoding relay header: ").length, 1);
  equal(f.router.malformed, 6);
  equal(f.broadcasts.waiting, false);
});

Deno.test("D.1: an absurd Lamport time is refused: nothing changes, nothing travels on", () => {
  const f = partsFixture(["a"]);
  for (const type of [0, 1, 3, 4]) {
    const message = encoded((writer) => {
      writer.byte(type).mapHeader(2).string("LTime").uint64(0xffffffffffffffffn).string("Node").string("a");
    });
    f.router.onMessage(message);
  }
  equal(f.router.malformed, 4);
  f.router.onMessage(leave(Number.MAX_SAFE_INTEGER, "a"));
  f.router.onMessage(userEvent(Number.MAX_SAFE_INTEGER, "x"));
  f.router.onMessage(queryMessage({ lTime: Number.MAX_SAFE_INTEGER }));
  deepEqual(f.view(), { me: "alive", a: "alive" });
  deepEqual([f.memberClock.time, f.eventClock.time, f.queryClock.time], [0, 0, 0]);
  equal(f.broadcasts.waiting, false);
});

Deno.test("MessageRouter logs a flood of bad messages at a bounded rate", () => {
  const f = partsFixture();
  for (let i = 0; i < 1000; i++) f.router.onMessage(Uint8Array.of(200));
  equal(f.logger.lines.length, 20);
  f.clock.run(1000);
  f.router.onMessage(Uint8Array.of(200));
  equal(f.logger.lines.at(-1)!.endsWith("(980 more lines suppressed)"), true);
});

Deno.test("surface 7: every message is traced at debug level, by what it is about", () => {
  const f = partsFixture(["a"]);
  f.router.onMessage(join(1, "a"));
  f.router.onMessage(leave(2, "a"));
  f.router.onMessage(userEvent(1, "deploy"));
  f.router.onMessage(queryMessage({ name: "load" }));
  deepEqual(f.logger.lines, [
    "DEBUG serf: messageJoinType: a",
    "DEBUG serf: messageLeaveType: a",
    "DEBUG serf: messageUserEventType: deploy",
    "DEBUG serf: messageQueryType: load",
  ]);
});

Deno.test("MessageRouter takes any bytes without a throw, and keeps its members", () => {
  const f = partsFixture(["a"]);
  fc.assert(fc.property(fc.nat(11), fc.uint8Array({ maxLength: 60 }), (type, body) => {
    f.router.onMessage(Uint8Array.of(type, ...body));
    equal(f.table.size <= 2, true);
  }));
  const whole = [join(1, "a"), leave(2, "b"), userEvent(3, "x"), queryMessage({ flags: 1 })];
  const mutation = fc.record({ which: fc.nat(3), at: fc.nat(200), value: fc.nat(255) });
  fc.assert(fc.property(mutation, ({ which, at, value }) => {
    const message = whole[which]!.slice();
    message[1 + at % (message.length - 1)] = value;
    f.router.onMessage(message);
  }));
});
