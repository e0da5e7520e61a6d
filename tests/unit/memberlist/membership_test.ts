/** The rules of C.3 to C.8, each through the packets that it is about. */
import { deepEqual, equal, ok } from "../../support/assert.ts";
import { Address, toV4Mapped } from "../../../lib/base/address.ts";
import { LogLimiter } from "../../../lib/base/log_limiter.ts";
import { NO_METRICS } from "../../../lib/base/metrics.ts";
import { SeededRandom } from "../../../lib/base/seeded_random.ts";
import { AckRegistry } from "../../../lib/memberlist/ack_registry.ts";
import { Awareness } from "../../../lib/memberlist/awareness.ts";
import { BroadcastQueue } from "../../../lib/memberlist/broadcast_queue.ts";
import { createMemberlistCounters } from "../../../lib/memberlist/counters.ts";
import type { Engine } from "../../../lib/memberlist/engine.ts";
import { Keyring } from "../../../lib/memberlist/keyring.ts";
import { Membership } from "../../../lib/memberlist/membership.ts";
import { createAlive } from "../../../lib/memberlist/messages.ts";
import { NodeState, NodeStatus } from "../../../lib/memberlist/node_state.ts";
import { NodeTable } from "../../../lib/memberlist/node_table.ts";
import { resolveMemberlistOptions } from "../../../lib/memberlist/options.ts";
import { Listeners } from "../../../lib/memberlist/listeners.ts";
import { RoundTrips } from "../../../lib/memberlist/round_trips.ts";
import { SimClock } from "../../../lib/sim/sim_clock.ts";
import {
  alive,
  dead,
  FakeTransport,
  pushPull,
  RecordingDelegate,
  RecordingLogger,
  SERF_VSN,
  suspect,
  World,
} from "./fakes.ts";

const FROM = Address.fromHost("127.0.0.9", 7946);
const ME = { node: "me", addr: Uint8Array.of(127, 0, 0, 1), meta: Uint8Array.of(0xff, 0x80) };

/** The rules alone, around a table of one's own. */
function createMembership(table: NodeTable): { engine: Engine; membership: Membership } {
  const clock = new SimClock(), logger = new RecordingLogger();
  const engine: Engine = {
    clock,
    logger,
    random: new SeededRandom(1),
    transport: new FakeTransport(),
    options: resolveMemberlistOptions({ name: "me" }),
    delegate: new RecordingDelegate(),
    local: new NodeState("me", Address.fromHost("127.0.0.1", 7946), NodeStatus.dead, 0),
    bindPort: 7946,
    table,
    queue: new BroadcastQueue({ retransmitMult: 4, nodeCount: () => table.size, onQueued: () => {} }),
    awareness: new Awareness(8),
    acks: new AckRegistry(),
    roundTrips: new RoundTrips(),
    listeners: new Listeners(1000),
    counters: createMemberlistCounters(),
    metrics: NO_METRICS,
    strangers: new LogLimiter(clock, logger, 10, 1),
  };
  const membership = new Membership(engine);
  membership.announceSelf();
  return { engine, membership };
}

/** A push/pull as if somebody had opened it with us. */
function mergeState(world: World, nodes: Parameters<typeof pushPull>[0]): void {
  world.memberlist.onExchange(FROM, pushPull(nodes));
}

Deno.test("start: we enter ourselves as alive with incarnation 1 and gossip that (C.2)", () => {
  const world = new World({ isAnswering: true });
  const { local } = world.memberlist;
  equal(local.status, NodeStatus.alive);
  equal(local.incarnation, 1);
  deepEqual(world.delegate.take(), ["join me"]);
  world.addNode("other", 2);
  const [message] = world.gossipAbout("me");
  equal(message!.alive!.incarnation, 1);
  deepEqual([...message!.alive!.vsn], [1, 5, 2, 2, 5, 5]);
  deepEqual([...message!.alive!.meta], [0xff, 0x80]);
});

Deno.test("start: the last version byte is the configured Serf protocol", () => {
  const world = new World({ options: { delegateProtocol: 3 } });
  world.addNode("other", 2);
  deepEqual([...world.gossipAbout("me")[0]!.alive!.vsn], [1, 5, 2, 2, 5, 3]);
});

