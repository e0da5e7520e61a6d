/** Partitions of every kind and length, which Serf must heal by itself: nobody joins anybody after the beginning. */
import { equal, ok } from "../support/assert.ts";
import { SerfCluster } from "../../lib/sim/serf_cluster.ts";

/** Ten minutes: the reconnector tries one failed member every 30 s. */
const HEAL_MS = 600_000;
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

const KINDS = {
  "symmetric": { groups: [range(0, 3), range(3, 10)], direction: "twoWay" },
  "minority is not heard": { groups: [range(0, 3), range(3, 10)], direction: "oneWay" },
  "minority hears nothing": { groups: [range(3, 10), range(0, 3)], direction: "oneWay" },
} as const;

for (const [kind, { groups, direction }] of Object.entries(KINDS)) {
  for (const seconds of [5, 20, 60, 600]) {
    Deno.test(`serf: partition: heals by itself (${kind}, ${seconds} s)`, () => {
      const cluster = new SerfCluster({ seed: seconds, size: 10 });
      cluster.form();
      cluster.partition(groups, direction);
      cluster.runFor(seconds * 1000);
      cluster.world.faults.heal();
      const healed = cluster.runUntil(() => cluster.membersConverged(), HEAL_MS, 100);
      ok(healed, cluster.describeMembers());
      ok(cluster.world.network.counters.packetsCut > 5);
      if (seconds >= 60) ok(cluster.countEvents("member-failed") >= 3, "it was noticed");
      cluster.clearEvents();
      cluster.runFor(60_000);
      equal(cluster.countEvents("member-failed"), 0, "and peace holds");
    });
  }
}

Deno.test("serf: partition: three ways, one after another, and flapping: agreement in the end", () => {
  const cluster = new SerfCluster({ seed: 5, size: 15 });
  cluster.form();
  for (let round = 0; round < 8; round++) {
    const shifted = (from: number) => range(from, from + 5).map((index) => (index + round * 2) % 15);
    cluster.partition([shifted(0), shifted(5), shifted(10)]);
    cluster.runFor(4000 + round * 2500);
    cluster.world.faults.heal();
    cluster.runFor(1500);
  }
  ok(cluster.runUntil(() => cluster.membersConverged(), HEAL_MS, 100), cluster.describeMembers());
  ok(cluster.world.network.counters.packetsCut > 200);
});

Deno.test("serf: partition: a cluster torn into single nodes grows together again", () => {
  const cluster = new SerfCluster({ seed: 6, size: 8 });
  cluster.form();
  cluster.partition(range(0, 8).map((index) => [index]));
  cluster.runFor(300_000);
  ok(cluster.nodes.every((node) => node.countEvents("member-failed") >= 7));
  cluster.world.faults.heal();
  ok(cluster.runUntil(() => cluster.membersConverged(), HEAL_MS, 100), cluster.describeMembers());
});
