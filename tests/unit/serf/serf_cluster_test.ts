import { deepEqual, equal, throws } from "../../support/assert.ts";
import { Keyring } from "../../../lib/memberlist/keyring.ts";
import type { Serf } from "../../../lib/serf/serf.ts";
import { formedCluster, serfCluster, untilAllSee } from "./serf_world.ts";

const MINUTE = 60_000, HOUR = 3_600_000;

function tags(serf: Serf, name: string): Record<string, string> {
  return Object.fromEntries(serf.member(name)!.tags);
}

Deno.test("Serf: a node alone is a cluster of one, and hears of its own join", () => {
  const cluster = serfCluster(1);
  cluster.startAll();
  const { life } = cluster.node(0);
  deepEqual(life.view, { n0: "alive" });
  equal(life.serf.localMember().name, "n0");
  equal(life.serf.state, "alive");
  equal(cluster.node(0).countEvents("member-join", "n0"), 1);
  equal(cluster.node(0).logger.count(/\[INFO\] serf: EventMemberJoin: n0 10\.0\.0\.1$/), 1);
  deepEqual(life.serf.stats(), {
    coordinate_resets: "0",
    encrypted: "false",
    event_queue: "0",
    event_time: "1",
    failed: "0",
    health_score: "0",
    intent_queue: "0",
    left: "0",
    member_time: "1",
    members: "1",
    query_queue: "0",
    query_time: "1",
  });
});

Deno.test("Serf: three nodes join, see each other alive with their tags, and learn each other's join intents", () => {
  const cluster = formedCluster(3, (node) => ({ options: { tags: new Map([["id", node.name]]) } }));
  for (const node of cluster.nodes) {
    deepEqual(node.life.view, { n0: "alive", n1: "alive", n2: "alive" });
    for (const other of cluster.nodes) deepEqual(tags(node.life.serf, other.name), { id: other.name });
    equal(node.countEvents("member-join"), 3);
  }
  // Both joiners announced themselves (perhaps at the same Lamport time), and everybody has heard it.
  const times = cluster.nodes.map(({ life }) => Number(life.serf.stats()["member_time"]));
  equal(new Set(times).size, 1);
  equal(times[0]! >= 2, true);
  for (const { life } of cluster.nodes) equal(life.serf.stats()["intent_queue"], "0");
});

Deno.test("Serf: an encrypted cluster forms, and says that it is encrypted", () => {
  const key = new Uint8Array(32).fill(7);
  const cluster = formedCluster(2, () => ({ keyring: new Keyring([key]) }));
  deepEqual(cluster.node(1).life.view, { n0: "alive", n1: "alive" });
  equal(cluster.node(1).life.serf.stats()["encrypted"], "true");
});

Deno.test("Serf: a joiner that meets nobody stays alone, announces nothing, and says why", () => {
  const cluster = serfCluster(2);
  cluster.node(0).start();
  const result = cluster.join(cluster.node(0), cluster.node(1));
  cluster.runFor(20_000);
  equal(result.contacted, 0);
  equal(result.failures.length, 1);
  equal(result.failures[0]!.startsWith("Failed to join 10.0.0.2:7946: "), true);
  equal(cluster.node(0).life.serf.stats()["member_time"], "1");
});

Deno.test("D.13: a graceful leave is left for all, within two seconds, and the node hears of it itself", () => {
  const cluster = formedCluster(3);
  const startMs = cluster.world.clock.nowMs();
  const result = cluster.leave(cluster.node(2));
  equal(cluster.node(2).life.serf.state, "leaving");
  cluster.runUntil(() => result.done, 10_000);
  const tookMs = cluster.world.clock.nowMs() - startMs;
  equal(result.error, undefined);
  equal(tookMs >= 1000 && tookMs <= 3500, true, `took ${tookMs} ms`);
  equal(cluster.node(2).life.serf.state, "left");
  for (const { life } of cluster.nodes) equal(life.view["n2"], "left");
  for (const node of cluster.nodes) {
    equal(node.countEvents("member-leave", "n2"), 1);
    equal(node.countEvents("member-failed"), 0);
    equal(node.logger.count(/\[INFO\] serf: EventMemberLeave: n2 10\.0\.0\.3$/), 1);
  }
  cluster.node(2).life.serf.shutdown();
  equal(cluster.node(2).logger.count(/Shutdown without a Leave/), 0);
});

