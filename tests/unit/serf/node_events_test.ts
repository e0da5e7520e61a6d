import { deepEqual, equal } from "../../support/assert.ts";
import { SimClock } from "../../../lib/sim/sim_clock.ts";
import { MemberEventSource } from "../../../lib/serf/events.ts";
import { IntentBuffer } from "../../../lib/serf/intent_buffer.ts";
import { type MemberEvent, MemberStatus } from "../../../lib/serf/member.ts";
import { MemberTable } from "../../../lib/serf/member_table.ts";
import { NodeEvents } from "../../../lib/serf/node_events.ts";
import { ascii, eventTexts, makeNode, RecordingLogger } from "./fakes.ts";

const { alive, leaving, left, failed } = MemberStatus;

function fixture() {
  const clock = new SimClock();
  const logger = new RecordingLogger();
  const table = new MemberTable(clock);
  const buffer = new IntentBuffer(() => table.size);
  const events: MemberEvent[] = [];
  const source = new MemberEventSource(logger, (event) => events.push(event));
  const nodeEvents = new NodeEvents(clock, table, buffer, source);
  return { clock, logger, table, buffer, events, nodeEvents };
}

Deno.test("D.2: a new node is an alive member, with an event and Serf's log line", () => {
  const f = fixture();
  f.nodeEvents.onJoin(makeNode("a", "10.1.2.3", 7946, ascii("web")));
  const member = f.table.get("a")!;
  equal(member.status, alive);
  equal(member.statusTime, 0);
  equal(member.tags.get("role"), "web");
  deepEqual(eventTexts(f.events), ["member-join a"]);
  deepEqual(f.logger.lines, ["INFO serf: EventMemberJoin: a 10.1.2.3"]);
});

Deno.test("D.2: a buffered join intent gives a new member its Lamport time", () => {
  const f = fixture();
  f.buffer.upsert("a", "join", 8, 0);
  f.nodeEvents.onJoin(makeNode("a"));
  equal(f.table.get("a")!.status, alive);
  equal(f.table.get("a")!.statusTime, 8);
  equal(f.buffer.size, 0);
});

Deno.test("D.2: a buffered leave intent makes a new member leaving", () => {
  const f = fixture();
  f.buffer.upsert("a", "leave", 8, 0);
  f.nodeEvents.onJoin(makeNode("a"));
  equal(f.table.get("a")!.status, leaving);
  equal(f.table.get("a")!.statusTime, 8);
  deepEqual(eventTexts(f.events), ["member-join a"]);
});

Deno.test("D.2: a buffered intent is not applied again to a namesake after an erasure", () => {
  const f = fixture();
  f.buffer.upsert("a", "leave", 8, 0);
  f.nodeEvents.onJoin(makeNode("a"));
  f.table.erase(f.table.get("a")!);
  f.nodeEvents.onJoin(makeNode("a"));
  equal(f.table.get("a")!.status, alive);
});

Deno.test("D.2: a node that is gone without a leave intent has failed, even if memberlist says left", () => {
  const f = fixture();
  const node = makeNode("a");
  f.nodeEvents.onJoin(node);
  node.status = 3;
  f.nodeEvents.onLeave(node);
  equal(f.table.get("a")!.status, failed);
  deepEqual(eventTexts(f.events), ["member-join a", "member-failed a"]);
  equal(f.logger.lines[1], "INFO serf: EventMemberFailed: a 127.0.0.1");
});

Deno.test("D.2: a leaving member that is gone has left", () => {
  const f = fixture();
  f.nodeEvents.onJoin(makeNode("a"));
  f.table.setStatus(f.table.get("a")!, leaving);
  f.nodeEvents.onLeave(makeNode("a"));
  equal(f.table.get("a")!.status, left);
  deepEqual(eventTexts(f.events), ["member-join a", "member-leave a"]);
  equal(f.logger.lines[1], "INFO serf: EventMemberLeave: a 127.0.0.1");
});

Deno.test("D.2: members that are gone already, and strangers, cannot go again", () => {
  for (const status of [left, failed]) {
    const f = fixture();
    f.nodeEvents.onJoin(makeNode("a"));
    f.table.setStatus(f.table.get("a")!, status);
    f.nodeEvents.onLeave(makeNode("a"));
    f.nodeEvents.onLeave(makeNode("stranger"));
    equal(f.table.get("a")!.status, status);
    deepEqual(eventTexts(f.events), ["member-join a"]);
  }
});

Deno.test("D.2: a known member that is back is alive, off the lists, at its new address, with new tags", () => {
  for (const status of [left, failed, leaving]) {
    const f = fixture();
    f.nodeEvents.onJoin(makeNode("a", "127.0.0.1", 7946, ascii("web")));
    const member = f.table.get("a")!;
    f.table.setStatusTime(member, 4);
    f.table.setStatus(member, status);
    f.nodeEvents.onJoin(makeNode("a", "127.0.0.9", 7999, ascii("db")));
    equal(f.table.get("a"), member);
    equal(member.status, alive);
    equal(member.statusTime, 4);
    equal(`${member.address}`, "127.0.0.9:7999");
    equal(member.port, 7999);
    equal(member.tags.get("role"), "db");
    equal(f.table.failed.length + f.table.left.length, 0);
    deepEqual(eventTexts(f.events), ["member-join a", "member-join a"]);
  }
});

Deno.test("D.2: an update takes over address, tags and versions, and keeps the status", () => {
  const f = fixture();
  f.nodeEvents.onJoin(makeNode("a"));
  f.table.setStatus(f.table.get("a")!, leaving);
  const node = makeNode("a", "127.0.0.2", 1, ascii("new"));
  node.versions = { ...node.versions, dCur: 4 };
  f.nodeEvents.onUpdate(node);
  const member = f.table.get("a")!;
  equal(member.status, leaving);
  equal(member.tags.get("role"), "new");
  equal(member.versions.dCur, 4);
  equal(`${member.address}`, "127.0.0.2:1");
  deepEqual(eventTexts(f.events), ["member-join a", "member-update a"]);
  equal(f.logger.lines[1], "INFO serf: EventMemberUpdate: a");
});

Deno.test("D.2: an update of a stranger is ignored", () => {
  const f = fixture();
  f.nodeEvents.onUpdate(makeNode("stranger"));
  equal(f.table.size, 0);
  deepEqual(f.events, []);
});

Deno.test("A member event holds a snapshot: it does not change with the member", () => {
  const f = fixture();
  f.nodeEvents.onJoin(makeNode("a", "127.0.0.1", 7946, ascii("web")));
  const seen = f.events[0]!.members[0]!;
  f.nodeEvents.onUpdate(makeNode("a", "127.0.0.1", 8000, ascii("db")));
  f.table.setStatus(f.table.get("a")!, failed);
  equal(seen.status, alive);
  equal(seen.port, 7946);
  equal(seen.tags.get("role"), "web");
});
