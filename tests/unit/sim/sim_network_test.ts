import { deepEqual, equal, ok, throws } from "../../support/assert.ts";
import { Address } from "../../../lib/base/address.ts";
import type { TransportError } from "../../../lib/base/errors.ts";
import type { ExchangeSink, FrameReader, TransportSink } from "../../../lib/base/ports.ts";
import { Timer } from "../../../lib/base/timer_heap.ts";
import { CutKind } from "../../../lib/sim/faults.ts";
import { SimClock } from "../../../lib/sim/sim_clock.ts";
import { SimNetwork, type SimTransport } from "../../../lib/sim/sim_network.ts";
import { TraceHash } from "../../../lib/sim/trace_hash.ts";

/** A frame is one length byte and that many bytes. */
class LengthReader implements FrameReader {
  calls = 0;
  scan(bytes: Uint8Array, length: number): number {
    this.calls++;
    return length > 0 && length > bytes[0]! ? bytes[0]! + 1 : 0;
  }
}

class Recorder implements TransportSink {
  readonly packets: string[] = [];
  readonly requests: number[][] = [];
  readonly failures: string[] = [];
  readonly readers: LengthReader[] = [];
  reply: Uint8Array | null = Uint8Array.of(2, 7, 8);

  constructor(readonly clock: SimClock) {}

  onPacket(from: Address, bytes: Uint8Array): void {
    this.packets.push(`${from} ${bytes.join(",")} @${Math.round(this.clock.nowMs())}`);
    bytes.fill(0xee);
  }
  newFrameReader(): FrameReader {
    this.readers.push(new LengthReader());
    return this.readers.at(-1)!;
  }
  onExchange(_from: Address, request: Uint8Array): Uint8Array | null {
    this.requests.push([...request]);
    return this.reply;
  }
  onExchangeFailed(_from: Address, received: number, error: TransportError): void {
    this.failures.push(`${received} ${error.kind}`);
  }
}

class Outcome implements ExchangeSink {
  readonly results: string[] = [];
  constructor(readonly expectsReply = true) {}
  newFrameReader(): FrameReader | null {
    return this.expectsReply ? new LengthReader() : null;
  }
  onReply(reply: Uint8Array | null): void {
    this.results.push(reply === null ? "closed" : `reply ${reply.join(",")}`);
  }
  onError(error: TransportError): void {
    this.results.push(`${error.kind} ${error.message}`);
  }
}

function world(seed = 1) {
  const clock = new SimClock();
  const trace = new TraceHash();
  const network = new SimNetwork(clock, seed, undefined, trace);
  const attach = (host: string) => {
    const transport = network.attach(Address.fromHost(host, 7946));
    const sink = new Recorder(clock);
    transport.start(sink);
    return { transport, sink, address: transport.bound, text: transport.bound.toString() };
  };
  return { clock, network, trace, attach, a: attach("10.0.0.1"), b: attach("10.0.0.2") };
}

const PACKET = Uint8Array.of(1, 2, 3);

function sendMany(from: SimTransport, to: Address, count: number): void {
  for (let i = 0; i < count; i++) from.sendPacket(to, Uint8Array.of(i & 0xff, i >> 8));
}

Deno.test("SimNetwork delivers a packet after the latency, never within the call, from a copy", () => {
  const { clock, network, a, b } = world();
  const bytes = PACKET.slice();
  network.faults.setEverywhere({ latencyMs: 10, jitterMs: 0 });
  equal(a.transport.sendPacket(b.address, bytes), true);
  bytes.fill(9);
  deepEqual(b.sink.packets, []);
  clock.run(9);
  deepEqual(b.sink.packets, []);
  clock.run(10);
  deepEqual(b.sink.packets, ["10.0.0.1:7946 1,2,3 @10"]);
});

Deno.test("SimNetwork loses, duplicates and holds back about as many packets as it is told to", () => {
  const { clock, network, a, b } = world();
  network.faults.setEverywhere({ lossRatio: 0.25, duplicateRatio: 0.1, reorderRatio: 0.2 });
  sendMany(a.transport, b.address, 4000);
  clock.runFor(1000);
  const { packetsLost, packetsDuplicated, packetsHeldBack, packetsDelivered } = network.counters;
  ok(Math.abs(packetsLost - 1000) < 120, `${packetsLost} lost`);
  ok(Math.abs(packetsDuplicated - 300) < 80, `${packetsDuplicated} duplicated`);
  ok(Math.abs(packetsHeldBack - 600) < 100, `${packetsHeldBack} held back`);
  equal(packetsDelivered, 4000 - packetsLost + packetsDuplicated);
  equal(b.sink.packets.length, packetsDelivered);
});

