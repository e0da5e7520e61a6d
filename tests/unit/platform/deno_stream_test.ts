import { deepEqual, equal, ok, rejects } from "../../support/assert.ts";
import { TransportError } from "../../../lib/base/errors.ts";
import { DenoStreamConnection, DenoStreamListener, dialStream } from "../../../lib/platform/deno_stream.ts";
import type { StreamConnection } from "../../../lib/platform/platform.ts";
import { BlockPool } from "../../../lib/platform/send_queue.ts";
import { closeAll, pass } from "./fakes.ts";

const HOST = "127.0.10.90";

/** Both ends of one connection. */
async function pair(): Promise<{ near: StreamConnection; far: StreamConnection; close(): Promise<void> }> {
  const listener = new DenoStreamListener(HOST, 0);
  const [far, near] = await Promise.all([listener.accept(), dialStream([HOST], listener.port, 1000)]);
  const close = async () => {
    closeAll(near, far!, listener);
    await pass(2);
  };
  return { near, far: far!, close };
}

/** Reads until `count` bytes have come, or the end. */
async function readBytes(conn: StreamConnection, count: number): Promise<Uint8Array> {
  const all = new Uint8Array(count);
  let length = 0;
  while (length < count) {
    const bytes = await conn.read();
    if (bytes === null) break;
    all.set(bytes, length);
    length += bytes.length;
  }
  return all.subarray(0, length);
}

/** A connection that records its writes and takes at most so many bytes at a time. */
class FakeConn {
  readonly writes: number[][] = [];
  readonly remoteAddr = { transport: "tcp", hostname: "::ffff:10.0.0.1", port: 77 };
  failing = false;
  closed = false;
  constructor(readonly bytesPerWrite = Infinity) {}

  async write(bytes: Uint8Array): Promise<number> {
    await undefined;
    if (this.failing) throw new Error("Broken pipe (os error 32)");
    const taken = bytes.subarray(0, this.bytesPerWrite);
    this.writes.push([...taken]);
    return taken.length;
  }

  /** How many bytes each read finds, at most. */
  readonly inputs: number[] = [];
  /** The buffers that were offered to reads. */
  readonly offered: number[] = [];
  async read(buffer: Uint8Array): Promise<number | null> {
    await undefined;
    this.offered.push(buffer.length);
    const count = this.inputs.shift();
    return count === undefined ? null : Math.min(count, buffer.length);
  }

  setNoDelay(): void {}
  setKeepAlive(): void {}
  close(): void {
    this.closed = true;
  }

  get conn(): Deno.TcpConn {
    return this as unknown as Deno.TcpConn;
  }
}

Deno.test("StreamConnection carries bytes both ways, in order, to the end", async () => {
  const { near, far, close } = await pair();
  try {
    const bytes = new Uint8Array(700_000).map((_, i) => i * 13);
    for (let i = 0; i < bytes.length; i += 7000) near.write(bytes.subarray(i, i + 7000));
    deepEqual(await readBytes(far, bytes.length), bytes);
    far.write(Uint8Array.of(1, 2, 3));
    deepEqual(await readBytes(near, 3), Uint8Array.of(1, 2, 3));
    await far.drained();
    far.close();
    equal(await near.read(), null);
    equal(await far.read(), null);
  } finally {
    await close();
  }
});

Deno.test("StreamConnection.remote is the far end, v4-mapped ones as plain IPv4", async () => {
  const { far, close } = await pair();
  ok(/^127\.0\.0\.1:\d+$/.test(far.remote), far.remote);
  equal(new DenoStreamConnection(new FakeConn().conn, new BlockPool()).remote, "10.0.0.1:77");
  await close();
});

Deno.test("StreamConnection.write() makes one system call of what one turn writes", async () => {
  const fake = new FakeConn();
  const stream = new DenoStreamConnection(fake.conn, new BlockPool());
  const scratch = new Uint8Array(1);
  const lengths = [1, 2, 3].map((value) => {
    scratch[0] = value;
    return stream.write(scratch);
  });
  // The caller's buffer is its own again.
  scratch[0] = 99;
  deepEqual(lengths, [1, 2, 3]);
  await stream.drained();
  deepEqual(fake.writes, [[1, 2, 3]]);
  stream.write(Uint8Array.of(4));
  await stream.drained();
  deepEqual(fake.writes, [[1, 2, 3], [4]]);
});

Deno.test("StreamConnection keeps order through partial writes, and takes more meanwhile", async () => {
  const fake = new FakeConn(2);
  const stream = new DenoStreamConnection(fake.conn, new BlockPool());
  stream.write(Uint8Array.of(1, 2, 3, 4, 5));
  await undefined;
  await undefined;
  stream.write(Uint8Array.of(6));
  stream.write(Uint8Array.of(7, 8));
  await stream.drained();
  deepEqual(fake.writes.flat(), [1, 2, 3, 4, 5, 6, 7, 8]);
});

