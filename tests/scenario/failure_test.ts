import { equal, ok } from "../support/assert.ts";
import type { MemberlistLife } from "../../lib/sim/memberlist_life.ts";
import { memberlistCluster, type SimCluster } from "../../lib/sim/sim_cluster.ts";
import { crashAndDetect } from "../../lib/sim/experiments/detection.ts";
import { CutKind } from "../../lib/sim/faults.ts";

/** Runs until some node sees `index` so. @returns how long it took. */
function untilSeen(cluster: SimCluster<MemberlistLife>, index: number, sight: "suspect" | "dead"): number {
  const subject = cluster.node(index);
  const startMs = cluster.world.clock.nowMs();
  const seen = () => cluster.running.some((observer) => cluster.sight(observer, subject) === sight);
  ok(cluster.runUntil(seen, 200_000, 0), `nobody sees ${subject.name} as ${sight}`);
  return cluster.world.clock.nowMs() - startMs;
}

Deno.test("cluster: failure: a crash is suspected within 2n-1 periods and declared within the suspicion's bounds", () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const cluster = memberlistCluster({ seed, size: 10 });
    cluster.form();
    cluster.runFor(5000);
    cluster.node(4).crash();
    const suspectedMs = untilSeen(cluster, 4, "suspect");
    // A probe takes one period to fail.
    ok(suspectedMs <= (2 * 10 - 1 + 1) * 1000, `suspected after ${suspectedMs} ms`);
    const declaredMs = untilSeen(cluster, 4, "dead");
    ok(declaredMs >= 3990 && declaredMs <= 24_000, `declared after ${declaredMs} ms`);
    ok(cluster.settles(() => cluster.allSee(cluster.node(4), "dead", "unknown")), "gossip spreads it");
    equal(cluster.countEvents("leave"), 9);
    ok(cluster.world.network.counters.packetsToNobody > 0);
  }
});

Deno.test("cluster: failure: of three nodes nobody can confirm, so a suspicion lasts exactly its least time", () => {
  const cluster = memberlistCluster({ seed: 6, size: 3 });
  cluster.form();
  cluster.runFor(3000);
  cluster.node(2).crash();
  untilSeen(cluster, 2, "suspect");
  const declaredMs = untilSeen(cluster, 2, "dead");
  ok(Math.abs(declaredMs - 4000) < 1, `${declaredMs} ms`);
});

Deno.test("cluster: failure: half of the nodes crash at once, and the other half agrees on all of them", () => {
  const cluster = memberlistCluster({ seed: 7, size: 16 });
  cluster.form();
  for (let index = 8; index < 16; index++) cluster.node(index).crash();
  ok(cluster.runUntil(() => cluster.converged(), 180_000), cluster.describe());
  equal(cluster.countEvents("leave"), 64);
});

Deno.test("cluster: failure: the dead are forgotten by all after a while", () => {
  const cluster = memberlistCluster({ seed: 8, size: 6 });
  cluster.form();
  cluster.node(5).crash();
  ok(cluster.settles(() => cluster.allSee(cluster.node(5), "dead", "unknown")));
  ok(cluster.settles(() => cluster.allSee(cluster.node(5), "unknown")), cluster.describe());
});

Deno.test("cluster: refutation: a node that was silent for a moment clears itself with a higher incarnation", () => {
  const cluster = memberlistCluster({ seed: 9, size: 8 });
  cluster.form();
  const victim = cluster.node(3);
  for (const node of cluster.nodes) {
    if (node === victim) continue;
    cluster.world.faults.cut(victim.host, node.host);
    cluster.world.faults.cut(node.host, victim.host);
  }
  untilSeen(cluster, 3, "suspect");
  cluster.world.faults.heal();
  ok(cluster.settles(), cluster.describe());
  ok(victim.memberlist.local.incarnation > 1);
  ok(victim.memberlist.counters.refutes > 0);
  // One may have missed the refutation, and believed the accusation until push/pull brought the truth.
  ok(cluster.countEvents("leave") <= 1, `${cluster.countEvents("leave")} wrong verdicts`);
});

Deno.test("cluster: refutation: a node wrongly declared dead by all comes back by itself", () => {
  const cluster = memberlistCluster({ seed: 10, size: 8 });
  cluster.form();
  const victim = cluster.node(3);
  for (const node of cluster.nodes) {
    if (node !== victim) cluster.world.faults.cut(victim.host, node.host);
  }
  ok(cluster.settles(() => cluster.allSee(victim, "dead", "unknown")), cluster.describe());
  cluster.world.faults.heal();
  ok(cluster.settles(), cluster.describe());
  ok(victim.memberlist.local.incarnation > 1);
});

