import { deepEqual, equal, notEqual, ok } from "../support/assert.ts";
import { memberlistCluster } from "../../lib/sim/sim_cluster.ts";
import { CutKind } from "../../lib/sim/faults.ts";

Deno.test("cluster: join: two nodes see each other after one push/pull", () => {
  const cluster = memberlistCluster({ seed: 1, size: 2 });
  cluster.startAll();
  const [a, b] = [cluster.node(0), cluster.node(1)];
  const result = cluster.join(b, a);
  ok(cluster.runUntil(() => result.contacted >= 0, 1000, 0));
  deepEqual(result, { contacted: 1, failures: [] });
  ok(cluster.runUntil(() => cluster.converged(), 100, 0));
  deepEqual(a.events.map(({ type, subject }) => `${type} ${subject}`), ["join n0", "join n1"]);
  deepEqual(b.events.map(({ type, subject }) => `${type} ${subject}`), ["join n1", "join n0"]);
  equal(a.life.delegate.statesHeard.get("n1"), 1);
  equal(b.life.delegate.statesHeard.get("n0"), 1);
});

Deno.test("cluster: join: an address at which nobody listens is reported, the others count", () => {
  const cluster = memberlistCluster({ seed: 2, size: 4 });
  for (const index of [0, 1, 2]) cluster.node(index).start();
  const some = cluster.join(cluster.node(2), cluster.node(3), cluster.node(0), cluster.node(1));
  const none = cluster.join(cluster.node(1), cluster.node(3));
  cluster.runFor(1000);
  equal(some.contacted, 2);
  equal(some.failures.length, 1);
  equal(none.contacted, 0);
  equal(none.failures.length, 1);
  ok(
    /10\.0\.0\.4:7946/.test(none.failures[0]!) && /connection refused/.test(none.failures[0]!),
    none.failures[0],
  );
  equal(cluster.world.network.counters.exchangesRefused, 2);
});

Deno.test("cluster: join: two clusters become one when one member of each meets", () => {
  const cluster = memberlistCluster({ seed: 3, size: 12 });
  cluster.startAll();
  const half = (from: number) => cluster.nodes.slice(from, from + 6);
  for (const from of [0, 6]) for (const node of half(from).slice(1)) cluster.join(node, cluster.node(from));
  ok(cluster.runUntil(() => cluster.converged(half(0)) && cluster.converged(half(6)), 120_000));
  equal(cluster.sight(cluster.node(0), cluster.node(6)), "unknown");
  cluster.join(cluster.node(9), cluster.node(2));
  ok(cluster.settles(), cluster.describe());
});

Deno.test("cluster: convergence: 32 nodes agree soon, and stay so without a false suspicion", () => {
  const cluster = memberlistCluster({ seed: 4, size: 32 });
  cluster.startAll();
  for (const node of cluster.nodes.slice(1)) cluster.join(node, cluster.node(0));
  cluster.runFor(3000);
  const known = cluster.nodes.reduce((sum, { memberlist }) => sum + memberlist.aliveCount, 0);
  ok(known >= 0.98 * 32 * 32, `${known} of ${32 * 32} pairs know each other after 3 s`);
  ok(cluster.settles(), cluster.describe());
  cluster.runFor(60_000);
  ok(cluster.converged(), cluster.describe());
  equal(cluster.countEvents("leave"), 0);
  for (const { memberlist } of cluster.nodes) {
    equal(memberlist.counters.probesFailed, 0);
    equal(memberlist.counters.malformed, 0);
    equal(memberlist.healthScore, 0);
    ok(memberlist.counters.probes > 50);
  }
  ok(cluster.checker!.checks > 5000);
});

Deno.test("cluster: convergence: over IPv6", () => {
  const cluster = memberlistCluster({ seed: 5, size: 8, family: "ipv6" });
  cluster.form();
  equal(cluster.node(3).memberlist.node("n5")!.ip.length, 16);
  cluster.node(5).crash();
  ok(cluster.settles(() => cluster.allSee(cluster.node(5), "dead", "unknown")), cluster.describe());
});

