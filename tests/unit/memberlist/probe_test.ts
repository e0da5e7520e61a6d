/** What makes a probe prompt: TCP as soon as an ack takes long, and a refused connection. C.10. */
import { equal, ok } from "../../support/assert.ts";
import { TransportError } from "../../../lib/base/errors.ts";
import { type NodeState, NodeStatus } from "../../../lib/memberlist/node_state.ts";
import { ack, nack, suspect, World, type WorldOptions } from "./fakes.ts";

const REFUSED = new TransportError("refused", "dial tcp 127.0.0.2:7946: connect: connection refused");

/** A world that has seen acks after a millisecond, and in which "other" has just been pinged and will not answer. */
function unanswered(
  helpers: number,
  chosen: WorldOptions = {},
  isListening = true,
): { world: World; other: NodeState; seqNo: number } {
  const world = new World({
    ...chosen,
    options: { pushPullIntervalMs: 0, ...chosen.options },
    isAnswering: true,
  });
  if (!isListening) world.transport.onOpened = undefined;
  const other = world.addNode("other", 2);
  for (let i = 0; i < helpers; i++) world.addNode(`h${i}`, 10 + i);
  world.runFor(60_000);
  world.stopAnswering();
  world.runFor(10);
  world.transport.take();
  let seqNo = -1;
  world.clock.runUntil(() => {
    for (const { to, ping } of world.takeMessages()) {
      if (ping === undefined) continue;
      if (to === "127.0.0.2:7946") seqNo = ping.seqNo;
      else world.receive(ack(ping.seqNo));
    }
    return seqNo >= 0;
  }, 60_000);
  ok(seqNo >= 0);
  world.transport.take();
  return { world, other, seqNo };
}

/** Those who were asked to help since the packets were last taken. */
function askedHelpers(world: World): number {
  return world.takeMessages().filter(({ indirectPing }) => indirectPing !== undefined).length;
}

Deno.test("Probe: TCP is tried when an ack takes unusually long, helpers are asked after the plain timeout", () => {
  const { world } = unanswered(3);
  world.runFor(49);
  equal(world.transport.exchanges.length, 0);
  world.runFor(2);
  equal(world.transport.exchanges.length, 1);
  equal(Math.round(world.transport.exchanges[0]!.timeoutMs), 950);
  world.runFor(448);
  equal(askedHelpers(world), 0);
  world.runFor(2);
  equal(askedHelpers(world), 3);
  equal(world.transport.exchanges.length, 1, "TCP is tried once");
});

Deno.test("Probe: an ack after TCP was tried is a round trip like any other", () => {
  const { world, seqNo } = unanswered(3);
  world.runFor(100);
  world.delegate.pings.length = 0;
  world.receive(ack(seqNo));
  equal(Math.round(world.delegate.pings[0]!.rttMs), 100);
  world.transport.exchanges[0]!.sink.onError(REFUSED);
  world.runFor(10);
  equal(askedHelpers(world), 0, "what TCP says afterwards does not matter");
});

Deno.test("Probe: refused, helpers are asked at once, and the target is suspect when all have said nack", () => {
  const { world, other, seqNo } = unanswered(3);
  world.runFor(55);
  world.transport.exchanges[0]!.sink.onError(REFUSED);
  equal(askedHelpers(world), 3);
  world.runFor(55);
  world.receive(nack(seqNo));
  world.receive(nack(seqNo));
  equal(other.status, NodeStatus.alive);
  world.receive(nack(seqNo));
  equal(other.status, NodeStatus.suspect);
  equal(world.memberlist.healthScore, 0);
  equal(world.memberlist.counters.probesFailed, 1);
});

Deno.test("Probe: refused, a helper's ack clears the target", () => {
  const { world, other, seqNo } = unanswered(3);
  world.runFor(55);
  world.transport.exchanges[0]!.sink.onError(REFUSED);
  world.receive(nack(seqNo));
  world.receive(ack(seqNo));
  world.receive(nack(seqNo));
  world.receive(nack(seqNo));
  equal(other.status, NodeStatus.alive);
  equal(world.memberlist.counters.probesFailed, 0);
});

Deno.test("Probe: who was refused and lives on is given all the time at the next refusal, however late its acks come", () => {
  const { world, other, seqNo } = unanswered(1);
  world.runFor(55);
  world.transport.exchanges.at(-1)!.sink.onError(REFUSED);
  world.receive(ack(seqNo));
  const opened = world.transport.exchanges.length;
  world.transport.take();
  let next = -1;
  world.clock.runUntil(() => {
    for (const { to, ping } of world.takeMessages()) {
      if (ping === undefined) continue;
      if (to === "127.0.0.2:7946") next = ping.seqNo;
      else world.receive(ack(ping.seqNo));
    }
    return next >= 0;
  }, 60_000);
  world.runFor(55);
  equal(world.transport.exchanges.length, opened + 1);
  world.transport.exchanges.at(-1)!.sink.onError(REFUSED);
  world.runFor(900);
  equal(other.status, NodeStatus.alive);
  world.runFor(100);
  equal(other.status, NodeStatus.suspect);
});

Deno.test("Probe: refused, silent helpers get the time that an ack takes, and no more", () => {
  const { world, other, seqNo } = unanswered(3);
  world.runFor(55);
  world.transport.exchanges[0]!.sink.onError(REFUSED);
  world.receive(nack(seqNo));
  world.runFor(145);
  equal(other.status, NodeStatus.alive);
  world.runFor(10);
  equal(other.status, NodeStatus.suspect);
  equal(world.memberlist.healthScore, 0, "that they were not heard out is no sign that we are deaf");
});

