import { deepEqual, equal, ok } from "../../support/assert.ts";
import { QUEUED_RECORDS_MAX, RecordQueue, type RecordSource } from "../../../lib/rpc/record_queue.ts";

const source = (seq: number): RecordSource => ({ seq, queued: 0, isStopped: false });

Deno.test("RecordQueue is first in, first out over all sources", () => {
  const queue = new RecordQueue();
  const a = source(1), b = source(2);
  for (let i = 0; i < 100; i++) queue.push(i % 3 === 0 ? b : a, `line ${i}`);
  for (let i = 0; i < 100; i++) {
    const record = queue.shift()!;
    deepEqual([record.source.seq, record.body], [i % 3 === 0 ? 2 : 1, `line ${i}`]);
  }
  equal(queue.shift(), undefined);
  ok(queue.isEmpty);
});

Deno.test("RecordQueue has room for 512 records of a source, whatever others have", () => {
  const queue = new RecordQueue();
  const full = source(1), other = source(2);
  for (let i = 0; i < QUEUED_RECORDS_MAX; i++) {
    ok(queue.hasRoom(full, "x"));
    queue.push(full, "x");
  }
  ok(!queue.hasRoom(full, "x"));
  ok(queue.hasRoom(other, "x"));
  queue.shift();
  ok(queue.hasRoom(full, "x"));
});

Deno.test("RecordQueue has room for a mebibyte, and for one record of any size", () => {
  const queue = new RecordQueue();
  const each = source(1);
  const huge = new Uint8Array(3 << 20);
  ok(queue.hasRoom(each, huge));
  queue.push(each, huge);
  ok(!queue.hasRoom(each, "x"));
  queue.shift();
  const part = new Uint8Array(100_000);
  let taken = 0;
  while (queue.hasRoom(source(taken), part)) queue.push(source(taken++), part);
  equal(taken, 10);
});

Deno.test("RecordQueue passes over what a stopped source left behind", () => {
  const queue = new RecordQueue();
  const stopped = source(1), other = source(2);
  queue.push(stopped, "a");
  queue.push(other, "b");
  queue.push(stopped, "c");
  stopped.isStopped = true;
  equal(queue.shift()!.body, "b");
  equal(queue.shift(), undefined);
  equal(stopped.queued, 0);
});

Deno.test("RecordQueue stays small when it is filled and emptied for ever", () => {
  const queue = new RecordQueue();
  const each = source(1);
  for (let i = 0; i < 300; i++) queue.push(each, `${i}`);
  for (let i = 300; i < 100_000; i++) {
    queue.push(each, `${i}`);
    equal(queue.shift()!.body, `${i - 300}`);
  }
  equal(each.queued, 300);
});