Deno.test("cluster: determinism: the same seed gives the same trace, another seed another", () => {
  const run = (seed: number) => {
    const cluster = memberlistCluster({ seed, size: 10 });
    cluster.world.faults.setEverywhere({
      lossRatio: 0.1,
      duplicateRatio: 0.05,
      reorderRatio: 0.1,
      breakRatio: 0.05,
    });
    cluster.startAll();
    for (const node of cluster.nodes.slice(1)) cluster.join(node, cluster.node(0));
    cluster.runFor(5000);
    cluster.node(7).crashAndRestart(3000, () => cluster.join(cluster.node(7), cluster.node(1)));
    cluster.runFor(30_000);
    return {
      digest: cluster.digest(),
      steps: cluster.world.clock.steps,
      counters: cluster.world.network.counters,
    };
  };
  const [first, second, other] = [run(42), run(42), run(43)];
  deepEqual(first, second);
  notEqual(first.digest, other.digest);
  ok(first.counters.packetsLost > 100 && first.counters.packetsDuplicated > 50);
});

Deno.test("cluster: push/pull: heals what gossip could not deliver", () => {
  const cluster = memberlistCluster({ seed: 6, size: 6 });
  cluster.form();
  // Nothing but streams reaches n5 from here on; streams keep it alive.
  for (const node of cluster.nodes.slice(0, 5)) {
    cluster.world.faults.cut(node.host, cluster.node(5).host, CutKind.datagrams);
  }
  cluster.runFor(1000);
  const heardBefore = cluster.node(5).memberlist.counters.packetsReceived;
  cluster.node(0).life.updateMeta(Uint8Array.of(7));
  ok(cluster.settles(() => cluster.node(5).countEvents("update") === 1), cluster.describe());
  equal(cluster.node(5).memberlist.counters.packetsReceived, heardBefore, "no gossip reached it");
  deepEqual(cluster.node(5).memberlist.node("n0")!.meta, Uint8Array.of(7));
  ok(cluster.world.network.counters.packetsCut > 0);
});

Deno.test("cluster: TCP fallback: with all datagrams blocked, nobody is declared failed", () => {
  const cluster = memberlistCluster({ seed: 7, size: 5 });
  cluster.form();
  for (const a of cluster.nodes) {
    for (const b of cluster.nodes) if (a !== b) cluster.world.faults.cut(a.host, b.host, CutKind.datagrams);
  }
  cluster.runFor(120_000);
  ok(cluster.converged(), cluster.describe());
  equal(cluster.countEvents("leave"), 0);
  ok(cluster.world.network.counters.packetsCut > 500);
  ok(cluster.nodes.every(({ memberlist }) => memberlist.counters.probesFailed === 0));
});

Deno.test("cluster: TCP fallback: turned off, blocked datagrams are failures", () => {
  const cluster = memberlistCluster({ seed: 8, size: 5 }, () => ({ options: { tcpPings: false } }));
  cluster.form();
  for (const a of cluster.nodes) {
    for (const b of cluster.nodes) if (a !== b) cluster.world.faults.cut(a.host, b.host, CutKind.datagrams);
  }
  ok(cluster.runUntil(() => cluster.countEvents("leave") > 0, 120_000));
});

Deno.test("cluster: user messages: gossip brings them to all but everybody", () => {
  const cluster = memberlistCluster({ seed: 9, size: 20 });
  cluster.form();
  cluster.world.faults.setEverywhere({ lossRatio: 0.1 });
  for (let i = 0; i < 20; i++) {
    cluster.node(i).life.broadcast(Uint8Array.of(8, 104, 65 + i));
    cluster.runFor(100);
  }
  cluster.runFor(3000);
  const heard = cluster.nodes.reduce((sum, { life }) => sum + life.delegate.heard.size, 0);
  // Nobody need hear its own. Each is sent 8 times by everybody; nothing but gossip carries it.
  ok(heard >= 0.99 * 20 * 19, `${heard} of ${20 * 19}`);
});
