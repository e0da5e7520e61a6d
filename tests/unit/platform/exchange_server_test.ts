import { deepEqual, equal, match, ok } from "../../support/assert.ts";
import { ExchangeServer } from "../../../lib/platform/exchange_server.ts";
import type { TransportCounters } from "../../../lib/platform/platform.ts";
import { StreamBudget, type StreamLimits } from "../../../lib/platform/transport_limits.ts";
import { closeAll, message, pass, readToEnd, until, World } from "./fakes.ts";

const LIMITS: StreamLimits = {
  openMax: 4,
  openPerHostMax: 4,
  largeMax: 1,
  largeBytes: 16_384,
  bufferedBytesMax: 200_000,
  strandedPerHostMax: 2,
  strandedMax: 100,
};

/** A server with small limits beside a world whose sink it serves. */
class LimitedServer {
  readonly world = new World("127.0.10.50");
  readonly budget: StreamBudget;
  readonly counters: TransportCounters = { ...this.world.transport.counters };
  readonly listener = Deno.listen({ hostname: "127.0.10.51", port: 0 });
  readonly server: ExchangeServer;

  constructor(timeoutMs = 2000, limits = LIMITS) {
    const { clock, faults } = this.world;
    this.budget = new StreamBudget(limits);
    this.server = new ExchangeServer(this.listener, clock, timeoutMs, this.budget, this.counters, faults);
    this.server.start(this.world.sink);
  }

  dial(): Promise<Deno.TcpConn> {
    return Deno.connect({ hostname: "127.0.10.51", port: this.listener.addr.port });
  }

  async close(): Promise<void> {
    this.server.close();
    await this.world.close();
  }
}

Deno.test("a stream that closes at once, or in the middle of its request, fails with EOF", async () => {
  const world = new World("127.0.10.52");
  try {
    closeAll(await world.dial());
    await until(() => world.sink.failures.length === 1, "the empty stream");
    const conn = await world.dial();
    await conn.write(message(3).subarray(0, 50));
    conn.close();
    await until(() => world.sink.failures.length === 2, "the cut stream");
    deepEqual(world.sink.failures.map(({ received }) => received), [0, 50]);
    for (const { error } of world.sink.failures) {
      equal(error.message, "EOF");
      equal(error.kind, "closed");
    }
    equal(world.transport.counters.streamsFailed, 2);
  } finally {
    await world.close();
  }
});

Deno.test("a request that comes in drops is answered, one that comes too slowly is not", async () => {
  const world = new World("127.0.10.53", 250);
  const patient = await world.dial(), slow = await world.dial();
  try {
    const request = message(1);
    for (let i = 0; i < 1000; i += 100) {
      await patient.write(request.subarray(i, i + 100));
      await pass(2);
    }
    equal((await readToEnd(patient)).count, 1000);

    const startMs = performance.now();
    const dripping = (async () => {
      for (let i = 0; i < 1000; i++) {
        await slow.write(request.subarray(i, i + 1));
        await pass(20);
      }
    })().catch(() => {});
    await until(() => world.sink.failures.length === 1, "the deadline");
    await dripping;
    const { received, error } = world.sink.failures[0]!;
    equal(error.kind, "timeout");
    match(error.message, /^read tcp 127\.0\.10\.53:\d+->127\.0\.0\.1:\d+: i\/o timeout$/);
    ok(received > 0 && received < 100, `${received}`);
    ok(performance.now() - startMs < 1500);
  } finally {
    closeAll(patient, slow);
    await world.close();
  }
});

Deno.test("a reply reaches a peer that sent more than its request", async () => {
  const world = new World("127.0.10.54");
  const conn = await world.dial();
  try {
    const bytes = new Uint8Array(150_000);
    bytes.set(message(2));
    await conn.write(bytes);
    // Closing over the unread rest would have destroyed the reply with a reset.
    deepEqual(await readToEnd(conn), { count: 2000, reset: false });
    deepEqual(world.sink.requests, [2000]);
  } finally {
    closeAll(conn);
    await world.close();
  }
});

Deno.test("a reply of many megabytes is written whole to a slow reader", async () => {
  const world = new World("127.0.10.55", 5000);
  const conn = await world.dial();
  try {
    world.sink.answer = () => new Uint8Array(12_000_000).fill(1);
    await conn.write(message(0));
    await pass(100);
    deepEqual(await readToEnd(conn), { count: 12_000_000, reset: false });
  } finally {
    closeAll(conn);
    await world.close();
  }
});

Deno.test("a peer that takes its reply and stays is cut off after a moment", async () => {
  const limited = new LimitedServer(200);
  const { budget } = limited;
  const conn = await limited.dial();
  try {
    await conn.write(message(1));
    await until(() => budget.open === 1, "the request");
    await until(() => budget.open === 0, "the end");
    equal(budget.bufferedBytes, 0);
  } finally {
    closeAll(conn);
    await limited.close();
  }
});

