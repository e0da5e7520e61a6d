import { deepEqual, equal, match, ok } from "../../support/assert.ts";
import { Address } from "../../../lib/base/address.ts";
import { DenoClock } from "../../../lib/platform/deno_clock.ts";
import { ExchangeClient } from "../../../lib/platform/exchange_client.ts";
import { FaultHook } from "../../../lib/platform/faults.ts";
import { STREAM_LIMITS, StreamBudget, type StreamLimits } from "../../../lib/platform/transport_limits.ts";
import { closeAll, message, Outcome, pass, until } from "./fakes.ts";

const HOST = "127.0.10.70";

/** A client, and a peer that does with its connections what the test says. */
class Scene {
  readonly faults = new FaultHook();
  readonly reported: unknown[] = [];
  readonly budget: StreamBudget;
  readonly client: ExchangeClient;
  readonly #listener = Deno.listen({ hostname: HOST, port: 0 });
  readonly #conns: Deno.TcpConn[] = [];
  readonly peer: Address;

  constructor(behaviour: (conn: Deno.TcpConn) => Promise<unknown>, limits?: StreamLimits) {
    this.faults.listen((error) => this.reported.push(error));
    this.budget = new StreamBudget(limits);
    this.client = new ExchangeClient(new DenoClock(this.faults), this.budget, this.faults);
    this.peer = Address.fromHost(HOST, this.#listener.addr.port);
    void this.#accept(behaviour);
  }

  open(request: Uint8Array, timeoutMs: number, outcome = new Outcome()): Outcome {
    this.client.open(this.peer, request, timeoutMs, outcome);
    equal(outcome.count, 0);
    return outcome;
  }

  async close(): Promise<void> {
    this.client.close();
    closeAll(this.#listener, ...this.#conns);
    await pass(5);
  }

  async #accept(behaviour: (conn: Deno.TcpConn) => Promise<unknown>): Promise<void> {
    try {
      for (;;) {
        const conn = await this.#listener.accept();
        this.#conns.push(conn);
        void behaviour(conn).catch(() => {});
      }
    } catch {
      // Closed: the scene is over.
    }
  }
}

const never = () => new Promise(() => {});
const PATH = `127\\.0\\.0\\.1:\\d+->127\\.0\\.10\\.70:\\d+`;

Deno.test("a dial that nobody answers times out as a dial", async () => {
  // A listener that never accepts: once its queue is full, the system ignores further connections.
  const listener = Deno.listen({ hostname: HOST, port: 0, ...{ tcpBacklog: 1 } });
  const peer = Address.fromHost(HOST, listener.addr.port);
  const queued: Deno.TcpConn[] = [];
  const faults = new FaultHook();
  const client = new ExchangeClient(new DenoClock(faults), new StreamBudget(), faults);
  try {
    for (let full = false; !full;) {
      const signal = AbortSignal.timeout(150);
      await Deno.connect({ hostname: HOST, port: peer.port, signal })
        .then((conn) => queued.push(conn), () => full = true);
    }
    const outcome = new Outcome();
    const startMs = performance.now();
    client.open(peer, message(1), 100, outcome);
    await outcome.settled;
    equal(outcome.error?.message, `dial tcp ${peer}: i/o timeout`);
    equal(outcome.error?.kind, "timeout");
    ok(performance.now() - startMs >= 99);
  } finally {
    client.close();
    closeAll(listener, ...queued);
    await pass(5);
  }
});

Deno.test("a peer that is silent, or does not read, runs into the deadline", async () => {
  const scene = new Scene(never);
  try {
    const silent = scene.open(message(1), 80);
    await silent.settled;
    match(silent.error!.message, new RegExp(`^read tcp ${PATH}: i/o timeout$`));
    equal(silent.error!.kind, "timeout");
    const unread = scene.open(new Uint8Array(30_000_000), 150);
    await unread.settled;
    match(unread.error!.message, new RegExp(`^write tcp ${PATH}: i/o timeout$`));
    const late = scene.open(message(1), 0);
    await late.settled;
    equal(late.error!.kind, "timeout");
  } finally {
    await scene.close();
  }
  equal(scene.budget.open, 0);
});

Deno.test("peers that never read do not use up the exchanges", async () => {
  const scene = new Scene(never, { ...STREAM_LIMITS, openMax: 2, strandedPerHostMax: 2 });
  try {
    for (let i = 0; i < 2; i++) {
      const outcome = scene.open(new Uint8Array(30_000_000), 100);
      await outcome.settled;
      equal(outcome.error?.kind, "timeout");
    }
    await pass(20);
    equal(scene.budget.open, 0);
    // Where closing does not end a write, nothing more that could strand is sent to that host.
    const { stranded } = scene.budget;
    const large = scene.open(new Uint8Array(30_000_000), 100);
    await large.settled;
    if (stranded > 0) equal(large.error!.message, `dial tcp ${scene.peer}: too many open exchanges`);
    else equal(large.error!.kind, "timeout");
    const small = scene.open(message(1), 100, new Outcome(false));
    await small.settled;
    equal(small.error, undefined);
  } finally {
    await scene.close();
  }
  await until(() => scene.budget.stranded === 0, "the end of the stranded ones");
});

Deno.test("a peer that drips its reply runs into the one deadline of the exchange", async () => {
  const scene = new Scene(async (conn) => {
    const reply = message(1);
    for (let i = 0;; i++) {
      await conn.write(reply.subarray(i, i + 1));
      await pass(10);
    }
  });
  try {
    const startMs = performance.now();
    const outcome = scene.open(message(1), 120);
    await outcome.settled;
    equal(outcome.error?.kind, "timeout");
    ok(performance.now() - startMs < 1000);
    // Let the peer find its connection closed.
    await pass(30);
  } finally {
    await scene.close();
  }
});

Deno.test("a peer that resets the connection is told as Go tells it", async () => {
  const scene = new Scene(never);
  const listener = Deno.listen({ hostname: HOST, port: 0 });
  const outcome = new Outcome();
  try {
    scene.client.open(Address.fromHost(HOST, listener.addr.port), message(1), 2000, outcome);
    await pass(50);
    // A connection that nobody had accepted is reset when its listener closes.
    listener.close();
    await outcome.settled;
    match(outcome.error!.message, new RegExp(`^read tcp ${PATH}: read: connection reset by peer$`));
    equal(outcome.error!.kind, "closed");
  } finally {
    await scene.close();
  }
});

Deno.test("a reply that ends early is EOF, none at all is null, garbage is the sink's to judge", async () => {
  const replies = [message(3).subarray(0, 2999), new Uint8Array(0), Uint8Array.of(0, 255, 254)];
  let index = 0;
  const scene = new Scene(async (conn) => {
    const reply = replies[index++]!;
    await conn.read(new Uint8Array(10_000));
    await conn.write(reply);
    conn.close();
  });
  try {
    const partial = scene.open(message(1), 2000);
    await partial.settled;
    equal(partial.error?.message, "EOF");
    equal(partial.error?.kind, "closed");
    const none = scene.open(message(1), 2000);
    await none.settled;
    equal(none.reply, null);
    const garbage = scene.open(message(1), 2000);
    await garbage.settled;
    equal(garbage.reply, 1);
  } finally {
    await scene.close();
  }
});

Deno.test("exchanges beyond the budget, in number or in bytes, fail as this host's fault", async () => {
  const limits = { ...STREAM_LIMITS, openMax: 2, largeMax: 2, largeBytes: 100_000, bufferedBytesMax: 50_000 };
  const scene = new Scene(async (conn) => {
    await conn.read(new Uint8Array(10_000));
    await conn.write(message(60));
  }, limits);
  try {
    const first = scene.open(message(1), 2000), second = scene.open(message(1), 2000);
    const third = scene.open(message(1), 2000);
    await third.settled;
    equal(third.error?.message, `dial tcp ${scene.peer}: too many open exchanges`);
    equal(third.error?.remote, false);
    await first.settled;
    await second.settled;
    match(first.error!.message, new RegExp(`^read tcp ${PATH}: too many buffered bytes$`));
    equal(first.error!.remote, false);
    await pass(1);
    deepEqual([scene.budget.open, scene.budget.bufferedBytes], [0, 0]);
  } finally {
    await scene.close();
  }
});

Deno.test("without an expected reply the outcome says that the request is sent", async () => {
  let received = 0;
  const scene = new Scene(async (conn) => {
    const buffer = new Uint8Array(65_536);
    for (let count; (count = await conn.read(buffer)) !== null;) received += count;
    received += 0.5;
  });
  try {
    const outcome = scene.open(message(200), 2000, new Outcome(false));
    await outcome.settled;
    equal(outcome.reply, null);
    const endMs = performance.now() + 2000;
    while (received < 200_000.5 && performance.now() < endMs) await pass(2);
    equal(received, 200_000.5);
  } finally {
    await scene.close();
  }
});

Deno.test("what a sink throws is reported, and nothing stays open", async () => {
  const scene = new Scene(async (conn) => {
    await conn.read(new Uint8Array(10_000));
    await conn.write(message(1));
  });
  try {
    const bug = new Error("bug");
    class Faulty extends Outcome {
      override onReply(): void {
        super.onReply(null);
        throw bug;
      }
    }
    await scene.open(message(1), 2000, new Faulty()).settled;
    await pass(5);
    deepEqual(scene.reported, [bug]);
    equal(scene.budget.open, 0);
  } finally {
    await scene.close();
  }
});

Deno.test("an exchange opened after close() fails, and one open at close() is silent", async () => {
  const scene = new Scene(never);
  const open = scene.open(message(1), 50);
  await pass(10);
  scene.client.close();
  const late = scene.open(message(1), 50);
  await late.settled;
  equal(late.error?.message, `dial tcp ${scene.peer}: use of closed network connection`);
  await pass(80);
  equal(open.count, 0);
  equal(scene.budget.open, 0);
  await scene.close();
});