Deno.test("cluster: indirect probes: keep a node alive whose link to one member is broken", () => {
  const cluster = memberlistCluster({ seed: 11, size: 6 });
  cluster.form();
  const [a, b] = [cluster.node(0), cluster.node(1)];
  cluster.world.faults.cut(a.host, b.host);
  cluster.world.faults.cut(b.host, a.host);
  cluster.runFor(120_000);
  ok(cluster.converged(), cluster.describe());
  equal(cluster.countEvents("leave"), 0);
  ok(cluster.world.network.counters.packetsCut > 20);
  equal(a.memberlist.counters.probesFailed, 0);
});

Deno.test("cluster: indirect probes: keep a node alive that only one other can reach", () => {
  const cluster = memberlistCluster({ seed: 12, size: 4 });
  cluster.form();
  const victim = cluster.node(3);
  for (const index of [1, 2]) {
    cluster.world.faults.cut(cluster.node(index).host, victim.host);
    cluster.world.faults.cut(victim.host, cluster.node(index).host);
  }
  cluster.runFor(120_000);
  equal(cluster.countEvents("leave"), 0);
  ok(cluster.converged(), cluster.describe());
});

/** Runs 24 nodes, three of which are slow. @returns the highest health score that one of the three came to. */
function runWithSlowOnes(
  cluster: SimCluster<MemberlistLife>,
  slow: readonly number[],
  forMs: number,
): number {
  let scoreMax = 0;
  for (let elapsedMs = 0; elapsedMs < forMs; elapsedMs += 100) {
    cluster.runFor(100);
    for (const index of slow) scoreMax = Math.max(scoreMax, cluster.node(index).memberlist.healthScore);
  }
  const healthy = cluster.nodes.filter((_, index) => !slow.includes(index));
  for (const { name } of healthy) {
    const accusers = healthy.filter((node) => node.countEvents("leave", name) > 0).map((node) => node.name);
    equal(accusers.length, 0, `${name} was declared failed by ${accusers}`);
  }
  return scoreMax;
}

Deno.test("cluster: slow node: members that block again and again get no healthy one declared failed", () => {
  const cluster = memberlistCluster({ seed: 13, size: 24 });
  cluster.form();
  const slow = [3, 11, 17];
  for (const index of slow) cluster.node(index).beginSlow({ blockedMs: 4000, runningMs: 1 });
  const scoreMax = runWithSlowOnes(cluster, slow, 200_000);
  ok(scoreMax >= 2, `the slow learn that they are slow: ${scoreMax}`);
  ok(cluster.world.network.counters.packetsDelayedByBlock > 1000);
  for (const index of slow) cluster.node(index).endSlow();
  ok(cluster.settles(), cluster.describe());
});

Deno.test("cluster: slow node: members that starve, and miss all their acks, get no healthy one declared failed", () => {
  const cluster = memberlistCluster({ seed: 16, size: 24 });
  cluster.form();
  const slow = [3, 11, 17];
  for (const index of slow) cluster.node(index).process.busyMs = 200;
  const scoreMax = runWithSlowOnes(cluster, slow, 100_000);
  equal(scoreMax, 7, "their health is as bad as it can be");
  const missed = slow.map((index) => cluster.node(index).memberlist.counters.probesFailed);
  ok(missed.every((count) => count > 5), `failed probes: ${missed}`);
  for (const index of slow) cluster.node(index).process.busyMs = 0;
  ok(cluster.runUntil(() => cluster.converged(), 400_000), cluster.describe());
});

Deno.test("cluster: slow node: one that is frozen for long is declared failed, and returns when it thaws", () => {
  const cluster = memberlistCluster({ seed: 14, size: 8 });
  cluster.form();
  const frozen = cluster.node(2);
  frozen.process.blockFor(60_000);
  ok(cluster.runUntil(() => cluster.allSee(frozen, "dead", "unknown"), 59_000), cluster.describe());
  const healthy = cluster.nodes.filter((node) => node !== frozen);
  ok(cluster.settles(), cluster.describe());
  for (const node of healthy) {
    const blamed = healthy.filter((other) => other.countEvents("leave", node.name) > 0);
    equal(blamed.length, 0, `${node.name} was declared failed by a healthy node`);
  }
});