Deno.test("alive: an unknown node joins, and its message is passed on (C.3)", () => {
  const world = new World({ isAnswering: true });
  const node = world.addNode("other", 2, 7);
  equal(node.status, NodeStatus.alive);
  equal(node.incarnation, 7);
  equal(node.address.toString(), "127.0.0.2:7946");
  deepEqual(node.versions, { pMin: 1, pMax: 5, pCur: 2, dMin: 2, dMax: 5, dCur: 5 });
  deepEqual(world.delegate.take(), ["join me", "join other"]);
  equal(world.gossipAbout("other")[0]!.alive!.incarnation, 7);
});

Deno.test("alive: an unknown node of incarnation 0 is nobody", () => {
  const world = new World({ isAnswering: true });
  world.receive(alive({ incarnation: 0 }));
  equal(world.memberlist.node("other"), undefined);
});

Deno.test("alive: what is not newer is ignored, and not passed on (C.3.5)", () => {
  const world = new World({ isAnswering: true });
  const node = world.addNode("other", 2, 5);
  world.runFor(5000);
  world.delegate.take();
  for (const incarnation of [5, 4, 0]) world.receive(alive({ incarnation, meta: Uint8Array.of(9) }));
  equal(node.meta.length, 0);
  deepEqual(world.delegate.take(), []);
  deepEqual(world.gossipAbout("other"), []);
});

Deno.test("alive: newer metadata is an update, newer versions alone are no event (C.3.8)", () => {
  const world = new World({ isAnswering: true });
  const node = world.addNode("other", 2);
  world.delegate.take();
  world.receive(alive({ incarnation: 2, meta: Uint8Array.of(1) }));
  deepEqual(world.delegate.take(), ["update other"]);
  world.receive(alive({ incarnation: 3, meta: Uint8Array.of(1), vsn: Uint8Array.of(1, 5, 2, 2, 5, 4) }));
  deepEqual(world.delegate.take(), []);
  equal(node.versions.dCur, 4);
  equal(node.incarnation, 3);
});

Deno.test("alive: metadata is kept after the packet's buffer is used again", () => {
  const world = new World({ isAnswering: true });
  const packet = alive({ meta: Uint8Array.of(1, 2, 3) });
  world.receive(packet);
  packet.fill(0xee);
  deepEqual([...world.node("other").meta], [1, 2, 3]);
  deepEqual([...world.node("other").ip], [127, 0, 0, 2]);
});

Deno.test("alive: port 0 is our own bind port (F.2.5)", () => {
  const world = new World({ local: { address: Address.fromHost("127.0.0.1", 9999), bindPort: 7111 } });
  world.receive(alive({ port: 0 }));
  equal(world.node("other").port, 7111);
  equal(world.gossipAbout("other")[0]!.alive!.port, 7111);
});

Deno.test("alive: an address of neither 4 nor 16 bytes, and an empty name, are malformed", () => {
  const world = new World({ isAnswering: true });
  for (const length of [0, 3, 5, 15, 17]) world.receive(alive({ addr: new Uint8Array(length) }));
  world.receive(alive({ node: "" }));
  equal(world.memberlist.nodeCount, 1);
  equal(world.memberlist.counters.malformed, 6);
});

Deno.test("alive: names and metadata of more than 512 bytes are malformed: strangers could fill our memory", () => {
  const world = new World({ isAnswering: true });
  world.receive(alive({ node: "n".repeat(513) }));
  world.receive(alive({ node: "\u00e9".repeat(257) }));
  world.receive(alive({ meta: new Uint8Array(513) }));
  equal(world.memberlist.nodeCount, 1);
  equal(world.memberlist.counters.malformed, 3);
  mergeState(world, [{ name: "n".repeat(513) }, { name: "m", meta: new Uint8Array(513) }, { name: "fine" }]);
  deepEqual(world.memberlist.nodes.map(({ name }) => name).sort(), ["fine", "me"]);
});

