import { deepEqual, equal } from "../../support/assert.ts";
import { LinkTable, PERFECT } from "../../support/link_table.ts";

Deno.test("LinkTable keeps each direction of each link apart, and both sides of the memory see the same", () => {
  const table = LinkTable.allocate(3);
  const other = new LinkTable(3, table.memory);
  table.set(0, 1, { ...PERFECT, lossRatio: 0.25, jitterMs: 0.5 });
  table.set(2, 2, { ...PERFECT, delayMs: 70 });
  equal(other.condition(0, 1, "lossRatio"), 0.25);
  equal(other.condition(0, 1, "jitterMs"), 0.5);
  equal(other.condition(1, 0, "lossRatio"), 0);
  equal(other.condition(2, 2, "delayMs"), 70);
  other.count(1, 2, "lost");
  other.count(1, 2, "lost");
  other.count(1, 2, "overtaken");
  deepEqual(table.counters(1, 2), { forwarded: 0, lost: 2, duplicated: 0, delayed: 0, overtaken: 1 });
  deepEqual(table.counters(2, 1), { forwarded: 0, lost: 0, duplicated: 0, delayed: 0, overtaken: 0 });
});

Deno.test("LinkTable.stop() is seen by the other side", () => {
  const table = LinkTable.allocate(1);
  const other = new LinkTable(1, table.memory);
  equal(other.isStopped, false);
  table.stop();
  equal(other.isStopped, true);
});
