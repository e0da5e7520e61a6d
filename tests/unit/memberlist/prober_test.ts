/** The failure detector: C.10, SWIM section 4.1 and 4.3, Lifeguard IV-A. */
import { deepEqual, equal, ok } from "../../support/assert.ts";
import { TransportError } from "../../../lib/base/errors.ts";
import { MessageType } from "../../../lib/memberlist/messages.ts";
import { type NodeState, NodeStatus } from "../../../lib/memberlist/node_state.ts";
import { memberlistCluster } from "../../../lib/sim/sim_cluster.ts";
import { ack, alive, dead, type Message, nack, suspect, World, type WorldOptions } from "./fakes.ts";

/** A world that knows "other" and `helpers` more nodes, with nothing left to gossip. */
function probing(helpers = 0, chosen: WorldOptions = {}): { world: World; other: NodeState } {
  const world = new World({ ...chosen, options: { gossipIntervalMs: 1, ...chosen.options } });
  const other = world.addNode("other", 2);
  for (let i = 0; i < helpers; i++) world.addNode(`h${i}`, 10 + i);
  world.runFor(0.5);
  for (let i = 0; i < 40; i++) world.clock.runFor(0.1);
  return { world, other };
}

/** Runs until a ping to `to` goes out. */
function untilPing(world: World, to = "127.0.0.2:7946"): Message {
  let found: Message | undefined;
  world.transport.take();
  world.clock.runUntil(() => {
    for (const message of world.takeMessages()) {
      if (message.ping === undefined) continue;
      if (message.to === to) return (found = message) !== undefined;
      // The others are well.
      world.receive(ack(message.ping.seqNo));
    }
    return false;
  }, 60_000);
  ok(found !== undefined, `no ping to ${to}`);
  return found;
}

Deno.test("Prober: a ping says whom it is for and where the answer goes (C.10.1)", () => {
  const { world } = probing();
  const { ping } = untilPing(world);
  equal(ping!.node, "other");
  equal(ping!.sourceNode, "me");
  deepEqual([...ping!.sourceAddr], [127, 0, 0, 1]);
  equal(ping!.sourcePort, 7946);
});

Deno.test("Prober: the first tick comes within the first interval, the others an interval apart (C.10, F.2.24)", () => {
  const { world } = probing();
  untilPing(world);
  const firstMs = world.clock.nowMs();
  ok(firstMs < 1000, `${firstMs}`);
  world.receive(ack(1));
  untilPing(world);
  equal(world.clock.nowMs() - firstMs, 1000);
});

Deno.test("Prober: nodes do not all tick at the same moment", () => {
  const first = [1, 2, 3].map((seed) => {
    const { world } = probing(0, { seed });
    untilPing(world);
    return world.clock.nowMs();
  });
  equal(new Set(first).size, 3);
});

Deno.test("Prober: an ack in time goes to the layer above with time and payload, and lowers the score (C.10.3)", () => {
  const { world } = probing();
  world.receive(suspect("me", 1, "x"));
  equal(world.memberlist.healthScore, 1);
  const { ping } = untilPing(world);
  world.runFor(20);
  world.receive(ack(ping!.seqNo, Uint8Array.of(1, 2)));
  equal(world.memberlist.healthScore, 0);
  equal(world.delegate.pings.length, 1);
  const { name, rttMs, payload } = world.delegate.pings[0]!;
  equal(name, "other");
  equal(Math.round(rttMs), 20);
  deepEqual([...payload], [1, 2]);
});

Deno.test("Prober: only the first ack counts, and acks of unknown numbers do nothing (C.10)", () => {
  const { world } = probing();
  const { ping } = untilPing(world);
  world.receive(ack(ping!.seqNo + 1));
  equal(world.delegate.pings.length, 0);
  world.receive(ack(ping!.seqNo));
  world.receive(ack(ping!.seqNo));
  equal(world.delegate.pings.length, 1);
});

