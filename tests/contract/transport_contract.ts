/** What every Transport promises. One suite, run on the simulated network and on real sockets. */
import { deepEqual, equal, ok } from "../support/assert.ts";
import { Address } from "../../lib/base/address.ts";
import type { Transport, TransportSink } from "../../lib/base/ports.ts";
import { ContractSink, framed, Outcome } from "./transport_fakes.ts";

/** The life of a transport, as far as both worlds agree on it. */
export interface ContractTransport extends Transport {
  readonly bound: Address;
  start(sink: TransportSink): void;
  close(): void;
}

/** A network under test, and the power to let its time pass. */
export interface TransportWorld {
  /** Binds a fresh endpoint, not yet started. */
  bind(): ContractTransport;
  /** An address of this machine at which nobody listens. */
  deadAddress(): Address;
  /** Lets time pass until `predicate` holds, at most `limitMs`. @returns whether it held. */
  until(predicate: () => boolean, limitMs: number): Promise<boolean>;
  /** Lets `ms` pass. */
  pass(ms: number): Promise<void>;
  /** Closes everything that was bound. */
  close(): void;
}

/**
 * Registers the suite.
 *
 * @param name of the implementation, for the tests' names.
 * @param makeWorld called anew for each test.
 */
export function transportContract(name: string, makeWorld: () => TransportWorld): void {
  const test = (what: string, body: (world: TransportWorld) => Promise<void>) => {
    Deno.test(`Transport contract: ${name}: ${what}`, async () => {
      const world = makeWorld();
      try {
        await body(world);
      } finally {
        world.close();
        await world.pass(1);
      }
    });
  };
  packetContract(test);
  exchangeContract(test);
  failureContract(test);
}

type Register = (what: string, body: (world: TransportWorld) => Promise<void>) => void;

/** A started endpoint and its sink. */
function start(
  world: TransportWorld,
): { transport: ContractTransport; sink: ContractSink; address: Address } {
  const transport = world.bind();
  const sink = new ContractSink();
  transport.start(sink);
  return { transport, sink, address: transport.bound };
}

function packetContract(test: Register): void {
  test("a packet arrives whole, with its sender's address", async (world) => {
    const a = start(world), b = start(world);
    equal(a.transport.sendPacket(b.address, Uint8Array.of(1, 2, 3)), true);
    ok(await world.until(() => b.sink.packets.length === 1, 2000));
    deepEqual(b.sink.packets[0]!.bytes, Uint8Array.of(1, 2, 3));
    equal(b.sink.packets[0]!.from, a.address.toString());
  });

  test("a sender may reuse its buffer as soon as sendPacket() returns", async (world) => {
    const a = start(world), b = start(world);
    const buffer = new Uint8Array(2);
    for (let i = 0; i < 20; i++) {
      buffer.fill(i);
      a.transport.sendPacket(b.address, buffer);
    }
    buffer.fill(99);
    ok(await world.until(() => b.sink.packets.length === 20, 2000));
    const seen = b.sink.packets.map(({ bytes }) => bytes.join()).sort();
    deepEqual(seen, Array.from({ length: 20 }, (_, i) => `${i},${i}`).sort());
  });

  test("a view into a larger buffer is sent as the view", async (world) => {
    const a = start(world), b = start(world);
    a.transport.sendPacket(b.address, new Uint8Array(100).fill(7).subarray(10, 14));
    ok(await world.until(() => b.sink.packets.length === 1, 2000));
    deepEqual(b.sink.packets[0]!.bytes, Uint8Array.of(7, 7, 7, 7));
  });

  test("a packet to oneself arrives after sendPacket() has returned", async (world) => {
    const a = start(world);
    a.transport.sendPacket(a.address, Uint8Array.of(5));
    equal(a.sink.packets.length, 0);
    ok(await world.until(() => a.sink.packets.length === 1, 2000));
  });

  test("a datagram of 60000 bytes passes, one of 65508 is refused at once", async (world) => {
    const a = start(world), b = start(world);
    const large = new Uint8Array(60_000).map((_, i) => i * 7);
    equal(a.transport.sendPacket(b.address, large), true);
    ok(await world.until(() => b.sink.packets.length === 1, 2000));
    deepEqual(b.sink.packets[0]!.bytes, large);
    equal(a.transport.sendPacket(b.address, new Uint8Array(65_508)), false);
  });

  test("a packet to nobody is lost in silence, and harms nothing after it", async (world) => {
    const a = start(world), b = start(world);
    for (let i = 0; i < 5; i++) a.transport.sendPacket(world.deadAddress(), Uint8Array.of(1));
    await world.pass(20);
    a.transport.sendPacket(b.address, Uint8Array.of(2));
    ok(await world.until(() => b.sink.packets.length === 1, 2000));
  });

  test("after close() nothing is sent or delivered, and close() may come twice", async (world) => {
    const a = start(world), b = start(world);
    b.transport.close();
    b.transport.close();
    a.transport.sendPacket(b.address, Uint8Array.of(1));
    equal(b.transport.sendPacket(a.address, Uint8Array.of(1)), false);
    await world.pass(50);
    equal(a.sink.packets.length + b.sink.packets.length, 0);
  });
}