Deno.test("peers that never read their replies do not keep the places of others", async () => {
  const limited = new LimitedServer(1_000, { ...LIMITS, largeMax: 4, bufferedBytesMax: 130_000_000 });
  const { world, budget, counters } = limited;
  world.sink.answer = (request) => request[0] === 0 ? new Uint8Array(30_000_000) : request.slice();
  const conns: Deno.TcpConn[] = [];
  const dial = async (bytes: Uint8Array) => {
    const conn = await limited.dial();
    conns.push(conn);
    await conn.write(bytes);
    return conn;
  };
  try {
    for (let i = 0; i < 4; i++) await dial(message(0));
    await until(() => budget.bufferedBytes === 120_000_000, "the replies");
    // Where closing ends a write, the deadline ends the stream; elsewhere it lives on, beside those that are open.
    await until(() => budget.open === 0, "the deadline");
    await pass(20);
    ok(budget.stranded === 0 || budget.stranded === 4, `${budget.stranded}`);
    equal(budget.bufferedBytes, 0);
    const refused = counters.streamsRefused, { stranded } = budget;
    equal((await readToEnd(await dial(message(3)))).count, 3000);
    // But a host that strands streams is sent little from then on.
    const large = await readToEnd(await dial(message(20)));
    equal(large.count, stranded === 0 ? 20_000 : 0);
    equal(counters.streamsRefused - refused, stranded === 0 ? 0 : 1);
    closeAll(...conns);
    await until(() => budget.stranded === 0 && budget.open === 0, "the end");
  } finally {
    closeAll(...conns);
    await limited.close();
  }
});

Deno.test("streams beyond the limit are closed silently and counted, and welcome again later", async () => {
  const limited = new LimitedServer();
  const { world, counters, budget } = limited;
  const conns: Deno.TcpConn[] = [];
  try {
    for (let i = 0; i < 4; i++) conns.push(await limited.dial());
    await until(() => budget.open === 4, "four streams");
    const fifth = await limited.dial();
    conns.push(fifth);
    equal((await readToEnd(fifth)).count, 0);
    equal(counters.streamsRefused, 1);
    equal(counters.streamsAccepted, 5);
    equal(world.sink.failures.length, 0);
    conns[0]!.close();
    await until(() => budget.open === 3, "room");
    const sixth = await limited.dial();
    conns.push(sixth);
    await sixth.write(message(1));
    equal((await readToEnd(sixth)).count, 1000);
  } finally {
    closeAll(...conns);
    await limited.close();
  }
});

Deno.test("of the streams with large requests, and of all bytes together, only so many are held", async () => {
  const limited = new LimitedServer();
  const { world, counters, budget } = limited;
  const conns = [await limited.dial()];
  const dialNext = async () => {
    conns.push(await limited.dial());
    return conns.at(-1)!;
  };
  const large = conns[0]!;
  try {
    await large.write(message(20).subarray(0, 19_000));
    await until(() => budget.bufferedBytes === 32_768, "the first large one");
    const second = await dialNext();
    await second.write(message(20));
    await readToEnd(second);
    equal(counters.streamsRefused, 1);
    // The first goes on undisturbed; when it is over, there is room for another, but never for more than all bytes.
    await large.write(message(20).subarray(19_000));
    equal((await readToEnd(large)).count, 20_000);
    large.close();
    const huge = await dialNext();
    await huge.write(message(250)).catch(() => {});
    await readToEnd(huge);
    await until(() => counters.streamsRefused === 2, "the huge one");
    deepEqual(world.sink.requests, [20_000]);
    equal(world.sink.failures.length, 0);
    await until(() => budget.open === 0, "the end of all");
    equal(budget.bufferedBytes, 0);
  } finally {
    closeAll(...conns);
    await limited.close();
  }
});

Deno.test("a reply that would exceed the limits is not held for a peer that may never read it", async () => {
  const limited = new LimitedServer();
  const { world, counters } = limited;
  world.sink.answer = () => new Uint8Array(200_001);
  const conn = await limited.dial();
  try {
    await conn.write(message(0));
    equal((await readToEnd(conn)).count, 0);
    equal(counters.streamsRefused, 1);
  } finally {
    closeAll(conn);
    await limited.close();
  }
});

Deno.test("what the sink throws is reported; its stream is closed, the next one served", async () => {
  const world = new World("127.0.10.56");
  const conn = await world.dial(), next = await world.dial();
  try {
    const bug = new Error("bug");
    world.sink.answer = () => {
      throw bug;
    };
    await conn.write(message(1));
    equal((await readToEnd(conn)).count, 0);
    deepEqual(world.reported, [bug]);
    world.sink.answer = (request) => request.slice();
    await next.write(message(1));
    equal((await readToEnd(next)).count, 1000);
  } finally {
    closeAll(conn, next);
    await world.close();
  }
});

Deno.test("close() ends every open stream, and the sink hears nothing of it", async () => {
  const world = new World("127.0.10.57");
  const idle = await world.dial(), reading = await world.dial();
  try {
    await reading.write(message(5).subarray(0, 100));
    await until(() => world.transport.counters.streamsAccepted === 2, "both streams");
    world.transport.close();
    await readToEnd(idle);
    await readToEnd(reading);
    equal(world.sink.failures.length, 0);
    equal(world.sink.requests.length, 0);
  } finally {
    closeAll(idle, reading);
    await world.close();
  }
});

Deno.test("an accept that fails is tried again, with a pause", async () => {
  const world = new World("127.0.10.58");
  let calls = 0;
  const listener = {
    accept: () => ++calls <= 2 ? Promise.reject(new Error("Too many open files")) : new Promise(() => {}),
    close() {},
  } as unknown as Deno.Listener;
  const { clock, faults, sink } = world;
  const counters = { ...world.transport.counters };
  const server = new ExchangeServer(listener, clock, 1000, new StreamBudget(), counters, faults);
  server.start(sink);
  await pass(20);
  equal(calls, 1);
  await until(() => calls === 3, "two more attempts");
  server.close();
  await world.close();
});