Deno.test("D.13: the last node leaves without waiting for anybody", () => {
  const cluster = serfCluster(1);
  cluster.startAll();
  const result = cluster.leave(cluster.node(0));
  cluster.runFor(1000);
  equal(result.done, true);
  deepEqual(cluster.node(0).life.view, { n0: "left" });
});

Deno.test("D.13: a leave that cannot be announced in time goes on with a warning, and is left for all (as 0.10.1)", () => {
  const cluster = formedCluster(3, () => ({ options: { broadcastTimeoutMs: 1 } }));
  const result = cluster.leave(cluster.node(0));
  cluster.runUntil(() => result.done, 10_000);
  equal(result.error, undefined);
  equal(cluster.node(0).life.serf.state, "left");
  equal(cluster.node(0).logger.count(/\[WARN\] serf: timeout while waiting for graceful leave$/), 1);
  equal(untilAllSee(cluster, "n0", "left", 5000), true);
});

Deno.test("surface 6.5: the state errors are in Serf's words, and change nothing", () => {
  const cluster = formedCluster(2);
  const { serf } = cluster.node(0).life;
  cluster.leave(cluster.node(0));
  throws(() => serf.leave(() => {}), { name: "StateError", message: "Leave already in progress" });
  throws(() => serf.join([], false, () => {}), { message: "Serf can't Join after Leave or Shutdown" });
  cluster.runFor(5000);
  equal(serf.state, "left");
  let called = 0;
  serf.leave(() => called++);
  equal(called, 1);
  serf.shutdown();
  throws(() => serf.leave(() => {}), { name: "StateError", message: "Leave called after Shutdown" });
  throws(() => serf.join([], false, () => {}), { message: "Serf can't Join after Leave or Shutdown" });
});

Deno.test("D.2: a node that is killed has failed for all; its restart under the same name is alive for all", () => {
  const cluster = formedCluster(3);
  cluster.node(2).crash();
  equal(untilAllSee(cluster, "n2", "failed", 15_000), true);
  for (const node of cluster.running) equal(node.countEvents("member-failed", "n2"), 1);
  cluster.node(2).start();
  cluster.join(cluster.node(2), cluster.node(0));
  equal(untilAllSee(cluster, "n2", "alive", 15_000), true);
  for (const node of cluster.running.slice(0, 2)) equal(node.countEvents("member-join", "n2"), 2);
  equal(cluster.node(0).life.serf.stats()["failed"], "0");
});

Deno.test("D.2: a node that left and comes back under its name is alive for all, and stays so", () => {
  const cluster = formedCluster(3);
  const result = cluster.leave(cluster.node(2));
  cluster.runUntil(() => result.done, 10_000);
  cluster.node(2).shutdown();
  equal(untilAllSee(cluster, "n2", "left", 10_000), true);
  cluster.node(2).start();
  cluster.join(cluster.node(2), cluster.node(1));
  equal(untilAllSee(cluster, "n2", "alive", 15_000), true);
  // The tombstones that the others told it of did not stick: a failure now is a failure, not a leave.
  cluster.runFor(5 * MINUTE);
  cluster.node(2).crash();
  equal(untilAllSee(cluster, "n2", "failed", 30_000), true);
});

Deno.test("D.3: force-leave makes a failed member left for all, and waits until that was sent", () => {
  const cluster = formedCluster(3);
  cluster.node(2).crash();
  untilAllSee(cluster, "n2", "failed", 15_000);
  const startMs = cluster.world.clock.nowMs();
  const outcomes: (Error | undefined)[] = [];
  cluster.node(0).life.serf.forceLeave("n2", false, (error) => outcomes.push(error));
  equal(cluster.node(0).life.view["n2"], "left");
  deepEqual(outcomes, []);
  cluster.runUntil(() => outcomes.length > 0, 10_000);
  deepEqual(outcomes, [undefined]);
  equal(cluster.world.clock.nowMs() - startMs < 5000, true);
  equal(untilAllSee(cluster, "n2", "left", 5000), true);
  for (const node of cluster.running) {
    equal(node.countEvents("member-leave", "n2"), 1);
    equal(node.logger.count(/\[INFO\] serf: EventMemberLeave \(forced\): n2 10\.0\.0\.3$/), 1);
  }
});

