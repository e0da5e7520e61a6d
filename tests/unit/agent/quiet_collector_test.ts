import { deepEqual } from "../../support/assert.ts";
import { QuietCollector } from "../../../lib/agent/quiet_collector.ts";
import { SimClock } from "../../../lib/sim/sim_clock.ts";

const MIB = 1024 * 1024;
/** After which an agent counts as one at rest. */
const REST_MS = 4_000;

/** A process of which a collection leaves `liveBytes`. */
class FakeProcess {
  readonly clock = new SimClock();
  usedBytes = 12 * MIB;
  liveBytes = 8 * MIB;
  /** As after a start. */
  cpuMs = 140;
  /** Whether each was thorough. */
  readonly collections: boolean[] = [];

  cpuTimeMs(): number {
    return this.cpuMs;
  }

  memoryUsage() {
    this.looks++;
    return { usedBytes: this.usedBytes, residentBytes: this.usedBytes };
  }

  /** How often its heap was looked at. */
  looks = 0;

  collectGarbage(isThorough: boolean): void {
    this.collections.push(isThorough);
    this.usedBytes = this.liveBytes;
  }

  /** Work that leaves the heap so large. */
  work(usedBytes: number): void {
    this.cpuMs += 200;
    this.usedBytes = usedBytes;
  }

  /** Time passes, of which the agent takes so much. */
  run(cpuMs: number): void {
    this.cpuMs += cpuMs;
    this.clock.runFor(REST_MS);
  }
}

function create() {
  const process = new FakeProcess();
  return { process, collector: new QuietCollector(process) };
}

Deno.test("QuietCollector collects thoroughly what a start left behind, once", () => {
  const { process, collector } = create();
  collector.wake();
  process.run(8);
  process.run(8);
  deepEqual(process.collections, [true]);
});

Deno.test("QuietCollector sleeps until it is woken", () => {
  const { process, collector } = create();
  process.run(8);
  deepEqual(process.collections, []);
  collector.wake();
  process.run(8);
  process.work(14 * MIB);
  process.run(8);
  deepEqual([process.collections, process.clock.runFor(100 * REST_MS)], [[true], undefined]);
  collector.wake();
  process.run(8);
  deepEqual(process.collections, [true, true]);
});

Deno.test("QuietCollector leaves a busy agent alone, whatever its heap does, until it rests", () => {
  const { process, collector } = create();
  collector.wake();
  for (const mib of [14, 18, 12, 12, 19, 13]) {
    process.usedBytes = mib * MIB;
    process.run(400);
  }
  deepEqual(process.collections, []);
  process.run(20);
  deepEqual(process.collections, [true]);
});

Deno.test("QuietCollector waits for whole seconds of rest, however often it is woken", () => {
  const { process, collector } = create();
  collector.wake();
  process.cpuMs += 400;
  process.clock.runFor(REST_MS - 1);
  collector.wake();
  process.clock.runFor(REST_MS);
  deepEqual(process.collections, []);
  process.clock.runFor(REST_MS);
  deepEqual(process.collections, [true]);
});

Deno.test("QuietCollector collects only when it pays", () => {
  const { process, collector } = create();
  collector.wake();
  process.run(8);
  process.work(process.liveBytes + 3 * MIB);
  collector.wake();
  process.run(8);
  deepEqual(process.collections, [true]);
  process.work(process.usedBytes + 1);
  collector.wake();
  process.run(8);
  deepEqual(process.collections, [true, true]);
});

Deno.test("QuietCollector is gentler with a larger heap, and leaves a large one to V8", () => {
  const { process, collector } = create();
  process.liveBytes = 0;
  for (const mib of [40, 40 + 1 / MIB, 16, 16 - 1 / MIB]) {
    process.work(mib * MIB);
    collector.wake();
    process.run(8);
  }
  deepEqual(process.collections, [false, false, true]);
});

Deno.test("QuietCollector neither looks nor waits while a client polls the agent, but for once in a while", () => {
  const { process, collector } = create();
  collector.wake();
  process.run(8);
  process.looks = 0;
  let waits = 0;
  // A minute of the agent's own probes, and of a request each second.
  for (let second = 0; second < 60; second++) {
    process.cpuMs += 3;
    collector.wake();
    waits += process.clock.armedCount;
    process.clock.runFor(1_000);
  }
  deepEqual([process.looks, waits], [0, 0]);
  process.work(13 * MIB);
  collector.wake();
  process.run(8);
  deepEqual(process.collections, [true, true]);
});

Deno.test("QuietCollector.stop() ends its waiting", () => {
  const { process, collector } = create();
  collector.wake();
  collector.stop();
  process.run(8);
  deepEqual(process.collections, []);
});
