/** Answering pings, directly and on somebody's behalf: C.10. */
import { deepEqual, equal, ok } from "../../support/assert.ts";
import { Address, toV4Mapped } from "../../../lib/base/address.ts";
import { TransportError } from "../../../lib/base/errors.ts";
import { Timer } from "../../../lib/base/timer_heap.ts";
import { ack, alive, indirectPing, messagesOf, nack, ping, suspect, World } from "./fakes.ts";

/** A world with nothing to gossip and no probes. */
function quiet(): World {
  const world = new World({ options: { probeIntervalMs: 1e9 } });
  while (world.memberlist.counters.packetsSent < 8) {
    world.receive(ping({ seqNo: 1 }));
  }
  world.transport.take();
  return world;
}

const ASK = {
  seqNo: 5,
  node: "target",
  target: Uint8Array.of(127, 0, 0, 7),
  port: 7001,
  nack: true,
  sourceAddr: Uint8Array.of(127, 0, 0, 9),
  sourcePort: 7009,
  sourceNode: "asker",
};

Deno.test("onPing() answers with the delegate's payload, to where the packet came from", () => {
  const world = quiet();
  world.receive(ping({ node: "me", seqNo: 0xffffffff }), "127.0.0.9", 5555);
  const [message] = world.takeMessages();
  equal(message!.to, "127.0.0.9:5555");
  deepEqual(message!.ack, { seqNo: 0xffffffff, payload: world.delegate.payload });
});

Deno.test("onPing() answers to the source that the ping names, if it names address and port", () => {
  const world = quiet();
  const sourceAddr = Uint8Array.of(127, 0, 0, 50);
  world.receive(ping({ seqNo: 1, sourceAddr, sourcePort: 7050 }), "127.0.0.9", 5555);
  world.receive(ping({ seqNo: 2, sourceAddr }), "127.0.0.9", 5555);
  world.receive(ping({ seqNo: 3, sourcePort: 7050 }), "127.0.0.9", 5555);
  world.receive(
    ping({ seqNo: 4, sourceAddr: toV4Mapped(sourceAddr), sourcePort: 7050 }),
    "127.0.0.9",
    5555,
  );
  const ipv6 = Address.fromHost("fd00::5", 1).ip;
  world.receive(ping({ seqNo: 5, sourceAddr: ipv6, sourcePort: 7050 }), "127.0.0.9", 5555);
  deepEqual(world.takeMessages().map(({ to }) => to), [
    "127.0.0.50:7050",
    "127.0.0.9:5555",
    "127.0.0.9:5555",
    "127.0.0.50:7050",
    "[fd00::5]:7050",
  ]);
});

Deno.test("onPing() answers no source of a strange length (F.2.5)", () => {
  const world = quiet();
  for (const length of [3, 5, 15, 17]) {
    world.receive(ping({ seqNo: 1, sourceAddr: new Uint8Array(length), sourcePort: 1 }));
  }
  deepEqual(world.takeMessages(), []);
  equal(world.memberlist.counters.malformed, 4);
});

Deno.test("onPing() for another name is not answered, but logged", () => {
  const world = quiet();
  world.receive(ping({ node: "other", seqNo: 1 }));
  deepEqual(world.takeMessages(), []);
  equal(world.memberlist.counters.strayPings, 1);
  ok(
    world.logger.lines.includes(
      "WARN memberlist: Got ping for unexpected node 'other' from=127.0.0.9:7946",
    ),
  );
});

Deno.test("onPing() for no name is for us", () => {
  const world = quiet();
  world.receive(ping({ node: "", seqNo: 9 }));
  equal(world.takeMessages()[0]!.ack!.seqNo, 9);
});

Deno.test("onIndirectPing() pings the target under a number of our own, and forwards the bare ack (C.10)", () => {
  const world = quiet();
  world.receive(indirectPing(ASK));
  const [sent] = world.takeMessages();
  equal(sent!.to, "127.0.0.7:7001");
  equal(sent!.ping!.node, "target");
  equal(sent!.ping!.sourceNode, "me");
  deepEqual([...sent!.ping!.sourceAddr], [127, 0, 0, 1]);
  world.runFor(100);
  world.receive(ack(sent!.ping!.seqNo, Uint8Array.of(1, 2, 3)), "127.0.0.7", 7001);
  const [forwarded] = world.takeMessages();
  equal(forwarded!.to, "127.0.0.9:7009");
  deepEqual(forwarded!.ack, { seqNo: 5, payload: null });
  world.runFor(1000);
  deepEqual(world.takeMessages(), [], "no nack after an ack");
  equal(world.delegate.pings.length, 0);
});

