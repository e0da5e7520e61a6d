import { deepEqual, equal, ok } from "../support/assert.ts";
import { LogLevel } from "../../lib/base/ports.ts";
import { SeededRandom } from "../../lib/base/seeded_random.ts";
import { SerfCluster } from "../../lib/sim/serf_cluster.ts";
import { SimDisk } from "../../lib/sim/sim_storage.ts";

/** A cluster in which every node keeps a snapshot on a disk of its own. */
function snapshotCluster(seed: number, size: number, rejoinAfterLeave = false) {
  const disks = Array.from({ length: size }, () => new SimDisk());
  const cluster = new SerfCluster({ seed, size, logLevel: LogLevel.info }, ({ name }) => ({
    storage: disks[Number(name.slice(1))]!.open(),
    options: { rejoinAfterLeave },
  }));
  const logged = (index: number, text: string) =>
    cluster.node(index).logger.lines.filter((line) => line.includes(text)).length;
  return { cluster, disks, logged };
}

Deno.test("serf: snapshot: a node that crashes and restarts finds its cluster again by itself", () => {
  const { cluster, logged } = snapshotCluster(1, 6);
  cluster.form();
  cluster.runFor(2000);
  const node = cluster.node(4);
  node.crash();
  cluster.runFor(1000);
  node.start();
  ok(cluster.runUntil(() => cluster.membersConverged(), 3000), cluster.describeMembers());
  equal(logged(4, "Re-joined to previously known node"), 1);
});

Deno.test("serf: snapshot: a full outage heals by itself, in whatever order the nodes come back", () => {
  const { cluster } = snapshotCluster(2, 8);
  cluster.form();
  cluster.runFor(5000);
  for (const node of cluster.nodes) node.crash();
  cluster.runFor(60_000);
  for (const index of [5, 2, 7, 0, 1, 6, 3, 4]) {
    cluster.node(index).start();
    cluster.runFor(700);
  }
  ok(cluster.settles(() => cluster.membersConverged()), cluster.describeMembers());
});

Deno.test("serf: snapshot: a power cut that takes all nodes at once heals by itself", () => {
  const { cluster, disks } = snapshotCluster(3, 8);
  cluster.form();
  cluster.runFor(5000);
  // Those that were once shut down in order have made sure of what they wrote.
  for (const node of cluster.nodes) node.shutdown();
  for (const node of cluster.nodes) node.start();
  ok(cluster.settles(() => cluster.membersConverged()), cluster.describeMembers());
  const random = new SeededRandom(3);
  for (const node of cluster.nodes) node.crash();
  for (const disk of disks) disk.cutPower(random);
  cluster.runFor(60_000);
  cluster.startAll();
  ok(cluster.settles(() => cluster.membersConverged()), cluster.describeMembers());
});

Deno.test("serf: snapshot: who left stays away, unless it shall rejoin", () => {
  for (const rejoins of [false, true]) {
    const { cluster, logged } = snapshotCluster(4, 5, rejoins);
    cluster.form();
    cluster.runFor(2000);
    const node = cluster.node(2);
    const left = cluster.leave(node);
    ok(cluster.settles(() => left.done && cluster.allSeeMember(node, "left")), cluster.describeMembers());
    node.shutdown();
    node.start();
    cluster.runFor(10_000);
    equal(cluster.membersConverged(), rejoins, cluster.describeMembers());
    equal(logged(2, "Ignoring previous leave in snapshot"), rejoins ? 1 : 0);
    equal(logged(2, "Attempting re-join"), rejoins ? 1 : 0);
  }
});

Deno.test("serf: snapshot: events and queries of before the crash are not delivered again", () => {
  const { cluster, disks } = snapshotCluster(5, 5);
  cluster.form();
  const sender = cluster.node(0).life.serf;
  for (let i = 0; i < 5; i++) sender.userEvent(`old ${i}`, new Uint8Array(0), false);
  ok(cluster.settles(() => cluster.nodes.every(({ life }) => life.userEvents.length === 5)));
  const node = cluster.node(3);
  cluster.runFor(1000);
  node.crash();
  sender.userEvent("missed", new Uint8Array(0), false);
  cluster.runFor(1000);
  node.start();
  ok(cluster.settles(() => cluster.membersConverged()), cluster.describeMembers());
  cluster.runFor(60_000);
  deepEqual(node.life.userEvents.map(({ name }) => name), ["missed"]);
  ok(new TextDecoder().decode(disks[3]!.content).includes("event-clock: "));
});

Deno.test("serf: snapshot: disks that are full or fail disturb nobody, and the way back is kept in memory", () => {
  const { cluster, disks } = snapshotCluster(6, 6);
  for (const disk of disks) disk.failsToWrite = true;
  cluster.form();
  ok(cluster.settles(() => cluster.membersConverged()), cluster.describeMembers());
  for (const disk of disks) disk.failsToWrite = false;
  cluster.runFor(31_000);
  for (const node of cluster.nodes) node.crash();
  cluster.runFor(1000);
  cluster.startAll();
  ok(cluster.settles(() => cluster.membersConverged()), cluster.describeMembers());
});

Deno.test("serf: snapshot: over IPv6", () => {
  const disks = Array.from({ length: 4 }, () => new SimDisk());
  const cluster = new SerfCluster({ seed: 7, size: 4, family: "ipv6" }, ({ name }) => ({
    storage: disks[Number(name.slice(1))]!.open(),
  }));
  cluster.form();
  cluster.runFor(2000);
  for (const node of cluster.nodes) node.crash();
  cluster.runFor(1000);
  cluster.startAll();
  ok(cluster.settles(() => cluster.membersConverged()), cluster.describeMembers());
});

Deno.test("serf: snapshot: who can reach nobody says so, and runs alone", () => {
  const { cluster, logged } = snapshotCluster(8, 3);
  cluster.form();
  cluster.runFor(2000);
  for (const node of cluster.nodes) node.crash();
  cluster.runFor(1000);
  cluster.node(1).start();
  ok(cluster.runUntil(() => logged(1, "Failed to re-join any previously known node") === 1, 60_000));
  equal(logged(1, "Attempting re-join"), 2);
});
