/** Gossip: C.11. */
import { deepEqual, equal, ok } from "../../support/assert.ts";
import { alive, dead, messagesOf, suspect, World } from "./fakes.ts";

/** No probes: what is sent is gossip. */
const GOSSIP_ONLY = { options: { probeIntervalMs: 1e9, pushPullIntervalMs: 0 } };

Deno.test("Gossiper: while nothing waits, no timer is armed: idle costs nothing", () => {
  const world = new World(GOSSIP_ONLY);
  world.addNode("other", 2);
  world.runFor(10_000);
  equal(world.memberlist.counters.gossips > 0, true);
  const armed = world.clock.armedCount;
  const sent = world.memberlist.counters.packetsSent;
  world.runFor(3_600_000);
  equal(world.memberlist.counters.packetsSent, sent);
  equal(world.clock.armedCount, armed);
  equal(armed, 1, "the probe's tick, which is far away");
});

Deno.test("Gossiper: alone in the world it rests too, and tells the first who comes", () => {
  const world = new World(GOSSIP_ONLY);
  world.runFor(10_000);
  equal(world.memberlist.counters.packetsSent, 0);
  equal(world.clock.armedCount, 1);
  world.addNode("other", 2);
  world.runFor(200);
  const names = world.takeMessages().map(({ alive }) => alive!.node).sort();
  deepEqual(names, ["me", "other"]);
});

Deno.test("Gossiper: ticks are an interval apart, at a phase of the node's own (C.11, F.2.24)", () => {
  const phases = [1, 2, 3].map((seed) => {
    const world = new World({ options: { ...GOSSIP_ONLY.options, eagerGossip: false }, seed });
    world.addNode("other", 2);
    const times: number[] = [];
    world.transport.onSent = () => times.push(world.clock.nowMs());
    world.runFor(1000);
    for (let i = 1; i < times.length; i++) equal(Math.round(times[i]! - times[i - 1]!), 200);
    // Later news are told in the same rhythm.
    world.runFor(1234);
    world.receive(alive({ incarnation: 2 }));
    world.runFor(200);
    const offset = (times.at(-1)! - times[0]!) % 200;
    ok(Math.min(offset, 200 - offset) < 1e-6, `${offset}`);
    return times[0]!;
  });
  for (const phase of phases) ok(phase > 0 && phase <= 200, `${phase}`);
  equal(new Set(phases).size, 3);
});

/** A node with `others` others, after a rest; and when it sends what from now on. */
function rested(others: number, options = {}) {
  const world = new World({ options: { ...GOSSIP_ONLY.options, ...options } });
  for (let i = 2; i < others + 2; i++) world.addNode(`n${i}`, i);
  world.runFor(60_000);
  world.transport.take();
  const startMs = world.clock.nowMs();
  const sentMs: number[] = [];
  world.transport.onSent = () => sentMs.push(world.clock.nowMs() - startMs);
  return { world, sentMs };
}

Deno.test("Gossiper: after a rest news goes to gossipNodes others at once, then with the ticks, no more often", () => {
  const { world, sentMs } = rested(29);
  world.receive(alive({ node: "n2", addr: Uint8Array.of(127, 0, 0, 2), incarnation: 2 }));
  equal(sentMs.length, 0, "not from within the packet: more may follow in the same breath");
  world.runFor(5000);
  equal(sentMs.length, 8);
  deepEqual(sentMs.slice(0, 3), [0, 0, 0]);
  ok(sentMs[3]! >= 100 && sentMs[3]! <= 300, `${sentMs}`);
  equal(sentMs[3], sentMs[5]);
  equal(Math.round(sentMs[6]! - sentMs[3]!), 200);
});

Deno.test("Gossiper: where messages are sent often half of the rounds are early", () => {
  const { world, sentMs } = rested(200, { retransmitMult: 6 });
  world.receive(alive({ node: "n2", addr: Uint8Array.of(127, 0, 0, 2), incarnation: 2 }));
  world.runFor(5000);
  equal(sentMs.length, 18);
  equal(sentMs.filter((ms) => ms === 0).length, 3);
  equal(sentMs.filter((ms) => ms > 0 && ms < 100).length, 6);
});

Deno.test("Gossiper: what is queued in one breath leaves in one packet, early too", () => {
  const { world } = rested(1);
  for (let i = 0; i < 20; i++) {
    world.delegate.queue.push(Uint8Array.of(8, i));
    world.memberlist.onBroadcastQueued();
  }
  world.runFor(1);
  const packets = world.transport.take();
  equal(packets.length, 1);
  equal(messagesOf(packets[0]!.bytes).length, 20);
});

