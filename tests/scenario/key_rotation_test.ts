import { deepEqual, equal, ok } from "../support/assert.ts";
import { Keyring } from "../../lib/memberlist/keyring.ts";
import type { KeyManager, KeyResult } from "../../lib/serf/key_manager.ts";
import { SerfCluster } from "../../lib/sim/serf_cluster.ts";
import type { SerfLife } from "../../lib/sim/serf_life.ts";
import type { SimNode } from "../../lib/sim/sim_node.ts";

const key = (fill: number, length = 32) => new Uint8Array(length).fill(fill);
const RED = key(1), BLUE = key(2, 16);
const base64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));

/** An encrypted cluster, and what each node would have written into its keyring file. */
function encrypted(seed: number, size: number) {
  const saved = new Map<string, string[]>();
  const cluster = new SerfCluster({ seed, size }, ({ name }) => ({
    keyring: new Keyring([RED]),
    saveKeys: (keys) => saved.set(name, keys.map(base64)),
  }));
  cluster.form();
  cluster.runFor(3000);
  return { cluster, saved };
}

function ask(
  cluster: SerfCluster,
  node: SimNode<SerfLife>,
  start: (keys: KeyManager, done: (result: KeyResult) => void) => void,
): KeyResult {
  let outcome: KeyResult | undefined;
  start(node.life.serf.keys, (result) => {
    equal(outcome, undefined, "told once");
    outcome = result;
  });
  ok(cluster.runUntil(() => outcome !== undefined, 60_000));
  return outcome!;
}

/** As an operator would: again, until all have done it. @returns how often it took. */
function insist(
  cluster: SerfCluster,
  node: SimNode<SerfLife>,
  start: (keys: KeyManager, done: (result: KeyResult) => void) => void,
): number {
  for (let times = 1; times <= 40; times++) {
    const { error, errorCount } = ask(cluster, node, start);
    equal(errorCount, 0);
    if (error === "") return times;
  }
  throw new Error("not all nodes answered, however often they were asked");
}

Deno.test("serf: keys: a rotation changes all keyrings and their files, and nobody is lost", () => {
  const { cluster, saved } = encrypted(31, 7);
  const [a, b] = [cluster.node(0), cluster.node(5)];
  const startMs = cluster.world.clock.nowMs();
  equal(ask(cluster, a, (keys, done) => keys.install(BLUE, done)).error, "");
  ok(cluster.world.clock.nowMs() - startMs < 3200, "ends when all have answered");
  deepEqual([...ask(cluster, b, (keys, done) => keys.list(done)).keys], [[base64(RED), 7], [
    base64(BLUE),
    7,
  ]]);
  equal(ask(cluster, b, (keys, done) => keys.use(BLUE, done)).error, "");
  equal(ask(cluster, a, (keys, done) => keys.remove(RED, done)).error, "");
  for (const { name, life } of cluster.nodes) {
    deepEqual(life.memberlist.keyring!.list(), [BLUE]);
    deepEqual(saved.get(name), [base64(BLUE)]);
  }
  cluster.runFor(60_000);
  ok(cluster.membersConverged(), cluster.describeMembers());
  equal(cluster.countEvents("member-failed"), 0);
});

Deno.test("serf: keys: a rotation from either side, with a fifth of the packets lost", () => {
  const { cluster } = encrypted(32, 6);
  cluster.world.network.faults.setEverywhere({ lossRatio: 0.2 });
  const [a, b] = [cluster.node(1), cluster.node(4)];
  insist(cluster, a, (keys, done) => keys.install(BLUE, done));
  insist(cluster, b, (keys, done) => keys.use(BLUE, done));
  insist(cluster, a, (keys, done) => keys.remove(RED, done));
  for (const { life } of cluster.nodes) deepEqual(life.memberlist.keyring!.list(), [BLUE]);
  cluster.world.network.faults.setEverywhere({ lossRatio: 0 });
  ok(cluster.settles(() => cluster.membersConverged()), cluster.describeMembers());
});

Deno.test("serf: keys: what nodes refuse is counted, and told by their names", () => {
  const { cluster } = encrypted(33, 3);
  const node = cluster.node(0);
  const { error, messages, errorCount, responseCount, nodeCount } = ask(
    cluster,
    node,
    (keys, done) => keys.use(BLUE, done),
  );
  equal(error, "3/3 nodes reported failure");
  deepEqual([errorCount, responseCount, nodeCount], [3, 3, 3]);
  equal(messages.get("n2"), "Requested key is not in the keyring");
  const primary = ask(cluster, node, (keys, done) => keys.remove(RED, done));
  equal(primary.messages.get("n1"), "Removing the primary key is not allowed");
  const short = ask(cluster, node, (keys, done) => keys.install(key(1, 5), done));
  equal(short.messages.get("n1"), "key size must be 16, 24 or 32 bytes");
  equal(ask(cluster, node, (keys, done) => keys.remove(BLUE, done)).error, "", "it was not there");
});

Deno.test("serf: keys: who does not answer is missed, and the end comes with the timeout", () => {
  const { cluster } = encrypted(34, 4);
  const [asker, mute] = [cluster.node(0), cluster.node(3)];
  cluster.world.network.faults.cut(`${mute.address}`, `${asker.address}`);
  const result = ask(cluster, asker, (keys, done) => keys.install(BLUE, done));
  equal(result.error, "3/4 nodes reported success");
  equal(mute.life.memberlist.keyring!.has(BLUE), true);
});

Deno.test("serf: keys: without encryption all refuse", () => {
  const cluster = new SerfCluster({ seed: 35, size: 3 });
  cluster.form();
  cluster.runFor(2000);
  const listed = ask(cluster, cluster.node(1), (keys, done) => keys.list(done));
  equal(listed.error, "3/3 nodes reported failure");
  equal(listed.messages.get("n0"), "Keyring is empty (encryption not enabled)");
  const installed = ask(cluster, cluster.node(1), (keys, done) => keys.install(RED, done));
  equal(installed.messages.get("n2"), "No keyring to modify (encryption not enabled)");
});
