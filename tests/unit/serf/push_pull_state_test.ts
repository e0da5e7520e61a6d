import { deepEqual, equal, throws } from "../../support/assert.ts";
import { decodePushPull, encodePushPull, type PushPullState } from "../../../lib/serf/push_pull_messages.ts";
import { decodeJoin } from "../../../lib/serf/intent_messages.ts";
import { MemberStatus } from "../../../lib/serf/member.ts";
import { ascii, eventTexts } from "./fakes.ts";
import { encoded, partsFixture } from "./parts.ts";

/** A state in which nothing was seen, but for what is given. */
function stateOf(state: Partial<PushPullState>): Uint8Array {
  const nothing = {
    lTime: 0,
    statusLTimes: new Map(),
    leftMembers: [],
    eventLTime: 0,
    events: [],
    queryLTime: 0,
  };
  return encoded((writer) => encodePushPull(writer, { ...nothing, ...state }));
}

Deno.test("D.8: the state has the three clocks, every member's status time, and who left", () => {
  const f = partsFixture(["a", "b"]);
  for (let i = 0; i < 7; i++) f.memberClock.increment();
  f.queryClock.increment();
  f.intents.onLeave(5, "a", false);
  f.table.setStatus(f.table.get("a")!, MemberStatus.left);
  const bytes = f.states.encode();
  equal(bytes[0], 2);
  const state = decodePushPull(bytes, 1, bytes.length);
  equal(state.lTime, 7);
  equal(state.eventLTime, 0);
  equal(state.queryLTime, 1);
  deepEqual([...state.statusLTimes], [["me", 0], ["a", 5], ["b", 0]]);
  deepEqual(state.leftMembers, ["a"]);
});

Deno.test("D.8: the whole ring of 512 slots is sent, mostly nil: 590 bytes at least", () => {
  const f = partsFixture();
  const bytes = f.states.encode();
  equal(bytes.length >= 580 && bytes.length <= 620, true, `${bytes.length} bytes`);
  f.userEvents.record(515, "deploy", ascii("v1"));
  const full = f.states.encode();
  const { events } = decodePushPull(full, 1, full.length);
  equal(events.length, 512);
  deepEqual(events[3], { lTime: 515, events: [{ name: "deploy", payload: ascii("v1") }] });
  equal(events.filter((slot) => slot !== null).length, 1);
});

Deno.test("D.8: the peer's clocks are next unused times: one less is witnessed, and 0 says nothing", () => {
  const f = partsFixture();
  f.states.merge(stateOf({ lTime: 10, eventLTime: 20, queryLTime: 30 }), false);
  equal(f.memberClock.time, 10);
  equal(f.eventClock.time, 20);
  equal(f.queryClock.time, 30);
  f.states.merge(stateOf({}), false);
  equal(f.memberClock.time, 10);
});

Deno.test("D.8: who is leaving is sent so that the receiver hears the very leave intent that we have heard", () => {
  const one = partsFixture(["a"]);
  one.intents.onLeave(5, "a", false);
  const other = partsFixture(["a"]);
  other.states.merge(one.states.encode(), false);
  equal(other.view()["a"], "leaving");
  equal(other.table.get("a")!.statusTime, 5);
  // The intent itself, when it comes, is no news; and a refutation of it, sooner or later, wins.
  equal(other.intents.onLeave(5, "a", false), false);
  other.intents.onJoin(6, "a");
  other.states.merge(one.states.encode(), false);
  equal(other.view()["a"], "alive");
});

Deno.test("D.8: whoever left there is leaving here, one Lamport time after what the peer knows", () => {
  const f = partsFixture(["a", "b"]);
  f.intents.onJoin(8, "a");
  f.states.merge(stateOf({ leftMembers: ["a"], statusLTimes: new Map([["a", 8], ["b", 3]]) }), false);
  deepEqual(f.view(), { me: "alive", a: "leaving", b: "alive" });
  equal(f.table.get("a")!.statusTime, 9);
  equal(f.table.get("b")!.statusTime, 3);
});

