import { deepEqual, equal, throws } from "../../support/assert.ts";
import fc from "fast-check";
import { SimClock } from "../../../lib/sim/sim_clock.ts";
import { MemberStatus } from "../../../lib/serf/member.ts";
import { MemberTable } from "../../../lib/serf/member_table.ts";
import { ascii, makeNode } from "./fakes.ts";

const { alive, leaving, left, failed } = MemberStatus;

function names(members: readonly { name: string }[]): string[] {
  return members.map((member) => member.name);
}

Deno.test("MemberTable.add() takes over address, versions, tags and status", () => {
  const table = new MemberTable(new SimClock());
  const node = makeNode("a", "10.0.0.1", 7000, ascii("web"));
  const member = table.add(node, leaving, 9);
  equal(table.get("a"), member);
  equal(member.address, node.address);
  equal(member.ip, node.ip);
  equal(member.port, 7000);
  deepEqual(member.versions, { pMin: 1, pMax: 5, pCur: 2, dMin: 2, dMax: 5, dCur: 5 });
  equal(member.tags.get("role"), "web");
  equal(member.status, leaving);
  equal(member.statusTime, 9);
  throws(() => table.add(node, alive, 0), { name: "AssertionError" });
});

Deno.test("MemberTable takes over what memberlist says only when it is told to", () => {
  const table = new MemberTable(new SimClock());
  const node = makeNode("a", "10.0.0.1", 7000, ascii("web"));
  const member = table.add(node, alive, 0);
  const seen =
    () => [`${member.address}`, member.ip[3], member.port, member.versions.dCur, member.tags.get("role")];
  const moved = makeNode("a", "10.0.0.2", 7001, ascii("db"));
  node.versions = { ...node.versions, dCur: 3 };
  node.address = moved.address;
  node.meta = moved.meta;
  deepEqual(seen(), ["10.0.0.1:7000", 1, 7000, 5, "web"]);
  table.refresh(member, node);
  deepEqual(seen(), ["10.0.0.2:7001", 2, 7001, 3, "db"]);
});

Deno.test("MemberTable.all keeps the order in which members became known", () => {
  const table = new MemberTable(new SimClock());
  for (const name of ["c", "a", "b"]) table.add(makeNode(name), alive, 0);
  table.setStatus(table.get("a")!, failed);
  deepEqual(names(table.all), ["c", "a", "b"]);
  table.erase(table.get("a")!);
  deepEqual(names(table.all), ["c", "b"]);
  equal(table.get("a"), undefined);
});

Deno.test("MemberTable.revision grows with what can be seen, and only then", () => {
  const table = new MemberTable(new SimClock());
  const member = table.add(makeNode("a"), alive, 0);
  const other = table.add(makeNode("b"), alive, 0);
  const before = table.revision;
  table.setStatusTime(member, 5);
  table.setStatus(member, alive);
  equal(table.revision, before);
  table.setStatus(member, leaving);
  equal(table.revision, before + 1);
  equal(member.revision, before + 1);
  equal(other.revision < member.revision, true);
  table.refresh(other, makeNode("b", "127.0.0.1", 7946, ascii("y")));
  equal(other.revision, before + 2);
  table.erase(other);
  equal(table.revision, before + 3);
});

Deno.test("MemberTable.setStatus() starts the leave time, and keeps it when a failed member is declared left", () => {
  const clock = new SimClock();
  const table = new MemberTable(clock);
  const member = table.add(makeNode("a"), alive, 0);
  table.setStatus(member, failed); // at time 0, which is a time like any other
  clock.runFor(100);
  table.setStatus(member, left);
  equal(member.leaveMs, 0);
  table.setStatus(member, alive);
  table.setStatus(member, failed);
  equal(member.leaveMs, 100);
});

Deno.test("MemberTable.onGone() tells of everyone who fails or leaves", () => {
  const table = new MemberTable(new SimClock());
  const gone: string[] = [];
  table.onGone = (member) => gone.push(`${member.name} ${member.status}`);
  const a = table.add(makeNode("a"), alive, 0);
  table.setStatus(a, leaving);
  table.setStatus(a, left);
  table.setStatus(a, alive);
  table.setStatus(a, failed);
  deepEqual(gone, [`a ${left}`, `a ${failed}`]);
});

Deno.test("MemberTable refuses a record that is not in it", () => {
  const table = new MemberTable(new SimClock());
  const old = table.add(makeNode("a"), alive, 0);
  table.erase(old);
  table.add(makeNode("a"), alive, 0);
  throws(() => table.setStatus(old, failed), { name: "AssertionError" });
});

Deno.test("MemberTable keeps lists and counts in step with the members, whatever happens", () => {
  const statuses = [alive, leaving, left, failed];
  const step = fc.record({ name: fc.constantFrom("a", "b", "c", "d", "e"), to: fc.nat(4) });
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const table = new MemberTable(new SimClock());
    for (const { name, to } of steps) {
      const member = table.get(name);
      if (member === undefined) table.add(makeNode(name), alive, 0);
      else if (to === 4) table.erase(member);
      else table.setStatus(member, statuses[to]!);
    }
    const having = (status: MemberStatus) => names(table.all.filter((m) => m.status === status));
    for (const status of statuses) equal(table.count(status), having(status).length);
    deepEqual(names(table.failed).sort(), having(failed).sort());
    deepEqual(names(table.left).sort(), having(left).sort());
    equal(table.size, table.all.length);
  }));
});
