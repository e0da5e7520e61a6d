import { equal } from "../../support/assert.ts";
import { QuietCollector } from "../../../lib/agent/quiet_collector.ts";
import { SimClock } from "../../../lib/sim/sim_clock.ts";

const MIB = 1024 * 1024;
/** Between two looks. */
const LOOK_MS = 4_000;

/** A heap of which a collection leaves `liveBytes`. */
class FakeHeap {
  usedBytes = 12 * MIB;
  liveBytes = 8 * MIB;
  collections = 0;

  memoryUsage() {
    return { usedBytes: this.usedBytes, residentBytes: this.usedBytes };
  }

  collectGarbage(): void {
    this.collections++;
    this.usedBytes = this.liveBytes;
  }
}

function started() {
  const clock = new SimClock();
  const heap = new FakeHeap();
  const collector = new QuietCollector(clock, heap);
  collector.start();
  return { clock, heap, collector };
}

Deno.test("QuietCollector collects what a start left behind, once it is over", () => {
  const { clock, heap } = started();
  clock.runFor(LOOK_MS);
  equal(heap.collections, 0);
  clock.runFor(LOOK_MS);
  equal(heap.collections, 1);
  clock.runFor(100 * LOOK_MS);
  equal(heap.collections, 1);
});

Deno.test("QuietCollector waits while the agent is busy, and collects once afterwards", () => {
  const { clock, heap } = started();
  clock.runFor(2 * LOOK_MS);
  for (let i = 0; i < 10; i++) {
    heap.usedBytes += MIB;
    clock.runFor(LOOK_MS);
  }
  equal(heap.collections, 1);
  clock.runFor(10 * LOOK_MS);
  equal(heap.collections, 2);
});

Deno.test("QuietCollector leaves alone what is not worth a collection", () => {
  const { clock, heap } = started();
  clock.runFor(2 * LOOK_MS);
  heap.usedBytes = heap.liveBytes + 3 * MIB;
  clock.runFor(10 * LOOK_MS);
  equal(heap.collections, 1);
  heap.usedBytes++;
  clock.runFor(10 * LOOK_MS);
  equal(heap.collections, 2);
});

Deno.test("QuietCollector takes a heap that stays large for what it is", () => {
  const { clock, heap } = started();
  heap.liveBytes = heap.usedBytes = 40 * MIB;
  clock.runFor(10 * LOOK_MS);
  equal(heap.collections, 1);
});

Deno.test("QuietCollector.stop() ends its looks", () => {
  const { clock, heap, collector } = started();
  collector.stop();
  clock.runFor(10 * LOOK_MS);
  equal(heap.collections, 0);
});
