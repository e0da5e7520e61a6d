/** The lines are those of HashiCorp's agent 0.9.4. */
import { deepEqual, equal, match, ok } from "../../support/assert.ts";
import { MemoryMetrics } from "../../../lib/agent/memory_metrics.ts";

/** A clock that stands where a test puts it; it begins with an interval. */
class StillClock {
  ms = 0;

  nowMs(): number {
    return 500 + this.ms;
  }

  wallMs(): number {
    return Date.UTC(2026, 10, 23, 3, 54, 50) + this.ms;
  }
}

function create(onInterval?: () => void) {
  const clock = new StillClock();
  return { clock, metrics: new MemoryMetrics(clock, onInterval) };
}

/** Without the stamps, which depend on the time zone. */
function body(dump: string): string[] {
  return dump.split("\n").slice(0, -1).map((line) =>
    line.replace(/^\[[^\]]*\]/, "").replace(/ LastUpdated.*/, "")
  );
}

Deno.test("MemoryMetrics.dump() prints as HashiCorp's agent does", () => {
  const { clock, metrics } = create();
  metrics.gauge("serf-agent.memberlist.health.score", 2);
  metrics.add("counter", "serf-agent.serf.events.my ev:x", 1);
  clock.ms = 3_275;
  for (const bytes of [26, 150, 201]) metrics.add("counter", "serf-agent.memberlist.udp.sent", bytes);
  metrics.add("sample", "serf-agent.memberlist.gossip", 0.25);
  metrics.add("sample", "serf-agent.memberlist.gossip", 0.25);
  clock.ms = 10_000;
  const dump = metrics.dump();
  deepEqual(body(dump), [
    "[G] 'serf-agent.memberlist.health.score': 2.000",
    "[C] 'serf-agent.serf.events.my_ev:x': Count: 1 Sum: 1.000",
    "[C] 'serf-agent.memberlist.udp.sent': Count: 3 Min: 26.000 Mean: 125.667 Max: 201.000 Stddev: 90.002 Sum: 377.000",
    "[S] 'serf-agent.memberlist.gossip': Count: 2 Sum: 0.500",
  ]);
  match(dump, /^\[2026-11-2\d \d\d:\d4:50 [+-]\d{4} \S+\]\[G\]/);
  match(dump, / LastUpdated: 2026-11-2\d \d\d:\d4:50 [+-]\d{4} \S+ m=\+0\.000000000\n/);
  match(dump, / LastUpdated: 2026-11-2\d \d\d:\d4:53\.275 [+-]\d{4} \S+ m=\+3\.275000000\n/);
});

Deno.test("MemoryMetrics.dump() leaves the present interval out, and forgets those of a minute ago", () => {
  const { clock, metrics } = create();
  for (let i = 0; i < 7; i++) {
    clock.ms = i * 10_000;
    metrics.gauge(`g${i}`, i);
  }
  clock.ms += 9_999;
  deepEqual(body(metrics.dump()), [1, 2, 3, 4, 5].map((i) => `[G] 'g${i}': ${i}.000`));
  // In silence too.
  clock.ms = 90_000;
  deepEqual(body(metrics.dump()), ["[G] 'g4': 4.000", "[G] 'g5': 5.000", "[G] 'g6': 6.000"]);
  clock.ms = 200_000;
  equal(metrics.dump(), "");
});

Deno.test("MemoryMetrics tells of each interval that begins, once", () => {
  let begun = 0;
  const { clock, metrics } = create(() => {
    begun++;
    metrics.gauge("runtime", begun);
  });
  metrics.add("counter", "x", 1);
  metrics.add("counter", "x", 1);
  equal(begun, 1);
  clock.ms = 30_000;
  metrics.add("counter", "x", 1);
  equal(begun, 2);
  deepEqual(body(metrics.dump()), ["[G] 'runtime': 1.000", "[C] 'x': Count: 2 Sum: 2.000"]);
});

Deno.test("MemoryMetrics keeps a bounded number of names, and counts on for those that it has", () => {
  const { clock, metrics } = create();
  metrics.add("counter", "first", 1);
  for (let i = 0; i < 1_000; i++) metrics.add("counter", `${i}`.padEnd(1_000, "x"), 1);
  metrics.add("counter", "first", 1);
  clock.ms = 10_000;
  const lines = body(metrics.dump());
  ok(lines.length < 100, `${lines.length} names`);
  equal(lines[0], "[C] 'first': Count: 2 Sum: 2.000");
});

Deno.test("MemoryMetrics.named() adds up as add() does, interval after interval", () => {
  const { clock, metrics } = create();
  const named = metrics.named("counter", "serf-agent.memberlist.udp sent");
  equal(metrics.named("counter", "serf-agent.memberlist.udp sent"), named);
  for (let round = 0; round < 2; round++) {
    // One that looks at the clock begins the interval for all; many more than look at it follow.
    metrics.add("sample", `x${round}`, 1);
    for (let i = 0; i < 100; i++) named.record(round + i % 2);
    metrics.add("counter", "serf-agent.memberlist.udp sent", 7);
    clock.ms += 10_000;
  }
  deepEqual(body(metrics.dump()), [
    "[C] 'serf-agent.memberlist.udp_sent': Count: 101 Min: 0.000 Mean: 0.564 Max: 7.000 Stddev: 0.818 Sum: 57.000",
    "[S] 'x0': Count: 1 Sum: 1.000",
    "[C] 'serf-agent.memberlist.udp_sent': Count: 101 Min: 1.000 Mean: 1.554 Max: 7.000 Stddev: 0.741 Sum: 157.000",
    "[S] 'x1': Count: 1 Sum: 1.000",
  ]);
  // Nothing came since, so that there is nothing to list; and a quiet name never waits for others.
  clock.ms += 100_000;
  named.record(3);
  clock.ms += 10_000;
  deepEqual(body(metrics.dump()), ["[C] 'serf-agent.memberlist.udp_sent': Count: 1 Sum: 3.000"]);
});

Deno.test("MemoryMetrics.named() looks at the clock now and then, also when it is busy", () => {
  const { clock, metrics } = create();
  const named = metrics.named("counter", "x");
  for (let i = 0; i < 1_000; i++) {
    named.record(1);
    clock.ms += 100;
  }
  const counts = [...metrics.dump().matchAll(/Count: (\d+) /g)].map((found) => Number(found[1]));
  equal(counts.length, 5);
  for (const count of counts) ok(count >= 85 && count <= 115, `${count} of about 100`);
});
