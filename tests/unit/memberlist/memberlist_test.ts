/** The facade: its life, joining, leaving, updating. C.13, C.14. */
import { deepEqual, equal, ok, throws } from "../../support/assert.ts";
import { Address } from "../../../lib/base/address.ts";
import { SizeLimitError, StateError, TransportError } from "../../../lib/base/errors.ts";
import type { JoinResult } from "../../../lib/memberlist/joiner.ts";
import { NodeStatus } from "../../../lib/memberlist/node_state.ts";
import { memberlistCluster } from "../../../lib/sim/sim_cluster.ts";
import { alive, dead, ping, pushPull, suspect, World, type WorldOptions } from "./fakes.ts";

const QUIET: WorldOptions = { options: { probeIntervalMs: 1e9, pushPullIntervalMs: 0 } };
const at = (host: number) => Address.fromHost(`127.0.0.${host}`, 7946);

/** Collects the outcomes of a callback. */
function outcomes(): { list: (Error | undefined)[]; done: (error?: Error) => void } {
  const list: (Error | undefined)[] = [];
  return { list, done: (error) => list.push(error) };
}

Deno.test("before start() and after stop() nothing is heard and nothing is said", () => {
  const world = new World({ ...QUIET, isNew: true });
  const { memberlist } = world;
  const tryAll = () => {
    world.receive(ping({ seqNo: 1 }));
    world.receive(alive());
    equal(memberlist.onExchange(at(9), pushPull([])), null);
    memberlist.onExchangeFailed(at(9), 5, new TransportError("closed", "EOF"));
    memberlist.sendUser(at(9), Uint8Array.of(8, 1));
    memberlist.onBroadcastQueued();
    world.runFor(5000);
    deepEqual(world.transport.take(), []);
    equal(memberlist.node("other"), undefined);
  };
  tryAll();
  equal(memberlist.nodeCount, 0);
  memberlist.start();
  equal(memberlist.nodeCount, 1);
  memberlist.stop();
  equal(world.clock.armedCount, 0);
  tryAll();
  memberlist.stop();
  throws(() => memberlist.start(), StateError);
});

Deno.test("stop() disarms suspicions and forgets who waits", () => {
  const world = new World({ isAnswering: true });
  const node = world.addNode("other", 2);
  world.receive(suspect("other", 1, "x"));
  const { list, done } = outcomes();
  world.memberlist.updateMeta(5000, done);
  world.memberlist.stop();
  equal(world.clock.armedCount, 0);
  world.runFor(60_000);
  equal(node.status, NodeStatus.suspect);
  equal(list.length, 0);
});

Deno.test("the getters count nodes, and living ones", () => {
  const world = new World(QUIET);
  world.addNode("a", 2);
  world.addNode("b", 3);
  world.addNode("c", 4);
  world.receive(suspect("a", 1, "x"));
  world.receive(suspect("b", 1, "x"));
  world.receive(dead("b", 1, "x"));
  equal(world.memberlist.nodeCount, 4);
  equal(world.memberlist.nodes.length, 4);
  equal(world.memberlist.aliveCount, 3, "alive and suspect, we included");
});

Deno.test("the local node's address is announced in the bytes that it has, 4 or 16 (F.2.4)", () => {
  const mapped = Address.fromBytes(
    Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 127, 0, 0, 1),
    7946,
  )!;
  const world = new World({ ...QUIET, local: { address: mapped } });
  world.addNode("other", 2);
  equal(world.gossipAbout("me")[0]!.alive!.addr.length, 16);
});

Deno.test("start() warns of a public address without encryption", () => {
  const publicly = new World({ ...QUIET, local: { address: Address.fromHost("8.8.8.8", 7946) } });
  deepEqual(publicly.logger.matching("public"), [
    "WARN memberlist: Binding to public address without encryption!",
  ]);
  deepEqual(new World(QUIET).logger.matching("public"), []);
});

Deno.test("sendUser() sends one message alone, without gossip and without CRC (D.5)", () => {
  const world = new World(QUIET);
  world.addNode("other", 2);
  world.memberlist.sendUser(at(2), Uint8Array.of(8, 5, 6));
  deepEqual(world.transport.take().map(({ to, bytes }) => [to, [...bytes]]), [["127.0.0.2:7946", [8, 5, 6]]]);
});

