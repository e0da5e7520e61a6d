import { deepEqual, equal } from "../../support/assert.ts";
import fc from "fast-check";
import { SimClock } from "../../../lib/sim/sim_clock.ts";
import { MemberEventSource } from "../../../lib/serf/events.ts";
import { IntentBuffer } from "../../../lib/serf/intent_buffer.ts";
import { Intents } from "../../../lib/serf/intents.ts";
import { LAMPORT_TIME_MAX, LamportClock } from "../../../lib/serf/lamport_clock.ts";
import { type MemberEvent, MemberStatus } from "../../../lib/serf/member.ts";
import { MemberTable } from "../../../lib/serf/member_table.ts";
import { eventTexts, makeNode, RecordingLogger } from "./fakes.ts";

const { alive, leaving, left, failed } = MemberStatus;

function fixture() {
  const clock = new SimClock();
  const logger = new RecordingLogger();
  const memberClock = new LamportClock();
  const table = new MemberTable(clock);
  const buffer = new IntentBuffer(() => table.size);
  const events: MemberEvent[] = [];
  const calls: string[] = [];
  const world = { staying: true };
  const intents = new Intents({
    localName: "me",
    clock,
    logger,
    memberClock,
    table,
    buffer,
    events: new MemberEventSource(logger, (event) => events.push(event)),
    isStaying: () => world.staying,
    refute: () => calls.push(`refute at ${memberClock.time}`),
    prune: (member) => {
      calls.push(`prune ${member.name}`);
      table.erase(member);
    },
    onRemembered: () => calls.push("remembered"),
  });
  const add = (name: string, status: MemberStatus, statusTime = 0) => {
    const member = table.add(makeNode(name), alive, statusTime);
    table.setStatus(member, status);
    return member;
  };
  add("me", alive);
  return { clock, logger, memberClock, table, buffer, events, calls, world, intents, add };
}

Deno.test("D.3: a join intent takes a leaving member back to alive, and travels on", () => {
  const f = fixture();
  const member = f.add("a", leaving, 5);
  equal(f.intents.onJoin(6, "a"), true);
  equal(member.status, alive);
  equal(member.statusTime, 6);
  deepEqual(f.events, []);
});

Deno.test("D.3: a join intent leaves every other status alone, but is news", () => {
  for (const status of [alive, left, failed]) {
    const f = fixture();
    const member = f.add("a", status, 5);
    equal(f.intents.onJoin(6, "a"), true);
    equal(member.status, status);
    equal(member.statusTime, 6);
  }
});

Deno.test("D.3: an intent that is not newer than the last one is dropped, and still witnessed", () => {
  const f = fixture();
  const member = f.add("a", alive, 5);
  equal(f.intents.onLeave(5, "a", false), false);
  equal(f.intents.onLeave(4, "a", true), false);
  equal(f.intents.onJoin(5, "a"), false);
  equal(member.status, alive);
  equal(f.memberClock.time, 6);
  deepEqual(f.calls, []);
});

Deno.test("D.3: a leave intent makes an alive member leaving, without an event", () => {
  const f = fixture();
  const member = f.add("a", alive);
  equal(f.intents.onLeave(7, "a", false), true);
  equal(member.status, leaving);
  equal(member.statusTime, 7);
  equal(f.memberClock.time, 8);
  deepEqual(f.events, []);
});

Deno.test("D.3: a leave intent makes a failed member left, with an event and the forced log line", () => {
  const f = fixture();
  const member = f.add("a", failed);
  equal(f.intents.onLeave(7, "a", false), true);
  equal(member.status, left);
  deepEqual(eventTexts(f.events), ["member-leave a"]);
  equal(f.events[0]!.members[0]!.status, left);
  deepEqual(f.logger.lines, ["INFO serf: EventMemberLeave (forced): a 127.0.0.1"]);
  deepEqual(f.table.failed, []);
  deepEqual(f.table.left, [member]);
});

