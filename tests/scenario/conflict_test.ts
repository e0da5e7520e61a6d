import { deepEqual, equal, ok } from "../support/assert.ts";
import { LogLevel } from "../../lib/base/ports.ts";
import { MemberlistLife } from "../../lib/sim/memberlist_life.ts";
import { memberlistCluster } from "../../lib/sim/sim_cluster.ts";
import { SimNode } from "../../lib/sim/sim_node.ts";

Deno.test("cluster: name conflict: a second node of the same name is refused, and both sides are told", () => {
  const cluster = memberlistCluster({ seed: 1, size: 5 });
  cluster.form();
  const twin = new SimNode<MemberlistLife>(
    cluster.world,
    "n2",
    cluster.world.address(70),
    (node, ports) => new MemberlistLife(node, ports, {}),
    LogLevel.warn,
  );
  twin.start();
  cluster.join(twin, cluster.node(0));
  cluster.runFor(10_000);
  ok(cluster.node(0).countEvents("conflict", "n2") > 0, "who was joined sees it");
  ok(twin.countEvents("conflict", "n2") > 0, "the newcomer sees it");
  for (const node of cluster.nodes) {
    equal(node.memberlist.node("n2")!.address.toString(), "10.0.0.3:7946", "the first one keeps its name");
  }
  twin.shutdown();
  cluster.runFor(60_000);
  ok(cluster.converged(), cluster.describe());
  equal(cluster.countEvents("leave"), 0);
});

Deno.test("cluster: name conflict: the name of a dead node is still its own, for as long as it is remembered", () => {
  const cluster = memberlistCluster({ seed: 2, size: 5 });
  cluster.form();
  const node = cluster.node(3);
  node.crash();
  ok(cluster.settles(() => cluster.allSee(node, "dead", "unknown")), cluster.describe());
  node.address = cluster.world.address(80);
  node.start();
  const result = cluster.join(node, cluster.node(0));
  cluster.runFor(3000);
  equal(result.contacted, 1);
  ok(cluster.sight(cluster.node(0), node) === "dead", "not the newcomer");
  ok(cluster.node(0).countEvents("conflict", "n3") > 0);
  ok(cluster.settles(), cluster.describe());
});

Deno.test("cluster: versions: nodes that speak different Serf protocols form one cluster and see each other's", () => {
  const cluster = memberlistCluster({ seed: 3, size: 4 }, ({ name }) => ({
    options: { delegateProtocol: 2 + Number(name.slice(1)) },
  }));
  cluster.form();
  deepEqual(
    [0, 1, 2, 3].map((index) => cluster.node(3).memberlist.node(`n${index}`)!.versions.dCur),
    [2, 3, 4, 5],
  );
  cluster.node(0).crash();
  ok(cluster.settles(() => cluster.allSee(cluster.node(0), "dead", "unknown")), cluster.describe());
});

Deno.test("cluster: metadata: many updates at many nodes, and in the end all have the last of each", () => {
  const cluster = memberlistCluster({ seed: 4, size: 16 });
  cluster.form();
  cluster.world.faults.setEverywhere({ lossRatio: 0.2, duplicateRatio: 0.1, reorderRatio: 0.2 });
  for (let round = 1; round <= 10; round++) {
    for (const node of cluster.nodes) {
      node.life.updateMeta(Uint8Array.of(round));
    }
    cluster.runFor(300);
  }
  ok(cluster.settles(), cluster.describe());
  for (const node of cluster.nodes) equal(node.memberlist.node("n7")!.meta[0], 10);
  equal(cluster.countEvents("leave"), 0);
  ok(cluster.world.network.counters.packetsLost > 100);
});

Deno.test("cluster: metadata: an update is done when it was sent often enough", () => {
  const cluster = memberlistCluster({ seed: 5, size: 6 });
  cluster.form();
  let outcome: Error | "done" | undefined;
  cluster.node(1).life.updateMeta(Uint8Array.of(1), (error) => outcome = error ?? "done");
  equal(outcome, undefined);
  ok(cluster.runUntil(() => outcome !== undefined, 5000));
  equal(outcome, "done");
  ok(cluster.settles(), cluster.describe());
  equal(cluster.node(4).countEvents("update", "n1"), 1);
});