Deno.test("join() contacts all addresses, at most eight at once, and answers when all are settled", () => {
  const world = new World(QUIET);
  const results: JoinResult[] = [];
  const addresses = Array.from({ length: 20 }, (_, i) => at(10 + i));
  world.memberlist.join(addresses, (result) => results.push(result));
  const { exchanges } = world.transport;
  equal(exchanges.length, 8);
  // The answers come in another order than the addresses were given in.
  for (let i = 7; i < exchanges.length; i = i === 0 ? 8 : i < 8 ? i - 1 : i + 1) {
    const { to, sink } = exchanges[i]!;
    if (Number(to.split(".")[3]!.split(":")[0]) % 2 === 0) sink.onReply(pushPull([]));
    else sink.onError(new TransportError("refused", `dial tcp ${to}: connect: connection refused`));
    ok(exchanges.length <= 20);
  }
  equal(exchanges.length, 20);
  equal(results.length, 1);
  equal(results[0]!.contacted, 10);
  deepEqual(
    results[0]!.failures.map(({ text }) => text),
    [11, 13, 15, 17, 19, 21, 23, 25, 27, 29].map((host) =>
      `Failed to join 127.0.0.${host}:7946: dial tcp 127.0.0.${host}:7946: connect: connection refused`
    ),
  );
  ok(results[0]!.failures[0]!.cause instanceof TransportError);
  ok(world.logger.matching("DEBUG memberlist: Failed to join 127.0.0.11:7946: dial").length === 1);
});

Deno.test("join() of nobody answers at once; before the start it fails for every address", () => {
  const world = new World({ ...QUIET, isNew: true });
  const results: JoinResult[] = [];
  world.memberlist.join([], (result) => results.push(result));
  world.memberlist.join([at(2), at(3)], (result) => results.push(result));
  deepEqual(results.map(({ contacted, failures }) => [contacted, failures.length]), [[0, 0], [0, 2]]);
});

Deno.test("join() of our own address counts: the agent contacts itself, as real ones do", () => {
  const cluster = memberlistCluster({ seed: 1, size: 1 });
  cluster.startAll();
  const result = cluster.join(cluster.node(0), cluster.node(0));
  ok(cluster.runUntil(() => result.contacted >= 0, 5000));
  deepEqual(result, { contacted: 1, failures: [] });
  equal(cluster.node(0).memberlist.local.incarnation, 1);
  equal(cluster.node(0).memberlist.nodeCount, 1);
});

Deno.test("leave() with nobody else there is done at once, and later than the call (C.14)", () => {
  const world = new World(QUIET);
  const { list, done } = outcomes();
  world.memberlist.leave(5000, done);
  equal(list.length, 0);
  equal(world.memberlist.local.status, NodeStatus.left);
  world.runFor(0);
  deepEqual(list, [undefined]);
});

Deno.test("leave() says dead from ourselves, and waits until that went out as often as it should (C.14)", () => {
  const world = new World(QUIET);
  world.addNode("other", 2, 1);
  world.runFor(5000);
  world.delegate.take();
  world.transport.take();
  const { list, done } = outcomes();
  world.memberlist.leave(5000, done);
  deepEqual(world.delegate.take(), ["leave me"]);
  world.runFor(599);
  equal(list.length, 0);
  world.runFor(202);
  deepEqual(list, [undefined]);
  const farewells = world.takeMessages();
  equal(farewells.length, 4);
  for (const { dead } of farewells) deepEqual(dead, { incarnation: 1, node: "me", from: "me" });
});

Deno.test("leave() counts only the living as listeners", () => {
  const world = new World(QUIET);
  world.addNode("dead", 2);
  world.addNode("left", 3);
  world.receive(suspect("dead", 1, "x"));
  world.receive(dead("dead", 1, "x"));
  world.receive(dead("left", 1, "left"));
  const { list, done } = outcomes();
  world.memberlist.leave(5000, done);
  world.runFor(0);
  deepEqual(list, [undefined]);
});

Deno.test("leave() gives up after its timeout, with the words of HashiCorp's", () => {
  const world = new World({ options: { ...QUIET.options, gossipIntervalMs: 10_000 } });
  world.addNode("other", 2);
  const { list, done } = outcomes();
  world.memberlist.leave(3000, done);
  world.runFor(2999);
  equal(list.length, 0);
  world.runFor(1);
  deepEqual(list.map((error) => error?.message), ["timeout waiting for leave broadcast"]);
  world.runFor(60_000);
  equal(list.length, 1);
});

