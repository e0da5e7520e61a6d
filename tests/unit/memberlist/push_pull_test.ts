/** Exchanges of full states, both sides: B, C.8, C.9, C.13. */
import { deepEqual, equal, ok } from "../../support/assert.ts";
import { Address } from "../../../lib/base/address.ts";
import { TransportError, WireError } from "../../../lib/base/errors.ts";
import { encodeErr, PushPullMessage, type PushPullNode } from "../../../lib/memberlist/messages.ts";
import { NodeStatus } from "../../../lib/memberlist/node_state.ts";
import { ack, dead, encode, pushPull, suspect, World, type WorldOptions } from "./fakes.ts";

const FROM = Address.fromHost("127.0.0.9", 7946);
const QUIET: WorldOptions = { options: { probeIntervalMs: 1e9, gossipNodes: 0 } };

/** Everything in a push/pull message. */
function contentsOf(message: Uint8Array) {
  const state = new PushPullMessage(message);
  const nodes: PushPullNode[] = [];
  state.forEachNode((node) => nodes.push({ ...node }));
  return { join: state.join, nodes, userState: state.userState };
}

Deno.test("onExchange() answers a push/pull with all we know, dead and left included, and the user state", () => {
  const world = new World(QUIET);
  world.delegate.localState = Uint8Array.of(2, 7);
  world.addNode("alive", 2, 3);
  world.addNode("dead", 3);
  world.addNode("left", 4);
  world.receive(suspect("dead", 2, "x"));
  world.receive(dead("dead", 2, "x"));
  world.receive(dead("left", 5, "left"));
  const reply = world.memberlist.onExchange(FROM, pushPull([], true))!;
  const { join, nodes, userState } = contentsOf(reply);
  equal(join, true, "the reply copies the request's Join");
  deepEqual([...userState], [2, 7]);
  const states = Object.fromEntries(
    nodes.map(({ name, state, incarnation }) => [name, [state, incarnation]]),
  );
  deepEqual(states, { me: [0, 1], alive: [0, 3], dead: [2, 2], left: [3, 5] });
  const me = nodes.find(({ name }) => name === "me")!;
  deepEqual([...me.addr], [127, 0, 0, 1]);
  equal(me.port, 7946);
  deepEqual([...me.meta], [0xff, 0x80]);
  deepEqual([...me.vsn], [1, 5, 2, 2, 5, 5]);
});

Deno.test("a push/pull tells the sizes of both states, and how many nodes are what", () => {
  const world = new World(QUIET);
  world.addNode("alive", 2);
  for (const name of ["dead", "left"]) world.addNode(name, 3);
  world.receive(suspect("dead", 1, "x"));
  world.receive(dead("dead", 1, "x"));
  world.receive(dead("left", 1, "left"));
  world.metrics.entries.length = 0;
  const request = pushPull([], true);
  const reply = world.memberlist.onExchange(FROM, request)!;
  deepEqual(world.metrics.entries, [
    ["counter", "memberlist.tcp.accept", 1],
    ["sample", "memberlist.size.remote", request.length],
    ["gauge", "memberlist.size.local", reply.length],
    ["gauge", "memberlist.node.instances.alive", 2],
    ["gauge", "memberlist.node.instances.suspect", 0],
    ["gauge", "memberlist.node.instances.dead", 1],
    ["gauge", "memberlist.node.instances.left", 1],
    ["counter", "memberlist.tcp.sent", reply.length],
  ]);
});

Deno.test("onExchange() sends its own state as it was before it merges the other's (B)", () => {
  const world = new World(QUIET);
  const reply = world.memberlist.onExchange(FROM, pushPull([{ name: "new" }]))!;
  deepEqual(contentsOf(reply).nodes.map(({ name }) => name), ["me"]);
  equal(world.node("new").status, NodeStatus.alive);
});

Deno.test("onExchange() hands the user state up, with the join flag; an empty one is no state", () => {
  const world = new World(QUIET);
  world.memberlist.onExchange(FROM, pushPull([], true, Uint8Array.of(2, 1)));
  world.memberlist.onExchange(FROM, pushPull([], false, Uint8Array.of(2, 2)));
  world.memberlist.onExchange(FROM, pushPull([], false));
  deepEqual(world.delegate.remoteStates, [
    { state: Uint8Array.of(2, 1), join: true },
    { state: Uint8Array.of(2, 2), join: false },
  ]);
});