Deno.test("whatever is said of a node with the longest name and metadata fits into a packet, and leaves the queue", () => {
  const name = "\u00e9".repeat(256), accuser = "n".repeat(512);
  const keyring = new Keyring([new Uint8Array(32)]);
  const world = new World({ isAnswering: true });
  const sealed = new World({ keyring, options: { probeIntervalMs: 1e9 } });
  const seal = (message: Uint8Array) => {
    const packet = new Uint8Array(message.length + 29);
    keyring.sealInto(packet, 0, message, new Uint8Array(0), sealed.random);
    return packet;
  };
  for (
    const message of [
      alive({
        node: name,
        meta: new Uint8Array(512),
        addr: new Uint8Array(16).fill(1),
        incarnation: 0xffffffff,
      }),
      suspect(name, 0xffffffff, accuser),
      dead(name, 0xffffffff, accuser),
    ]
  ) {
    world.receive(message);
    equal(world.gossipAbout(name, 200).length, 1);
    sealed.runFor(5000);
    const { gossips } = sealed.memberlist.counters;
    sealed.receive(seal(message));
    sealed.runFor(200);
    equal(sealed.memberlist.counters.gossips, gossips + 1);
  }
});

Deno.test("suspect and dead: an accuser's name of more than 512 bytes is malformed, and not passed on", () => {
  const world = new World({ isAnswering: true });
  const node = world.addNode("other", 2);
  world.runFor(5000);
  world.receive(suspect("other", 1, "x".repeat(513)));
  world.receive(dead("other", 1, "x".repeat(513)));
  equal(node.status, NodeStatus.alive);
  equal(world.memberlist.counters.malformed, 2);
  deepEqual(world.gossipAbout("other"), []);
});

Deno.test("alive: Vsn of 1 to 5 bytes is dropped and never passed on: it would crash real agents (C.3.2)", () => {
  const world = new World({ isAnswering: true });
  world.addNode("bystander", 3);
  world.runFor(5000);
  world.transport.take();
  for (const length of [1, 2, 3, 4, 5]) world.receive(alive({ vsn: SERF_VSN.subarray(0, length) }));
  equal(world.memberlist.node("other"), undefined);
  equal(world.memberlist.counters.malformed, 5);
  deepEqual(world.gossipAbout("other"), []);
  ok(world.logger.matching("Failed to decode alive message").length > 0);
});

Deno.test("alive: versions of 0, turned round, or none at all are ignored (C.3.2, C.9)", () => {
  const world = new World({ isAnswering: true });
  for (const vsn of [[], [0, 0, 0, 0, 0, 0], [0, 5, 2, 2, 5, 5], [1, 0, 2, 2, 5, 5], [5, 1, 2, 2, 5, 5]]) {
    world.receive(alive({ vsn: Uint8Array.from(vsn) }));
  }
  equal(world.memberlist.nodeCount, 1);
  equal(world.memberlist.counters.nodesRefused, 5);
});

Deno.test("alive: more than six version bytes are passed on as six", () => {
  const world = new World({ isAnswering: true });
  world.receive(alive({ vsn: Uint8Array.of(1, 5, 2, 2, 5, 5, 77) }));
  equal(world.gossipAbout("other")[0]!.alive!.vsn.length, 6);
});

Deno.test("alive: a known name at another address or port is a conflict, and changes nothing (C.3.4)", () => {
  const world = new World({ isAnswering: true });
  const node = world.addNode("other", 2);
  world.delegate.take();
  world.receive(alive({ incarnation: 9, addr: Uint8Array.of(127, 0, 0, 3) }));
  world.receive(alive({ incarnation: 9, port: 7947 }));
  deepEqual(world.delegate.take(), ["conflict other 127.0.0.3:7946", "conflict other 127.0.0.2:7947"]);
  equal(node.incarnation, 1);
  equal(node.address.toString(), "127.0.0.2:7946");
  equal(world.memberlist.counters.conflicts, 2);
  deepEqual(world.logger.matching("Conflicting"), [
    "ERR memberlist: Conflicting address for other. Mine: 127.0.0.2:7946 Theirs: 127.0.0.3:7946 Old state: 0",
    "ERR memberlist: Conflicting address for other. Mine: 127.0.0.2:7946 Theirs: 127.0.0.2:7947 Old state: 0",
  ]);
});

Deno.test("alive: a dead node's name stays its own; at a new address it is a conflict (C.3.4)", () => {
  const world = new World({ isAnswering: true });
  world.addNode("other", 2);
  world.receive(suspect("other", 1, "x"));
  world.receive(dead("other", 1, "x"));
  world.delegate.take();
  world.receive(alive({ incarnation: 9, addr: Uint8Array.of(127, 0, 0, 3) }));
  deepEqual(world.delegate.take(), ["conflict other 127.0.0.3:7946"]);
  equal(world.node("other").status, NodeStatus.dead);
});