Deno.test("cluster: slow node: one that is stopped while it suspects somebody reads the denial before it condemns", () => {
  for (const seed of [1, 3, 4, 5]) {
    const cluster = memberlistCluster({ seed, size: 12 });
    cluster.form();
    cluster.runFor(10_000);
    const suspect = cluster.node(3), stopped = cluster.node(7);
    for (const node of cluster.nodes) {
      if (node === suspect) continue;
      cluster.world.faults.cut(suspect.host, node.host);
      cluster.world.faults.cut(node.host, suspect.host);
    }
    ok(cluster.runUntil(() => cluster.sight(stopped, suspect) === "suspect", 60_000, 0));
    stopped.process.blockFor(30_000);
    cluster.world.faults.heal();
    cluster.runFor(60_000);
    equal(stopped.countEvents("leave", suspect.name), 0, `seed ${seed}`);
  }
});

Deno.test("cluster: half-reachable: datagrams to a node are lost, streams pass: it stays alive", () => {
  const cluster = memberlistCluster({ seed: 15, size: 6 });
  cluster.form();
  const victim = cluster.node(2);
  for (const node of cluster.nodes) {
    if (node !== victim) cluster.world.faults.cut(node.host, victim.host, CutKind.datagrams);
  }
  cluster.runFor(180_000);
  equal(cluster.countEvents("leave", victim.name), 0);
  ok(cluster.world.network.counters.packetsCut > 100);
});

/** The median time from a crash among ten until all others have declared it. */
function detectionMs(promptProbes: boolean, isHostDown = false): number {
  const times = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((seed) => {
    const cluster = memberlistCluster({ seed, size: 10 }, () => ({ options: { promptProbes } }));
    cluster.form();
    cluster.runFor(20_000);
    const victim = cluster.node(4);
    for (const node of isHostDown ? cluster.nodes : []) {
      cluster.world.faults.cut(node.host, victim.host);
      cluster.world.faults.cut(victim.host, node.host);
    }
    const { members, timesMs } = crashAndDetect(cluster, victim, {
      eventType: "leave",
      until: "all",
      limitMs: 60_000,
    });
    equal(timesMs.length, members);
    equal(cluster.countEvents("leave"), 9, "nobody else is blamed");
    return timesMs.at(-1)!;
  });
  return times.sort((a, b) => a - b)[4]!;
}

Deno.test("cluster: prompt probes: a killed process refuses connections, and is declared failed a second sooner", () => {
  const prompt = detectionMs(true), plain = detectionMs(false);
  ok(prompt >= 4000, "not before the least suspicion is over");
  ok(prompt < plain - 500, `${prompt} ms, ${plain} ms without`);
});

Deno.test("cluster: prompt probes: a dead host refuses nothing, and is declared failed no later than without", () => {
  const prompt = detectionMs(true, true), plain = detectionMs(false, true);
  ok(prompt >= 4500, `${prompt} ms`);
  ok(prompt <= plain + 100, `${prompt} ms, ${plain} ms without`);
});

Deno.test("cluster: prompt probes: a firewall that refuses streams, and loss, get no healthy member declared failed", () => {
  for (const seed of [1, 2, 3]) {
    const cluster = memberlistCluster({ seed, size: 16 });
    cluster.form();
    cluster.runFor(5000);
    cluster.world.faults.setEverywhere({ lossRatio: 0.05 });
    for (const node of cluster.nodes) cluster.world.faults.refuse(node.host);
    cluster.runFor(120_000);
    ok(cluster.world.network.counters.exchangesRefused > 100);
    equal(cluster.countEvents("leave"), 0);
  }
});

Deno.test("cluster: prompt probes: who lives behind a firewall that refuses streams may be as slow as anybody", () => {
  for (const [blockedMs, runningMs] of [[300, 1000], [4500, 3000]] as const) {
    const cluster = memberlistCluster({ seed: 1, size: 10 });
    const victim = cluster.node(2);
    cluster.world.faults.refuse(victim.host);
    cluster.form();
    cluster.runFor(20_000);
    victim.beginSlow({ blockedMs, runningMs });
    cluster.runFor(200_000);
    equal(cluster.countEvents("leave", victim.name), 0, "it answers in time");
    ok(cluster.world.network.counters.exchangesRefused > 20);
    if (blockedMs < 500) equal(victim.memberlist.counters.refutes, 0);
  }
});