Deno.test("D.8: what both know of who left does not grow newer with every exchange", () => {
  const [one, other] = [partsFixture(["a"]), partsFixture(["a"])];
  for (const f of [one, other]) {
    f.intents.onLeave(5, "a", false);
    f.table.setStatus(f.table.get("a")!, MemberStatus.left);
  }
  // A peer may know of a later leave than we do, or count one on, as HashiCorp's agents do.
  one.states.merge(stateOf({ leftMembers: ["a"], statusLTimes: new Map([["a", 7]]) }), false);
  for (let i = 0; i < 10; i++) {
    one.states.merge(other.states.encode(), false);
    other.states.merge(one.states.encode(), false);
  }
  for (const f of [one, other]) {
    equal(f.table.get("a")!.statusTime, 7);
    equal(f.memberClock.time, 8);
    equal(f.view()["a"], "left");
  }
});

Deno.test("D.8: a failed member that left there is left here, and is not pruned", () => {
  const f = partsFixture(["a"]);
  f.table.setStatus(f.table.get("a")!, MemberStatus.failed);
  f.states.merge(stateOf({ leftMembers: ["a"] }), false);
  deepEqual(f.view(), { me: "alive", a: "left" });
  deepEqual(eventTexts(f.events), ["member-leave a"]);
});

Deno.test("D.8: everybody else's status time is a join intent", () => {
  const f = partsFixture(["a"]);
  f.intents.onLeave(4, "a", false);
  f.states.merge(stateOf({ statusLTimes: new Map([["a", 5], ["unknown", 6]]) }), false);
  equal(f.table.get("a")!.status, MemberStatus.alive);
  equal(f.memberClock.time, 7);
});

Deno.test("F.2.15: what is learnt from a push/pull is not gossiped", () => {
  const f = partsFixture(["a"]);
  f.states.merge(
    stateOf({
      leftMembers: ["a", "x"],
      statusLTimes: new Map([["a", 5], ["y", 6]]),
      events: [{ lTime: 3, events: [{ name: "e", payload: null }] }],
    }),
    true,
  );
  deepEqual(f.queued(), []);
});

Deno.test("D.8: a peer that has us among those who left is told better, with a join of ours", () => {
  const f = partsFixture();
  f.states.merge(stateOf({ leftMembers: ["me"], statusLTimes: new Map([["me", 40]]) }), true);
  const [join, ...more] = f.queued();
  equal(more.length, 0);
  deepEqual([join![0], decodeJoin(join!, 1, join!.length)], [1, { lTime: 42, node: "me" }]);
  deepEqual(f.view(), { me: "alive" });
  equal(f.table.get("me")!.statusTime > 41, true);
});

Deno.test("D.8: the peer's events are learnt once; nil slots, and rings of any length, are fine", () => {
  const f = partsFixture();
  const slot = (lTime: number, ...names: string[]) => ({
    lTime,
    events: names.map((name) => ({ name, payload: null })),
  });
  f.states.merge(stateOf({ events: [null, slot(3, "a", "b"), null, slot(4, "a")], eventLTime: 5 }), false);
  f.states.merge(stateOf({ events: [slot(3, "b", "c")] }), false);
  deepEqual(f.userEvents.slots[3]!.entries.map(({ name }) => name), ["a", "b", "c"]);
  deepEqual(f.userEvents.slots[4]!.entries.map(({ name }) => name), ["a"]);
});

Deno.test("D.8: a join that ignores the past takes no event older than the peer's clock, then or later", () => {
  const f = partsFixture();
  const old = { lTime: 8, events: [{ name: "old", payload: null }] };
  const fresh = { lTime: 9, events: [{ name: "new", payload: null }] };
  f.states.beginIgnoringOld();
  f.states.merge(stateOf({ eventLTime: 9, events: [old, fresh] }), true);
  f.states.endIgnoringOld();
  equal(f.userEvents.slots[8], undefined);
  equal(f.userEvents.slots[9]!.entries.length, 1);
  equal(f.userEvents.record(8, "old", null), "ignored");
});