Deno.test("leave() again, or when not running, is answered and does nothing", () => {
  const world = new World(QUIET);
  world.addNode("other", 2);
  const { list, done } = outcomes();
  world.memberlist.leave(5000, () => {});
  world.delegate.take();
  world.memberlist.leave(5000, done);
  world.runFor(0);
  deepEqual(list, [undefined]);
  deepEqual(world.delegate.take(), []);
  world.memberlist.stop();
  world.memberlist.leave(5000, done);
  world.runFor(0);
  equal(list.length, 2);
});

Deno.test("after leaving we still answer pings, gossip and push/pulls (C.14)", () => {
  const world = new World(QUIET);
  world.addNode("other", 2);
  world.memberlist.leave(5000, () => {});
  world.transport.take();
  world.receive(ping({ node: "me", seqNo: 4 }));
  equal(world.takeMessages()[0]!.ack!.seqNo, 4);
  ok(world.memberlist.onExchange(at(9), pushPull([])) !== null);
  world.receive(alive({ node: "third", addr: Uint8Array.of(127, 0, 0, 3) }));
  ok(world.gossipAbout("third").length > 0);
});

Deno.test("updateMeta() announces the delegate's new metadata under the next incarnation, and waits (C.14)", () => {
  const world = new World(QUIET);
  world.addNode("other", 2);
  world.runFor(5000);
  world.delegate.take();
  world.transport.take();
  world.delegate.meta = Uint8Array.of(0xff, 0x81);
  const { list, done } = outcomes();
  world.memberlist.updateMeta(5000, done);
  deepEqual(world.delegate.take(), ["update me"]);
  equal(world.memberlist.local.incarnation, 2);
  world.runFor(1000);
  deepEqual(list, [undefined]);
  const news = world.takeMessages();
  equal(news.length, 4);
  for (const { alive } of news) {
    equal(alive!.incarnation, 2);
    deepEqual([...alive!.meta], [0xff, 0x81]);
  }
});

Deno.test("updateMeta() with the same metadata is announced too, but is no update", () => {
  const world = new World(QUIET);
  world.delegate.take();
  const { list, done } = outcomes();
  world.memberlist.updateMeta(5000, done);
  world.runFor(0);
  equal(world.memberlist.local.incarnation, 2);
  deepEqual(world.delegate.take(), []);
  deepEqual(list, [undefined]);
});

Deno.test("updateMeta() that is overtaken by a newer one is done as well", () => {
  const world = new World({ options: { ...QUIET.options, gossipIntervalMs: 60_000 } });
  world.addNode("other", 2);
  const first = outcomes(), second = outcomes();
  world.memberlist.updateMeta(5000, first.done);
  world.memberlist.updateMeta(5000, second.done);
  world.runFor(0);
  deepEqual(first.list, [undefined]);
  world.runFor(5000);
  deepEqual(second.list.map((error) => error?.message), ["timeout waiting for update broadcast"]);
});

Deno.test("updateMeta() refuses more than 512 bytes, and refuses when we have left", () => {
  const world = new World(QUIET);
  const { list, done } = outcomes();
  world.delegate.meta = new Uint8Array(513);
  world.memberlist.updateMeta(5000, done);
  world.runFor(0);
  ok(list[0] instanceof SizeLimitError);
  equal(world.memberlist.local.incarnation, 1);
  deepEqual([...world.memberlist.local.meta], [0xff, 0x80]);
  world.delegate.meta = new Uint8Array(512);
  world.memberlist.updateMeta(5000, done);
  world.runFor(0);
  equal(list[1], undefined);
  world.memberlist.leave(5000, () => {});
  world.memberlist.updateMeta(5000, done);
  world.runFor(0);
  ok(list[2] instanceof StateError);
  equal(world.memberlist.local.status, NodeStatus.left);
});

Deno.test("a callback of leave() may do anything: it does not run while a packet is being filled", () => {
  const world = new World(QUIET);
  world.addNode("other", 2);
  let ran = 0;
  world.memberlist.leave(5000, () => {
    ran++;
    world.memberlist.sendUser(at(2), Uint8Array.of(8, 1));
    world.memberlist.stop();
  });
  world.runFor(2000);
  equal(ran, 1);
});