Deno.test("onIndirectPing() sends a nack after the probe timeout, if one is wanted (C.10)", () => {
  const world = quiet();
  world.receive(indirectPing(ASK));
  world.transport.take();
  world.runFor(499);
  deepEqual(world.takeMessages(), []);
  world.runFor(1);
  const [message] = world.takeMessages();
  equal(message!.nack, 5);
  equal(message!.to, "127.0.0.9:7009");
});

Deno.test("onIndirectPing() stays silent without the wish for a nack (C.10)", () => {
  const world = quiet();
  world.receive(indirectPing({ ...ASK, nack: false }));
  equal(world.takeMessages().length, 1);
  world.runFor(2000);
  deepEqual(world.takeMessages(), []);
});

Deno.test("onIndirectPing() does not forward an ack that comes too late", () => {
  const world = quiet();
  world.receive(indirectPing(ASK));
  const [sent] = world.takeMessages();
  world.runFor(600);
  world.transport.take();
  world.receive(ack(sent!.ping!.seqNo));
  deepEqual(world.takeMessages(), []);
});

Deno.test("onIndirectPing(): port 0 is our own bind port, a mapped target is the IPv4 host (C.10, F.2.5)", () => {
  const world = quiet();
  world.receive(indirectPing({ ...ASK, port: 0, target: toV4Mapped(ASK.target) }));
  equal(world.takeMessages()[0]!.to, "127.0.0.7:7946");
});

Deno.test("onIndirectPing() answers to the packet's source when the message names none", () => {
  const world = quiet();
  world.receive(
    indirectPing({ ...ASK, sourceAddr: new Uint8Array(0), sourcePort: 0 }),
    "127.0.0.33",
    5033,
  );
  world.transport.take();
  world.runFor(500);
  equal(world.takeMessages()[0]!.to, "127.0.0.33:5033");
});

Deno.test("onIndirectPing() with a target or a source of a strange length is malformed", () => {
  const world = quiet();
  world.receive(indirectPing({ ...ASK, target: new Uint8Array(5) }));
  world.receive(indirectPing({ ...ASK, target: new Uint8Array(0) }));
  world.receive(indirectPing({ ...ASK, sourceAddr: new Uint8Array(7) }));
  deepEqual(world.takeMessages(), []);
  equal(world.memberlist.counters.malformed, 3);
  world.runFor(1000);
  deepEqual(world.takeMessages(), []);
});

Deno.test("onIndirectPing() helps a bounded number at once; more are dropped and counted", () => {
  const world = quiet();
  for (let i = 0; i < 1100; i++) world.receive(indirectPing(ASK));
  equal(world.takeMessages().length, 1024);
  equal(world.memberlist.counters.overLimit, 76);
  world.runFor(500);
  equal(world.takeMessages().length, 1024, "a nack for each");
  world.receive(indirectPing(ASK));
  equal(world.takeMessages().length, 1, "and there is room again");
});

Deno.test("onIndirectPing(): a nack for the ping of ours is of no use to anybody", () => {
  const world = quiet();
  world.receive(indirectPing(ASK));
  const [sent] = world.takeMessages();
  world.receive(nack(sent!.ping!.seqNo));
  deepEqual(world.takeMessages(), []);
});

Deno.test("stop() forgets the pings for others", () => {
  const world = quiet();
  world.receive(indirectPing(ASK));
  world.transport.take();
  world.memberlist.stop();
  world.runFor(5000);
  deepEqual(world.takeMessages(), []);
});

/** A quiet world that knows how long acks take, and "target" at 127.0.0.7:7001. */
function knowing(options = {}): World {
  const world = new World({
    options: { probeIntervalMs: 20_000, pushPullIntervalMs: 0, ...options },
    isAnswering: true,
  });
  world.receive(alive({ node: "target", addr: Uint8Array.of(127, 0, 0, 7), port: 7001 }));
  world.clock.runUntil(() => world.delegate.pings.length > 0, 60_000);
  world.stopAnswering();
  return world;
}