Deno.test("D.3: force-leave with prune erases the member for all, with its coordinate", () => {
  const cluster = formedCluster(3);
  cluster.runFor(10_000);
  equal(cluster.node(0).life.serf.coordinateOf("n2") === undefined, false);
  cluster.node(2).crash();
  untilAllSee(cluster, "n2", "failed", 15_000);
  let done = 0;
  cluster.node(0).life.serf.forceLeave("n2", true, () => done++);
  equal(untilAllSee(cluster, "n2", "unknown", 5000), true);
  cluster.runFor(5000);
  equal(done, 1);
  equal(cluster.node(0).life.serf.coordinateOf("n2"), undefined);
  for (const node of cluster.running) {
    equal(node.countEvents("member-reap", "n2"), 1);
    equal(node.logger.count(/\[INFO\] serf: EventMemberReap \(forced\): n2 10\.0\.0\.3$/), 1);
  }
  // And it is not brought back by anybody's push/pull.
  cluster.runFor(5 * MINUTE);
  deepEqual(cluster.node(0).life.view, { n0: "alive", n1: "alive" });
  deepEqual(cluster.node(1).life.view, { n0: "alive", n1: "alive" });
});

Deno.test("D.3: a pruned node that is started again is an alive member for all", () => {
  const cluster = formedCluster(3);
  cluster.node(2).crash();
  untilAllSee(cluster, "n2", "failed", 15_000);
  cluster.node(0).life.serf.forceLeave("n2", true, () => {});
  cluster.runFor(5000);
  cluster.node(2).start();
  cluster.join(cluster.node(2), cluster.node(0));
  equal(untilAllSee(cluster, "n2", "alive", 15_000), true);
});

Deno.test("D.3: force-leave of a live node is refuted: it is leaving for a moment, then alive again for all", () => {
  const cluster = formedCluster(3);
  const seen = new Set<string>();
  cluster.node(0).life.serf.forceLeave("n2", false, () => {});
  seen.add(cluster.node(0).life.view["n2"]!);
  equal(untilAllSee(cluster, "n2", "alive", 5000), true);
  cluster.runFor(10_000);
  deepEqual([...seen], ["leaving"]);
  for (const node of cluster.nodes) {
    equal(node.life.view["n2"], "alive");
    equal(node.countEvents("member-leave"), 0);
  }
  equal(cluster.node(2).logger.count(/\[DEBUG\] serf: Refuting an older leave intent/) >= 1, true);
  cluster.node(2).crash();
  equal(untilAllSee(cluster, "n2", "failed", 15_000), true);
});

Deno.test("D.3: of two nodes, a live one that is made to leave hears of it and objects", () => {
  const cluster = formedCluster(2);
  cluster.node(0).life.serf.forceLeave("n1", false, () => {});
  equal(cluster.node(0).life.view["n1"], "leaving");
  equal(untilAllSee(cluster, "n1", "alive", 5000), true);
});

Deno.test("D.3: a live node that missed its forced leave hears of it in a push/pull, and objects", () => {
  const cluster = formedCluster(3);
  const { faults } = cluster.world;
  faults.setEverywhere({ lossRatio: 1 });
  cluster.node(0).life.serf.forceLeave("n1", false, () => {});
  // Short enough that nobody is taken for dead.
  cluster.runFor(3000);
  faults.setEverywhere({ lossRatio: 0 });
  equal(cluster.node(0).life.view["n1"], "leaving");
  equal(untilAllSee(cluster, "n1", "alive", 3 * MINUTE), true);
  cluster.runFor(5 * MINUTE);
  for (const { life } of cluster.nodes) equal(life.view["n1"], "alive");
});

Deno.test("D.3: force-leave of oneself changes nothing", () => {
  const cluster = formedCluster(2);
  let done = 0;
  cluster.node(0).life.serf.forceLeave("n0", false, () => done++);
  equal(done, 1);
  cluster.runFor(5000);
  for (const { life } of cluster.nodes) equal(life.view["n0"], "alive");
});

Deno.test("surface 10: force-leave with prune of a live node holds nobody up", () => {
  const cluster = formedCluster(2);
  let outcome: string | undefined;
  const startMs = cluster.world.clock.nowMs();
  cluster.node(0).life.serf.forceLeave("n1", true, (error) => outcome = error?.message ?? "sent");
  deepEqual(cluster.node(0).life.view, { n0: "alive" });
  cluster.runUntil(() => outcome !== undefined, 10_000);
  equal(outcome, "sent");
  equal(cluster.world.clock.nowMs() - startMs < 3000, true);
});