Deno.test("alive: the name of a node that left may be taken from elsewhere, at any incarnation (C.3.4)", () => {
  const world = new World({ isAnswering: true });
  const node = world.addNode("other", 2, 50);
  world.receive(dead("other", 50, "other"));
  world.delegate.take();
  world.receive(alive({ incarnation: 1, addr: Uint8Array.of(127, 0, 0, 3), port: 8000 }));
  deepEqual(world.delegate.take(), ["join other"]);
  equal(node.address.toString(), "127.0.0.3:8000");
  equal(node.incarnation, 1);
  deepEqual(world.logger.matching("Updating"), [
    "INFO memberlist: Updating address for left or failed node other from 127.0.0.2:7946 to 127.0.0.3:8000",
  ]);
});

Deno.test("alive: the v4-mapped form of the same IPv4 is no conflict; the newest bytes are kept and passed on (F.2.4)", () => {
  const world = new World({ isAnswering: true });
  const node = world.addNode("other", 2);
  world.delegate.take();
  const mapped = toV4Mapped(Uint8Array.of(127, 0, 0, 2));
  world.receive(alive({ incarnation: 2, addr: mapped }));
  deepEqual(world.delegate.take(), []);
  equal(world.memberlist.counters.conflicts, 0);
  deepEqual([...node.ip], [...mapped]);
  equal(node.address.toString(), "127.0.0.2:7946");
  deepEqual([...world.gossipAbout("other")[0]!.alive!.addr], [...mapped]);
  world.receive(alive({ incarnation: 1, addr: Uint8Array.of(127, 0, 0, 2) }));
  equal(node.ip.length, 16, "an older message changes nothing");
});

Deno.test("alive: a full table takes no newcomers, and still hears of those it knows", () => {
  const { engine, membership } = createMembership(new NodeTable(new SeededRandom(1), 2));
  const message = { ...createAlive(), incarnation: 1, addr: Uint8Array.of(1, 2, 3, 4), vsn: SERF_VSN };
  membership.onAlive({ ...message, node: "a" });
  membership.onAlive({ ...message, node: "straw" });
  membership.onAlive({ ...message, node: "a", incarnation: 2 });
  deepEqual(engine.table.nodes.map(({ name }) => name).sort(), ["a", "me"]);
  equal(engine.table.get("a")!.incarnation, 2);
  equal(engine.counters.nodesRefused, 1);
});

Deno.test("alive about us: the same again is ignored, older is ignored (C.3.7)", () => {
  const world = new World({ isAnswering: true });
  world.receive(alive({ ...ME, incarnation: 1 }));
  world.receive(alive({ ...ME, incarnation: 0, meta: Uint8Array.of(1) }));
  equal(world.memberlist.local.incarnation, 1);
  equal(world.memberlist.counters.refutes, 0);
});

Deno.test("alive about us: other contents, or a higher incarnation with the same ones, are refuted (C.3.7, C.6)", () => {
  const world = new World({ isAnswering: true });
  world.receive(alive({ ...ME, incarnation: 60 }));
  equal(world.memberlist.local.incarnation, 61);
  world.receive(alive({ ...ME, incarnation: 61, meta: Uint8Array.of(1) }));
  equal(world.memberlist.local.incarnation, 62);
  world.receive(alive({ ...ME, incarnation: 62, vsn: Uint8Array.of(1, 5, 2, 2, 5, 4) }));
  equal(world.memberlist.local.incarnation, 63);
  equal(world.memberlist.healthScore, 3);
  equal(
    world.logger.matching("Refuting")[1],
    "WARN memberlist: Refuting an alive message for 'me' (127.0.0.1:7946) meta:([1] VS [255 128]), " +
      "vsn:([1 5 2 2 5 5] VS [1 5 2 2 5 5])",
  );
  deepEqual([...world.memberlist.local.meta], [0xff, 0x80]);
});

Deno.test("about us: what HashiCorp's agents believe and we would not take of others is refuted all the same", () => {
  const forged = [
    alive({ ...ME, incarnation: 60, vsn: new Uint8Array(0) }),
    alive({ ...ME, incarnation: 60, vsn: Uint8Array.of(1, 5, 9, 2, 5, 5) }),
    alive({ ...ME, incarnation: 60, meta: new Uint8Array(513) }),
    suspect("me", 60, "x".repeat(513)),
    dead("me", 60, "x".repeat(513)),
  ];
  for (const message of forged) {
    const world = new World({ isAnswering: true });
    world.receive(message);
    equal(world.memberlist.local.incarnation, 61);
    deepEqual([...world.memberlist.local.meta], [0xff, 0x80]);
  }
});