Deno.test("D.3: a newer leave intent about a leaving or left member changes nothing but travels on", () => {
  for (const status of [leaving, left]) {
    const f = fixture();
    const member = f.add("a", status, 3);
    equal(f.intents.onLeave(7, "a", false), true);
    equal(member.status, status);
    equal(member.statusTime, 7);
    deepEqual(f.events, []);
  }
});

Deno.test("D.3: prune erases the member whatever its status, at once", () => {
  for (const status of [alive, leaving, left, failed]) {
    const f = fixture();
    f.add("a", status);
    equal(f.intents.onLeave(7, "a", true), true);
    deepEqual(f.calls, ["prune a"]);
    equal(f.table.get("a"), undefined);
  }
});

Deno.test("D.3: a leave about this node while it stays is refuted with a newer join, and does not travel on", () => {
  const f = fixture();
  equal(f.intents.onLeave(50, "me", false), false);
  // Seen with the real agents: leave at 50 is answered with join at 51.
  deepEqual(f.calls, ["refute at 51"]);
  equal(f.table.get("me")!.status, alive);
  deepEqual(f.logger.lines, ["DEBUG serf: Refuting an older leave intent"]);
});

Deno.test("D.3: a leave about this node is refuted unless it is older than our last join; a tie is refuted too", () => {
  const f = fixture();
  f.table.setStatusTime(f.table.get("me")!, 50);
  equal(f.intents.onLeave(49, "me", false), false);
  deepEqual(f.calls, []);
  equal(f.intents.onLeave(50, "me", false), false);
  deepEqual(f.calls, ["refute at 51"]);
});

Deno.test("D.3: pruning this node while it stays is refuted like any other leave", () => {
  const f = fixture();
  equal(f.intents.onLeave(50, "me", true), false);
  deepEqual(f.calls, ["refute at 51"]);
  equal(f.table.get("me")!.status, alive);
});

Deno.test("D.3: this node's own leave makes it leaving, and it never forgets itself", () => {
  const f = fixture();
  f.world.staying = false;
  equal(f.intents.onLeave(50, "me", true), true);
  equal(f.table.get("me")!.status, leaving);
  deepEqual(f.calls, []);
});

Deno.test("D.3: intents about unknown nodes are remembered; what was stored travels on, what was not does not", () => {
  const f = fixture();
  equal(f.intents.onJoin(5, "x"), true);
  equal(f.intents.onLeave(5, "x", false), false);
  equal(f.intents.onLeave(6, "x", true), true);
  equal(f.intents.onLeave(6, "x", true), false);
  deepEqual(f.calls, ["remembered", "remembered"]);
  equal(f.memberClock.time, 7);
  equal(f.buffer.take("x")?.kind, "leave");
});

Deno.test("D.1: an absurd Lamport time changes nothing", () => {
  const f = fixture();
  const member = f.add("a", alive);
  equal(f.intents.onLeave(LAMPORT_TIME_MAX + 1, "a", true), false);
  equal(f.intents.onJoin(LAMPORT_TIME_MAX + 1, "x"), false);
  equal(member.status, alive);
  equal(f.buffer.size, 0);
  equal(f.memberClock.time, 0);
});

Deno.test("D.3: the newest intent decides, in whatever order and however often intents arrive", () => {
  const intent = fc.record({ lTime: fc.integer({ min: 1, max: 30 }), isLeave: fc.boolean() });
  fc.assert(fc.property(fc.uniqueArray(intent, { selector: (i) => i.lTime, minLength: 1 }), (all) => {
    const newest = all.reduce((a, b) => a.lTime > b.lTime ? a : b);
    for (const order of [all, [...all].reverse(), [...all, ...all]]) {
      const f = fixture();
      const member = f.add("a", alive);
      for (const { lTime, isLeave } of order) {
        if (isLeave) f.intents.onLeave(lTime, "a", false);
        else f.intents.onJoin(lTime, "a");
      }
      equal(member.status, newest.isLeave ? leaving : alive);
      equal(member.statusTime, newest.lTime);
    }
  }));
});