Deno.test("SimNetwork rolls all dice for every packet, so that masking one fault reshuffles no other", () => {
  const lostWith = (conditions: { duplicateRatio: number; reorderRatio: number }) => {
    const { clock, network, a, b } = world(7);
    network.faults.setEverywhere({ latencyMs: 1, jitterMs: 0, lossRatio: 0.3, ...conditions });
    sendMany(a.transport, b.address, 200);
    clock.runFor(1000);
    return [...new Set(b.sink.packets.map((text) => text.split(" ")[1]!))].sort();
  };
  deepEqual(
    lostWith({ duplicateRatio: 0, reorderRatio: 0 }),
    lostWith({ duplicateRatio: 0.5, reorderRatio: 0.5 }),
  );
});

Deno.test("Faults.cut() stops one direction and one kind, heal() ends it", () => {
  const { clock, network, a, b } = world();
  network.faults.cut(a.text, b.text, CutKind.datagrams);
  a.transport.sendPacket(b.address, PACKET);
  b.transport.sendPacket(a.address, PACKET);
  const outcome = new Outcome();
  a.transport.openExchange(b.address, Uint8Array.of(1, 5), 1000, outcome);
  clock.runFor(100);
  equal(b.sink.packets.length, 0);
  equal(a.sink.packets.length, 1);
  deepEqual(outcome.results, ["reply 2,7,8"]);
  equal(network.counters.packetsCut, 1);
  network.faults.heal();
  a.transport.sendPacket(b.address, PACKET);
  clock.runFor(100);
  equal(b.sink.packets.length, 1);
});

Deno.test("Faults.partition() separates groups both ways, or one way only, and nobody else", () => {
  const { clock, network, attach, a, b } = world();
  const c = attach("10.0.0.3");
  const reached = () => {
    for (const from of [a, b, c]) {
      for (const to of [a, b, c]) if (from !== to) from.transport.sendPacket(to.address, PACKET);
    }
    clock.runFor(100);
    return [a, b, c].map(({ sink }) => sink.packets.splice(0).map((text) => text[7]).sort().join(""));
  };
  network.faults.partition([[a.text], [b.text]]);
  deepEqual(reached(), ["3", "3", "12"]);
  network.faults.partition([[a.text], [b.text]], "oneWay");
  deepEqual(reached(), ["23", "3", "12"]);
  network.faults.heal();
  deepEqual(reached(), ["23", "13", "12"]);
});

Deno.test("SimProcess.blockFor() makes timers and packets late, timers first, and overflows a finite buffer", () => {
  const { clock, network, a, b } = world();
  const process = b.transport.process;
  const note = (what: string) => () => b.sink.packets.push(`${what} @${Math.round(clock.nowMs())}`);
  const second = new Timer(note("second round"));
  process.arm(
    new Timer(() => {
      note("timer")();
      process.arm(second, 0);
    }),
    20,
  );
  process.arm(new Timer(note("another")), 30);
  process.blockFor(500);
  a.transport.sendPacket(b.address, PACKET);
  clock.run(499);
  deepEqual(b.sink.packets, []);
  clock.run(500);
  clock.run(501);
  deepEqual(b.sink.packets, ["timer @500", "another @500", "10.0.0.1:7946 1,2,3 @500", "second round @500"]);
  equal(network.counters.packetsDelayedByBlock, 1);
  process.blockFor(500);
  sendMany(a.transport, b.address, 300);
  clock.runFor(600);
  equal(network.counters.packetsOverflowed, 300 - 256);
});

