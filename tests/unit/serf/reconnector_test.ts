import { deepEqual, equal } from "../../support/assert.ts";
import { SimClock } from "../../../lib/sim/sim_clock.ts";
import { MemberStatus } from "../../../lib/serf/member.ts";
import { MemberTable } from "../../../lib/serf/member_table.ts";
import { Reconnector } from "../../../lib/serf/reconnector.ts";
import { makeNode, RecordingLogger, ScriptedRandom } from "./fakes.ts";

const { alive, left, failed } = MemberStatus;
const INTERVAL = 30_000;

function fixture(random: number[]) {
  const clock = new SimClock();
  const logger = new RecordingLogger();
  const table = new MemberTable(clock);
  const calls: string[] = [];
  const reconnector = new Reconnector(
    clock,
    new ScriptedRandom(random),
    logger,
    table,
    INTERVAL,
    (address) => {
      calls.push(`${address} at ${clock.nowMs()}`);
    },
  );
  table.onGone = () => reconnector.onFailed();
  let port = 1;
  const add = (name: string, status: MemberStatus = alive) => {
    const member = table.add(makeNode(name, "127.0.0.1", port++), alive, 0);
    table.setStatus(member, status);
    return member;
  };
  return { clock, logger, table, calls, reconnector, add };
}

Deno.test("D.11: while somebody is failed, the reconnector calls a failed member every interval", () => {
  // First round after half an interval; the dice always allow it; the first of the failed is picked.
  const f = fixture([0.5, 0]);
  f.reconnector.start();
  f.add("me");
  const gone = f.add("gone", failed);
  f.clock.run(80_000);
  deepEqual(f.calls, ["127.0.0.1:2 at 15000", "127.0.0.1:2 at 45000", "127.0.0.1:2 at 75000"]);
  equal(f.logger.lines[0], "INFO serf: attempting reconnect to gone 127.0.0.1:2");
  f.table.setStatus(gone, alive);
  f.clock.run(200_000);
  equal(f.calls.length, 3);
});

Deno.test("D.11: the probability is failed / (members - failed - left)", () => {
  // 2 failed, 1 left, 4 others: p = 0.5.
  const f = fixture([0, 0.51, 0.5, 0.9, 0.51]);
  f.reconnector.start();
  for (const name of ["me", "a", "b", "c"]) f.add(name);
  f.add("l", left);
  f.add("f1", failed);
  f.add("f2", failed);
  f.clock.run(0);
  deepEqual(f.calls, []);
  deepEqual(f.logger.take(), ["DEBUG serf: forgoing reconnect for random throttling"]);
  f.clock.run(INTERVAL);
  // 0.5 is not greater than p; then 0.9 of two picks the second.
  deepEqual(f.calls, [`127.0.0.1:7 at ${INTERVAL}`]);
});

Deno.test("D.11: with nobody else left the divisor is 1", () => {
  const f = fixture([0, 0.99, 0]);
  f.reconnector.start();
  f.add("f", failed);
  f.clock.run(0);
  equal(f.calls.length, 1);
});

Deno.test("Reconnector is armed only while somebody is failed", () => {
  const f = fixture([0.5]);
  f.reconnector.start();
  f.add("me");
  f.add("l", left);
  equal(f.clock.armedCount, 0);
  const member = f.add("f", failed);
  equal(f.clock.armedCount, 1);
  f.table.setStatus(member, alive);
  f.clock.run(INTERVAL);
  equal(f.clock.armedCount, 0);
});

Deno.test("Reconnector.start() finds who failed before, Reconnector.stop() disarms", () => {
  const f = fixture([0.5]);
  f.add("f", failed);
  equal(f.clock.armedCount, 0);
  f.reconnector.start();
  equal(f.clock.armedCount, 1);
  f.reconnector.stop();
  f.add("g", failed);
  equal(f.clock.armedCount, 0);
});
