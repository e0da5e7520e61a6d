import { equal, ok } from "../support/assert.ts";
import type { LinkConditions } from "../../lib/sim/faults.ts";
import { memberlistCluster } from "../../lib/sim/sim_cluster.ts";

/**
 * Two minutes of a formed cluster under `conditions`, and then a crash, which all must see.
 *
 * @param strayMax how many members may take one healthy node for dead, for want of hearing its refutation.
 */
function endures(seed: number, size: number, conditions: Partial<LinkConditions>, strayMax = 0) {
  const cluster = memberlistCluster({ seed, size });
  cluster.form();
  cluster.world.faults.setEverywhere(conditions);
  cluster.runFor(120_000);
  for (const { name } of cluster.nodes) {
    const accusers = cluster.nodes.filter((node) => node.countEvents("leave", name) > 0).map((node) =>
      node.name
    );
    ok(accusers.length <= strayMax, `${name} was declared failed by ${accusers}`);
  }
  ok(cluster.runUntil(() => cluster.nodes.every(({ memberlist }) => memberlist.aliveCount === size), 60_000));
  const victim = cluster.node(size - 1);
  victim.crash();
  const lost = () => cluster.allSee(victim, "dead", "unknown");
  ok(cluster.runUntil(lost, 120_000), cluster.describe());
  return { counters: cluster.world.network.counters, nodes: cluster.nodes };
}

Deno.test("cluster: loss: at 25 % no healthy node is declared failed but by a single stray, and a crash is by all", () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const { counters, nodes } = endures(seed, 16, { lossRatio: 0.25 }, 1);
    ok(counters.packetsLost > 1000, `${counters.packetsLost} lost`);
    ok(counters.segmentsResent > 20, `${counters.segmentsResent} resent`);
    const refutes = nodes.reduce(
      (sum, node) => sum + (node.running ? node.memberlist.counters.refutes : 0),
      0,
    );
    ok(refutes > 20, `${refutes} refutes`);
  }
});

Deno.test("cluster: loss: a cluster forms at 50 %, if who could not join tries again", () => {
  const cluster = memberlistCluster({ seed: 2, size: 16 });
  cluster.world.faults.setEverywhere({ lossRatio: 0.5 });
  cluster.startAll();
  let attempts = 0;
  const join = (node: typeof cluster.nodes[number]) => {
    attempts++;
    node.life.join([cluster.node(0).address], (contacted) => {
      if (contacted === 0) join(node);
    });
  };
  for (const node of cluster.nodes.slice(1)) join(node);
  // Somebody suspects somebody at any time now; that they know each other is all that can be asked.
  const known = () => cluster.nodes.every(({ memberlist }) => memberlist.aliveCount === 16);
  ok(cluster.runUntil(known, 180_000), cluster.describe());
  ok(attempts > 15, "some had to try again");
  ok(cluster.world.network.counters.packetsLost > 200);
});

Deno.test("cluster: loss: at 50 % everybody agrees again within a minute once the loss ends", () => {
  const cluster = memberlistCluster({ seed: 3, size: 16 });
  cluster.form();
  cluster.world.faults.setEverywhere({ lossRatio: 0.5 });
  cluster.runFor(180_000);
  cluster.world.faults.setEverywhere({ lossRatio: 0 });
  ok(cluster.settles(), cluster.describe());
  ok(cluster.world.network.counters.packetsLost > 3000);
});

Deno.test("cluster: duplicates: half of all datagrams come twice, and change nothing", () => {
  const { counters } = endures(4, 12, { duplicateRatio: 0.5 });
  ok(counters.packetsDuplicated > 1000);
});

Deno.test("cluster: reordering: packets overtake each other by seconds, and old news loses", () => {
  const cluster = memberlistCluster({ seed: 5, size: 12 });
  cluster.form();
  cluster.world.faults.setEverywhere({ reorderRatio: 0.3, reorderDelayMs: 3000, duplicateRatio: 0.2 });
  for (let round = 1; round <= 20; round++) {
    cluster.node(round % 12).life.updateMeta(Uint8Array.of(round));
    cluster.runFor(700);
  }
  ok(cluster.settles(), cluster.describe());
  equal(cluster.countEvents("leave"), 0);
  ok(cluster.world.network.counters.packetsHeldBack > 500);
});

Deno.test("cluster: latency: 100 ms with 100 ms of jitter is no failure", () => {
  const { counters } = endures(6, 16, { latencyMs: 100, jitterMs: 100 });
  ok(counters.packetsDelivered > 3000);
});

Deno.test("cluster: broken streams: push/pulls that break in the middle harm nobody", () => {
  const cluster = memberlistCluster({ seed: 7, size: 8 });
  cluster.form();
  cluster.world.faults.setEverywhere({ breakRatio: 0.5 });
  cluster.runFor(300_000);
  ok(cluster.converged(), cluster.describe());
  equal(cluster.countEvents("leave"), 0);
  ok(cluster.world.network.counters.exchangesBroken > 20);
  ok(cluster.nodes.some(({ memberlist }) => memberlist.counters.pushPullsFailed > 0));
  ok(cluster.nodes.every(({ memberlist }) => memberlist.counters.pushPulls > 0));
});

Deno.test("cluster: bad link: one that loses 90 % in one direction disturbs nobody", () => {
  const cluster = memberlistCluster({ seed: 8, size: 8 });
  cluster.form();
  cluster.world.faults.setLink(cluster.node(1).host, cluster.node(2).host, { lossRatio: 0.9 });
  cluster.runFor(300_000);
  equal(cluster.countEvents("leave"), 0);
  ok(cluster.world.network.counters.packetsLost > 50);
});