Deno.test("SimProcess.muteFor() holds back what is sent and received, not the timers", () => {
  const { clock, network, a, b } = world();
  network.faults.setEverywhere({ latencyMs: 1, jitterMs: 0 });
  const { process } = b.transport;
  process.muteFor(500);
  const outcome = new Outcome();
  process.arm(
    new Timer(() => {
      b.sink.packets.push(`timer @${Math.round(clock.nowMs())}`);
      b.transport.sendPacket(a.address, Uint8Array.of(9));
      b.transport.openExchange(a.address, Uint8Array.of(1, 5), 2000, outcome);
    }),
    20,
  );
  a.transport.sendPacket(b.address, PACKET);
  clock.run(500);
  deepEqual(a.sink.packets, []);
  deepEqual(a.sink.requests, []);
  clock.run(510);
  deepEqual(b.sink.packets, ["timer @20", "10.0.0.1:7946 1,2,3 @500"]);
  deepEqual(a.sink.packets, ["10.0.0.2:7946 9 @501"]);
  deepEqual(outcome.results, ["reply 2,7,8"]);
  equal(process.holdsBackMs, 0);
});

Deno.test("SimProcess.kill() silences timers, packets and open exchanges", () => {
  const { clock, network, a, b } = world();
  const fired: string[] = [];
  b.transport.process.arm(new Timer(() => fired.push("timer")), 20);
  const outcome = new Outcome();
  b.transport.openExchange(a.address, Uint8Array.of(1, 5), 1000, outcome);
  a.transport.sendPacket(b.address, PACKET);
  b.transport.process.kill();
  clock.runFor(2000);
  deepEqual([fired, outcome.results, b.sink.packets], [[], [], []]);
  equal(network.counters.packetsToNobody, 1);
  equal(b.transport.sendPacket(a.address, PACKET), false);
});

Deno.test("SimProcess.kill() takes with it what waits in its socket: the next life never gets it", () => {
  const { clock, network, attach, a, b } = world();
  b.transport.process.blockFor(500);
  a.transport.sendPacket(b.address, PACKET);
  clock.runFor(100);
  equal(network.counters.packetsDelayedByBlock, 1);
  b.transport.process.kill();
  const next = attach("10.0.0.2");
  a.transport.sendPacket(next.address, Uint8Array.of(4));
  clock.runFor(1000);
  deepEqual(next.sink.packets.map((text) => text.split(" ")[1]), ["4"]);
  equal(network.counters.packetsToNobody, 1);
});

Deno.test("SimProcess.busyMs spaces out what a process handles", () => {
  const { clock, network, a, b } = world();
  network.faults.setEverywhere({ latencyMs: 1, jitterMs: 0 });
  b.transport.process.busyMs = 10;
  sendMany(a.transport, b.address, 3);
  clock.runFor(100);
  deepEqual(b.sink.packets.map((text) => text.split("@")[1]), ["1", "11", "21"]);
});

Deno.test("SimNetwork.attach() refuses an address in use, and lends it again after the owner's death", () => {
  const { network, a } = world();
  throws(() => network.attach(a.address), /address already in use/);
  a.transport.process.kill();
  equal(network.attach(a.address).bound.toString(), a.text);
});

Deno.test("SimTransport.sendPacket() refuses the wrong family, port 0 and what is too large", () => {
  const { network, a } = world();
  equal(a.transport.sendPacket(Address.fromHost("::1", 7946), PACKET), false);
  equal(a.transport.sendPacket(Address.fromHost("10.0.0.2", 0), PACKET), false);
  equal(a.transport.sendPacket(Address.fromHost("10.0.0.2", 1), new Uint8Array(65_508)), false);
  equal(network.counters.packetsRefused, 3);
});

Deno.test("SimExchange gives the request in pieces to the reader and the reply to the opener, not within the call", () => {
  const { clock, network, a, b } = world();
  const outcome = new Outcome();
  const request = new Uint8Array(201).fill(4);
  request[0] = 200;
  a.transport.openExchange(b.address, request, 1000, outcome);
  deepEqual(outcome.results, []);
  clock.runFor(100);
  deepEqual(b.sink.requests, [[...request]]);
  deepEqual(outcome.results, ["reply 2,7,8"]);
  ok(b.sink.readers[0]!.calls > 1);
  equal(network.counters.exchangesReplied, 1);
});

Deno.test("SimExchange reports a peer that closes without a reply, and 'sent' when none is expected", () => {
  const { clock, a, b } = world();
  b.sink.reply = null;
  const closed = new Outcome(), sent = new Outcome(false);
  a.transport.openExchange(b.address, Uint8Array.of(1, 5), 1000, closed);
  a.transport.openExchange(b.address, Uint8Array.of(1, 6), 1000, sent);
  clock.runFor(100);
  deepEqual([closed.results, sent.results], [["closed"], ["closed"]]);
  equal(b.sink.requests.length, 2);
});

