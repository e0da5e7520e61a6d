import { equal, ok } from "../support/assert.ts";
import { Keyring } from "../../lib/memberlist/keyring.ts";
import type { MemberlistLife } from "../../lib/sim/memberlist_life.ts";
import { memberlistCluster, type SimCluster } from "../../lib/sim/sim_cluster.ts";

const key = (fill: number, length = 32) => new Uint8Array(length).fill(fill);
const RED = key(1), BLUE = key(2), SHORT = key(3, 16);

/** A cluster in which node `i` holds `keys[i]`, the primary first; none is plain. */
function keyed(seed: number, keys: readonly (readonly Uint8Array[])[]): SimCluster<MemberlistLife> {
  return memberlistCluster({ seed, size: keys.length }, ({ name }) => {
    const own = keys[Number(name.slice(1))]!;
    return { keyring: own.length === 0 ? undefined : new Keyring(own) };
  });
}

/** Whether node 1's join through node 0 succeeds. */
function joins(cluster: SimCluster<MemberlistLife>): boolean {
  cluster.startAll();
  const result = cluster.join(cluster.node(1), cluster.node(0));
  ok(cluster.runUntil(() => result.contacted >= 0, 20_000));
  cluster.runFor(5000);
  const both = cluster.converged();
  equal(both, result.contacted === 1, result.failures.join());
  if (!both) {
    equal(cluster.sight(cluster.node(0), cluster.node(1)), "unknown");
    equal(cluster.sight(cluster.node(1), cluster.node(0)), "unknown");
  }
  return both;
}

Deno.test("cluster: encryption: with one key, of any length, a cluster forms and sees failures", () => {
  for (const own of [RED, SHORT]) {
    const cluster = keyed(1, Array.from({ length: 6 }, () => [own]));
    cluster.form();
    cluster.node(4).crash();
    ok(cluster.settles(() => cluster.allSee(cluster.node(4), "dead", "unknown")), cluster.describe());
    ok(cluster.running.every(({ memberlist }) => memberlist.counters.undecryptable === 0));
  }
});

Deno.test("cluster: encryption: plain and encrypted do not mix, in either direction of joining", () => {
  equal(joins(keyed(2, [[RED], []])), false);
  equal(joins(keyed(3, [[], [RED]])), false);
});

Deno.test("cluster: encryption: another key does not get in", () => {
  equal(joins(keyed(4, [[RED], [BLUE]])), false);
});

Deno.test("cluster: encryption: a keyring that overlaps gets in, whichever key is primary", () => {
  equal(joins(keyed(6, [[RED, BLUE], [BLUE, RED]])), true);
  equal(joins(keyed(7, [[RED, BLUE], [RED]])), true);
});

Deno.test("cluster: encryption: an answer sealed with a key that the joiner lacks fails the join", () => {
  const cluster = keyed(5, [[RED, BLUE], [BLUE]]);
  cluster.startAll();
  const [host, joiner] = [cluster.node(0), cluster.node(1)];
  const result = cluster.join(joiner, host);
  cluster.runFor(5000);
  equal(result.contacted, 0);
  equal(cluster.sight(joiner, host), "unknown");
  // The host could read the request. It cannot reach the joiner, and forgets it in time.
  ok(cluster.runUntil(() => cluster.sight(host, joiner) === "dead", 30_000));
  ok(cluster.runUntil(() => cluster.sight(host, joiner) === "unknown", 60_000));
});

Deno.test("cluster: encryption: datagrams that cannot be opened are counted, and change nothing", () => {
  const cluster = keyed(8, [[RED], [RED], [BLUE]]);
  cluster.startAll();
  cluster.join(cluster.node(1), cluster.node(0));
  cluster.runFor(2000);
  const intruder = cluster.node(2);
  for (let i = 0; i < 500; i++) {
    intruder.memberlist.sendUser(cluster.node(0).address, Uint8Array.of(8, 104, 105));
    cluster.runFor(2);
  }
  equal(cluster.node(0).memberlist.counters.undecryptable, 500);
  equal(cluster.node(0).life.delegate.heard.size, 0);
  ok(cluster.node(0).logger.lines.length < 60, "the log is bounded");
});

Deno.test("cluster: encryption: a key is rotated under way without losing anybody", () => {
  const cluster = keyed(9, Array.from({ length: 8 }, () => [RED]));
  cluster.form();
  const rings = cluster.nodes.map(({ memberlist }) => memberlist.keyring!);
  // One node after the other, with traffic in between, as an operator's three rounds reach them.
  for (const change of ["install", "use", "remove"] as const) {
    for (const ring of rings) {
      ring[change](change === "remove" ? RED : BLUE);
      cluster.runFor(1500);
    }
  }
  cluster.node(2).life.updateMeta(Uint8Array.of(5));
  ok(cluster.settles(), cluster.describe());
  equal(cluster.countEvents("leave"), 0);
  ok(cluster.nodes.every(({ memberlist }) => memberlist.counters.undecryptable === 0));
  ok(rings.every((ring) => ring.list().length === 1));
});

Deno.test("cluster: encryption: who missed a rotation is lost, and returns with the new key", () => {
  const cluster = keyed(10, Array.from({ length: 5 }, () => [RED]));
  cluster.form();
  for (const { memberlist } of cluster.nodes.slice(0, 4)) {
    memberlist.keyring!.install(BLUE);
    memberlist.keyring!.use(BLUE);
    memberlist.keyring!.remove(RED);
  }
  const late = cluster.node(4);
  ok(cluster.settles(() => cluster.allSee(late, "dead", "unknown")), cluster.describe());
  ok(cluster.node(0).memberlist.counters.undecryptable > 0);
  late.memberlist.keyring!.install(BLUE);
  late.memberlist.keyring!.use(BLUE);
  cluster.join(late, cluster.node(0));
  ok(cluster.settles(), cluster.describe());
});

Deno.test("cluster: label: clusters of different labels do not hear each other", () => {
  const cluster = memberlistCluster({ seed: 11, size: 4 }, ({ name }) => ({
    options: { label: name < "n2" ? "red" : "blue" },
  }));
  cluster.startAll();
  const within = [
    cluster.join(cluster.node(1), cluster.node(0)),
    cluster.join(cluster.node(3), cluster.node(2)),
  ];
  const across = cluster.join(cluster.node(1), cluster.node(2));
  cluster.runFor(15_000);
  ok(within.every(({ contacted }) => contacted === 1));
  equal(across.contacted, 0);
  ok(cluster.converged(cluster.nodes.slice(0, 2)) && cluster.converged(cluster.nodes.slice(2)));
});
