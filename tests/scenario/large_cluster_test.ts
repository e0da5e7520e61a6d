import { equal, ok } from "node:assert/strict";
import { memberlistCluster } from "../../lib/sim/sim_cluster.ts";

// Joining costs n squared messages, each sent on a dozen times: without compression, which would only burn time here.
const PLAIN = { options: { compression: false } };

Deno.test("cluster: 1000 nodes: all join through one of them and converge", () => {
  const cluster = memberlistCluster({ seed: 1000, size: 1000, checked: false }, () => PLAIN);
  cluster.startAll();
  for (const node of cluster.nodes.slice(1)) cluster.join(node, cluster.node(0));
  const everybody = () => cluster.nodes.every(({ memberlist }) => memberlist.aliveCount === 1000);
  ok(cluster.runUntil(everybody, 60_000, 100), cluster.describe());
  ok(cluster.converged(), cluster.describe());
  equal(cluster.countEvents("leave"), 0);
  equal(cluster.countEvents("join"), 1_000_000);
});

Deno.test("cluster: 200 nodes: all learn of ten crashes, and of nothing else", () => {
  const cluster = memberlistCluster({ seed: 200, size: 200, checked: false }, () => PLAIN);
  cluster.form();
  const victims = cluster.nodes.slice(190);
  for (const node of victims) node.crash();
  const startMs = cluster.world.clock.nowMs();
  const allGone = () => victims.every((node) => cluster.allSee(node, "dead", "unknown"));
  ok(cluster.runUntil(allGone, 120_000, 50), cluster.describe());
  const tookMs = cluster.world.clock.nowMs() - startMs;
  // Least suspicion: 4 * log10(200) periods.
  ok(tookMs > 9000 && tookMs < 60_000, `all knew after ${tookMs} ms`);
  equal(cluster.countEvents("leave"), 190 * 10);
});
