import { equal, ok } from "../support/assert.ts";
import { memberlistCluster } from "../../lib/sim/sim_cluster.ts";

Deno.test("cluster: leave: everybody sees it as left, and the leaver hears that it was told", () => {
  const cluster = memberlistCluster({ seed: 1, size: 8 });
  cluster.form();
  const leaver = cluster.node(3);
  const left = cluster.leave(leaver);
  ok(cluster.runUntil(() => left.done, 5000));
  equal(left.error, undefined);
  ok(cluster.settles(() => cluster.allSee(leaver, "left")), cluster.describe());
  leaver.shutdown();
  cluster.runFor(20_000);
  equal(cluster.countEvents("leave", "n3"), 8, "once each, itself included");
  equal(cluster.countEvents("leave"), 8, "and nobody else");
});

Deno.test("cluster: leave: the last one alone leaves at once", () => {
  const cluster = memberlistCluster({ seed: 2, size: 1 });
  cluster.startAll();
  cluster.runFor(1000);
  const left = cluster.leave(cluster.node(0));
  cluster.runFor(50);
  ok(left.done);
  equal(left.error, undefined);
});

Deno.test("cluster: leave: a news that cannot be sent in time is an error, and yet a leave", () => {
  const seldom = { gossipIntervalMs: 10_000, probeIntervalMs: 10_000 };
  const cluster = memberlistCluster({ seed: 3, size: 3 }, () => ({ options: seldom }));
  cluster.form();
  const leaver = cluster.node(0);
  const left = cluster.leave(leaver);
  cluster.runFor(4990);
  equal(left.done, false);
  cluster.runFor(20);
  equal(left.done, true);
  ok(/timeout/.test(left.error?.message ?? ""), `${left.error}`);
  ok(cluster.settles(() => cluster.allSee(leaver, "left", "unknown")), cluster.describe());
});

Deno.test("cluster: leave: half of the nodes leave at the same moment", () => {
  const cluster = memberlistCluster({ seed: 4, size: 12 });
  cluster.form();
  const leavers = cluster.nodes.slice(6);
  for (const node of leavers) cluster.leave(node);
  cluster.runFor(6000);
  for (const node of leavers) node.shutdown();
  const sights = leavers.flatMap((leaver) => cluster.running.map((node) => cluster.sight(node, leaver)));
  ok(sights.filter((sight) => sight === "left").length >= 0.9 * sights.length, sights.join());
  ok(cluster.settles(), cluster.describe());
});

Deno.test("cluster: leave: those who have left are forgotten after a while", () => {
  const cluster = memberlistCluster({ seed: 5, size: 5 });
  cluster.form();
  const leaver = cluster.node(3);
  cluster.leave(leaver);
  cluster.runFor(3000);
  leaver.shutdown();
  ok(cluster.settles(() => cluster.allSee(leaver, "unknown")), cluster.describe());
});

Deno.test("cluster: leave: a leaver is not resurrected by an old rumour of its life", () => {
  const cluster = memberlistCluster({ seed: 6, size: 8 });
  cluster.form();
  cluster.world.faults.setEverywhere({ duplicateRatio: 0.5, reorderRatio: 0.5, reorderDelayMs: 3000 });
  const leaver = cluster.node(3);
  leaver.life.updateMeta(Uint8Array.of(1));
  cluster.leave(leaver);
  cluster.runFor(5000);
  leaver.shutdown();
  ok(cluster.settles(() => cluster.allSee(leaver, "left", "dead", "unknown")), cluster.describe());
  cluster.runFor(20_000);
  ok(cluster.world.network.counters.packetsHeldBack > 100);
  for (const node of cluster.running) equal(node.countEvents("join", "n3"), 1);
});
