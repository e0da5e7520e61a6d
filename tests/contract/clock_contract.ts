/** What every Clock promises. One suite, run on the virtual clock and on the real one. */
import { deepEqual, equal, ok } from "../support/assert.ts";
import type { Clock } from "../../lib/base/ports.ts";
import { SeededRandom } from "../../lib/base/seeded_random.ts";
import { Timer } from "../../lib/base/timer_heap.ts";

/** A clock under test, and the power to let its time pass. */
export interface ClockWorld {
  readonly clock: Clock;
  /** Lets at least `ms` pass: virtual time runs, real time is awaited. */
  pass(ms: number): Promise<void>;
  close(): void;
}

/**
 * Registers the suite.
 *
 * @param name of the implementation, for the tests' names.
 * @param makeWorld called anew for each test.
 */
export function clockContract(name: string, makeWorld: () => ClockWorld): void {
  const test = (what: string, body: (world: ClockWorld) => Promise<void>) => {
    Deno.test(`Clock contract: ${name}: ${what}`, async () => {
      const world = makeWorld();
      try {
        await body(world);
      } finally {
        world.close();
      }
    });
  };

  test("time passes and never goes back", async ({ clock, pass }) => {
    const before = clock.nowMs(), wallBefore = clock.wallMs();
    await pass(20);
    ok(clock.nowMs() >= before + 19.5, `${clock.nowMs() - before} ms passed`);
    ok(clock.wallMs() >= wallBefore + 15);
    ok(wallBefore > Date.UTC(2024), "the wall clock counts from the Unix epoch");
  });

  test("a timer fires once, not early and not within arm()", async ({ clock, pass }) => {
    const firedAt: number[] = [];
    const timer = new Timer(() => firedAt.push(clock.nowMs()));
    const armedAt = clock.nowMs();
    clock.arm(timer, 10);
    deepEqual(firedAt, []);
    ok(timer.armed);
    await pass(60);
    equal(firedAt.length, 1);
    ok(firedAt[0]! >= armedAt + 9.99, `fired after ${firedAt[0]! - armedAt} ms`);
    ok(!timer.armed);
  });

  test("a delay of zero fires soon, but not within arm()", async ({ clock, pass }) => {
    let fired = 0;
    clock.arm(new Timer(() => fired++), 0);
    equal(fired, 0);
    await pass(20);
    equal(fired, 1);
  });

  test("timers fire in order of deadline, equal ones in order of arming", async ({ clock, pass }) => {
    const random = new SeededRandom(11);
    const armed: { delay: number; index: number }[] = [];
    const fired: number[] = [];
    const startMs = clock.nowMs();
    for (let index = 0; index < 200; index++) {
      const delay = 5 + random.below(20);
      const timer = new Timer(() => fired.push(index));
      clock.arm(timer, delay);
      armed.push({ delay: timer.deadlineMs, index });
    }
    await pass(80 + clock.nowMs() - startMs);
    const expected = armed.sort((a, b) => a.delay - b.delay || a.index - b.index).map(({ index }) => index);
    deepEqual(fired, expected);
  });

  test("arming again moves a timer, earlier and later", async ({ clock, pass }) => {
    const fired: string[] = [];
    const later = new Timer(() => fired.push("later"));
    const earlier = new Timer(() => fired.push("earlier"));
    clock.arm(later, 5);
    clock.arm(earlier, 100_000);
    clock.arm(later, 60);
    clock.arm(earlier, 5);
    await pass(30);
    deepEqual(fired, ["earlier"]);
    await pass(80);
    deepEqual(fired, ["earlier", "later"]);
  });

  test("disarm() prevents, and is harmless when nothing is armed", async ({ clock, pass }) => {
    let fired = 0;
    const timer = new Timer(() => fired++);
    clock.disarm(timer);
    clock.arm(timer, 5);
    clock.disarm(timer);
    clock.disarm(timer);
    await pass(30);
    equal(fired, 0);
    clock.arm(timer, 5);
    await pass(30);
    equal(fired, 1);
  });

  test("a timer may arm itself and others while it fires", async ({ clock, pass }) => {
    const fired: string[] = [];
    const other = new Timer(() => fired.push("other"));
    const again: Timer = new Timer(() => {
      fired.push("again");
      if (fired.length < 3) clock.arm(again, 1);
      else clock.arm(other, 0);
    });
    clock.arm(again, 1);
    await pass(80);
    deepEqual(fired, ["again", "again", "again", "other"]);
  });

  test("a timer may disarm another that is due at the same moment", async ({ clock, pass }) => {
    const fired: string[] = [];
    const second = new Timer(() => fired.push("second"));
    const first = new Timer(() => {
      fired.push("first");
      clock.disarm(second);
    });
    clock.arm(first, 5);
    clock.arm(second, 5);
    await pass(40);
    deepEqual(fired, ["first"]);
  });
}