Deno.test("Prober: without an ack, helpers are asked with the same number, and TCP is tried (C.10.4)", () => {
  const { world } = probing(5, { options: { promptProbes: false } });
  const { ping } = untilPing(world);
  world.transport.take();
  world.runFor(499);
  equal(world.takeMessages().length, 0);
  world.runFor(1);
  const asked = world.takeMessages();
  equal(asked.length, 3);
  equal(new Set(asked.map(({ to }) => to)).size, 3);
  for (const { to, indirectPing } of asked) {
    ok(to !== "127.0.0.2:7946");
    equal(indirectPing!.seqNo, ping!.seqNo);
    equal(indirectPing!.node, "other");
    equal(indirectPing!.nack, true);
    equal(indirectPing!.port, 7946);
    deepEqual([...indirectPing!.target], [127, 0, 0, 2]);
    equal(indirectPing!.sourceNode, "me");
    deepEqual([...indirectPing!.sourceAddr], [127, 0, 0, 1]);
    equal(indirectPing!.sourcePort, 7946);
  }
  equal(world.transport.exchanges.length, 1);
  equal(world.transport.exchanges[0]!.to, "127.0.0.2:7946");
  equal(Math.round(world.transport.exchanges[0]!.timeoutMs), 500);
  equal(world.transport.exchanges[0]!.request[0], MessageType.ping);
  ok(world.logger.lines.includes("DEBUG memberlist: Failed UDP ping: other (timeout reached)"));
});

Deno.test("Prober: helpers are alive, neither we nor the target", () => {
  const { world } = probing(3);
  world.receive(suspect("h0", 1, "x"));
  world.receive(dead("h1", 1, "x"));
  untilPing(world);
  world.transport.take();
  world.runFor(500);
  deepEqual(
    world.takeMessages().filter((message) => message.indirectPing !== undefined).map(({ to }) => to),
    ["127.0.0.12:7946"],
  );
});

Deno.test("Prober: helpers of memberlist below 4 are not asked for nacks, targets below 3 not pinged over TCP", () => {
  const { world } = probing();
  world.receive(
    alive({ node: "h", addr: Uint8Array.of(127, 0, 0, 9), vsn: Uint8Array.of(1, 3, 2, 2, 5, 5) }),
  );
  world.receive(alive({ incarnation: 2, vsn: Uint8Array.of(1, 2, 2, 2, 5, 5) }));
  world.runFor(5);
  untilPing(world);
  world.transport.take();
  world.runFor(500);
  equal(world.takeMessages().find(({ indirectPing }) => indirectPing)!.indirectPing!.nack, false);
  equal(world.transport.exchanges.length, 0);
});

Deno.test("Prober: TCP pings can be turned off", () => {
  const { world } = probing(0, { options: { tcpPings: false } });
  untilPing(world);
  world.runFor(600);
  equal(world.transport.exchanges.length, 0);
});

Deno.test("Prober: a forwarded or late ack saves the target, but tells nothing about the way to it (C.10.4)", () => {
  const { world, other } = probing(3);
  const { ping } = untilPing(world);
  world.runFor(700);
  world.receive(ack(ping!.seqNo, Uint8Array.of(1)));
  equal(world.delegate.pings.some(({ name }) => name === "other"), false);
  world.runFor(5);
  equal(other.status, NodeStatus.alive);
  equal(world.memberlist.counters.probesFailed, 0);
});

Deno.test("Prober: TCP success counts at the deadline, with a warning and a better score (C.10.4)", () => {
  const { world, other } = probing();
  world.receive(suspect("me", 1, "x"));
  const { ping } = untilPing(world);
  world.runFor(600);
  world.transport.exchanges[0]!.sink.onReply(ack(ping!.seqNo));
  equal(world.memberlist.healthScore, 1, "a UDP ack may still come");
  world.runFor(1401);
  equal(other.status, NodeStatus.alive);
  equal(world.memberlist.healthScore, 0);
  deepEqual(world.logger.matching("Was able"), [
    "WARN memberlist: Was able to connect to other over TCP but UDP probes failed, network may be misconfigured",
  ]);
});

Deno.test("Prober: a TCP answer with another number, another message, garbage, or none is a failure", () => {
  for (const reply of [ack(4711), nack(1), Uint8Array.of(2, 0xc1), null]) {
    const { world, other } = probing();
    untilPing(world);
    world.runFor(600);
    world.transport.exchanges[0]!.sink.onReply(reply);
    world.runFor(500);
    equal(other.status, NodeStatus.suspect);
    equal(world.logger.matching("ERR memberlist: Failed fallback TCP ping: ").length, 1);
  }
});

Deno.test("Prober: silence until the deadline makes the target suspect, by us, at the incarnation probed (C.10.5)", () => {
  const { world, other } = probing(0, { options: { promptProbes: false } });
  untilPing(world);
  world.runFor(600);
  world.transport.exchanges[0]!.sink.onError(new TransportError("refused", "dial tcp: connection refused"));
  world.runFor(399);
  equal(other.status, NodeStatus.alive);
  world.transport.take();
  world.runFor(2);
  equal(other.status, NodeStatus.suspect);
  ok(world.logger.lines.includes("INFO memberlist: Suspect other has failed, no acks received"));
  ok(world.logger.lines.includes("ERR memberlist: Failed fallback TCP ping: dial tcp: connection refused"));
  world.runFor(5);
  const news = world.takeMessages().find((message) => message.suspect !== undefined)!;
  deepEqual(news.suspect, { incarnation: 1, node: "other", from: "me" });
  equal(world.memberlist.counters.probesFailed, 1);
});

