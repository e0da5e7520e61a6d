import { deepEqual, equal, ok } from "../../support/assert.ts";
import fc from "fast-check";
import { BroadcastQueue } from "../../../lib/memberlist/broadcast_queue.ts";
import type { BroadcastSink } from "../../../lib/memberlist/delegate.ts";

/** A packet of so many bytes, in which a message costs its length and two more. */
class Packet implements BroadcastSink {
  readonly messages: string[] = [];
  constructor(public leftBytes: number) {}
  roomBytes(): number {
    return this.leftBytes - 2;
  }
  add(message: Uint8Array): void {
    ok(message.length <= this.roomBytes());
    this.leftBytes -= message.length + 2;
    this.messages.push(new TextDecoder().decode(message));
  }
}

const bytes = (text: string) => new TextEncoder().encode(text);

function queueOf(nodeCount = 1, retransmitMult = 1) {
  const counts = { queued: 0 };
  const queue = new BroadcastQueue({
    retransmitMult,
    nodeCount: () => nodeCount,
    onQueued: () => counts.queued++,
  });
  return { queue, counts };
}

function take(queue: BroadcastQueue, packetBytes: number): string[] {
  const packet = new Packet(packetBytes);
  queue.fill(packet);
  return packet.messages;
}

Deno.test("BroadcastQueue hands a message out mult * ceil(log10(n + 1)) times: 4 for 1 to 9 LAN nodes (C.12)", () => {
  for (const [nodes, times] of [[1, 4], [9, 4], [10, 8], [100, 12]] as const) {
    const { queue } = queueOf(nodes, 4);
    queue.queue(bytes("x"));
    let handedOut = 0;
    while (queue.size > 0) handedOut += take(queue, 100).length;
    equal(handedOut, times);
  }
});

Deno.test("BroadcastQueue hands a message out at least once, even when nobody is known", () => {
  const { queue } = queueOf(0, 4);
  queue.queue(bytes("x"));
  deepEqual(take(queue, 100), ["x"]);
  equal(queue.size, 0);
});

Deno.test("BroadcastQueue puts each message at most once into one packet", () => {
  const { queue } = queueOf(9, 4);
  queue.queue(bytes("a"));
  deepEqual(take(queue, 1000), ["a"]);
});

Deno.test("BroadcastQueue: fewest transmissions first, then the longest, then the newest (C.12)", () => {
  const { queue } = queueOf(9, 4);
  queue.queue(bytes("old"));
  take(queue, 5);
  for (const text of ["aa", "bb", "cccc", "d"]) queue.queue(bytes(text));
  deepEqual(take(queue, 1000), ["cccc", "bb", "aa", "d", "old"]);
});

Deno.test("BroadcastQueue.fill() goes on with shorter ones when a long one does not fit any more", () => {
  const { queue } = queueOf(9, 4);
  for (const text of ["aaaaaaaaaa", "bbbbbb", "cccccccc", "dd"]) queue.queue(bytes(text));
  deepEqual(take(queue, 20), ["aaaaaaaaaa", "bbbbbb"]);
  deepEqual(take(queue, 20), ["cccccccc", "dd"]);
});

Deno.test("BroadcastQueue: a message larger than any packet never leaves, and does not keep others (F.2.20)", () => {
  const { queue } = queueOf(9, 1);
  queue.queue(bytes("x".repeat(200)));
  queue.queue(bytes("small"));
  deepEqual(take(queue, 100), ["small"]);
  deepEqual(take(queue, 100), []);
  equal(queue.size, 1);
});

Deno.test("BroadcastQueue.queue() replaces a message of the same key, which counts as finished", () => {
  const { queue } = queueOf(9, 4);
  const finished: string[] = [];
  queue.queue(bytes("one"), "node", () => finished.push("one"));
  queue.queue(bytes("other"), "other");
  take(queue, 100);
  queue.queue(bytes("two"), "node", () => finished.push("two"));
  deepEqual(finished, ["one"]);
  equal(queue.size, 2);
  deepEqual(take(queue, 100), ["two", "other"]);
});