Deno.test("alive about us: the mapped form of our own address is us", () => {
  const world = new World({ isAnswering: true });
  world.receive(alive({ ...ME, addr: toV4Mapped(ME.addr), incarnation: 4 }));
  equal(world.memberlist.counters.conflicts, 0);
  equal(world.memberlist.local.incarnation, 5);
  equal(world.memberlist.local.ip.length, 4, "our own announcement stays as it is");
});

Deno.test("alive about us from another address is a conflict about our name (C.3.4, D.10)", () => {
  const world = new World({ isAnswering: true });
  world.delegate.take();
  world.receive(alive({ ...ME, addr: Uint8Array.of(127, 0, 0, 8), incarnation: 60 }));
  deepEqual(world.delegate.take(), ["conflict me 127.0.0.8:7946"]);
  equal(world.memberlist.local.incarnation, 1);
});

Deno.test("suspect: an alive node becomes suspect, with no event, and that is passed on with its accuser (C.4)", () => {
  const world = new World({ isAnswering: true });
  const node = world.addNode("other", 2, 3);
  world.delegate.take();
  world.receive(suspect("other", 5, "x"));
  equal(node.status, NodeStatus.suspect);
  equal(node.incarnation, 5);
  deepEqual(world.delegate.take(), []);
  const [message] = world.gossipAbout("other");
  deepEqual(message!.suspect, { incarnation: 5, node: "other", from: "x" });
});

Deno.test("suspect: unknown nodes, older incarnations and the dead are left alone (C.4)", () => {
  const world = new World({ isAnswering: true });
  const node = world.addNode("other", 2, 3);
  world.receive(suspect("nobody", 1, "x"));
  equal(world.memberlist.nodeCount, 2);
  world.receive(suspect("other", 2, "x"));
  equal(node.status, NodeStatus.alive);
  world.receive(suspect("other", 3, "x"));
  world.receive(dead("other", 3, "x"));
  world.receive(suspect("other", 9, "x"));
  equal(node.status, NodeStatus.dead);
  equal(node.incarnation, 3);
});

Deno.test("suspect about us is refuted; an old one is not worth it (C.4, C.6)", () => {
  const world = new World({ isAnswering: true });
  world.addNode("other", 2);
  world.runFor(5000);
  world.receive(suspect("me", 0, "x"));
  equal(world.memberlist.counters.refutes, 0);
  world.receive(suspect("me", 1, "x"));
  equal(world.memberlist.local.incarnation, 2);
  equal(world.memberlist.local.status, NodeStatus.alive);
  deepEqual(world.logger.matching("Refuting"), ["WARN memberlist: Refuting a suspect message (from: x)"]);
  equal(world.gossipAbout("me")[0]!.alive!.incarnation, 2);
});

Deno.test("suspicion: in three nodes it ends in death after 4 s, accused by ourselves (C.7)", () => {
  const world = new World({ options: { probeIntervalMs: 1000 } });
  const node = world.addNode("other", 2);
  world.addNode("third", 3);
  world.delegate.take();
  world.receive(suspect("other", 1, "x"));
  world.runFor(3999);
  equal(node.status, NodeStatus.suspect);
  world.runFor(2);
  equal(node.status, NodeStatus.dead);
  deepEqual(world.delegate.take(), ["leave other"]);
  ok(
    world.logger.lines.includes(
      "INFO memberlist: Marking other as failed, suspect timeout reached (0 peer confirmations)",
    ),
  );
  const deaths = world.gossipAbout("other", 400);
  deepEqual(deaths[0]!.dead, { incarnation: 1, node: "other", from: "me" });
});

