import { deepEqual, equal } from "../../support/assert.ts";
import { SimClock } from "../../../lib/sim/sim_clock.ts";
import { IntentBuffer } from "../../../lib/serf/intent_buffer.ts";
import { MemberStatus } from "../../../lib/serf/member.ts";
import { MemberTable } from "../../../lib/serf/member_table.ts";
import { Reaper } from "../../../lib/serf/reaper.ts";
import { makeNode } from "./fakes.ts";

const { alive, left, failed } = MemberStatus;
const SECOND = 1000, HOUR = 3_600_000;

function fixture() {
  const clock = new SimClock();
  const table = new MemberTable(clock);
  const buffer = new IntentBuffer(() => table.size);
  const reaped: string[] = [];
  const options = {
    reapIntervalMs: 15 * SECOND,
    reconnectTimeoutMs: 24 * HOUR,
    tombstoneTimeoutMs: 12 * HOUR,
    recentIntentTimeoutMs: 300 * SECOND,
  };
  const reaper = new Reaper(clock, table, buffer, options, (member) => {
    reaped.push(`${member.name} at ${clock.nowMs()}`);
    table.erase(member);
  });
  table.onGone = (member) => reaper.onGone(member);
  const add = (name: string) => table.add(makeNode(name), alive, 0);
  const remember = (name: string) => {
    buffer.upsert(name, "join", 1, clock.nowMs());
    reaper.onIntentRemembered();
  };
  return { clock, table, buffer, reaped, reaper, add, remember };
}

Deno.test("D.11: the reaper erases failed members after the reconnect timeout, left ones after the tombstone timeout", () => {
  const f = fixture();
  f.reaper.start();
  f.table.setStatus(f.add("f"), failed);
  f.table.setStatus(f.add("l"), left);
  f.add("alive");
  f.clock.run(12 * HOUR - 1);
  deepEqual(f.reaped, []);
  f.clock.run(25 * HOUR);
  deepEqual(f.reaped, [`l at ${12 * HOUR}`, `f at ${24 * HOUR}`]);
  deepEqual(f.table.all.map((member) => member.name), ["alive"]);
});

Deno.test("D.11: the reaper forgets intents after five minutes", () => {
  const f = fixture();
  f.reaper.start();
  f.remember("x");
  f.clock.run(200 * SECOND);
  f.remember("y");
  f.clock.run(299 * SECOND);
  equal(f.buffer.size, 2);
  f.clock.run(315 * SECOND);
  equal(f.buffer.size, 1);
  f.clock.run(515 * SECOND);
  equal(f.buffer.size, 0);
});

Deno.test("Reaper is armed only while there is something that will expire", () => {
  const f = fixture();
  f.reaper.start();
  equal(f.clock.armedCount, 0);
  f.remember("x");
  equal(f.clock.armedCount, 1);
  f.clock.run(HOUR);
  equal(f.clock.armedCount, 0);
  f.table.setStatus(f.add("f"), failed);
  const steps = f.clock.steps;
  f.clock.run(30 * HOUR);
  // It wakes when there is something to do, not every 15 s to look.
  equal(f.clock.steps - steps, 1);
  equal(f.clock.armedCount, 0);
});

Deno.test("Reaper wakes sooner when something shorter-lived comes in, and at most every interval", () => {
  const f = fixture();
  f.reaper.start();
  f.table.setStatus(f.add("f"), failed);
  f.remember("x");
  f.clock.run(300 * SECOND);
  equal(f.buffer.size, 0);
  const steps = f.clock.steps;
  const startMs = f.clock.nowMs();
  for (let i = 0; i < 100; i++) {
    f.clock.run(startMs + i * 100);
    f.remember(`n${i}`);
  }
  f.clock.run(startMs + 400 * SECOND);
  equal(f.buffer.size, 0);
  equal(f.clock.steps - steps <= 2, true);
});

Deno.test("Reaper takes many at once, and spares the one that came back", () => {
  const f = fixture();
  f.reaper.start();
  for (let i = 0; i < 20; i++) f.table.setStatus(f.add(`n${i}`), failed);
  f.clock.run(HOUR);
  f.table.setStatus(f.table.get("n7")!, alive);
  f.clock.run(2 * HOUR);
  f.table.setStatus(f.table.get("n8")!, alive);
  f.table.setStatus(f.table.get("n8")!, failed);
  f.clock.run(24 * HOUR);
  equal(f.reaped.length, 18);
  f.clock.run(26 * HOUR);
  equal(f.reaped[18], `n8 at ${26 * HOUR}`);
  deepEqual(f.table.all.map((member) => member.name), ["n7"]);
});

Deno.test("Reaper.start() finds what was gone before, Reaper.stop() disarms", () => {
  const f = fixture();
  f.table.setStatus(f.add("f"), failed);
  equal(f.clock.armedCount, 0);
  f.reaper.start();
  equal(f.clock.armedCount, 1);
  f.reaper.stop();
  equal(f.clock.armedCount, 0);
  f.table.setStatus(f.add("g"), failed);
  equal(f.clock.armedCount, 0);
});