Deno.test("StreamConnection does nothing after an error, and whoever waits is released", async () => {
  const fake = new FakeConn();
  const stream = new DenoStreamConnection(fake.conn, new BlockPool());
  fake.failing = true;
  equal(stream.write(new Uint8Array(10)), 10);
  await stream.drained();
  equal(fake.closed, true);
  equal(stream.write(new Uint8Array(10)), 0);
  equal(await stream.read(), null);
  await stream.drained();
  deepEqual(fake.writes, []);
});

Deno.test("StreamConnection.write() tells how much waits for a reader that does not read", async () => {
  const { near, far, close } = await pair();
  try {
    let waiting = 0;
    for (let i = 0; i < 20; i++) {
      waiting = near.write(new Uint8Array(1_000_000));
      await pass(1);
    }
    ok(waiting > 1_000_000, `${waiting}`);
    let isDrained = false;
    const drained = near.drained().then(() => isDrained = true);
    await pass(20);
    equal(isDrained, false);
    // A closed connection keeps nobody waiting.
    near.close();
    await drained;
    equal(near.write(new Uint8Array(1)), 0);
    far.close();
    await pass(20);
  } finally {
    await close();
  }
});

Deno.test("StreamConnection.read() takes bursts in a larger buffer, and gives it back afterwards", async () => {
  const fake = new FakeConn();
  const stream = new DenoStreamConnection(fake.conn, new BlockPool());
  fake.inputs.push(10, 4096, 99_999, 99_999, 99_999, 99_999, 99_999, 30_000, 100, 10);
  for (let i = 0; i < 10; i++) await stream.read();
  const k = 1024;
  deepEqual(fake.offered, [4, 4, 8, 16, 32, 64, 64, 64, 64, 4].map((size) => size * k));
  equal(await stream.read(), null);
});

Deno.test("StreamConnection.released() resolves once it is closed and no write is under way", async () => {
  const fake = new FakeConn();
  const { promise: peerReads, resolve: read } = Promise.withResolvers<void>();
  fake.write = async (bytes) => {
    await peerReads;
    return bytes.length;
  };
  const idle = new DenoStreamConnection(new FakeConn().conn, new BlockPool());
  let idleReleased = false;
  const released = idle.released().then(() => idleReleased = true);
  await pass(1);
  equal(idleReleased, false);
  idle.close();
  await released;

  const stream = new DenoStreamConnection(fake.conn, new BlockPool());
  equal(stream.write(new Uint8Array(9)), stream.queuedBytes);
  await pass(1);
  stream.close();
  equal(stream.queuedBytes, 0);
  await stream.drained();
  let isReleased = false;
  void stream.released().then(() => isReleased = true);
  await pass(1);
  equal(isReleased, false);
  read();
  await stream.released();
  equal(isReleased, true);
});

Deno.test("StreamListener hands out connections until it is closed", async () => {
  const listener = new DenoStreamListener(HOST, 0);
  const waiting = listener.accept();
  const near = await dialStream([HOST], listener.port, 1000);
  const far = await waiting;
  ok(far !== null);
  const last = listener.accept();
  listener.close();
  equal(await last, null);
  equal(await listener.accept(), null);
  closeAll(near, far);
});

Deno.test("StreamListener names the port that is taken", () => {
  const listener = new DenoStreamListener(HOST, 0);
  try {
    new DenoStreamListener(HOST, listener.port);
    ok(false);
  } catch (error) {
    ok(error instanceof TransportError);
    equal(error.message, `listen tcp ${HOST}:${listener.port}: bind: address already in use`);
  } finally {
    listener.close();
  }
});

Deno.test("dialStream() fails in Go's words, or finds the address that answers", async () => {
  const listener = new DenoStreamListener(HOST, 0);
  const { port } = listener;
  await rejects(dialStream(["127.0.10.91", "127.0.10.92"], port, 1000), {
    name: "TransportError",
    kind: "refused",
    message: `dial tcp 127.0.10.91:${port}: connect: connection refused`,
  });
  const found = await dialStream(["127.0.10.91", HOST], port, 1000);
  closeAll(found, listener);
  await pass(2);
});

Deno.test("dialStream() gives up at its deadline", async () => {
  const listener = Deno.listen({ hostname: HOST, port: 0, ...{ tcpBacklog: 1 } });
  const queued: Deno.TcpConn[] = [];
  for (let full = false; !full;) {
    const signal = AbortSignal.timeout(150);
    await Deno.connect({ hostname: HOST, port: listener.addr.port, signal })
      .then((conn) => queued.push(conn), () => full = true);
  }
  await rejects(dialStream([HOST], listener.addr.port, 80), {
    kind: "timeout",
    message: `dial tcp ${HOST}:${listener.addr.port}: i/o timeout`,
  });
  closeAll(listener, ...queued);
});
