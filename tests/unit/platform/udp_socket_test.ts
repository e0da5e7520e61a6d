import { deepEqual, equal, ok } from "../../support/assert.ts";
import { Address } from "../../../lib/base/address.ts";
import type { TransportCounters } from "../../../lib/platform/platform.ts";
import { FaultHook } from "../../../lib/platform/faults.ts";
import { UdpSocket } from "../../../lib/platform/udp_socket.ts";
import { pass, until, World } from "./fakes.ts";

function zeroCounters(): TransportCounters {
  return {
    packetsReceived: 0,
    packetsSent: 0,
    packetsDropped: 0,
    packetErrors: 0,
    streamsAccepted: 0,
    streamsRefused: 0,
    streamsFailed: 0,
  };
}

/** A socket whose sends settle when the test says so, and whose receives fail or wait as told. */
class FakeConn {
  readonly sent: { bytes: Uint8Array; hostname: string }[] = [];
  readonly #settles: { resolve: (count: number) => void; reject: (error: Error) => void }[] = [];
  receive: () => Promise<[Uint8Array, Deno.Addr]> = () => new Promise(() => {});

  send(bytes: Uint8Array, to: Deno.NetAddr): Promise<number> {
    this.sent.push({ bytes, hostname: to.hostname });
    return new Promise((resolve, reject) => this.#settles.push({ resolve, reject }));
  }

  async settle(failing = false): Promise<void> {
    for (const { resolve, reject } of this.#settles.splice(0)) failing ? reject(new Error("x")) : resolve(1);
    await undefined;
  }

  close(): void {}

  get conn(): Deno.DatagramConn {
    return this as unknown as Deno.DatagramConn;
  }
}

const SOMEBODY = Address.fromHost("127.0.10.7", 7946);

Deno.test("UdpSocket never touches a buffer before its send has settled", async () => {
  const fake = new FakeConn();
  const socket = new UdpSocket(fake.conn, "v4", zeroCounters(), new FaultHook());
  for (let i = 0; i < 100; i++) socket.send(SOMEBODY, Uint8Array.of(i));
  deepEqual(fake.sent.map(({ bytes }) => bytes[0]), Array.from({ length: 100 }, (_, i) => i));
  equal(new Set(fake.sent.map(({ bytes }) => bytes.buffer)).size, 100);
  await fake.settle();
  const first = fake.sent.splice(0).map(({ bytes }) => bytes.buffer);
  for (let i = 0; i < 100; i++) socket.send(SOMEBODY, Uint8Array.of(i));
  // Settled buffers are used again: sending costs no new memory.
  deepEqual(new Set(fake.sent.map(({ bytes }) => bytes.buffer)), new Set(first));
});

Deno.test("UdpSocket drops and counts when too many sends are under way, and recovers", async () => {
  const fake = new FakeConn();
  const counters = zeroCounters();
  const socket = new UdpSocket(fake.conn, "v4", counters, new FaultHook());
  for (let i = 0; i < 600; i++) equal(socket.send(SOMEBODY, Uint8Array.of(1)), true);
  equal(fake.sent.length, 512);
  equal(counters.packetsDropped, 88);
  await fake.settle();
  equal(counters.packetsSent, 512);
  equal(socket.send(SOMEBODY, new Uint8Array(60_000).fill(3)), true);
  equal(fake.sent.at(-1)!.bytes.length, 60_000);
  await fake.settle(true);
  equal(counters.packetErrors, 1);
  equal(counters.packetsDropped, 88);
});

Deno.test("UdpSocket.send() refuses what it can never send", () => {
  const v4 = Address.fromHost("127.0.0.1", 1), v6 = Address.fromHost("::1", 1);
  const of = (reach: "v4" | "v6" | "dual") => {
    const fake = new FakeConn();
    return { fake, socket: new UdpSocket(fake.conn, reach, zeroCounters(), new FaultHook()) };
  };
  equal(of("v4").socket.send(v6, Uint8Array.of(1)), false);
  equal(of("v6").socket.send(v4, Uint8Array.of(1)), false);
  equal(of("v4").socket.send(v4.withPort(0), Uint8Array.of(1)), false);
  equal(of("v4").socket.send(v4, new Uint8Array(65_508)), false);
  const { socket, fake } = of("dual");
  equal(socket.send(v4, Uint8Array.of(1)), true);
  equal(socket.send(v6, Uint8Array.of(1)), true);
  equal(socket.send(Address.fromBytes(Address.fromHost("::ffff:1.2.3.4", 5).ip, 5)!, Uint8Array.of(1)), true);
  deepEqual(fake.sent.map(({ hostname }) => hostname), ["::ffff:127.0.0.1", "::1", "::ffff:1.2.3.4"]);
  socket.close();
  equal(socket.send(v4, Uint8Array.of(1)), false);
});

Deno.test("UdpSocket outlives receives that fail, without a busy loop", async () => {
  const fake = new FakeConn();
  const counters = zeroCounters();
  const socket = new UdpSocket(fake.conn, "v4", counters, new FaultHook());
  const from = { transport: "udp" as const, hostname: "127.0.0.1", port: 5 };
  let calls = 0;
  fake.receive = () => {
    calls++;
    if (calls === 12) return Promise.resolve([Uint8Array.of(9), from]);
    return calls > 12 ? new Promise(() => {}) : Promise.reject(new Error("connection reset"));
  };
  const received: string[] = [];
  socket.start((sender, bytes) => received.push(`${sender} ${bytes}`));
  await pass(30);
  equal(calls, 8);
  await until(() => received.length === 1, "the packet after the failures");
  deepEqual(received, ["127.0.0.1:5 9"]);
  equal(counters.packetErrors, 11);
  socket.close();
});

Deno.test("datagrams of 0 and 65507 bytes pass in both directions", async () => {
  const a = new World("127.0.10.30"), b = new World("127.0.10.31");
  try {
    for (const length of [0, 65_507]) {
      const bytes = new Uint8Array(length).map((_, i) => i % 251);
      equal(a.transport.sendPacket(b.transport.bound, bytes), true);
      await until(() => b.sink.packets.length === 1, `${length} bytes`);
      deepEqual(b.sink.packets.pop()!.bytes, bytes);
    }
    equal(a.transport.counters.packetsSent, 2);
    equal(b.transport.counters.packetsReceived, 2);
  } finally {
    await a.close();
    await b.close();
  }
});

Deno.test("a sender's Address is one object for all its packets", async () => {
  const a = new World("127.0.10.32"), b = new World("127.0.10.33");
  try {
    for (let i = 0; i < 3; i++) a.transport.sendPacket(b.transport.bound, Uint8Array.of(i));
    await until(() => b.sink.packets.length === 3, "three packets");
    const [first, second, third] = b.sink.packets;
    ok(first!.from === second!.from && second!.from === third!.from);
    equal(first!.from.toString(), a.transport.bound.toString());
  } finally {
    await a.close();
    await b.close();
  }
});

Deno.test("of a flood of forged senders each packet still has its own sender", async () => {
  const fake = new FakeConn();
  const socket = new UdpSocket(fake.conn, "v4", zeroCounters(), new FaultHook());
  // Far more than are remembered, so that they push each other out; each comes twice in a row.
  const hostOf = (i: number) => `10.${i >> 16}.${i >> 8 & 255}.${i & 255}`;
  let count = 0, wrong = 0, known = 0;
  let last: Address | undefined;
  fake.receive = () => {
    const i = count++ >> 1;
    if (i === 20_000) return new Promise(() => {});
    return Promise.resolve([Uint8Array.of(1), {
      transport: "udp",
      hostname: hostOf(i % 10_000),
      port: i % 7 + 1,
    }]);
  };
  socket.start((from) => {
    const i = count - 1 >> 1;
    if (from.host !== hostOf(i % 10_000) || from.port !== i % 7 + 1) wrong++;
    if (from === last) known++;
    last = from;
  });
  await until(() => count > 40_000, "the flood");
  equal(wrong, 0);
  equal(known, 20_000);
  socket.close();
});

Deno.test("a wildcard transport talks to IPv4 and IPv6 peers and sees plain addresses", async () => {
  const wild = new World("0.0.0.0"), v4 = new World("127.0.10.34"), v6 = new World("::1");
  try {
    const { port } = wild.transport.bound;
    equal(wild.transport.bound.toString(), `0.0.0.0:${port}`);
    v4.transport.sendPacket(Address.fromHost("127.0.10.35", port), Uint8Array.of(4));
    v6.transport.sendPacket(Address.fromHost("::1", port), Uint8Array.of(6));
    await until(() => wild.sink.packets.length === 2, "both packets");
    const senders = wild.sink.packets.map(({ from }) => from.toString()).sort();
    deepEqual(senders, [v4.transport.bound.toString(), v6.transport.bound.toString()].sort());
    for (const { from } of wild.sink.packets) wild.transport.sendPacket(from, Uint8Array.of(1));
    await until(() => v4.sink.packets.length === 1 && v6.sink.packets.length === 1, "both answers");
  } finally {
    for (const world of [wild, v4, v6]) await world.close();
  }
});

Deno.test("what a packet's handler throws is reported, and the next packet comes", async () => {
  const a = new World("127.0.10.36"), b = new World("127.0.10.37");
  try {
    b.sink.onPacketHook = () => {
      throw new Error("bug");
    };
    a.transport.sendPacket(b.transport.bound, Uint8Array.of(1));
    a.transport.sendPacket(b.transport.bound, Uint8Array.of(2));
    await until(() => b.reported.length === 2, "both faults");
    deepEqual(b.sink.packets.map(({ bytes }) => bytes[0]).sort(), [1, 2]);
  } finally {
    await a.close();
    await b.close();
  }
});
