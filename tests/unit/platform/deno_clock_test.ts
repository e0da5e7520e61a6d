import { deepEqual, equal, ok } from "../../support/assert.ts";
import { Timer } from "../../../lib/base/timer_heap.ts";
import { DenoClock } from "../../../lib/platform/deno_clock.ts";
import { FaultHook } from "../../../lib/platform/faults.ts";
import { pass } from "./fakes.ts";

/** Counts the system timers that are set while `body` runs. */
async function countingTimeouts(body: (set: () => number) => Promise<void>): Promise<void> {
  const original = globalThis.setTimeout;
  let count = 0;
  globalThis.setTimeout = ((...args: Parameters<typeof original>) => {
    count++;
    return original(...args);
  }) as typeof original;
  try {
    await body(() => count);
  } finally {
    globalThis.setTimeout = original;
  }
}

Deno.test("DenoClock sets its wake-up anew only when the earliest deadline gets earlier", async () => {
  await countingTimeouts((timeouts) => {
    const clock = new DenoClock(new FaultHook());
    const timers = Array.from({ length: 100 }, () => new Timer(() => {}));
    timers.forEach((timer, i) => clock.arm(timer, 10_000 + i));
    equal(timeouts(), 1);
    clock.arm(timers[50]!, 20_000);
    clock.disarm(timers[60]!);
    equal(timeouts(), 1);
    clock.arm(timers[70]!, 5_000);
    equal(timeouts(), 2);
    timers.forEach((timer) => clock.disarm(timer));
    return Promise.resolve();
  });
});

Deno.test("DenoClock puts its wake-up off when the earliest timer is disarmed", async () => {
  await countingTimeouts(async (timeouts) => {
    const clock = new DenoClock(new FaultHook());
    const probe = new Timer(() => {}), later = new Timer(() => {});
    clock.arm(later, 60_000);
    clock.arm(probe, 20);
    equal(timeouts(), 2);
    clock.disarm(probe);
    equal(timeouts(), 3);
    const before = timeouts();
    // A wake-up for nothing would set the next one.
    await new Promise((done) => AbortSignal.timeout(50).addEventListener("abort", done));
    equal(timeouts(), before);
    clock.disarm(later);
  });
});

Deno.test("DenoClock holds no system timer when nothing is armed", async () => {
  // The test runner would report one that is left.
  const clock = new DenoClock(new FaultHook());
  const timer = new Timer(() => {});
  clock.arm(timer, 1_000_000);
  clock.disarm(timer);
  clock.arm(timer, 1);
  await pass(20);
  equal(timer.armed, false);
});

Deno.test("DenoClock reports what a timer throws, and fires the others", async () => {
  const faults = new FaultHook();
  const reported: unknown[] = [], fired: string[] = [];
  faults.listen((error) => reported.push(error));
  const clock = new DenoClock(faults);
  const fault = new Error("bug");
  clock.arm(
    new Timer(() => {
      throw fault;
    }),
    1,
  );
  clock.arm(new Timer(() => fired.push("same round")), 1);
  clock.arm(new Timer(() => fired.push("next round")), 20);
  await pass(60);
  deepEqual(reported, [fault]);
  deepEqual(fired, ["same round", "next round"]);
});

Deno.test("DenoClock lets the world breathe while a timer re-arms itself without delay", async () => {
  const clock = new DenoClock(new FaultHook());
  let rounds = 0;
  const again: Timer = new Timer(() => {
    rounds++;
    clock.arm(again, 0);
  });
  clock.arm(again, 0);
  await pass(30);
  clock.disarm(again);
  ok(rounds > 1 && rounds < 1000, `${rounds} rounds`);
});

Deno.test("DenoClock fires all that came due while the process was held up, in order", async () => {
  const clock = new DenoClock(new FaultHook());
  const fired: number[] = [];
  for (const delay of [30, 10, 20]) clock.arm(new Timer(() => fired.push(delay)), delay);
  const endMs = performance.now() + 60;
  while (performance.now() < endMs);
  await pass(10);
  deepEqual(fired, [10, 20, 30]);
});

Deno.test("DenoClock takes delays beyond the system timer's range", async () => {
  const clock = new DenoClock(new FaultHook());
  let fired = 0;
  const timer = new Timer(() => fired++);
  clock.arm(timer, 2 ** 31 + 1000);
  await pass(20);
  equal(fired, 0);
  ok(timer.armed);
  clock.disarm(timer);
});