Deno.test("D.8: without such a join the past is welcome, whatever kind of exchange it is", () => {
  const f = partsFixture();
  const events = [{ lTime: 8, events: [{ name: "old", payload: null }] }];
  f.states.beginIgnoringOld();
  f.states.merge(stateOf({ eventLTime: 9, events }), false);
  f.states.endIgnoringOld();
  f.states.merge(stateOf({ eventLTime: 9, events: [{ lTime: 7, events: events[0]!.events }] }), true);
  equal(f.userEvents.slots[8]!.entries.length, 1);
  equal(f.userEvents.slots[7]!.entries.length, 1);
});

Deno.test("D.8: no bytes, another type and broken bytes are refused, and nothing is learnt", () => {
  const f = partsFixture(["a"]);
  throws(() => f.states.merge(new Uint8Array(0), true), {
    name: "WireError",
    message: "Remote state is zero bytes",
  });
  throws(() => f.states.merge(ascii("\x01abc"), true), {
    name: "WireError",
    message: "Remote state has bad type prefix: 1",
  });
  const whole = stateOf({ lTime: 99, leftMembers: ["a"], statusLTimes: new Map([["a", 7]]) });
  for (let length = 1; length < whole.length; length++) {
    throws(() => f.states.merge(whole.subarray(0, length), true), { name: "WireError" });
  }
  deepEqual(f.view(), { me: "alive", a: "alive" });
  equal(f.memberClock.time, 0);
});

Deno.test("D.8: what one node encodes, another learns from", () => {
  const one = partsFixture(["other", "gone"]);
  one.table.setStatus(one.table.get("gone")!, MemberStatus.leaving);
  one.table.setStatus(one.table.get("gone")!, MemberStatus.left);
  one.userEvents.record(3, "deploy", ascii("v1"));
  const other = partsFixture(["gone"]);
  other.states.merge(one.states.encode(), true);
  equal(other.view()["gone"], "leaving");
  equal(other.eventClock.time, 4);
  deepEqual(other.userEvents.slots[3]!.entries, [{ name: "deploy", payload: ascii("v1") }]);
});

Deno.test("D.8: of a name that comes twice the last status time counts, also when it alone is known", () => {
  // {StatusLTimes: {a: first, a: second}}, which no map can say.
  const twice = (first: number, second: number) =>
    Uint8Array.of(2, 0x81, 0xac, ...ascii("StatusLTimes"), 0x82, 0xa1, 0x61, first, 0xa1, 0x61, second);
  const f = partsFixture(["a"]);
  f.intents.onJoin(5, "a");
  f.memberClock.witness(100);
  f.states.merge(twice(9, 5), false);
  equal(f.table.get("a")!.statusTime, 5);
  f.states.merge(twice(5, 9), false);
  equal(f.table.get("a")!.statusTime, 9);
});

Deno.test("D.8: those who left count with their own times, wherever their names come", () => {
  // {StatusLTimes: {a: 5}, LeftMembers: [a]}
  const bytes = Uint8Array.of(
    ...[2, 0x82, 0xac, ...ascii("StatusLTimes"), 0x81, 0xa1, 0x61, 5],
    ...[0xab, ...ascii("LeftMembers"), 0x91, 0xa1, 0x61],
  );
  const f = partsFixture(["a"]);
  f.intents.onJoin(5, "a");
  f.memberClock.witness(100);
  f.states.merge(bytes, false);
  equal(f.view()["a"], "leaving");
  equal(f.table.get("a")!.statusTime, 6);
});

Deno.test("D.8: a status time that is known of the member but not of the clock moves the clock", () => {
  const f = partsFixture(["a"]);
  f.table.setStatusTime(f.table.claim("a")!, 40);
  f.states.merge(stateOf({ statusLTimes: new Map([["a", 40]]) }), false);
  equal(f.memberClock.time, 41);
});