function exchangeContract(test: Register): void {
  test("a request gets its reply, whatever their lengths", async (world) => {
    const a = start(world), b = start(world);
    for (const length of [0, 1, 1000, 100_000, 3_000_000]) {
      const outcome = new Outcome();
      const payload = new Uint8Array(length).map((_, i) => i * 31);
      b.sink.answer = (request) => framed(request.map((byte) => byte ^ 0xff));
      a.transport.openExchange(b.address, framed(payload), 5000, outcome);
      equal(outcome.count, 0);
      ok(await world.until(() => outcome.count === 1, 5000), `length ${length}`);
      deepEqual(outcome.reply, framed(payload.map((byte) => byte ^ 0xff)));
      equal(b.sink.exchangeFrom, a.address.host);
    }
  });

  test("the frame readers see a buffer that grows", async (world) => {
    const a = start(world), b = start(world);
    const outcome = new Outcome();
    b.sink.answer = () => framed(new Uint8Array(500_000));
    a.transport.openExchange(b.address, framed(new Uint8Array(500_000)), 5000, outcome);
    ok(await world.until(() => outcome.count === 1, 5000));
    for (const lengths of [b.sink.scannedLengths, outcome.scannedLengths]) {
      ok(lengths.length > 1);
      ok(lengths.every((length, i) => i === 0 || length > lengths[i - 1]!), lengths.join());
    }
  });

  test("what follows the reply on the stream is no part of it", async (world) => {
    const a = start(world), b = start(world);
    const outcome = new Outcome();
    b.sink.answer = () => Uint8Array.of(...framed(Uint8Array.of(1, 2)), 9, 9, 9);
    a.transport.openExchange(b.address, framed(Uint8Array.of(1)), 5000, outcome);
    ok(await world.until(() => outcome.count === 1, 5000));
    deepEqual(outcome.reply, framed(Uint8Array.of(1, 2)));
  });

  test("a peer that closes without replying gives a null reply", async (world) => {
    const a = start(world), b = start(world);
    const outcome = new Outcome();
    b.sink.answer = () => null;
    a.transport.openExchange(b.address, framed(Uint8Array.of(1)), 5000, outcome);
    ok(await world.until(() => outcome.count === 1, 5000));
    equal(outcome.reply, null);
  });

  test("where no reply is expected, the request still arrives", async (world) => {
    const a = start(world), b = start(world);
    const outcome = new Outcome(false);
    a.transport.openExchange(b.address, framed(new Uint8Array(200_000).fill(3)), 5000, outcome);
    ok(await world.until(() => outcome.count === 1 && b.sink.requests.length === 1, 5000));
    equal(outcome.reply, null);
    equal(b.sink.requests[0]!.length, 200_000);
  });

  test("many exchanges at once get each its own reply", async (world) => {
    const a = start(world), b = start(world);
    b.sink.answer = (request) => framed(request);
    const outcomes = Array.from({ length: 30 }, (_, i) => {
      const outcome = new Outcome();
      const from = i % 2 === 0 ? a : b;
      from.sink.answer = b.sink.answer;
      from.transport.openExchange((i % 2 === 0 ? b : a).address, framed(Uint8Array.of(i, i)), 5000, outcome);
      return outcome;
    });
    ok(await world.until(() => outcomes.every(({ count }) => count === 1), 5000));
    outcomes.forEach(({ reply }, i) => deepEqual(reply, framed(Uint8Array.of(i, i))));
  });
}

function failureContract(test: Register): void {
  test("where nobody listens, a connection is refused", async (world) => {
    const a = start(world);
    const outcome = new Outcome();
    const dead = world.deadAddress();
    a.transport.openExchange(dead, framed(Uint8Array.of(1)), 5000, outcome);
    equal(outcome.count, 0);
    ok(await world.until(() => outcome.count === 1, 5000));
    equal(outcome.error?.kind, "refused");
    equal(outcome.error?.message, `dial tcp ${dead}: connect: connection refused`);
    equal(outcome.error?.remote, true);
  });

  test("an incomplete request times out at the opener and fails at the peer, once each", async (world) => {
    const a = start(world), b = start(world);
    const outcome = new Outcome();
    const request = framed(new Uint8Array(10)).subarray(0, 8);
    a.transport.openExchange(b.address, request.slice(), 150, outcome);
    await world.pass(80);
    equal(outcome.count, 0);
    ok(await world.until(() => outcome.count === 1 && b.sink.failures.length === 1, 3000));
    equal(outcome.error?.kind, "timeout");
    match(outcome.error?.message, /i\/o timeout$/);
    deepEqual(b.sink.failures, [8]);
    await world.pass(50);
    equal(outcome.count + b.sink.failures.length, 2);
  });

  test("a reply that ends early is an error", async (world) => {
    const a = start(world), b = start(world);
    const outcome = new Outcome();
    b.sink.answer = () => framed(new Uint8Array(100)).slice(0, 50);
    a.transport.openExchange(b.address, framed(Uint8Array.of(1)), 5000, outcome);
    ok(await world.until(() => outcome.count === 1, 5000));
    equal(outcome.error?.kind, "closed");
  });

  test("an opener that closes hears nothing more", async (world) => {
    const a = start(world), b = start(world);
    const outcome = new Outcome();
    a.transport.openExchange(b.address, framed(Uint8Array.of(1)), 200, outcome);
    a.transport.close();
    await world.pass(300);
    equal(outcome.count, 0);
  });

  test("the other family is no route, not a crash", async (world) => {
    const a = start(world);
    const outcome = new Outcome();
    const other = Address.fromHost(a.address.host.includes(":") ? "192.0.2.1" : "2001:db8::1", 7946);
    a.transport.sendPacket(other, Uint8Array.of(1));
    a.transport.openExchange(other, framed(Uint8Array.of(1)), 300, outcome);
    ok(await world.until(() => outcome.count === 1, 3000));
    ok(outcome.error !== undefined);
  });
}

function match(text: string | undefined, pattern: RegExp): void {
  ok(text !== undefined && pattern.test(text), `${text} does not match ${pattern}`);
}
