import { equal, ok } from "../support/assert.ts";
import { memberlistCluster } from "../../lib/sim/sim_cluster.ts";

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

Deno.test("cluster: partition: both sides declare each other failed, and are one again when one of them joins (symmetric)", () => {
  const cluster = memberlistCluster({ seed: 1, size: 12 });
  cluster.form();
  cluster.partition([range(0, 4), range(4, 12)]);
  const minority = cluster.nodes.slice(0, 4), majority = cluster.nodes.slice(4);
  const split = () => cluster.converged(minority) && cluster.converged(majority);
  ok(cluster.settles(split), cluster.describe());
  ok(cluster.world.network.counters.packetsCut > 50);
  cluster.world.faults.heal();
  cluster.join(cluster.node(2), cluster.node(9));
  ok(cluster.settles(), cluster.describe());
});

Deno.test("cluster: partition: after a long one both sides have forgotten each other, until one joins again", () => {
  const cluster = memberlistCluster({ seed: 2, size: 10 });
  cluster.form();
  cluster.partition([range(0, 4), range(4, 10)]);
  cluster.runFor(180_000);
  cluster.world.faults.heal();
  cluster.runFor(60_000);
  equal(cluster.sight(cluster.node(0), cluster.node(9)), "unknown");
  cluster.join(cluster.node(0), cluster.node(9));
  ok(cluster.settles(), cluster.describe());
});

Deno.test("cluster: partition: a blink heals without anybody being declared failed", () => {
  for (const seed of [11, 12, 13, 14, 15]) {
    const cluster = memberlistCluster({ seed, size: 12 });
    cluster.form();
    cluster.partition([range(0, 6), range(6, 12)]);
    cluster.runFor(1500);
    cluster.world.faults.heal();
    ok(cluster.settles(), cluster.describe());
    equal(cluster.countEvents("leave"), 0);
    ok(cluster.world.network.counters.packetsCut > 5);
  }
});

Deno.test("cluster: partition: minority is heard by nobody, but hears all (asymmetric)", () => {
  const cluster = memberlistCluster({ seed: 3, size: 12 });
  cluster.form();
  cluster.partition([range(0, 3), range(3, 12)], "oneWay");
  const isGone = (index: number) =>
    cluster.nodes.slice(3).every((node) => cluster.sight(node, cluster.node(index)) !== "alive");
  ok(cluster.settles(() => range(0, 3).every(isGone)), cluster.describe());
  ok(cluster.world.network.counters.packetsCut > 50);
  cluster.world.faults.heal();
  cluster.join(cluster.node(1), cluster.node(5));
  ok(cluster.settles(), cluster.describe());
});

Deno.test("cluster: partition: minority hears nobody, but is heard by all (asymmetric)", () => {
  const cluster = memberlistCluster({ seed: 4, size: 12 });
  cluster.form();
  cluster.partition([range(3, 12), range(0, 3)], "oneWay");
  cluster.runFor(60_000);
  ok(cluster.world.network.counters.packetsCut > 50);
  cluster.world.faults.heal();
  cluster.join(cluster.node(1), cluster.node(5));
  ok(cluster.settles(), cluster.describe());
});
