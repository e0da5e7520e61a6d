import { deepEqual, equal, ok, throws } from "../../support/assert.ts";
import { decodeFilter, decodeQuery } from "../../../lib/serf/query_messages.ts";
import { defaultQueryTimeoutMs, QUERY_DEFAULTS } from "../../../lib/serf/query_sender.ts";
import { decodeUserEvent } from "../../../lib/serf/event_messages.ts";
import { LAMPORT_TIME_MAX } from "../../../lib/serf/lamport_clock.ts";
import { ascii } from "./fakes.ts";
import { partsFixture } from "./parts.ts";

const SINK = { onAck() {}, onResponse() {}, onDone() {} };
const NONE = new Uint8Array(0);

Deno.test("surface 6.3: the default timeout grows with the digits of the number of nodes", () => {
  const cases = [[1, 3200], [9, 3200], [10, 6400], [99, 6400], [100, 9600]] as const;
  for (const [nodes, timeoutMs] of cases) equal(defaultQueryTimeoutMs(200, nodes), timeoutMs, `${nodes}`);
});

Deno.test("D.5: a query carries what it is to, is gossiped, and put to ourselves", () => {
  const f = partsFixture(["a"]);
  for (let i = 0; i < 3; i++) f.queryClock.increment();
  f.querySender.send("load", ascii("x"), {
    filterNodes: ["me", "a"],
    filterTags: new Map([["role", "^$"]]),
    requestAck: true,
    relayFactor: 0,
    timeoutMs: 1500.5,
  }, SINK);
  const [message] = f.queued();
  const { filters, id, ...query } = decodeQuery(message!, 1, message!.length);
  deepEqual(query, {
    lTime: 3,
    addr: Uint8Array.of(127, 0, 0, 1),
    port: 7946,
    sourceNode: "me",
    flags: 1,
    relayFactor: 0,
    timeoutNs: 1_500_500_000,
    name: "load",
    payload: ascii("x"),
  });
  ok(id >= 0 && id < 2 ** 31);
  deepEqual(filters.map(decodeFilter), [
    { kind: "nodes", names: ["me", "a"] },
    { kind: "tag", tag: "role", expr: "^$" },
  ]);
  equal(f.queryClock.time, 4);
  deepEqual(f.heardQueries.map(({ name, sourceNode }) => [name, sourceNode]), [["load", "me"]]);
  deepEqual(f.sent.map(({ to }) => to), ["127.0.0.1:7946"]);
});

Deno.test("D.5: two queries in a row have times of their own", () => {
  const f = partsFixture();
  f.querySender.send("a", NONE, QUERY_DEFAULTS, SINK);
  f.querySender.send("b", NONE, QUERY_DEFAULTS, SINK);
  deepEqual(f.heardQueries.map(({ lTime }) => lTime), [0, 1]);
});

Deno.test("D.1: at the end of the clocks nothing of ours can be told apart, so nothing is begun", () => {
  const f = partsFixture();
  f.queryClock.witness(LAMPORT_TIME_MAX - 1);
  f.eventClock.witness(LAMPORT_TIME_MAX - 1);
  let ended = 0;
  const sink = { ...SINK, onDone: () => ended++ };
  f.querySender.send("last", NONE, QUERY_DEFAULTS, sink);
  f.userEventSender.send("last", NONE, false);
  const refused = { name: "StateError", message: "the Lamport clock is at its end" };
  throws(() => f.querySender.send("one more", NONE, QUERY_DEFAULTS, sink), refused);
  throws(() => f.userEventSender.send("one more", NONE, false), refused);
  f.clock.runFor(5000);
  deepEqual([ended, f.heardQueries.length, f.heardEvents.length], [1, 1, 1]);
});

Deno.test("surface 6.2: a query that is too long is refused, and nobody is asked", () => {
  const f = partsFixture([], { queryBytesMax: 300 });
  throws(() => f.querySender.send("load", new Uint8Array(300), QUERY_DEFAULTS, SINK), {
    name: "SizeLimitError",
    message: "query exceeds limit of 300 bytes",
  });
  deepEqual(f.heardQueries, []);
  equal(f.queryClock.time, 0);
  f.querySender.send("load", new Uint8Array(100), QUERY_DEFAULTS, SINK);
  equal(f.heardQueries.length, 1);
  const measured = partsFixture();
  measured.querySender.send("load", new Uint8Array(100), QUERY_DEFAULTS, SINK);
  const bytes = measured.queued()[0]!.length;
  const tight = partsFixture([], { queryBytesMax: bytes });
  tight.querySender.send("load", new Uint8Array(100), QUERY_DEFAULTS, SINK);
  const tighter = partsFixture([], { queryBytesMax: bytes - 1 });
  throws(() => tighter.querySender.send("load", new Uint8Array(100), QUERY_DEFAULTS, SINK));
});

Deno.test("surface 3.4: queries exist from protocol 4 on", () => {
  const send = (delegateProtocol: number) =>
    partsFixture([], { memberlist: { name: "me", delegateProtocol } })
      .querySender.send("load", NONE, QUERY_DEFAULTS, SINK);
  send(4);
  throws(() => send(3), { name: "StateError", message: "Feature not supported" });
});

Deno.test("surface 6.2: user events are measured before and after they are encoded", () => {
  const f = partsFixture([], { userEventBytesMax: 100 });
  throws(() => f.userEventSender.send("abc", new Uint8Array(98), true), {
    message: "user event exceeds configured limit of 100 bytes before encoding",
  });
  throws(() => f.userEventSender.send("abc", new Uint8Array(97), true), {
    message: "encoded user event exceeds configured limit of 100 bytes after encoding",
  });
  throws(() => f.userEventSender.send("\u00e9".repeat(51), NONE, true), { message: /before encoding/ });
  deepEqual(f.heardEvents, []);
  equal(f.eventClock.time, 0);
  equal(f.broadcasts.waiting, false);
});

Deno.test("D.4: a user event of ours is stamped, delivered, gossiped, and not delivered again", () => {
  const f = partsFixture();
  f.eventClock.increment();
  f.userEventSender.send("deploy", ascii("v1"), true);
  equal(f.eventClock.time, 2);
  const [message] = f.queued();
  deepEqual(decodeUserEvent(message!, 1, message!.length), {
    lTime: 1,
    name: "deploy",
    payload: ascii("v1"),
    coalesce: true,
  });
  f.router.onMessage(message!);
  deepEqual(f.heardEvents, [
    { type: "user", lTime: 1, name: "deploy", payload: ascii("v1"), coalesce: true },
  ]);
});