Deno.test("Gossiper: a round reaches gossipNodes different nodes (C.11)", () => {
  const world = new World(GOSSIP_ONLY);
  for (let i = 2; i < 12; i++) world.addNode(`n${i}`, i);
  world.runFor(200);
  const targets = world.transport.take().map(({ to }) => to);
  equal(targets.length, 3);
  equal(new Set(targets).size, 3);
});

Deno.test("Gossiper: each message goes into as many packets as the transmit limit says (C.12)", () => {
  const world = new World(GOSSIP_ONLY);
  world.addNode("other", 2);
  world.runFor(5000);
  const own = world.takeMessages().filter(({ alive }) => alive?.node === "me");
  equal(own.length, 4);
});

Deno.test("Gossiper: suspects and the newly dead are told, those who left and the long dead are not (C.11)", () => {
  const world = new World({ options: { ...GOSSIP_ONLY.options, gossipNodes: 10 } });
  world.addNode("alive", 2);
  world.addNode("suspect", 3);
  world.addNode("dead", 4);
  world.addNode("left", 5);
  world.receive(suspect("suspect", 1, "x"));
  world.receive(suspect("dead", 1, "x"));
  world.receive(dead("dead", 1, "x"));
  world.receive(dead("left", 1, "left"));
  const told = () => {
    world.transport.take();
    world.runFor(200);
    return new Set(world.transport.take().map(({ to }) => to.split(".")[3]!.split(":")[0]));
  };
  deepEqual([...told()].sort(), ["2", "3", "4"]);
  world.runFor(31_000);
  world.receive(alive({ node: "alive", addr: Uint8Array.of(127, 0, 0, 2), incarnation: 2 }));
  deepEqual([...told()].sort(), ["2", "3"]);
});

Deno.test("Gossiper: what the layer above has is sent after our own news, and wakes it", () => {
  const world = new World(GOSSIP_ONLY);
  world.addNode("other", 2);
  world.runFor(10_000);
  world.transport.take();
  world.delegate.queue.push(Uint8Array.of(8, 42));
  world.memberlist.onBroadcastQueued();
  world.runFor(200);
  deepEqual(world.takeMessages().map(({ user }) => user), [Uint8Array.of(42)]);
  world.delegate.queue.push(Uint8Array.of(8, 43));
  world.memberlist.onBroadcastQueued();
  world.receive(alive({ incarnation: 2 }));
  world.runFor(200);
  deepEqual(world.takeMessages().map(({ type }) => type), [4, 8]);
});

Deno.test("Gossiper: one message goes bare, several in a compound, to such as know it with CRC (C.11, A.5)", () => {
  const world = new World(GOSSIP_ONLY);
  world.addNode("other", 2);
  world.runFor(200);
  const [first] = world.transport.take();
  equal(first!.bytes[0], 12);
  equal(first!.bytes[5], 7);
  equal(messagesOf(first!.bytes).length, 2);
  world.runFor(5000);
  world.transport.take();
  world.receive(alive({ incarnation: 2 }));
  world.runFor(200);
  equal(world.transport.take()[0]!.bytes[5], 4);
  world.receive(alive({ incarnation: 3, vsn: Uint8Array.of(1, 4, 2, 2, 5, 5) }));
  world.runFor(200);
  equal(world.transport.take()[0]!.bytes[0], 4, "memberlist 4 does not know the CRC");
});

Deno.test("Gossiper: a message that fits into no packet does not keep the timer running (F.2.20)", () => {
  const world = new World(GOSSIP_ONLY);
  world.addNode("other", 2);
  world.runFor(10_000);
  world.transport.take();
  const giant = new Uint8Array(5000).fill(7);
  giant[0] = 8;
  world.delegate.queue.push(giant);
  world.memberlist.onBroadcastQueued();
  world.runFor(10_000);
  deepEqual(world.transport.take(), []);
  equal(world.clock.armedCount, 1);
});

Deno.test("Gossiper: stop() ends it, and later news do not wake it", () => {
  const world = new World(GOSSIP_ONLY);
  world.addNode("other", 2);
  world.memberlist.stop();
  world.memberlist.onBroadcastQueued();
  world.runFor(10_000);
  deepEqual(world.transport.take(), []);
});