Deno.test("SimExchange is refused where nobody listens, and times out where nothing arrives", () => {
  const { clock, network, a, b } = world();
  b.transport.close();
  const refused = new Outcome(), cut = new Outcome();
  a.transport.openExchange(b.address, Uint8Array.of(1, 5), 1000, refused);
  clock.runFor(100);
  deepEqual(refused.results, ["refused dial tcp 10.0.0.2:7946: connect: connection refused"]);
  network.faults.cut(a.text, b.text);
  a.transport.openExchange(b.address, Uint8Array.of(1, 5), 1000, cut);
  clock.runFor(999);
  deepEqual(cut.results, []);
  clock.runFor(5000);
  deepEqual(cut.results, ["timeout dial tcp 10.0.0.2:7946: i/o timeout"]);
  equal(network.counters.exchangesTimedOut, 1);
});

Deno.test("SimExchange resends lost segments until they arrive", () => {
  const { clock, network, a, b } = world(3);
  network.faults.setEverywhere({ lossRatio: 0.5 });
  const outcomes = Array.from({ length: 20 }, () => new Outcome());
  for (const outcome of outcomes) a.transport.openExchange(b.address, Uint8Array.of(1, 5), 60_000, outcome);
  clock.runFor(120_000);
  ok(outcomes.every(({ results }) => results.length === 1));
  ok(outcomes.filter(({ results }) => results[0] === "reply 2,7,8").length >= 18);
  ok(network.counters.segmentsResent > 20);
});

Deno.test("SimExchange breaks in the middle when told to: both ends learn it once", () => {
  const { clock, network, a, b } = world(3);
  network.faults.setEverywhere({ breakRatio: 1 });
  const outcomes = Array.from({ length: 20 }, () => new Outcome());
  for (const outcome of outcomes) {
    a.transport.openExchange(b.address, Uint8Array.of(4, 1, 1, 1, 1), 1000, outcome);
  }
  clock.runFor(5000);
  for (const { results } of outcomes) {
    deepEqual(results, ["closed read tcp 10.0.0.1:7946->10.0.0.2:7946: connection reset by peer"]);
  }
  ok(b.sink.failures.length > 3 && b.sink.failures.length < 17);
  equal(b.sink.failures.length + b.sink.requests.length, 20);
});

Deno.test("SimExchange is late at a blocked peer: the opener times out, the peer still serves it", () => {
  const { clock, a, b } = world();
  b.transport.process.blockFor(3000);
  const outcome = new Outcome();
  a.transport.openExchange(b.address, Uint8Array.of(1, 5), 1000, outcome);
  clock.runFor(2000);
  equal(outcome.results.length, 1);
  ok(outcome.results[0]!.startsWith("timeout read"));
  clock.runFor(2000);
  deepEqual(b.sink.requests, [[1, 5]]);
  equal(outcome.results.length, 1);
});

Deno.test("SimNetwork has the same trace for the same seed, another for another", () => {
  const run = (seed: number) => {
    const { clock, network, trace, a, b } = world(seed);
    network.faults.setEverywhere({ lossRatio: 0.2, duplicateRatio: 0.1 });
    sendMany(a.transport, b.address, 100);
    b.transport.openExchange(a.address, Uint8Array.of(1, 5), 1000, new Outcome());
    clock.runFor(1000);
    return trace.digest();
  };
  equal(run(1), run(1));
  ok(run(1) !== run(2));
});

Deno.test("SimClock.runUntil() stops at the exact timer, or at the limit", () => {
  const clock = new SimClock();
  let fired = 0;
  const timer = new Timer(() => {
    fired++;
    clock.arm(timer, 10);
  });
  clock.arm(timer, 10);
  equal(clock.runUntil(() => fired === 3, 1000), true);
  equal(clock.nowMs(), 30);
  equal(clock.runUntil(() => fired === 100, 50), false);
  equal(clock.nowMs(), 80);
  equal(clock.runUntil(() => fired === 10, 1000, 25), true);
  equal(clock.nowMs(), 105);
});