Deno.test("onExchange() replies even when it refuses to merge, and then merges nothing (B, C.9)", () => {
  const world = new World(QUIET);
  const strange = { name: "strange", vsn: Uint8Array.of(7, 9, 8, 2, 5, 5) };
  const reply = world.memberlist.onExchange(
    FROM,
    pushPull([strange, { name: "good" }], false, Uint8Array.of(2)),
  );
  ok(reply !== null);
  equal(world.memberlist.nodeCount, 1);
  deepEqual(world.delegate.remoteStates, []);
  equal(world.memberlist.counters.pushPullsFailed, 1);
  deepEqual(world.logger.matching("Failed push/pull merge"), [
    "ERR memberlist: Failed push/pull merge: Node 'strange' protocol version (8) is incompatible: [7, 5] from=127.0.0.9:7946",
  ]);
});

Deno.test("onExchange(): a node of version 0 among the others is left out, and blocks nothing (C.9 pitfall)", () => {
  const world = new World(QUIET);
  const zero = { name: "zero", vsn: new Uint8Array(6) };
  const none = { name: "none", vsn: new Uint8Array(0) };
  world.memberlist.onExchange(FROM, pushPull([zero, none, { name: "good" }]));
  deepEqual(world.memberlist.nodes.map(({ name }) => name).sort(), ["good", "me"]);
  world.memberlist.onExchange(FROM, pushPull([{ name: "good2" }]));
  equal(world.node("good2").status, NodeStatus.alive);
});

Deno.test("onExchange(): a malformed user state costs the user state only", () => {
  const world = new World(QUIET);
  world.delegate.remoteStateError = new WireError("no such state");
  const reply = world.memberlist.onExchange(FROM, pushPull([{ name: "good" }], false, Uint8Array.of(9)));
  ok(reply !== null);
  equal(world.node("good").status, NodeStatus.alive);
  equal(world.logger.matching("Failed push/pull merge: no such state").length, 1);
});

Deno.test("onExchange(): a cut-off state merges nothing and is closed without a word (B)", () => {
  const world = new World(QUIET);
  const whole = pushPull([{ name: "a" }, { name: "b" }], false, Uint8Array.of(1, 2, 3));
  for (let length = 1; length < whole.length; length++) {
    equal(world.memberlist.onExchange(FROM, whole.subarray(0, length)), null);
  }
  equal(world.memberlist.nodeCount, 1);
  equal(world.memberlist.counters.streamsFailed, whole.length - 1);
});

Deno.test("onExchange(): port 0 in a node is our own bind port (B)", () => {
  const world = new World({ ...QUIET, local: { address: Address.fromHost("127.0.0.1", 1), bindPort: 7222 } });
  world.memberlist.onExchange(FROM, pushPull([{ name: "a", port: 0 }]));
  equal(world.node("a").port, 7222);
});

Deno.test("PushPull: the timer exchanges states with a random living node, first within one interval (C.13)", () => {
  const world = new World(QUIET);
  world.addNode("alive", 2);
  world.addNode("dead", 3);
  world.receive(dead("dead", 1, "x"));
  world.delegate.localState = Uint8Array.of(2);
  world.runFor(30_000);
  equal(world.transport.exchanges.length, 1);
  const { to, request, timeoutMs, sink } = world.transport.exchanges[0]!;
  equal(to, "127.0.0.2:7946");
  equal(timeoutMs, 10_000);
  equal(contentsOf(request).join, false);
  const line = "DEBUG memberlist: Initiating push/pull sync with: alive 127.0.0.2:7946";
  equal(world.logger.lines.includes(line), false, "nobody may be there");
  sink.newFrameReader();
  ok(world.logger.lines.includes(line));
  sink.onReply(pushPull([{ name: "new" }], true, Uint8Array.of(2, 9)));
  equal(world.node("new").status, NodeStatus.alive);
  equal(world.delegate.remoteStates[0]!.join, false, "whether it is a join, the dialer knows");
  world.runFor(30_000);
  equal(world.transport.exchanges.length, 2);
});