Deno.test("Probe: refused where nobody is known to listen, a helper's early nack tells that somebody did", () => {
  const { world, other, seqNo } = unanswered(3, {}, false);
  world.runFor(55);
  world.transport.exchanges.at(-1)!.sink.onError(REFUSED);
  equal(askedHelpers(world), 3);
  world.runFor(60);
  world.receive(nack(seqNo));
  world.runFor(85);
  equal(other.status, NodeStatus.alive);
  world.runFor(10);
  equal(other.status, NodeStatus.suspect);
});

Deno.test("Probe: an early nack alone is not news: we must have been refused ourselves", () => {
  const { world, other, seqNo } = unanswered(1);
  world.runFor(501);
  equal(askedHelpers(world), 1);
  world.receive(nack(seqNo));
  world.runFor(490);
  equal(other.status, NodeStatus.alive);
  world.runFor(20);
  equal(other.status, NodeStatus.suspect);
});

Deno.test("Probe: a nack before any helper was asked is somebody's guess, and counts for nothing", () => {
  const { world, other, seqNo } = unanswered(3);
  world.runFor(52);
  for (let i = 0; i < 3; i++) world.receive(nack(seqNo));
  world.transport.exchanges.at(-1)!.sink.onError(REFUSED);
  equal(askedHelpers(world), 3);
  world.runFor(20);
  equal(other.status, NodeStatus.alive);
});

Deno.test("Probe: refused in the detour, and all nacks are there: the rest of a stretched interval is not waited for", () => {
  const { world, other, seqNo } = unanswered(1);
  world.runFor(505);
  world.receive(nack(seqNo));
  equal(other.status, NodeStatus.alive, "a nack alone proves nothing");
  world.transport.exchanges[0]!.sink.onError(REFUSED);
  equal(other.status, NodeStatus.suspect);
});

Deno.test("Probe: refused, and nobody there to help: the target is suspect at once", () => {
  const { world, other } = unanswered(0);
  world.runFor(55);
  world.transport.exchanges[0]!.sink.onError(REFUSED);
  equal(other.status, NodeStatus.suspect);
  equal(world.memberlist.healthScore, 1);
});

Deno.test("Probe: a member is called over TCP once, when it has answered its first ping", () => {
  const world = new World({ options: { pushPullIntervalMs: 0 }, isAnswering: true });
  world.transport.onOpened = undefined;
  world.addNode("other", 2);
  world.runFor(60_000);
  equal(world.transport.exchanges.length, 1);
  equal(world.transport.exchanges[0]!.to, "127.0.0.2:7946");
  world.transport.exchanges[0]!.sink.onError(REFUSED);
  equal(world.logger.lines.filter((line) => line.includes("TCP")).length, 0, "which is no news");
  equal(world.memberlist.counters.probesFailed, 0);
});

Deno.test("Probe: nobody is called whose answer would be of no use, or who would not understand", () => {
  for (const options of [{ promptProbes: false }, { tcpPings: false }]) {
    const world = new World({ options: { pushPullIntervalMs: 0, ...options }, isAnswering: true });
    world.transport.onOpened = undefined;
    world.addNode("other", 2);
    world.runFor(10_000);
    equal(world.transport.exchanges.length, 0);
  }
});

Deno.test("Probe: who never accepted a connection is given all the time when one is refused", () => {
  const { world, other, seqNo } = unanswered(1, {}, false);
  world.runFor(55);
  world.transport.exchanges.at(-1)!.sink.onError(REFUSED);
  equal(askedHelpers(world), 1, "but others are asked for help at once");
  world.runFor(500);
  world.receive(nack(seqNo));
  world.runFor(440);
  equal(other.status, NodeStatus.alive);
  world.runFor(20);
  equal(other.status, NodeStatus.suspect);
});

Deno.test("Probe: a TCP ping that fails in any other way is no news", () => {
  for (const kind of ["timeout", "unreachable", "closed", "local"] as const) {
    const { world, other, seqNo } = unanswered(1);
    world.runFor(55);
    world.transport.exchanges[0]!.sink.onError(new TransportError(kind, "it failed"));
    world.receive(nack(seqNo));
    equal(askedHelpers(world), 0, kind);
    world.runFor(944);
    equal(other.status, NodeStatus.alive, kind);
    world.runFor(2);
    equal(other.status, NodeStatus.suspect, kind);
  }
});

Deno.test("Probe: who doubts its own senses is more patient", () => {
  const { world, seqNo } = unanswered(1);
  world.receive(ack(seqNo));
  world.receive(suspect("me", 1, "x"));
  equal(world.memberlist.healthScore, 1);
  let pinged = false;
  world.clock.runUntil(() => pinged ||= world.takeMessages().some(({ ping }) => ping !== undefined), 5000);
  world.runFor(95);
  equal(world.transport.exchanges.length, 0);
  world.runFor(10);
  equal(world.transport.exchanges.length, 1);
});

Deno.test("Probe: prompt probes can be turned off", () => {
  const { world, other, seqNo } = unanswered(1, { options: { promptProbes: false } });
  world.runFor(499);
  equal(world.transport.exchanges.length, 0);
  world.runFor(2);
  world.transport.exchanges[0]!.sink.onError(REFUSED);
  world.receive(nack(seqNo));
  world.runFor(498);
  equal(other.status, NodeStatus.alive);
  world.runFor(2);
  equal(other.status, NodeStatus.suspect);
});
