/** What users of HashiCorp's Serf and Consul have suffered from, as they reported it: here it heals, or does not happen. */
import { deepEqual, equal, ok } from "../support/assert.ts";
import { SerfCluster } from "../../lib/sim/serf_cluster.ts";
import type { SerfLife } from "../../lib/sim/serf_life.ts";
import type { SimNode } from "../../lib/sim/sim_node.ts";
import { SimDisk } from "../../lib/sim/sim_storage.ts";

const NO_BYTES = new Uint8Array(0);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

function snapshotCluster(seed: number, size: number) {
  const disks = Array.from({ length: size }, () => new SimDisk());
  return new SerfCluster({ seed, size }, ({ name }) => ({ storage: disks[Number(name.slice(1))]!.open() }));
}

/** Nothing waits to be gossiped any more, anywhere. */
function isQuiet(cluster: SerfCluster): boolean {
  return cluster.running.every(({ life }) => {
    const { intentQueue, eventQueue, queryQueue } = life.serf.sizes;
    return intentQueue + eventQueue + queryQueue === 0;
  });
}

const leave = (cluster: SerfCluster, node: SimNode<SerfLife>) => {
  const left = cluster.leave(node);
  ok(cluster.runUntil(() => left.done, 15_000));
  node.shutdown();
};

Deno.test("wound serf#333: a full outage in which one died after the other heals by itself, in any order", () => {
  const cluster = snapshotCluster(1, 5);
  cluster.form();
  cluster.runFor(3_000);
  // Each is seen to fail by those who are left: the last one has nobody to call.
  for (const index of [3, 1, 4, 0, 2]) {
    cluster.node(index).crash();
    cluster.runFor(45_000);
  }
  for (const index of [2, 0, 4, 1, 3]) {
    cluster.node(index).start();
    cluster.runFor(20_000);
  }
  ok(cluster.settles(() => cluster.membersConverged()), cluster.describeMembers());
});

Deno.test("wound serf#605: after a partition longer than the failed are remembered, one join brings all together", () => {
  const options = { reconnectTimeoutMs: 60_000 };
  const cluster = new SerfCluster({ seed: 3, size: 8 }, () => ({ options }));
  cluster.form();
  cluster.partition([range(0, 4), range(4, 8)]);
  cluster.runFor(600_000);
  equal(cluster.node(0).life.sight("n7"), "unknown", "forgotten");
  cluster.clearEvents();
  cluster.world.faults.heal();
  cluster.runFor(120_000);
  for (const half of [cluster.nodes.slice(0, 4), cluster.nodes.slice(4)]) {
    ok(cluster.converged(half), "each half is sound by itself");
  }
  equal(cluster.countEvents("member-failed"), 0);
  cluster.join(cluster.node(5), cluster.node(2));
  ok(cluster.runUntil(() => cluster.membersConverged(), 60_000), cluster.describeMembers());
  equal(cluster.countEvents("member-failed"), 0);
});

Deno.test("wound consul#9927: two leaves about one member, of different times, echo no longer than others", () => {
  const cluster = new SerfCluster({ seed: 7, size: 12 });
  cluster.form();
  const gone = cluster.node(11);
  leave(cluster, gone);
  for (const index of [0, 4, 8]) cluster.node(index).life.serf.forceLeave("n11", false, () => {});
  cluster.runFor(300);
  for (const index of [1, 5, 9]) cluster.node(index).life.serf.forceLeave("n11", false, () => {});
  ok(cluster.runUntil(() => isQuiet(cluster), 15_000), "the echo dies away");
  const before = cluster.world.network.counters.packetsSent;
  cluster.runFor(60_000);
  ok(isQuiet(cluster));
  const perSecond = (cluster.world.network.counters.packetsSent - before) / 60 / 11;
  ok(perSecond < 2.5, `${perSecond} packets per member and second: pings and acks alone are 2`);
});

Deno.test("wound consul#9927: leave, return and leave again in quick succession leaves no echo behind", () => {
  const cluster = new SerfCluster({ seed: 8, size: 12 }, () => ({ options: { leavePropagateDelayMs: 0 } }));
  cluster.form();
  cluster.world.faults.setEverywhere({ lossRatio: 0.2, reorderRatio: 0.3, reorderDelayMs: 3_000 });
  for (let round = 0; round < 6; round++) {
    const node = cluster.node(3 + round % 3);
    leave(cluster, node);
    node.start();
    cluster.join(node, cluster.node(round % 3));
    cluster.runFor(400);
  }
  cluster.world.faults.setEverywhere({ lossRatio: 0, reorderRatio: 0 });
  ok(cluster.runUntil(() => isQuiet(cluster), 30_000), "the echo dies away");
  ok(cluster.settles(() => cluster.membersConverged()), cluster.describeMembers());
});