Deno.test("Prober: a target that was reborn during the probe is not suspected", () => {
  const { world, other } = probing();
  untilPing(world);
  world.receive(alive({ incarnation: 2 }));
  world.runFor(1001);
  equal(world.memberlist.counters.probesFailed, 1);
  equal(other.status, NodeStatus.alive);
});

Deno.test("Prober: a name that was taken over during the probe, from elsewhere, is not suspected", () => {
  const { world, other } = probing();
  world.receive(alive({ incarnation: 5 }));
  untilPing(world);
  world.receive(dead("other", 5, "other"));
  world.receive(alive({ incarnation: 1, addr: Uint8Array.of(127, 0, 0, 3) }));
  world.runFor(1001);
  equal(world.memberlist.counters.probesFailed, 1);
  equal(other.status, NodeStatus.alive);
  equal(other.incarnation, 1);
});

Deno.test("Prober: without helpers a failure raises the score by 1 (C.10.5)", () => {
  const { world } = probing();
  untilPing(world);
  world.runFor(1001);
  equal(world.memberlist.healthScore, 1);
});

Deno.test("Prober: with helpers it is the missing nacks that raise the score (C.10.5, Lifeguard IV-A)", () => {
  for (const [nacks, score] of [[3, 0], [2, 1], [0, 3]] as const) {
    const { world } = probing(3);
    const { ping } = untilPing(world);
    world.runFor(600);
    for (let i = 0; i < nacks; i++) world.receive(nack(ping!.seqNo));
    world.runFor(401);
    equal(world.memberlist.counters.probesFailed, 1);
    equal(world.memberlist.healthScore, score, `${nacks} nacks`);
  }
});

Deno.test("Prober: the score stretches the deadline, not the first wait: at 2 it is three intervals (C.10.1, F.2.23)", () => {
  const { world, other } = probing();
  world.receive(suspect("me", 1, "x"));
  world.receive(suspect("me", 2, "x"));
  equal(world.memberlist.healthScore, 2);
  untilPing(world);
  world.runFor(499);
  equal(world.transport.exchanges.length, 0);
  world.runFor(1);
  equal(world.transport.exchanges.length, 1, "helpers and TCP come after the plain timeout");
  equal(Math.round(world.transport.exchanges[0]!.timeoutMs), 2500);
  world.runFor(2499);
  equal(other.status, NodeStatus.alive);
  world.runFor(2);
  equal(other.status, NodeStatus.suspect);
});

Deno.test("Prober: a suspect node is pinged together with the suspicion, with CRC and without gossip (C.10.2)", () => {
  const { world } = probing();
  world.receive(suspect("other", 4, "x"));
  world.runFor(20);
  world.delegate.queue.push(Uint8Array.of(8, 1, 2, 3));
  world.transport.take();
  let probe: Uint8Array | undefined;
  world.clock.runUntil(() => {
    probe = world.transport.take().find(({ bytes }) => bytes.includes(7) && bytes[0] === MessageType.crc)
      ?.bytes;
    return probe !== undefined;
  }, 5000);
  world.transport.packets.push({ to: "127.0.0.2:7946", bytes: probe! });
  const messages = world.takeMessages();
  equal(messages.length, 2);
  equal(messages[0]!.ping!.node, "other");
  deepEqual(messages[1]!.suspect, { incarnation: 4, node: "other", from: "me" });
});

Deno.test("Prober: a ping that cannot be sent goes straight to the helpers (0.10.1)", () => {
  const { world } = probing(1);
  untilPing(world);
  world.transport.isRefusing = true;
  world.receive(ack(world.memberlist.counters.probes));
  const before = world.transport.exchanges.length;
  world.runFor(1000);
  equal(world.transport.exchanges.length, before + 1);
  ok(world.transport.exchanges.at(-1)!.timeoutMs > 999);
});

Deno.test("Prober: one probe at a time; a tick that was missed is made up for at once (C.10)", () => {
  const { world } = probing(0);
  untilPing(world);
  const begunMs = world.clock.nowMs();
  world.memberlist.onPacket(world.memberlist.local.address, suspect("me", 1, "x"));
  world.runFor(1001);
  equal(world.memberlist.counters.probes, 2, "the next one begins when the first is over");
  equal(Math.round(world.clock.nowMs() - begunMs), 1001);
});

