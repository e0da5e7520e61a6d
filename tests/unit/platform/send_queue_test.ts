import { deepEqual, equal, ok } from "../../support/assert.ts";
import fc from "fast-check";
import { BlockPool, SendQueue } from "../../../lib/platform/send_queue.ts";

Deno.test("SendQueue gives back what it was given, however it is cut, while more is added", () => {
  const pool = new BlockPool();
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 150_000 }), fc.integer({ min: 1, max: 100_000 })), {
        maxLength: 12,
      }),
      (steps) => {
        const queue = new SendQueue(pool);
        const scratch = new Uint8Array(150_000);
        let added = 0, taken = 0;
        const take = (count: number) => {
          const front = queue.front();
          const size = Math.min(count, front.length);
          for (let i = 0; i < size; i += 997) equal(front[i], (taken + i) % 251);
          queue.consume(size);
          taken += size;
        };
        for (const [adding, taking] of steps) {
          const bytes = scratch.subarray(0, adding);
          for (let i = 0; i < adding; i++) bytes[i] = (added + i) % 251;
          queue.add(bytes);
          added += adding;
          if (queue.length > 0) take(taking);
          equal(queue.length, added - taken);
        }
        while (queue.length > 0) take(150_000);
        equal(taken, added);
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test("SendQueue.front() stays where it is while more is added", () => {
  const queue = new SendQueue(new BlockPool());
  queue.add(Uint8Array.of(1, 2));
  const front = queue.front();
  queue.add(new Uint8Array(200_000).fill(9));
  deepEqual(front, Uint8Array.of(1, 2));
  queue.consume(2);
  equal(queue.front()[0], 9);
});

Deno.test("SendQueue needs no new memory for the next large answer, and holds none while it is empty", () => {
  const pool = new BlockPool();
  const blocksOf = (queue: SendQueue) => {
    const blocks = new Set<ArrayBufferLike>();
    while (queue.length > 0) {
      blocks.add(queue.front().buffer);
      queue.consume(queue.front().length);
    }
    return blocks;
  };
  const first = new SendQueue(pool), second = new SendQueue(pool);
  first.add(new Uint8Array(139_000));
  const known = blocksOf(first);
  equal(known.size, 3);
  second.add(new Uint8Array(139_000));
  for (const block of blocksOf(second)) ok(known.has(block));
});

Deno.test("SendQueue keeps little of a burst, and nothing that the system may still be reading", () => {
  const pool = new BlockPool();
  const queue = new SendQueue(pool);
  queue.add(new Uint8Array(100));
  const writing = queue.front().buffer;
  equal(writing.byteLength, 4096);
  queue.clear();
  equal(queue.length, 0);
  queue.add(new Uint8Array(100));
  ok(queue.front().buffer !== writing);
  queue.add(new Uint8Array(8_000_000));
  while (queue.length > 0) queue.consume(queue.front().length);
  const kept = new Set<Uint8Array>();
  for (let i = 0; i < 50; i++) kept.add(pool.take(true));
  const fresh = new BlockPool();
  for (const block of kept) fresh.give(block);
  let known = 0;
  for (let i = 0; i < 50; i++) if (kept.has(fresh.take(true))) known++;
  equal(known, 32);
});
