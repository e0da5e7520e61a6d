import { doesNotThrow, equal, ok, throws } from "../../support/assert.ts";
import { SerfCluster } from "../../../lib/sim/serf_cluster.ts";
import { SimDisk } from "../../../lib/sim/sim_storage.ts";
import { SnapshotChecker } from "../../../lib/sim/snapshot_checker.ts";

/** Two nodes, of which the first keeps a snapshot, and has told all that it was told. */
function snapshotCluster() {
  const disk = new SimDisk();
  const snapshots = new SnapshotChecker(false);
  const cluster = new SerfCluster({ seed: 1, size: 2 }, (node) => {
    if (node.name !== "n0") return {};
    const storage = disk.open();
    snapshots.begin(node, disk, storage);
    return { storage, onEvent: (event) => snapshots.onEvent(node, event) };
  });
  cluster.form();
  const [node, peer] = [cluster.node(0), cluster.node(1)];
  peer.life.serf.userEvent("deploy", new Uint8Array(0), false);
  cluster.runFor(3_000);
  const check = () => snapshots.check(node);
  doesNotThrow(check);
  ok(snapshots.comparisons > 0);
  const rewrite = (change: (text: string) => string) => {
    const text = new TextDecoder().decode(disk.content);
    const changed = change(text);
    ok(changed !== text, text);
    disk.content = new TextEncoder().encode(changed);
  };
  return { cluster, disk, snapshots, node, peer, check, rewrite };
}

Deno.test("SnapshotChecker finds a member that is missing, one that is gone, and one at another address", () => {
  const { check, rewrite } = snapshotCluster();
  rewrite((text) => text + "not-alive: n1\n");
  throws(check, /alive: n0 10\.0\.0\.[0-9]+:7946, not n0 .*, n1 /);
  rewrite((text) => text + "alive: n1 10.9.9.9:1\n");
  throws(check, /n1 10\.9\.9\.9:1, not/);
  rewrite((text) => text + "alive: n7 10.9.9.9:1\n");
  throws(check, /n7 10\.9\.9\.9:1, not/);
});

Deno.test("SnapshotChecker finds a clock that is behind, and one that is ahead", () => {
  const { check, rewrite, node, peer, cluster, snapshots } = snapshotCluster();
  rewrite((text) => text.replace(/event-clock: [0-9]+\n/g, ""));
  throws(check, /event-clock: 0, not 1/);
  rewrite((text) => text + "event-clock: 1\nquery-clock: 900\n");
  throws(check, /query-clock: 900, not 0 to 0/);
  rewrite((text) => text + "query-clock: 0\nclock: 900\n");
  throws(check, /clock: 900, not [0-9]+/);
  rewrite((text) => text.replace("\nclock: 900\n", "\n"));
  doesNotThrow(check);
  peer.shutdown();
  cluster.runFor(1_000);
  node.shutdown();
  rewrite((text) => text + "clock: 0\n");
  throws(() => snapshots.check(node), /clock: 0, not [1-9]/);
});

Deno.test("SnapshotChecker waits while the disk refuses, and goes on when the file was written anew", () => {
  const { cluster, disk, snapshots, node, peer, check, rewrite } = snapshotCluster();
  disk.failsToWrite = true;
  peer.life.serf.userEvent("lost", new Uint8Array(0), false);
  cluster.runFor(3_000);
  ok(disk.isBehind);
  doesNotThrow(check);
  throws(() => snapshots.check(node, true), /event-clock: 1, not 2/);
  disk.mend();
  cluster.runFor(32_000);
  ok(!disk.isBehind);
  doesNotThrow(check);
  equal(snapshots.recoveries, 1);
  rewrite((text) => text + "event-clock: 1\n");
  throws(check, /event-clock: 1, not 2/);
});

Deno.test("SnapshotChecker counts files that were torn when a life began", () => {
  const { disk, snapshots, node, rewrite } = snapshotCluster();
  node.crash();
  rewrite((text) => text + "alive: n");
  snapshots.begin(node, disk, disk.open());
  equal(snapshots.brokenReads, 1);
});
