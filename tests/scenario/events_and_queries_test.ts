import { deepEqual, equal, ok, throws } from "../support/assert.ts";
import { encodeText } from "../../lib/base/byte_text.ts";
import { QUERY_DEFAULTS, type QueryParams } from "../../lib/serf/query_sender.ts";
import { SerfCluster } from "../../lib/sim/serf_cluster.ts";
import type { SerfLife, SerfLifeOptions } from "../../lib/sim/serf_life.ts";
import type { SimNode } from "../../lib/sim/sim_node.ts";
import { decodeText } from "../../lib/wire/text.ts";

const text = (bytes: Uint8Array) => decodeText(bytes, 0, bytes.length);
const names = (node: SimNode<SerfLife>) => node.life.userEvents.map(({ name }) => name);

function formed(
  seed: number,
  size: number,
  choose?: (node: SimNode<SerfLife>) => SerfLifeOptions,
): SerfCluster {
  const cluster = new SerfCluster({ seed, size }, choose);
  cluster.form();
  cluster.runFor(3000);
  return cluster;
}

/** Asks, and waits for the end. */
function ask(
  cluster: SerfCluster,
  node: SimNode<SerfLife>,
  params: Partial<QueryParams> = {},
  name = "load",
) {
  const result = { acks: [] as string[], answers: {} as Record<string, string>, tookMs: -1 };
  const startMs = cluster.world.clock.nowMs();
  node.life.serf.query(name, encodeText("how much"), { ...QUERY_DEFAULTS, ...params }, {
    onAck: (from) => result.acks.push(from),
    onResponse: (from, payload) => result.answers[from] = text(payload),
    onDone: () => result.tookMs = cluster.world.clock.nowMs() - startMs,
  });
  equal(result.tookMs, -1);
  ok(cluster.runUntil(() => result.tookMs >= 0, 60_000));
  result.acks.sort();
  return result;
}

/** Answers every query with its name. */
const answering = ({ name }: SimNode<SerfLife>): SerfLifeOptions => ({
  options: { tags: new Map([["role", name < "n3" ? "database" : "web"]]) },
  onQuery: (query) => query.respond(encodeText(`${name}: ${text(query.payload)}`)),
});

Deno.test("serf: user events reach everybody once, in a quiet and in a lossy network", () => {
  for (const lossRatio of [0, 0.2]) {
    const cluster = formed(21, 20);
    cluster.world.network.faults.setEverywhere({ lossRatio, duplicateRatio: lossRatio });
    for (let i = 0; i < 10; i++) {
      cluster.node(i).life.serf.userEvent(`e${i}`, encodeText("x"), i % 2 === 0);
      equal(names(cluster.node(i)).includes(`e${i}`), true);
      cluster.runFor(50);
    }
    const everything = Array.from({ length: 10 }, (_, i) => `e${i}`);
    ok(cluster.settles(() => cluster.nodes.every((node) => node.life.userEvents.length >= 10)));
    cluster.runFor(60_000);
    for (const node of cluster.nodes) deepEqual(names(node).sort(), everything);
  }
});

Deno.test("serf: user events: a joiner that wants the past gets it, in its order of time; others do not", () => {
  const cluster = new SerfCluster({ seed: 22, size: 4 });
  cluster.startAll();
  cluster.join(cluster.node(1), cluster.node(0));
  cluster.runFor(2000);
  for (let i = 0; i < 5; i++) cluster.node(0).life.serf.userEvent(`old${i}`, new Uint8Array(0), true);
  cluster.runFor(2000);
  const [curious, fresh] = [cluster.node(2), cluster.node(3)];
  for (const [node, ignoreOld] of [[curious, false], [fresh, true]] as const) {
    node.life.serf.join([cluster.node(0).address], ignoreOld, () => {});
  }
  cluster.runFor(3000);
  deepEqual(names(curious), ["old0", "old1", "old2", "old3", "old4"]);
  ok(curious.life.userEvents.every(({ coalesce }) => !coalesce), "push/pull does not say");
  deepEqual(names(fresh), []);
  // What happens from now on is for all, and the past does not come back with a later push/pull.
  cluster.node(1).life.serf.userEvent("new", encodeText("p"), true);
  cluster.runFor(120_000);
  deepEqual(names(fresh), ["new"]);
  deepEqual(names(curious).at(-1), "new");
  equal(text(fresh.life.userEvents[0]!.payload), "p");
});

Deno.test("serf: user events: a flood of a thousand is heard by all, each event once", () => {
  const cluster = formed(23, 5);
  for (let i = 0; i < 1000; i++) {
    cluster.node(i % 5).life.serf.userEvent(`e${i}`, encodeText("payload"), true);
    if (i % 10 === 0) cluster.runFor(100);
  }
  cluster.runFor(30_000);
  for (const node of cluster.nodes) {
    const heard = names(node);
    equal(new Set(heard).size, heard.length);
    ok(heard.length >= 990, `${node.name} heard ${heard.length}`);
  }
});

