import { deepEqual, equal } from "../../support/assert.ts";
import { SimClock } from "../../../lib/sim/sim_clock.ts";
import {
  type Member,
  type MemberEvent,
  type MemberEventType,
  MemberStatus,
} from "../../../lib/serf/member.ts";
import { MemberCoalescer } from "../../../lib/serf/member_coalescer.ts";

function makeMember(name: string, revision = 0): Member {
  const versions = { pMin: 1, pMax: 5, pCur: 2, dMin: 2, dMax: 5, dCur: 5 };
  return {
    name,
    ip: new Uint8Array(4),
    port: 1,
    tags: new Map(),
    status: MemberStatus.alive,
    versions,
    revision,
  };
}

function fixture() {
  const clock = new SimClock();
  const out: string[] = [];
  const delivered: MemberEvent[] = [];
  const coalescer = new MemberCoalescer(clock, (event) => {
    delivered.push(event);
    out.push(`${clock.nowMs()} ${event.type} ${event.members.map((member) => member.name).join()}`);
  });
  const emit = (type: MemberEventType, ...names: string[]) =>
    coalescer.onEvent({ type, members: names.map((name) => makeMember(name)) });
  return { clock, out, delivered, coalescer, emit };
}

Deno.test("D.13: a window closes after one second of quiet", () => {
  const f = fixture();
  f.emit("member-join", "a");
  f.clock.run(900);
  f.emit("member-join", "b");
  f.clock.run(1899);
  deepEqual(f.out, []);
  f.clock.run(1900);
  deepEqual(f.out, ["1900 member-join a,b"]);
});

Deno.test("D.13: a window closes after three seconds, however busy", () => {
  const f = fixture();
  for (let at = 0; at < 5000; at += 500) {
    f.clock.run(at);
    f.emit("member-join", `n${at}`);
  }
  deepEqual(f.out, ["3000 member-join n0,n500,n1000,n1500,n2000,n2500"]);
  f.clock.run(10_000);
  equal(f.out[1], "5500 member-join n3000,n3500,n4000,n4500");
});

Deno.test("D.13: of each member the last event of the window counts, one event per type", () => {
  const f = fixture();
  f.emit("member-join", "a");
  f.emit("member-join", "b");
  f.emit("member-failed", "a");
  f.emit("member-join", "c");
  f.clock.run(1000);
  deepEqual(f.out, ["1000 member-join b,c", "1000 member-failed a"]);
});

Deno.test("D.13: an event equal to the last one delivered for the member is suppressed", () => {
  const f = fixture();
  f.emit("member-join", "a");
  f.clock.run(1000);
  f.emit("member-failed", "a");
  f.emit("member-join", "a");
  f.clock.run(5000);
  deepEqual(f.out, ["1000 member-join a"]);
  f.emit("member-failed", "a");
  f.clock.run(10_000);
  f.emit("member-failed", "a");
  f.clock.run(20_000);
  deepEqual(f.out.slice(1), ["6000 member-failed a"]);
});

Deno.test("D.13: updates are never suppressed", () => {
  const f = fixture();
  f.emit("member-update", "a");
  f.clock.run(1000);
  f.emit("member-update", "a");
  f.clock.run(2000);
  deepEqual(f.out, ["1000 member-update a", "2000 member-update a"]);
});

Deno.test("D.13: an update is delivered once, not again with every later window", () => {
  const f = fixture();
  f.emit("member-update", "a");
  f.clock.run(1000);
  f.emit("member-join", "b");
  f.clock.run(2000);
  f.emit("member-join", "c");
  f.clock.run(3000);
  deepEqual(f.out, ["1000 member-update a", "2000 member-join b", "3000 member-join c"]);
});

Deno.test("D.13: pruning a failed member shows only the reap; it can join and be reaped again", () => {
  const f = fixture();
  f.emit("member-join", "a");
  f.clock.run(1000);
  for (let round = 0; round < 2; round++) {
    f.emit("member-leave", "a");
    f.emit("member-reap", "a");
    f.clock.runFor(1000);
    f.emit("member-join", "a");
    f.clock.runFor(1000);
  }
  deepEqual(f.out.map((line) => line.split(" ")[1]), [
    "member-join",
    "member-reap",
    "member-join",
    "member-reap",
    "member-join",
  ]);
});

Deno.test("MemberCoalescer delivers the member as it was at its last event", () => {
  const f = fixture();
  f.coalescer.onEvent({ type: "member-join", members: [makeMember("a", 1)] });
  f.coalescer.onEvent({ type: "member-join", members: [makeMember("a", 2)] });
  f.clock.run(1000);
  equal(f.delivered[0]!.members.length, 1);
  equal(f.delivered[0]!.members[0]!.revision, 2);
});

Deno.test("MemberCoalescer.stop() delivers what waits, and disarms", () => {
  const f = fixture();
  f.emit("member-join", "a");
  f.clock.run(10);
  f.coalescer.stop();
  deepEqual(f.out, ["10 member-join a"]);
  equal(f.clock.armedCount, 0);
  f.coalescer.stop();
  equal(f.out.length, 1);
});