Deno.test("suspicion: confirmations from different accusers bring it down, and only they are passed on (C.7)", () => {
  const world = new World({ isAnswering: true });
  const node = world.addNode("other", 2);
  for (let i = 3; i < 10; i++) world.addNode(`n${i}`, i);
  world.runFor(4000);
  world.receive(suspect("other", 1, "a"));
  world.receive(suspect("other", 1, "a"));
  equal(node.suspicion!.confirmations, 0);
  const startMs = world.clock.nowMs();
  equal(node.suspicion!.deadlineMs - startMs, 24_000);
  world.gossipAbout("other", 1000);
  world.receive(suspect("other", 1, "b"));
  equal(world.gossipAbout("other", 1000)[0]!.suspect!.from, "b");
  world.receive(suspect("other", 1, "c"));
  equal(node.suspicion!.deadlineMs - startMs, 4000);
  world.receive(suspect("other", 1, "d"));
  equal(node.suspicion!.confirmations, 2);
  world.runFor(startMs + 4001 - world.clock.nowMs());
  equal(node.status, NodeStatus.dead);
});

Deno.test("suspicion: a confirmation that comes after the new deadline kills at once", () => {
  const world = new World({ isAnswering: true });
  const node = world.addNode("other", 2);
  for (let i = 3; i < 10; i++) world.addNode(`n${i}`, i);
  world.receive(suspect("other", 1, "a"));
  world.runFor(15_000);
  world.receive(suspect("other", 1, "b"));
  world.receive(suspect("other", 1, "c"));
  equal(node.status, NodeStatus.suspect, "not within the call");
  world.runFor(1);
  equal(node.status, NodeStatus.dead);
});

Deno.test("suspicion: a newer alive clears it, and it does not fire later (C.3.6)", () => {
  const world = new World({ isAnswering: true });
  const node = world.addNode("other", 2);
  world.receive(suspect("other", 1, "x"));
  world.receive(alive({ incarnation: 1 }));
  equal(node.status, NodeStatus.suspect, "the same incarnation does not clear it");
  world.delegate.take();
  world.receive(alive({ incarnation: 2 }));
  equal(node.status, NodeStatus.alive);
  equal(node.suspicion, undefined);
  deepEqual(world.delegate.take(), [], "it was never gone");
  equal(world.memberlist.aliveCount, 2);
});

Deno.test("dead: alive and suspect nodes die, with an event, and that is passed on (C.5)", () => {
  const world = new World({ isAnswering: true });
  const node = world.addNode("other", 2, 3);
  world.delegate.take();
  world.receive(dead("other", 2, "x"));
  equal(node.status, NodeStatus.alive, "an older incarnation is dead");
  world.receive(suspect("other", 3, "x"));
  world.receive(dead("other", 4, "x"));
  equal(node.status, NodeStatus.dead);
  equal(node.suspicion, undefined);
  equal(node.incarnation, 4);
  deepEqual(world.delegate.take(), ["leave other"]);
  deepEqual(world.gossipAbout("other")[0]!.dead, { incarnation: 4, node: "other", from: "x" });
  world.receive(dead("other", 9, "y"));
  equal(node.incarnation, 4, "the dead do not die again");
  deepEqual(world.delegate.take(), []);
});

Deno.test("dead from the node itself means that it left (C.5)", () => {
  const world = new World({ isAnswering: true });
  const node = world.addNode("other", 2);
  world.receive(dead("other", 1, "other"));
  equal(node.status, NodeStatus.left);
});

Deno.test("dead: unknown nodes stay unknown (C.5)", () => {
  const world = new World({ isAnswering: true });
  world.receive(dead("nobody", 1, "x"));
  equal(world.memberlist.nodeCount, 1);
});

Deno.test("dead: a node comes back only with a higher incarnation, and joins again (F.2.12)", () => {
  const world = new World({ isAnswering: true });
  const node = world.addNode("other", 2, 4);
  world.receive(suspect("other", 4, "x"));
  world.receive(dead("other", 4, "x"));
  world.delegate.take();
  world.receive(alive({ incarnation: 4 }));
  equal(node.status, NodeStatus.dead);
  world.receive(alive({ incarnation: 5 }));
  equal(node.status, NodeStatus.alive);
  deepEqual(world.delegate.take(), ["join other"]);
});

Deno.test("dead about us is refuted above the accused incarnation: 50 becomes 51 (C.6)", () => {
  const world = new World({ isAnswering: true });
  world.addNode("other", 2);
  world.receive(dead("me", 50, "x"));
  equal(world.memberlist.local.incarnation, 51);
  equal(world.memberlist.healthScore, 1);
  deepEqual(world.logger.matching("Refuting"), ["WARN memberlist: Refuting a dead message (from: x)"]);
  equal(world.gossipAbout("me")[0]!.alive!.incarnation, 51);
});