Deno.test("wound consul#9962: a storm of prunes amid churn dies away, and the pruned do not come back", () => {
  const cluster = new SerfCluster({ seed: 9, size: 40 });
  cluster.form();
  const [alive, gone] = [cluster.nodes.slice(0, 16), cluster.nodes.slice(16)];
  for (const node of gone) node.crash();
  const isFailed = () => gone.every((node) => cluster.allSeeMember(node, "failed"));
  ok(cluster.runUntil(isFailed, 300_000), cluster.describeMembers());
  cluster.world.faults.setEverywhere({ lossRatio: 0.1 });
  for (let round = 0; round < 4; round++) {
    gone.forEach(({ name }, i) => alive[(i + round) % 15]!.life.serf.forceLeave(name, true, () => {}));
    alive[15]!.crashAndRestart(300, () => cluster.join(alive[15]!, alive[round]!));
    cluster.runFor(5_000);
  }
  ok(cluster.runUntil(() => isQuiet(cluster), 30_000), "the storm dies away");
  cluster.world.faults.setEverywhere({ lossRatio: 0 });
  const isForgotten = () => gone.every((node) => cluster.allSeeMember(node, "unknown"));
  ok(cluster.runUntil(isForgotten, 180_000), cluster.describeMembers());
  cluster.runFor(300_000);
  ok(isForgotten(), "no push/pull brings one back");
  ok(cluster.membersConverged(), cluster.describeMembers());
});

Deno.test("wound serf#465: events of before a restart are not told again, whoever tells of them first", () => {
  const cluster = snapshotCluster(10, 5);
  cluster.form();
  const sender = cluster.node(0).life.serf;
  for (let i = 0; i < 8; i++) sender.userEvent(`old ${i}`, NO_BYTES, false);
  ok(cluster.settles(() => cluster.nodes.every(({ life }) => life.userEvents.length === 8)));
  cluster.runFor(1_000);
  const node = cluster.node(4);
  node.crash();
  cluster.runFor(2_000);
  node.start();
  // Before its own rejoin has come anywhere, all the others push their state to it.
  for (const other of cluster.nodes.slice(0, 4)) cluster.join(other, node);
  cluster.join(node, cluster.node(1), cluster.node(2));
  cluster.runFor(60_000);
  ok(cluster.membersConverged(), cluster.describeMembers());
  deepEqual(node.life.userEvents, []);
});

Deno.test("wound serf#448: who joins hears the events of before in the order of their times", () => {
  const options = { eventBuffer: 16 };
  const cluster = new SerfCluster({ seed: 11, size: 3 }, () => ({ options }));
  cluster.node(0).start();
  cluster.node(1).start();
  cluster.join(cluster.node(1), cluster.node(0));
  cluster.runFor(2_000);
  for (let i = 0; i < 24; i++) cluster.node(0).life.serf.userEvent(`event ${i}`, NO_BYTES, false);
  cluster.runFor(10_000);
  cluster.node(2).start();
  cluster.join(cluster.node(2), cluster.node(0));
  cluster.runFor(2_000);
  const times = cluster.node(2).life.userEvents.map(({ lTime }) => lTime);
  equal(times.length, 16, "all that is remembered");
  deepEqual(times, [...times].sort((a, b) => a - b));
});

/**
 * A quarter of an hour with a host that one member alone can reach, and that so takes the others for dead.
 *
 * @param doubtsHearsay whether the word of such a host is doubted.
 * @returns how often the others, all sound, took each other for failed.
 */
function flapsAround(seed: number, doubtsHearsay: boolean): number {
  const cluster = new SerfCluster({ seed, size: 11 }, () => ({
    memberlist: { doubtsHearsay },
  }));
  cluster.form();
  cluster.runFor(5_000);
  const odd = cluster.node(10);
  for (const other of cluster.nodes.slice(1, 10)) {
    cluster.world.faults.cut(odd.host, other.host);
    cluster.world.faults.cut(other.host, odd.host);
  }
  cluster.clearEvents();
  cluster.runFor(900_000);
  ok(cluster.world.network.counters.packetsCut > 300);
  const sound = cluster.nodes.slice(0, 10);
  const flaps = sound.flatMap((observer) =>
    sound.map(({ name }) => observer.countEvents("member-failed", name))
  );
  cluster.world.faults.heal();
  ok(cluster.runUntil(() => cluster.membersConverged(), 180_000), cluster.describeMembers());
  return flaps.reduce((sum, count) => sum + count, 0);
}

Deno.test("wound serf#185, serf#223: a half-reachable host makes none of the others flap", () => {
  let doubted = 0, believed = 0;
  for (const seed of [4, 5, 6]) {
    doubted += flapsAround(seed, true);
    believed += flapsAround(seed, false);
  }
  ok(believed >= 100, `${believed} flaps where it is believed`);
  equal(doubted, 0);
});