Deno.test("PushPull: the timer waits for the exchange before", () => {
  const world = new World(QUIET);
  world.addNode("other", 2);
  world.runFor(120_000);
  equal(world.transport.exchanges.length, 1);
  world.transport.exchanges[0]!.sink.onError(new TransportError("timeout", "i/o timeout"));
  deepEqual(world.logger.matching("Push/Pull with"), [
    "ERR memberlist: Push/Pull with other failed: i/o timeout",
  ]);
  world.runFor(30_000);
  equal(world.transport.exchanges.length, 2);
});

Deno.test("PushPull: an interval of 0 turns it off, nobody to talk to is no fault", () => {
  const off = new World({ options: { ...QUIET.options, pushPullIntervalMs: 0 } });
  off.addNode("other", 2);
  off.runFor(600_000);
  equal(off.transport.exchanges.length, 0);
  const alone = new World(QUIET);
  alone.runFor(600_000);
  equal(alone.transport.exchanges.length, 0);
});

Deno.test("PushPull: above 32 nodes the interval doubles (C.13)", () => {
  const world = new World(QUIET);
  for (let i = 2; i <= 33; i++) world.addNode(`n${i}`, i);
  world.runFor(30_000);
  const first = world.transport.exchanges.length;
  equal(first, 1);
  world.transport.exchanges[0]!.sink.onReply(null);
  let times = 0;
  for (let i = 0; i < 4; i++) {
    world.runFor(30_000);
    times += world.transport.exchanges.length - first > times ? 1 : 0;
    world.transport.exchanges.at(-1)!.sink.onReply(pushPull([]));
  }
  equal(times, 2);
});

Deno.test("pushPullWith() tells how it went: refused, closed, told off, garbage, incompatible, fine", () => {
  const refusal = new TransportError("refused", "dial tcp 127.0.0.2:7946: connect: connection refused");
  const outcomes: [
    string | undefined,
    (sink: { onReply(r: Uint8Array | null): void; onError(e: TransportError): void }) => void,
  ][] = [
    [refusal.message, (sink) => sink.onError(refusal)],
    ["EOF", (sink) => sink.onReply(null)],
    ["remote error: go away", (sink) => sink.onReply(encode((writer) => encodeErr(writer, "go away")))],
    [
      "received invalid msgType (2), expected pushPullMsg (6) from=127.0.0.2:7946",
      (sink) => sink.onReply(ack(1)),
    ],
    ["unexpected end of input", (sink) => sink.onReply(Uint8Array.of(6, 0x83))],
    [
      "Node 'x' delegate protocol version (9) is incompatible: [2, 5]",
      (sink) => sink.onReply(pushPull([{ name: "x", vsn: Uint8Array.of(1, 5, 2, 2, 9, 9) }])),
    ],
    [undefined, (sink) => sink.onReply(pushPull([]))],
  ];
  for (const [expected, settle] of outcomes) {
    const world = new World(QUIET);
    const results: (Error | undefined)[] = [];
    world.memberlist.pushPullWith(Address.fromHost("127.0.0.2", 7946), true, (error) => results.push(error));
    equal(results.length, 0);
    equal(contentsOf(world.transport.exchanges[0]!.request).join, true);
    settle(world.transport.exchanges[0]!.sink);
    deepEqual(results.map((error) => error?.message), [expected]);
    equal(world.memberlist.counters.pushPullsFailed > 0, expected !== undefined);
  }
});

Deno.test("pushPullWith() before the start and after the end is refused; a late reply merges nothing", () => {
  const world = new World({ ...QUIET, isNew: true });
  const errors: string[] = [];
  const tell = (error?: Error) => errors.push(error?.name ?? "fine");
  const address = Address.fromHost("127.0.0.2", 7946);
  world.memberlist.pushPullWith(address, false, tell);
  deepEqual(errors, ["StateError"]);
  world.memberlist.start();
  world.memberlist.pushPullWith(address, false, tell);
  world.memberlist.stop();
  world.transport.exchanges[0]!.sink.onReply(pushPull([{ name: "late" }]));
  equal(world.memberlist.node("late"), undefined);
  world.memberlist.pushPullWith(address, false, tell);
  deepEqual(errors, ["StateError", "WireError", "StateError"]);
});
