import { equal, ok } from "../support/assert.ts";
import { memberlistCluster } from "../../lib/sim/sim_cluster.ts";

Deno.test("cluster: restart: a crash and a fast start under the same name is healed by refutation alone", () => {
  const cluster = memberlistCluster({ seed: 1, size: 8 });
  cluster.form();
  const node = cluster.node(5);
  node.crashAndRestart(300, () => cluster.join(node, cluster.node(0)));
  ok(cluster.settles(() => node.lives === 2 && cluster.converged()), cluster.describe());
  equal(cluster.countEvents("leave"), 0);
});

Deno.test("cluster: restart: a node that was declared dead returns with a higher incarnation", () => {
  const cluster = memberlistCluster({ seed: 2, size: 8 });
  cluster.form();
  const node = cluster.node(5);
  node.crash();
  ok(cluster.settles(() => cluster.allSee(node, "dead", "unknown")), cluster.describe());
  node.start();
  cluster.join(node, cluster.node(0));
  ok(cluster.settles(), cluster.describe());
  ok(node.memberlist.local.incarnation > 1);
  equal(node.lives, 2);
  equal(cluster.node(1).countEvents("join", "n5"), 2);
});

Deno.test("cluster: restart: with new metadata and the old incarnation, the new metadata wins", () => {
  const cluster = memberlistCluster(
    { seed: 3, size: 6 },
    (node) => ({ meta: Uint8Array.of(node.lives) }),
  );
  cluster.form();
  const node = cluster.node(2);
  node.crash();
  node.start();
  cluster.join(node, cluster.node(0));
  ok(cluster.settles(), cluster.describe());
  equal(cluster.node(4).memberlist.node("n2")!.meta[0], 2);
  equal(cluster.node(4).countEvents("update", "n2"), 1);
});

Deno.test("cluster: restart: after a leave, the same name returns from another address", () => {
  const cluster = memberlistCluster({ seed: 4, size: 6 });
  cluster.form();
  const node = cluster.node(2);
  // A high incarnation, which the newcomer does not know of.
  for (let i = 1; i < 4; i++) node.life.updateMeta(Uint8Array.of(i));
  cluster.runFor(2000);
  const left = cluster.leave(node);
  ok(cluster.settles(() => left.done && cluster.allSee(node, "left")), cluster.describe());
  node.shutdown();
  node.address = cluster.world.address(50);
  node.start();
  cluster.join(node, cluster.node(0));
  ok(cluster.settles(), cluster.describe());
  equal(cluster.node(5).memberlist.node("n2")!.address.toString(), "10.0.0.51:7946");
  equal(cluster.countEvents("conflict"), 0);
});

Deno.test("cluster: restart: all at once, after all were down", () => {
  const cluster = memberlistCluster({ seed: 5, size: 10 });
  cluster.form();
  for (const node of cluster.nodes) node.crash();
  cluster.runFor(5000);
  cluster.form();
  ok(cluster.nodes.every((node) => node.lives === 2));
});

Deno.test("cluster: restart: one node that crashes again and again disturbs nobody else", () => {
  const cluster = memberlistCluster({ seed: 6, size: 8 });
  cluster.form();
  const node = cluster.node(7);
  for (let i = 0; i < 10; i++) {
    node.crashAndRestart(500 + 700 * i, () => cluster.join(node, cluster.node(i % 7)));
    cluster.runFor(4000 + 700 * i);
  }
  ok(cluster.settles(), cluster.describe());
  for (let index = 0; index < 7; index++) equal(cluster.countEvents("leave", `n${index}`), 0);
  equal(node.lives, 11);
});
