import { equal, ok } from "node:assert/strict";
import { memberlistCluster } from "../../lib/sim/sim_cluster.ts";

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

Deno.test("cluster: partition: both sides declare each other failed, and heal by gossip to the dead (symmetric)", () => {
  const cluster = memberlistCluster({ seed: 1, size: 12 });
  cluster.form();
  cluster.partition([range(0, 4), range(4, 12)]);
  const minority = cluster.nodes.slice(0, 4), majority = cluster.nodes.slice(4);
  const split = () => cluster.converged(minority) && cluster.converged(majority);
  ok(cluster.runUntil(split, 180_000), cluster.describe());
  ok(cluster.world.network.counters.packetsCut > 50);
  cluster.world.faults.heal();
  ok(cluster.runUntil(() => cluster.converged(), 30_000), cluster.describe());
});

Deno.test("cluster: partition: a blink heals without anybody being declared failed", () => {
  for (const seed of [11, 12, 13, 14, 15]) {
    const cluster = memberlistCluster({ seed, size: 12 });
    cluster.form();
    cluster.partition([range(0, 6), range(6, 12)]);
    cluster.runFor(1500);
    cluster.world.faults.heal();
    ok(cluster.runUntil(() => cluster.converged(), 30_000), cluster.describe());
    cluster.runFor(30_000);
    equal(cluster.countEvents("leave"), 0);
    ok(cluster.world.network.counters.packetsCut > 5);
  }
});

Deno.test("cluster: partition: minority heals (asymmetric: it is heard by nobody, but hears all)", () => {
  const cluster = memberlistCluster({ seed: 3, size: 12 });
  cluster.form();
  cluster.partition([range(0, 3), range(3, 12)], "oneWay");
  cluster.runFor(60_000);
  ok(cluster.world.network.counters.packetsCut > 50);
  cluster.world.faults.heal();
  ok(cluster.runUntil(() => cluster.converged(), 60_000), cluster.describe());
});

Deno.test("cluster: partition: majority heals (asymmetric: the minority hears nobody, but is heard)", () => {
  const cluster = memberlistCluster({ seed: 4, size: 12 });
  cluster.form();
  cluster.partition([range(3, 12), range(0, 3)], "oneWay");
  cluster.runFor(20_000);
  ok(cluster.world.network.counters.packetsCut > 50);
  cluster.world.faults.heal();
  ok(cluster.runUntil(() => cluster.converged(), 60_000), cluster.describe());
});

Deno.test("cluster: partition: after a long one both sides have forgotten each other, until one joins again", () => {
  const cluster = memberlistCluster({ seed: 16, size: 10 });
  cluster.form();
  cluster.partition([range(0, 4), range(4, 10)]);
  cluster.runFor(180_000);
  cluster.world.faults.heal();
  cluster.runFor(60_000);
  equal(cluster.sight(cluster.node(0), cluster.node(9)), "unknown");
  cluster.join(cluster.node(0), cluster.node(9));
  ok(cluster.runUntil(() => cluster.converged(), 20_000), cluster.describe());
});

Deno.test("cluster: partition: three ways, one after another, and flapping: agreement in the end", () => {
  const cluster = memberlistCluster({ seed: 5, size: 15 });
  cluster.form();
  for (let round = 0; round < 8; round++) {
    const shifted = (from: number) => range(from, from + 5).map((index) => (index + round * 2) % 15);
    cluster.partition([shifted(0), shifted(5), shifted(10)]);
    cluster.runFor(4000 + round * 1500);
    cluster.world.faults.heal();
    cluster.runFor(1500);
  }
  ok(cluster.runUntil(() => cluster.converged(), 60_000), cluster.describe());
  ok(cluster.world.network.counters.packetsCut > 200);
});