Deno.test("serf: query: acks and answers of all, our own too, and the end exactly at the timeout", () => {
  const cluster = formed(24, 9, answering);
  const { acks, answers, tookMs } = ask(cluster, cluster.node(4), { requestAck: true });
  // gossip interval 200 ms, 16 rounds for each factor of ten
  equal(tookMs, 3200);
  deepEqual(acks, cluster.nodes.map(({ name }) => name));
  deepEqual(Object.keys(answers).sort(), acks);
  equal(answers["n7"], "n7: how much");
  equal(ask(cluster, cluster.node(0), { timeoutMs: 777.5 }).tookMs, 777.5);
  for (const node of cluster.nodes) equal(node.life.queries.length, 2);
});

Deno.test("serf: query: filters choose by name and by tag, and without acks there are none", () => {
  const cluster = formed(25, 6, answering);
  const node = cluster.node(0);
  const byName = ask(cluster, node, { filterNodes: ["n1", "n5", "nobody"] });
  deepEqual(byName.acks, []);
  deepEqual(Object.keys(byName.answers).sort(), ["n1", "n5"]);
  const byTag = ask(cluster, node, { filterTags: new Map([["role", "^data"]]), requestAck: true });
  deepEqual(byTag.acks, ["n0", "n1", "n2"]);
  const both = ask(cluster, node, {
    filterNodes: ["n2", "n4"],
    filterTags: new Map([["role", "b"], ["none", "^$"]]),
  });
  deepEqual(Object.keys(both.answers).sort(), ["n2", "n4"]);
  deepEqual(ask(cluster, node, { filterTags: new Map([["role", "("]]), requestAck: true }).acks, []);
  equal(cluster.node(5).life.queries.length, 1);
});

Deno.test("serf: query: relays bring answers over links that are cut", () => {
  const cluster = formed(26, 10, answering);
  const [asker, mute] = [cluster.node(0), cluster.node(7)];
  const { faults } = cluster.world.network;
  faults.cut(`${mute.address}`, `${asker.address}`);
  equal(ask(cluster, asker, { requestAck: true }).acks.includes("n7"), false);
  const relayed = ask(cluster, asker, { requestAck: true, relayFactor: 3 });
  ok(relayed.acks.includes("n7"));
  equal(relayed.answers["n7"], "n7: how much");
  equal(new Set(relayed.acks).size, relayed.acks.length);
});

Deno.test("serf: query: half of the packets lost, relays still bring nearly all", () => {
  const cluster = formed(27, 10, answering);
  cluster.world.network.faults.setEverywhere({ lossRatio: 0.5 });
  const { answers } = ask(cluster, cluster.node(0), { relayFactor: 5, timeoutMs: 5000 });
  ok(Object.keys(answers).length >= 8, Object.keys(answers).join());
});

Deno.test("serf: query: one answer each, in time, of a bounded size", () => {
  const cluster = formed(28, 3);
  const { answers } = ask(cluster, cluster.node(0), { timeoutMs: 1000, filterNodes: ["n1"] });
  deepEqual(answers, {});
  // Its time began when it came.
  cluster.runFor(1000);
  const late = cluster.node(1).life.queries[0]!;
  throws(() => late.respond(encodeText("x")), { message: "response is past the deadline" });
  let done = false;
  const heard: string[] = [];
  cluster.node(0).life.serf.query("again", new Uint8Array(0), QUERY_DEFAULTS, {
    onAck: () => {},
    onResponse: (from, payload) => heard.push(`${from} ${text(payload)}`),
    onDone: () => done = true,
  });
  cluster.runFor(1000);
  const query = cluster.node(2).life.queries.at(-1)!;
  equal(query.sourceNode, "n0");
  throws(() => query.respond(new Uint8Array(1024)), { message: "response exceeds limit of 1024 bytes" });
  query.respond(encodeText("first"));
  throws(() => query.respond(encodeText("second")), { message: "response already sent" });
  cluster.runFor(5000);
  equal(done, true);
  deepEqual(heard, ["n2 first"]);
});

Deno.test("serf: query: who is shut down meanwhile is told that it is over", () => {
  const cluster = formed(29, 3);
  let done = 0;
  const node = cluster.node(0);
  const { serf } = node.life;
  serf.query("q", new Uint8Array(0), QUERY_DEFAULTS, { onAck() {}, onResponse() {}, onDone: () => done++ });
  node.shutdown();
  equal(done, 1);
  cluster.runFor(10_000);
  equal(done, 1);
  const sink = { onAck() {}, onResponse() {}, onDone() {} };
  throws(() => serf.query("q", new Uint8Array(0), QUERY_DEFAULTS, sink), { name: "StateError" });
  throws(() => serf.userEvent("e", new Uint8Array(0), true), { name: "StateError" });
});