Deno.test("BroadcastQueue: messages without a key never replace each other", () => {
  const { queue } = queueOf(9, 4);
  for (let i = 0; i < 3; i++) queue.queue(bytes("same"));
  equal(queue.size, 3);
});

Deno.test("BroadcastQueue tells once when a message has been sent often enough, and may be used from there", () => {
  const { queue } = queueOf(9, 2);
  let finished = 0;
  queue.queue(bytes("x"), "k", () => {
    finished++;
    queue.queue(bytes("next"), "k");
    deepEqual(take(queue, 100), ["next"]);
  });
  take(queue, 100);
  equal(finished, 0);
  take(queue, 100);
  equal(finished, 1);
  equal(queue.size, 1);
});

Deno.test("BroadcastQueue.queue() copies the message and says that something waits", () => {
  const { queue, counts } = queueOf();
  const message = bytes("abc");
  queue.queue(message);
  equal(counts.queued, 1);
  message.fill(0);
  deepEqual(take(queue, 100), ["abc"]);
});

Deno.test("BroadcastQueue.prune() drops the most transmitted, then the shortest, then the oldest (C.12)", () => {
  const { queue } = queueOf(9, 4);
  const dropped: string[] = [];
  const add = (text: string, key?: string) => queue.queue(bytes(text), key, () => dropped.push(text));
  add("sentlong");
  add("sent", "key");
  take(queue, 100);
  add("b1");
  add("b2");
  add("longer");
  queue.prune(3);
  deepEqual(dropped, ["sent", "sentlong"]);
  queue.prune(2);
  deepEqual(dropped.slice(2), ["b1"]);
  deepEqual(take(queue, 100), ["longer", "b2"]);
  queue.prune(0);
  equal(queue.size, 0);
  add("again", "key");
  equal(queue.size, 1);
});

/** The rule of the protocol as plainly as it can be said. */
class Model {
  entries: { text: string; key: string | undefined; transmits: number; id: number }[] = [];
  #id = 0;
  queue(text: string, key: string | undefined): void {
    if (key !== undefined) this.entries = this.entries.filter((entry) => entry.key !== key);
    this.entries.push({ text, key, transmits: 0, id: this.#id++ });
  }
  fill(packetBytes: number, limit: number): string[] {
    const order = [...this.entries].sort((a, b) =>
      a.transmits - b.transmits || b.text.length - a.text.length || b.id - a.id
    );
    const taken: typeof this.entries = [];
    let left = packetBytes;
    for (const entry of order) {
      if (entry.text.length > left - 2) continue;
      left -= entry.text.length + 2;
      taken.push(entry);
    }
    for (const entry of taken) entry.transmits++;
    this.entries = this.entries.filter((entry) => entry.transmits < limit);
    return taken.map(({ text }) => text);
  }
}

Deno.test("BroadcastQueue does what the rule says, whatever is queued and sent", () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant("queue" as const),
      text: fc.string({ minLength: 1, maxLength: 12, unit: "grapheme-ascii" }),
      key: fc.option(fc.constantFrom("a", "b", "c"), { nil: undefined }),
    }),
    fc.record({ kind: fc.constant("fill" as const), room: fc.integer({ min: 0, max: 60 }) }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const { queue } = queueOf(9, 3);
    const model = new Model();
    for (const step of steps) {
      if (step.kind === "queue") {
        queue.queue(bytes(step.text), step.key);
        model.queue(step.text, step.key);
      } else deepEqual(take(queue, step.room), model.fill(step.room, 3));
      equal(queue.size, model.entries.length);
    }
  }));
});

Deno.test("BroadcastQueue.prune() drops however many there are: a flood between two prunings", () => {
  const queue = new BroadcastQueue({ retransmitMult: 4, nodeCount: () => 1, onQueued: () => {} });
  const message = new Uint8Array(8);
  for (let i = 0; i < 300_000; i++) queue.queue(message);
  queue.prune(10);
  equal(queue.size, 10);
});
