import { deepEqual, equal, ok, throws } from "../../support/assert.ts";
import { Arrivals, reachedMs } from "../../../lib/sim/experiments/arrivals.ts";
import { crashAndDetect, detectionPeriod } from "../../../lib/sim/experiments/detection.ts";
import { type MemberlistLife } from "../../../lib/sim/memberlist_life.ts";
import { memberlistCluster, type SimCluster } from "../../../lib/sim/sim_cluster.ts";

function formed(seed: number, size: number): SimCluster<MemberlistLife> {
  const cluster = memberlistCluster({ seed, size });
  cluster.form();
  cluster.runFor(3000);
  return cluster;
}

Deno.test("reachedMs() is the time at which that share of the members was reached, if ever", () => {
  const timesMs = [1, 2, 3, 4];
  deepEqual([0.1, 0.25, 0.26, 0.5, 1].map((ratio) => reachedMs(timesMs, 4, ratio)), [1, 1, 2, 2, 4]);
  equal(reachedMs(timesMs, 5, 0.8), 4);
  equal(reachedMs(timesMs, 5, 0.81), undefined);
  equal(reachedMs(Array.from({ length: 100 }, (_, i) => i), 100, 0.57), 56, "no rounding error moves it up");
  throws(() => reachedMs(timesMs, 4, 0), { name: "AssertionError" });
});

Deno.test("Arrivals takes the first event of each node since it began, and counts from where it was told to", () => {
  const cluster = formed(1, 3);
  const [a, b] = [cluster.node(0), cluster.node(1)];
  a.record("greeting", "x");
  const startMs = cluster.world.clock.nowMs();
  const arrivals = new Arrivals([a, b], { type: "greeting", subject: "x" }, startMs - 10);
  equal(arrivals.count(), 0);
  b.record("greeting", "y");
  b.record("greeting", "x");
  b.record("greeting", "x");
  equal(arrivals.count(), 1);
  ok(!arrivals.isComplete());
  cluster.runFor(5);
  a.record("greeting", "x");
  ok(arrivals.isComplete());
  deepEqual(arrivals.timesMs.map(Math.round), [10, 15]);
});

Deno.test("Arrivals: everybody but the origin hears of it, within seconds; behind a cut nobody does", () => {
  const cluster = formed(2, 12);
  const origin = cluster.node(4);
  const others = cluster.running.filter((node) => node !== origin);
  const hear = (subject: string, limitMs: number) => {
    const arrivals = new Arrivals(others, { type: "message", subject }, cluster.world.clock.nowMs());
    origin.life.broadcast(new TextEncoder().encode(`\x08${subject}`));
    cluster.runUntil(() => arrivals.isComplete(), limitMs);
    return arrivals.timesMs;
  };
  equal(others.length, 11);
  const timesMs = hear("hello", 10_000);
  equal(timesMs.length, 11);
  ok(timesMs[0]! > 0 && timesMs[10]! < 3000, `${timesMs}`);
  cluster.partition([[4], cluster.nodes.map((_, index) => index).filter((index) => index !== 4)]);
  deepEqual(hear("is anybody there?", 2000), []);
});

Deno.test("crashAndDetect(): no sooner than a failed probe and the suspicion, by the first or by all", () => {
  const detect = (until: "first" | "all") => {
    const cluster = formed(3, 8);
    // Gossip takes longer than from one look at it to the next.
    cluster.world.faults.setEverywhere({ latencyMs: 100 });
    return crashAndDetect(cluster, cluster.node(2), { eventType: "leave", until, limitMs: 60_000 });
  };
  const all = detect("all"), first = detect("first");
  equal(all.members, 7);
  equal(all.timesMs.length, 7);
  ok(all.timesMs[0]! >= 1000 + 4000, `${all.timesMs}`);
  equal(first.timesMs[0], all.timesMs[0]);
  ok(first.timesMs.length < 7);
});

Deno.test("detectionPeriod() takes off the period in which the ping fails, and counts from 1", () => {
  deepEqual([1000, 1001, 1999, 2000, 2001, 3500].map((ms) => detectionPeriod(ms, 1000)), [1, 1, 1, 1, 2, 3]);
});