Deno.test("surface 1.11: force-leave of an unknown node succeeds; alone it does not even wait", () => {
  const cluster = formedCluster(2);
  const outcomes: (Error | undefined)[] = [];
  cluster.node(0).life.serf.forceLeave("nobody", false, (error) => outcomes.push(error));
  cluster.runFor(5000);
  deepEqual(outcomes, [undefined]);
  const alone = serfCluster(1);
  alone.startAll();
  let done = 0;
  alone.node(0).life.serf.forceLeave("nobody", true, () => done++);
  equal(done, 1);
});

Deno.test("surface 1.11: force-leave says so when it could not be sent in time", () => {
  // The limit is so low that not even one round of gossip fits.
  const cluster = formedCluster(2, () => ({ options: { broadcastTimeoutMs: 1 } }));
  let message: string | undefined;
  cluster.node(0).life.serf.forceLeave("nobody", false, (error) => message = error?.message);
  cluster.runFor(1000);
  equal(message, "timed out broadcasting node removal");
});

Deno.test("surface 1.13: new tags reach everybody with one update event each, the own node included", () => {
  const cluster = formedCluster(3);
  const outcomes: (Error | undefined)[] = [];
  const { serf } = cluster.node(1).life;
  serf.setTags(new Map([["role", "web"], ["dc", "east"]]), (error) => outcomes.push(error));
  deepEqual(tags(serf, "n1"), { dc: "east", role: "web" });
  cluster.runFor(5000);
  deepEqual(outcomes, [undefined]);
  for (const node of cluster.nodes) {
    deepEqual(tags(node.life.serf, "n1"), { dc: "east", role: "web" });
    equal(node.countEvents("member-update", "n1"), 1);
    equal(node.countEvents("member-update"), 1);
    equal(node.logger.count(/\[INFO\] serf: EventMemberUpdate: n1$/), 1);
  }
});

Deno.test("surface 6.2: tags of more than 512 bytes are refused, and nothing changes", () => {
  const cluster = serfCluster(1);
  cluster.startAll();
  const { serf } = cluster.node(0).life;
  // ff, map header, "k" (2 bytes), raw16 header (3): 7 bytes beside the value.
  throws(() => serf.setTags(new Map([["k", "x".repeat(506)]]), () => {}), {
    name: "SizeLimitError",
    message: "Encoded length of tags exceeds limit of 512 bytes",
  });
  deepEqual(tags(serf, "n0"), {});
  serf.setTags(new Map([["k", "x".repeat(505)]]), () => {});
  equal(serf.member("n0")!.tags.get("k")!.length, 505);
});

Deno.test("surface 1.13: tags that could not be sent in time are told of, and are in force all the same", () => {
  const cluster = formedCluster(2, () => ({ options: { broadcastTimeoutMs: 1 } }));
  let message: string | undefined;
  cluster.node(0).life.serf.setTags(new Map([["a", "b"]]), (error) => message = error?.message);
  cluster.runFor(5000);
  equal(message, "timeout waiting for update broadcast");
  deepEqual(tags(cluster.node(1).life.serf, "n0"), { a: "b" });
});

Deno.test("D.9: tags are announced in the order of their keys: a restart with the same tags looks the same", () => {
  const cluster = formedCluster(2, (node) => ({
    options: { tags: new Map(node.lives === 1 ? [["a", "1"], ["b", "2"]] : [["b", "2"], ["a", "1"]]) },
  }));
  const meta = cluster.node(1).memberlist.local.meta.slice();
  cluster.node(1).crash();
  cluster.node(1).start();
  deepEqual(cluster.node(1).memberlist.local.meta, meta);
});

Deno.test("D.9: a node of Serf protocol 2 shows its role only, and understands the others", () => {
  const cluster = formedCluster(2, (node) => ({
    options: { tags: new Map([["role", "db"], ["dc", "east"]]) },
    memberlist: node.name === "n0" ? { delegateProtocol: 2 } : {},
  }));
  deepEqual(tags(cluster.node(1).life.serf, "n0"), { role: "db" });
  deepEqual(tags(cluster.node(0).life.serf, "n1"), { dc: "east", role: "db" });
  equal(cluster.node(1).life.serf.member("n0")!.versions.dCur, 2);
});

