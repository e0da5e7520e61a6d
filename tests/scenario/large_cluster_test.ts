import { equal, ok } from "../support/assert.ts";
import { memberlistCluster } from "../../lib/sim/sim_cluster.ts";

Deno.test("cluster: 1000 nodes: join through one of them and converge, then all learn of a crash", () => {
  const cluster = memberlistCluster({ seed: 1000, size: 1000, checked: false });
  cluster.startAll();
  for (const node of cluster.nodes.slice(1)) cluster.join(node, cluster.node(0));
  const everybody = () => cluster.nodes.every(({ memberlist }) => memberlist.aliveCount === 1000);
  ok(cluster.runUntil(everybody, 30_000, 100), cluster.describe());
  ok(cluster.runUntil(() => cluster.converged(), 30_000, 1000), cluster.describe());
  equal(cluster.countEvents("leave"), 0);
  cluster.node(500).crash();
  const crashedMs = cluster.world.clock.nowMs();
  ok(cluster.runUntil(() => cluster.allSee(cluster.node(500), "dead"), 120_000, 100), cluster.describe());
  const tookMs = cluster.world.clock.nowMs() - crashedMs;
  ok(tookMs > 12_000 && tookMs < 60_000, `all knew after ${tookMs} ms`);
  equal(cluster.countEvents("leave"), 999, "nobody else was taken for dead");
});