const REFUSED = new TransportError("refused", "dial tcp 127.0.0.7:7001: connect: connection refused");

Deno.test("onIndirectPing() tries TCP when the ack takes unusually long, and says at once that it was refused", () => {
  const world = knowing();
  world.receive(indirectPing(ASK));
  world.runFor(49);
  equal(world.transport.exchanges.length, 0);
  world.runFor(2);
  equal(world.transport.exchanges.length, 1);
  equal(world.transport.exchanges[0]!.to, "127.0.0.7:7001");
  equal(world.takeMessages().filter((message) => message.nack !== undefined).length, 0);
  world.transport.exchanges[0]!.sink.onError(REFUSED);
  deepEqual(world.takeMessages().map((message) => message.nack), [5]);
  world.runFor(900);
  equal(world.takeMessages().filter((message) => message.nack !== undefined).length, 0, "and not again");
});

Deno.test("onIndirectPing() tries TCP as soon when acks took long of late: the asker has lost its patience already", () => {
  const world = knowing();
  let pings = 0;
  world.transport.onSent = ({ bytes }) => {
    for (const { ping } of messagesOf(bytes)) {
      if (ping === undefined) continue;
      pings++;
      world.clock.arm(new Timer(() => world.receive(ack(ping.seqNo))), 400);
    }
  };
  world.clock.runUntil(() => pings === 2, 60_000);
  world.runFor(1000);
  world.stopAnswering();
  world.transport.exchanges.length = 0;
  world.receive(indirectPing(ASK));
  world.runFor(51);
  equal(world.transport.exchanges.length, 1);
});

Deno.test("onIndirectPing(): where a refusal was followed by an ack, TCP is tried no more", () => {
  const world = knowing();
  const ask = (answer: (seqNo: number) => void) => {
    world.takeMessages();
    world.transport.exchanges.length = 0;
    world.receive(indirectPing(ASK));
    answer(world.takeMessages().find((message) => message.ping !== undefined)!.ping!.seqNo);
    world.runFor(60);
    return world.transport.exchanges.length;
  };
  equal(ask(() => {}), 1);
  world.transport.exchanges[0]!.sink.onError(REFUSED);
  equal(ask((seqNo) => world.receive(ack(seqNo))), 0);
  equal(ask(() => {}), 0);
});

Deno.test("onIndirectPing() is more patient when in doubt about its own senses", () => {
  const world = knowing();
  world.receive(suspect("me", 1, "x"));
  equal(world.memberlist.healthScore, 1);
  world.receive(indirectPing(ASK));
  world.runFor(99);
  equal(world.transport.exchanges.length, 0);
  world.runFor(2);
  equal(world.transport.exchanges.length, 1);
});

Deno.test("onIndirectPing(): a TCP ping that is answered, or fails in another way, says nothing", () => {
  const world = knowing();
  world.receive(indirectPing(ASK));
  world.runFor(60);
  world.transport.exchanges[0]!.sink.onError(new TransportError("timeout", "i/o timeout"));
  deepEqual(world.takeMessages().filter((message) => message.nack !== undefined), []);
  world.runFor(441);
  equal(world.takeMessages().filter((message) => message.nack !== undefined).length, 1);
});

Deno.test("onIndirectPing() tries TCP only where a member is known to be, and not when it is turned off", () => {
  for (const elsewhere of [{ node: "nobody" }, { port: 22 }, { target: Uint8Array.of(127, 0, 0, 8) }]) {
    const world = knowing();
    world.receive(indirectPing({ ...ASK, ...elsewhere }));
    world.runFor(500);
    equal(world.transport.exchanges.length, 0);
  }
  for (const options of [{ promptProbes: false }, { tcpPings: false }]) {
    const world = knowing(options);
    world.receive(indirectPing(ASK));
    world.runFor(400);
    equal(world.transport.exchanges.length, 0);
  }
});

Deno.test("onIndirectPing() tries TCP for a bounded number at a time", () => {
  const world = knowing();
  for (let i = 0; i < 40; i++) world.receive(indirectPing({ ...ASK, seqNo: 100 + i }));
  world.runFor(60);
  equal(world.transport.exchanges.length, 16);
  world.runFor(441);
  for (let i = 0; i < 40; i++) world.receive(indirectPing({ ...ASK, seqNo: 200 + i }));
  world.runFor(60);
  equal(world.transport.exchanges.length, 32);
});
