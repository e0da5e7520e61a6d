import { deepEqual, equal } from "../../support/assert.ts";
import { Address } from "../../../lib/base/address.ts";
import { SeededRandom } from "../../../lib/base/seeded_random.ts";
import { encodeUserEvent } from "../../../lib/serf/event_messages.ts";
import { encodeJoin, encodeLeave } from "../../../lib/serf/intent_messages.ts";
import { decodeQueryResponse, encodeQuery } from "../../../lib/serf/query_messages.ts";
import type { SimCluster } from "../../../lib/sim/sim_cluster.ts";
import { encoded } from "./parts.ts";
import type { SerfLife } from "../../../lib/sim/serf_life.ts";
import { formedCluster, untilAllSee } from "./serf_world.ts";

const MINUTE = 60_000;

/** A Serf message as a datagram from outside the cluster. */
function inject(cluster: SimCluster<SerfLife>, index: number, message: Uint8Array): void {
  cluster.node(index).memberlist.onPacket(Address.fromHost("10.9.9.9", 7946), Uint8Array.of(8, ...message));
}

function figures(cluster: SimCluster<SerfLife>, name: string): string[] {
  return cluster.running.map(({ life }) => life.serf.stats()[name]!);
}

Deno.test("D.4: a user event that reaches one node reaches all, and dies down", () => {
  const cluster = formedCluster(5);
  inject(
    cluster,
    0,
    encoded((writer) => {
      encodeUserEvent(writer, { lTime: 41, name: "deploy", payload: null, coalesce: true });
    }),
  );
  equal(cluster.runUntil(() => figures(cluster, "event_time").every((time) => time === "42"), 5000), true);
  cluster.runFor(10_000);
  deepEqual(figures(cluster, "event_queue"), ["0", "0", "0", "0", "0"]);
});

Deno.test("D.8: a user event of the past comes to a later joiner through the push/pull", () => {
  const cluster = formedCluster(3);
  cluster.node(2).crash();
  inject(
    cluster,
    0,
    encoded((writer) => {
      encodeUserEvent(writer, { lTime: 41, name: "deploy", payload: null, coalesce: true });
    }),
  );
  cluster.runFor(10_000);
  cluster.node(2).start();
  cluster.join(cluster.node(2), cluster.node(1));
  cluster.runFor(1000);
  equal(cluster.node(2).life.serf.stats()["event_time"], "42");
  equal(cluster.node(2).life.serf.stats()["event_queue"], "0");
});

Deno.test("D.5: a query that reaches one node is acked by all, straight to who asks", () => {
  const cluster = formedCluster(4);
  const address = Address.fromHost("10.9.9.9", 7946);
  const outside = cluster.world.network.attach(address);
  const acks: string[] = [];
  outside.start({
    onPacket: (_from, bytes) => {
      equal(bytes[0], 8);
      const response = decodeQueryResponse(bytes, 2, bytes.length);
      equal(response.id, 4711);
      acks.push(`${response.from} ${response.flags}`);
    },
    newFrameReader: () => ({ scan: () => 0 }),
    onExchange: () => null,
    onExchangeFailed: () => {},
  });
  inject(
    cluster,
    2,
    encoded((writer) =>
      encodeQuery(writer, {
        lTime: 9,
        id: 4711,
        addr: address.ip,
        port: 7946,
        sourceNode: "outside",
        filters: [],
        flags: 1,
        relayFactor: 0,
        timeoutNs: 3_200_000_000,
        name: "_serf_ping",
        payload: null,
      })
    ),
  );
  cluster.runFor(5000);
  deepEqual(acks.sort(), ["n0 1", "n1 1", "n2 1", "n3 1"]);
  deepEqual(figures(cluster, "query_time"), ["10", "10", "10", "10"]);
});

