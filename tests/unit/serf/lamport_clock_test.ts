import { equal } from "../../support/assert.ts";
import fc from "fast-check";
import { LAMPORT_TIME_MAX, LamportClock } from "../../../lib/serf/lamport_clock.ts";

Deno.test("LamportClock starts at 0 and counts up", () => {
  const clock = new LamportClock();
  equal(clock.time, 0);
  equal(clock.increment(), 1);
  equal(clock.time, 1);
});

Deno.test("LamportClock.witness() moves past what it hears, never back (D.1)", () => {
  const clock = new LamportClock();
  equal(clock.witness(50), true);
  equal(clock.time, 51);
  clock.witness(50);
  equal(clock.time, 51);
  clock.witness(51);
  equal(clock.time, 52);
  clock.witness(3);
  equal(clock.time, 52);
});

Deno.test("LamportClock.witness() refuses a time without a successor, and is unchanged", () => {
  const clock = new LamportClock();
  clock.witness(7);
  equal(clock.witness(LAMPORT_TIME_MAX + 1), false);
  equal(clock.witness(2 ** 64), false);
  equal(clock.time, 8);
});

Deno.test("LamportClock stands still at the end of its range instead of wrapping", () => {
  const clock = new LamportClock();
  equal(clock.witness(LAMPORT_TIME_MAX), true);
  equal(clock.time, Number.MAX_SAFE_INTEGER);
  equal(clock.increment(), Number.MAX_SAFE_INTEGER);
});

Deno.test("LamportClock is monotonic and exact whatever it witnesses", () => {
  const step = fc.oneof(fc.constant(undefined), fc.maxSafeNat());
  fc.assert(fc.property(fc.array(step), (steps) => {
    const clock = new LamportClock();
    for (const time of steps) {
      const before = clock.time;
      if (time === undefined) clock.increment();
      else if (clock.witness(time)) equal(clock.time, Math.max(before, time + 1));
      equal(clock.time >= before && Number.isSafeInteger(clock.time), true);
    }
  }));
});
