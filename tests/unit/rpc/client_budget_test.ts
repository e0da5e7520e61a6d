import { deepEqual, equal, match, ok } from "../../support/assert.ts";
import { BUDGET_LIMITS, type BudgetedClient, ClientBudget } from "../../../lib/rpc/client_budget.ts";
import * as messages from "../../../lib/rpc/messages.ts";
import { RpcContext } from "../../../lib/rpc/rpc_context.ts";
import { CLIENTS_MAX } from "../../../lib/rpc/rpc_server.ts";
import { Conversation, request, settle } from "./conversation.ts";
import { FakeBackend, FakeClock, fakeMember } from "./fake_backend.ts";

const KIB = 1024;
const LIMITS = { calmBytes: 400 * KIB, bytesMax: 1000 * KIB };

class Client implements BudgetedClient {
  heldBytes = 0;
  movedBytes = 0;
  isDropped = false;
  drop(): void {
    this.isDropped = true;
  }
}

function scene(count: number) {
  const clock = new FakeClock();
  const budget = new ClientBudget(clock, LIMITS);
  const clients = Array.from({ length: count }, () => new Client());
  const accounts = clients.map((client) => budget.open(client));
  const hold = (i: number, kib: number) => {
    clients[i]!.heldBytes = kib * KIB;
    accounts[i]!.update();
  };
  const dropped = () => clients.flatMap((client, i) => client.isDropped ? [i] : []);
  return { clock, budget, clients, accounts, hold, dropped };
}

Deno.test("ClientBudget watches nobody while the total is calm", async () => {
  const { clock, budget, accounts, hold, dropped } = scene(3);
  hold(0, 100);
  hold(1, 300);
  hold(1, 200);
  hold(2, 100);
  await settle();
  equal(clock.timers.size, 0);
  equal(budget.totalBytes, 400 * KIB);
  equal(budget.clientCount, 3);
  accounts[1]!.close();
  accounts[1]!.close();
  equal(budget.clientCount, 2);
  equal(budget.totalBytes, 200 * KIB);
  deepEqual(dropped(), []);
});

Deno.test("ClientBudget drops who holds much and does nothing for a while, the largest first, until it is calm", () => {
  const { clock, budget, clients, hold, dropped } = scene(5);
  hold(0, 100);
  hold(1, 300);
  hold(2, 200);
  hold(3, 260);
  hold(4, 64);
  equal(clock.timers.size, 1);
  clients[1]!.movedBytes += 1;
  clock.expire();
  // 924 held: without number 3 there are 664, without 2 there are 464, and without 0 it is calm. 1 moves, 4 is small.
  deepEqual(dropped(), [0, 2, 3]);
  equal(budget.totalBytes, 364 * KIB);
  equal(clock.timers.size, 0);
});

Deno.test("ClientBudget forgives what was fetched meanwhile, and goes on watching what was not", () => {
  const { clock, clients, hold, dropped } = scene(2);
  hold(0, 300);
  hold(1, 300);
  clients[0]!.heldBytes = 150 * KIB;
  clients[0]!.movedBytes = clients[1]!.movedBytes = 9;
  clock.expire();
  equal(clock.timers.size, 1);
  deepEqual(dropped(), []);
  clients[0]!.movedBytes = 10;
  clock.expire();
  deepEqual(dropped(), [1]);
  equal(clock.timers.size, 0);
});

Deno.test("ClientBudget drops the largest at once above the maximum, but not within the caller's turn", async () => {
  const { clients, hold, dropped } = scene(4);
  hold(0, 300);
  hold(1, 400);
  hold(2, 299);
  clients[1]!.movedBytes = 1;
  hold(3, 2);
  deepEqual(dropped(), []);
  await undefined;
  deepEqual(dropped(), [1]);
});

Deno.test("ClientBudget: the bounds of one connection do not let a full server exceed the maximum unseen", () => {
  // Otherwise only clients that are too small to be dropped could hold more than is calm for ever.
  ok(CLIENTS_MAX * 64 * KIB <= BUDGET_LIMITS.bytesMax);
});

/** Clients of one server that ask for much and fetch nothing. */
async function stalledClients(count: number, limits = LIMITS) {
  const backend = new FakeBackend();
  backend.list = Array.from({ length: 1500 }, (_, i) => fakeMember(`node-${i}`));
  const clock = new FakeClock();
  const context = new RpcContext(backend, clock, "", limits);
  const talks: Conversation[] = [];
  for (let i = 0; i < count; i++) {
    const talk = await Conversation.begun("", backend, context);
    talk.connection.isFetching = false;
    talks.push(talk);
    await talk.say(request("members", 2));
  }
  return { backend, clock, context, talks };
}

Deno.test("RpcSession: clients that fetch nothing are dropped when all together hold too much", async () => {
  const { backend, clock, context, talks } = await stalledClients(3);
  equal(context.counters.clientsDropped, 0);
  const held = talks[0]!.session.heldBytes;
  ok(held > 150 * KIB && held < 200 * KIB, `${held}`);
  talks[1]!.connection.fetch();
  talks[1]!.connection.isFetching = true;
  clock.expire();
  await settle();
  // Two that stall are 350 KiB: calm.
  equal(context.counters.clientsDropped, 0);
  const further = await Conversation.begun("", backend, context);
  further.connection.isFetching = false;
  await further.say(request("members", 2));
  clock.expire();
  await settle();
  deepEqual([...talks, further].map(({ connection }) => connection.isClosed), [true, false, false, false]);
  equal(context.counters.clientsDropped, 1);
  const lines = backend.lines.filter((line) => line.includes("Dropping client"));
  equal(lines.length, 1);
  match(
    lines[0]!,
    new RegExp(
      `\\[WARN\\] agent\\.ipc: Dropping client: 127\\.0\\.0\\.1:50000: it leaves ${held} bytes waiting, and all ` +
        "clients together too many$",
    ),
  );
  await talks[0]!.ended;
  for (const talk of [...talks.slice(1), further]) talk.session.close();
  equal(context.budget.totalBytes, 0);
});

Deno.test("RpcSession: records that wait and requests that are not complete count as held", async () => {
  const context = new RpcContext(new FakeBackend(), new FakeClock(), "", LIMITS);
  const talk = await Conversation.begun("", new FakeBackend(), context);
  const big = request("join", 2, (w) => messages.encodeJoin(w, ["x".repeat(300 * KIB)], false));
  await talk.say(big.subarray(0, 200 * KIB));
  ok(talk.session.heldBytes >= 200 * KIB);
  equal(context.budget.totalBytes, talk.session.heldBytes);
  equal(talk.session.movedBytes > 200 * KIB, true);
  await talk.say(big.subarray(200 * KIB));
  equal(context.budget.totalBytes, 0);

  talk.connection.isFetching = false;
  const source = { seq: 5, queued: 0, isStopped: false };
  for (let i = 0; i < 8; i++) talk.session.outbox.offer(source, new Uint8Array(100 * KIB));
  await settle();
  const held = talk.session.heldBytes;
  ok(held >= 800 * KIB, `${held}`);
  equal(context.budget.totalBytes, held);
  await talk.hangUp();
});

Deno.test("RpcSession: above the maximum the largest go at once, and the one that did it ends well", async () => {
  const { backend, context, talks } = await stalledClients(7);
  equal(context.counters.clientsDropped, 2);
  equal(talks.filter(({ connection }) => connection.isClosed).length, 2);
  ok(context.budget.totalBytes <= LIMITS.bytesMax);
  const healthy = await Conversation.begun("", backend, context);
  ok((await healthy.say(request("stats", 9))).length > 0);
});