Deno.test("D.11: after a partition longer than memberlist's memory, the reconnector brings both sides together", () => {
  const cluster = formedCluster(4);
  cluster.partition([[0, 1], [2, 3]]);
  cluster.runFor(10 * MINUTE);
  deepEqual(cluster.node(0).life.view, { n0: "alive", n1: "alive", n2: "failed", n3: "failed" });
  equal(cluster.node(0).memberlist.node("n2"), undefined);
  cluster.world.faults.heal();
  equal(cluster.runUntil(() => cluster.converged(), 3 * MINUTE, 100), true, cluster.describe());
  const all = { n0: "alive", n1: "alive", n2: "alive", n3: "alive" };
  for (const { life } of cluster.nodes) deepEqual(life.view, all);
  equal(
    cluster.nodes.some((node) =>
      node.logger.count(/\[INFO\] serf: attempting reconnect to n\d 10\.0\.0\.\d:7946$/) > 0
    ),
    true,
  );
});

Deno.test("D.11: failed members are reaped after a day, with their coordinates; nothing wakes up for it before", () => {
  const cluster = formedCluster(2);
  cluster.runFor(5000);
  cluster.node(1).crash();
  untilAllSee(cluster, "n1", "failed", 15_000);
  const { serf } = cluster.node(0).life;
  // The reconnector would tick for a day of virtual time: that is 2,880 attempts, cheap enough.
  cluster.runFor(23 * HOUR);
  deepEqual(cluster.node(0).life.view, { n0: "alive", n1: "failed" });
  cluster.runFor(HOUR + 20_000);
  deepEqual(cluster.node(0).life.view, { n0: "alive" });
  equal(cluster.node(0).countEvents("member-reap", "n1"), 1);
  equal(serf.coordinateOf("n1"), undefined);
});

Deno.test("Serf.shutdown() tells everybody who waits, disarms everything, and may be called again", () => {
  const cluster = formedCluster(3);
  const node = cluster.node(0);
  const { serf } = node.life;
  const outcomes: string[] = [];
  serf.join([cluster.node(1).address, cluster.node(2).address], false, (result) => {
    outcomes.push(`join ${result.contacted} ${result.failures.length}`);
  });
  serf.setTags(new Map([["a", "b"]]), (error) => outcomes.push(`tags ${error?.message}`));
  serf.forceLeave("nobody", false, (error) => outcomes.push(`force ${error?.message}`));
  cluster.checker!.expectLeave(node);
  serf.leave((error) => outcomes.push(`leave ${error?.message}`));
  serf.shutdown();
  serf.shutdown();
  equal(serf.state, "shutdown");
  deepEqual(outcomes.sort(), [
    "force timed out broadcasting node removal",
    "join 0 2",
    "leave Leave interrupted by Shutdown",
    "tags Serf was shut down",
  ]);
  // Two are left: the transport's own deadlines of the two exchanges.
  equal(node.process.armedCount, 2);
  equal(node.logger.count(/\[WARN\] serf: Shutdown without a Leave$/), 1);
  cluster.runFor(10_000);
  equal(outcomes.length, 4);
});

Deno.test("Serf: idle, a node of a quiet cluster wakes up for memberlist's probes and exchanges only", () => {
  const cluster = formedCluster(2);
  cluster.runFor(MINUTE);
  // Prober and push/pull: nothing of Serf's own is armed, and nothing is queued.
  equal(cluster.node(0).process.armedCount <= 3, true, `${cluster.node(0).process.armedCount} timers`);
});

Deno.test("D.12: after a while every node has a coordinate of every other, and of itself", () => {
  const cluster = formedCluster(3);
  cluster.runFor(MINUTE);
  for (const { life } of cluster.nodes) {
    for (const { name } of cluster.nodes) equal(life.serf.coordinateOf(name)?.vec.length, 8);
    equal(life.serf.coordinateOf("nobody"), undefined);
  }
});

Deno.test("Serf: the same seed gives the same trace, event for event", () => {
  const run = (seed: number) => {
    const cluster = formedCluster(4, () => ({}), seed);
    cluster.node(3).crash();
    cluster.runFor(20_000);
    cluster.node(0).life.serf.forceLeave("n3", true, () => {});
    cluster.runFor(20_000);
    return cluster.digest();
  };
  equal(run(5), run(5));
  equal(run(5) === run(6), false);
});