Deno.test("refutations replace what is queued about us: keyed by our name, not by our address (C.6 quirk)", () => {
  const world = new World({ isAnswering: true });
  world.addNode("other", 2);
  for (let incarnation = 1; incarnation < 20; incarnation++) world.receive(suspect("me", incarnation, "x"));
  world.transport.take();
  world.runFor(200);
  const own = world.takeMessages().filter(({ alive }) => alive?.node === "me");
  ok(own.length > 0);
  for (const { alive } of own) equal(alive!.incarnation, 20);
});

Deno.test("refute: at the end of u32 the incarnation stays there, and does not wrap to 0", () => {
  const world = new World({ isAnswering: true });
  world.addNode("other", 2);
  world.receive(dead("me", 0xffffffff, "x"));
  equal(world.memberlist.local.incarnation, 0xffffffff);
  world.receive(suspect("me", 0xffffffff, "x"));
  equal(world.memberlist.local.incarnation, 0xffffffff);
  equal(world.memberlist.local.status, NodeStatus.alive);
  equal(world.gossipAbout("me")[0]!.alive!.incarnation, 0xffffffff);
});

Deno.test("a node of incarnation u32 max can be suspected and die as any other", () => {
  const world = new World({ isAnswering: true });
  const node = world.addNode("other", 2, 0xffffffff);
  world.receive(suspect("other", 0xffffffff, "x"));
  world.runFor(5000);
  equal(node.status, NodeStatus.dead);
});

Deno.test("push/pull: alive nodes are learned, unknown dead and left ones are not (C.8)", () => {
  const world = new World({ isAnswering: true });
  mergeState(world, [
    { name: "a", addr: Uint8Array.of(127, 0, 0, 2) },
    { name: "d", state: NodeStatus.dead },
    { name: "l", state: NodeStatus.left },
    { name: "s", state: NodeStatus.suspect },
    { name: "odd", state: 17 },
  ]);
  deepEqual(world.memberlist.nodes.map(({ name }) => name).sort(), ["a", "me"]);
});

Deno.test("push/pull: a dead node is only suspected, by ourselves (C.8)", () => {
  const world = new World({ isAnswering: true });
  for (const name of ["d", "s"]) world.receive(alive({ node: name }));
  mergeState(world, [{ name: "d", state: NodeStatus.dead }, { name: "s", state: NodeStatus.suspect }]);
  equal(world.node("d").status, NodeStatus.suspect);
  equal(world.node("s").status, NodeStatus.suspect);
  equal(world.gossipAbout("d", 400)[0]!.suspect!.from, "me");
});

Deno.test("push/pull: a node that left has left (C.8)", () => {
  const world = new World({ isAnswering: true });
  world.addNode("l", 2);
  mergeState(world, [{ name: "l", state: NodeStatus.left }]);
  equal(world.node("l").status, NodeStatus.left);
});

Deno.test("push/pull: a peer that holds us for dead at k after our restart is refuted with k + 1 (C.6)", () => {
  const world = new World({ isAnswering: true });
  mergeState(world, [{
    name: "me",
    addr: Uint8Array.of(127, 0, 0, 1),
    incarnation: 7,
    state: NodeStatus.dead,
  }]);
  equal(world.memberlist.local.incarnation, 8);
  mergeState(world, [{
    name: "me",
    addr: Uint8Array.of(127, 0, 0, 1),
    incarnation: 9,
    state: NodeStatus.left,
  }]);
  equal(world.memberlist.local.incarnation, 10);
  equal(world.memberlist.local.status, NodeStatus.alive);
});

Deno.test("push/pull: a peer that still holds us for alive under an older life is refuted too", () => {
  const world = new World({ isAnswering: true });
  mergeState(world, [{ name: "me", addr: Uint8Array.of(127, 0, 0, 1), incarnation: 5 }]);
  equal(world.memberlist.local.incarnation, 6);
});

Deno.test("after leaving, what is said about us is ignored (C.3.1)", () => {
  const world = new World({ isAnswering: true });
  world.addNode("other", 2);
  world.memberlist.leave(5000, () => {});
  world.receive(alive({ ...ME, incarnation: 60 }));
  world.receive(suspect("me", 60, "x"));
  world.receive(dead("me", 60, "x"));
  equal(world.memberlist.local.status, NodeStatus.left);
  equal(world.memberlist.local.incarnation, 1);
  equal(world.memberlist.counters.refutes, 0);
});