Deno.test("Prober: every living node is probed once per round, and the dead are not (C.10, SWIM 4.3)", () => {
  const world = new World({ isAnswering: true });
  for (let i = 2; i < 10; i++) world.addNode(`n${i}`, i);
  world.receive(suspect("n9", 1, "x"));
  world.receive(dead("n9", 1, "x"));
  world.runFor(12_000);
  world.transport.take();
  const probed: string[] = [];
  world.clock.runUntil(
    () => {
      for (const { ping } of world.takeMessages()) if (ping !== undefined) probed.push(ping.node);
      return probed.length >= 70;
    },
    80_000,
    1,
  );
  const times = new Map<string, number>();
  for (const name of probed.slice(0, 70)) times.set(name, (times.get(name) ?? 0) + 1);
  equal(times.has("n9"), false);
  equal(times.has("me"), false);
  equal(times.size, 7);
  for (const [name, count] of times) ok(Math.abs(count - 10) <= 1, `${name}: ${count}`);
});

Deno.test("Prober: a cluster of two is probed at every tick", () => {
  const world = new World({ isAnswering: true });
  world.addNode("other", 2);
  world.runFor(20_000);
  ok(world.memberlist.counters.probes >= 19, `${world.memberlist.counters.probes}`);
});

Deno.test("Prober: the dead and the left are forgotten after gossipToTheDead, at the end of a round (F.1: no leak)", () => {
  const world = new World({ isAnswering: true });
  world.addNode("stays", 2);
  world.addNode("dies", 3);
  world.addNode("leaves", 4);
  world.receive(suspect("dies", 1, "x"));
  world.receive(dead("dies", 1, "x"));
  world.receive(dead("leaves", 1, "leaves"));
  world.delegate.take();
  world.runFor(29_000);
  equal(world.memberlist.nodeCount, 4);
  world.runFor(4_000);
  deepEqual(world.memberlist.nodes.map(({ name }) => name).sort(), ["me", "stays"]);
  deepEqual(world.delegate.take(), [], "the layer above keeps its own memory");
});

Deno.test("Prober: we ourselves are never forgotten, even when we have left", () => {
  const world = new World({ isAnswering: true });
  world.addNode("other", 2);
  world.memberlist.leave(1000, () => {});
  world.runFor(60_000);
  equal(world.memberlist.node("me"), world.memberlist.local);
});

Deno.test("Prober: stop() ends the probe under way and all later ones", () => {
  const { world, other } = probing();
  untilPing(world);
  world.memberlist.stop();
  equal(world.clock.armedCount, 0);
  world.runFor(10_000);
  equal(other.status, NodeStatus.alive);
  equal(world.memberlist.counters.probes, 1);
});

Deno.test("Prober: a process that stood still does not make up for the ticks it missed", () => {
  const cluster = memberlistCluster({ seed: 5, size: 2, checked: false });
  cluster.form();
  cluster.runFor(5_000);
  const { counters } = cluster.node(0).memberlist;
  const before = counters.probes;
  cluster.node(0).process.blockFor(20_000);
  cluster.runFor(20_900);
  ok(counters.probes - before <= 3, `${counters.probes - before}`);
  cluster.runFor(10_000);
  ok(counters.probes - before >= 10, `${counters.probes - before}`);
});

Deno.test("Prober: an ack that lay there while we stood still clears the target, and tells that we are slow", () => {
  const cluster = memberlistCluster({ seed: 6, size: 2, checked: false });
  cluster.form();
  const node = cluster.node(0);
  const { counters } = node.memberlist;
  const before = counters.probes;
  ok(cluster.world.clock.runUntil(() => counters.probes > before, 5_000));
  node.process.blockFor(3_000);
  cluster.runFor(3_001);
  equal(counters.probesFailed, 0);
  ok(node.memberlist.healthScore > 0, `${node.memberlist.healthScore}`);
  cluster.runFor(10_000);
  equal(node.memberlist.healthScore, 0);
});

Deno.test("Prober: among three simulated nodes a crash is noticed within probe round, deadline and suspicion", () => {
  const cluster = memberlistCluster({ seed: 11, size: 3 });
  cluster.form();
  cluster.runFor(10_000);
  const crashMs = cluster.world.clock.nowMs();
  cluster.node(1).crash();
  ok(cluster.runUntil(() => cluster.allSee(cluster.node(1), "dead"), 20_000));
  const tookMs = cluster.world.clock.nowMs() - crashMs;
  ok(tookMs >= 4_000 && tookMs < 8_000, `${tookMs}`);
});