Deno.test("F.2.14: an old leave intent about a live node is refuted by it: leave at 50, join at 51", () => {
  const cluster = formedCluster(3);
  inject(cluster, 0, encoded((writer) => encodeLeave(writer, 50, "n2", false)));
  equal(cluster.node(0).life.view["n2"], "leaving");
  equal(untilAllSee(cluster, "n2", "alive", 5000), true);
  cluster.runFor(5000);
  deepEqual(figures(cluster, "member_time"), ["52", "52", "52"]);
  // Had it stuck, this would look like a leave.
  cluster.node(2).crash();
  equal(untilAllSee(cluster, "n2", "failed", 20_000), true);
});

Deno.test("D.3: an intent about a node that nobody knows goes round once, and dies down", () => {
  const cluster = formedCluster(3);
  const unknown = encoded((writer) => encodeJoin(writer, 30, "stranger"));
  inject(cluster, 0, unknown);
  cluster.runFor(3000);
  deepEqual(figures(cluster, "member_time"), ["31", "31", "31"]);
  cluster.runFor(10 * MINUTE);
  deepEqual(figures(cluster, "intent_queue"), ["0", "0", "0"]);
});

Deno.test("Serf: whatever bytes come as user messages, the cluster stays as it is", () => {
  const cluster = formedCluster(3);
  const random = new SeededRandom(7);
  for (let i = 0; i < 500; i++) {
    const message = new Uint8Array(random.below(40));
    random.fill(message);
    if (message.length > 0) message[0] = random.below(12);
    inject(cluster, i % 3, message);
  }
  cluster.runFor(10_000);
  for (const { life } of cluster.nodes) deepEqual(life.view, { n0: "alive", n1: "alive", n2: "alive" });
});

/** Crashes, restarts, leaves, force-leaves and partitions at random; a few minutes of it. */
function makeTrouble(cluster: SimCluster<SerfLife>, random: SeededRandom): void {
  const { faults } = cluster.world;
  for (let round = 0; round < 12; round++) {
    const node = cluster.node(1 + random.below(cluster.nodes.length - 1));
    const dice = random.below(6);
    if (!node.running) {
      node.start();
      cluster.join(node, cluster.node(0));
    } else if (dice === 0) node.crash();
    else if (dice === 1 && node.life.serf.state === "alive") cluster.leave(node);
    else if (dice === 2) cluster.node(0).life.serf.forceLeave(node.name, false, () => {});
    else if (dice === 3) cluster.partition([[0, 1], [2, 3, 4]]);
    else if (dice === 4) faults.heal();
    cluster.runFor(1000 + random.below(20_000));
    // Who has left is shut down one day.
    for (const each of cluster.running) if (each.life.serf.state === "left") each.shutdown();
  }
  faults.heal();
}

Deno.test("Serf: after any trouble all running nodes see each other alive, and agree on who left and who failed", () => {
  let failures = 0, leaves = 0;
  for (let seed = 1; seed <= 8; seed++) {
    const cluster = formedCluster(5, () => ({}), seed);
    cluster.world.faults.setEverywhere({ lossRatio: 0.1 });
    makeTrouble(cluster, new SeededRandom(seed, "trouble"));
    cluster.runUntil(() => cluster.running.every(({ life }) => life.serf.state !== "leaving"), 15_000);
    for (const node of cluster.running) if (node.life.serf.state === "left") node.shutdown();
    // Who was started while nobody could be reached is alone, and joins again.
    for (const node of cluster.running) if (node.name !== "n0") cluster.join(node, cluster.node(0));
    const views = (name: string) =>
      new Set(cluster.running.map(({ life }) => life.view[name]).filter((status) => status !== undefined));
    const agreed = () =>
      cluster.nodes.every((node) => views(node.name).size <= 1) &&
      cluster.running.every((node) => views(node.name).has("alive"));
    const all = () => JSON.stringify(cluster.running.map(({ life }) => life.view));
    equal(cluster.runUntil(agreed, 15 * MINUTE, 500), true, `seed ${seed}: ${all()}`);
    failures += cluster.countEvents("member-failed");
    leaves += cluster.countEvents("member-leave");
  }
  // There was trouble.
  equal(failures > 10 && leaves > 3, true, `${failures} failures, ${leaves} leaves`);
});
