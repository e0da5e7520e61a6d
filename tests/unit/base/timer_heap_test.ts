import { deepEqual, equal, throws } from "../../support/assert.ts";
import fc from "fast-check";
import { AssertionError } from "../../../lib/base/assert.ts";
import { Timer, TimerHeap } from "../../../lib/base/timer_heap.ts";

function drain(heap: TimerHeap, nowMs = Infinity): Timer[] {
  const fired: Timer[] = [];
  for (let timer = heap.popDue(nowMs); timer !== undefined; timer = heap.popDue(nowMs)) fired.push(timer);
  return fired;
}

Deno.test("TimerHeap.popDue() gives timers in the order of their deadlines", () => {
  const heap = new TimerHeap();
  const timers = [30, 10, 20].map((deadline) => {
    const timer = new Timer(() => {});
    heap.set(timer, deadline);
    return timer;
  });
  deepEqual(drain(heap), [timers[1], timers[2], timers[0]]);
  equal(heap.size, 0);
});

Deno.test("TimerHeap.popDue() breaks ties by arming order, re-arming included", () => {
  const heap = new TimerHeap();
  const [a, b, c] = [new Timer(() => {}), new Timer(() => {}), new Timer(() => {})];
  for (const timer of [a, b, c]) heap.set(timer, 5);
  heap.set(a, 5);
  deepEqual(drain(heap), [b, c, a]);
});

Deno.test("TimerHeap.popDue() leaves what is not due", () => {
  const heap = new TimerHeap();
  const timer = new Timer(() => {});
  heap.set(timer, 5);
  equal(heap.popDue(4.999), undefined);
  equal(timer.armed, true);
  equal(heap.popDue(5), timer);
  equal(timer.armed, false);
});

Deno.test("TimerHeap.delete() is harmless on a timer that is not armed", () => {
  const heap = new TimerHeap();
  heap.delete(new Timer(() => {}));
  equal(heap.size, 0);
});

Deno.test("TimerHeap.set() refuses NaN", () => {
  throws(() => new TimerHeap().set(new Timer(() => {}), NaN), AssertionError);
});

Deno.test("TimerHeap agrees with a sorted list under random sets and deletes", () => {
  const operation = fc.record({ timer: fc.nat(15), deadline: fc.nat(50), remove: fc.boolean() });
  fc.assert(fc.property(fc.array(operation, { maxLength: 120 }), (operations) => {
    const heap = new TimerHeap();
    const timers = Array.from({ length: 16 }, () => new Timer(() => {}));
    const model = new Map<Timer, { deadline: number; order: number }>();
    operations.forEach(({ timer: index, deadline, remove }, order) => {
      const timer = timers[index]!;
      if (remove) {
        heap.delete(timer);
        model.delete(timer);
      } else {
        heap.set(timer, deadline);
        model.set(timer, { deadline, order });
      }
      equal(timer.armed, !remove);
    });
    const expected = [...model].sort(([, a], [, b]) => a.deadline - b.deadline || a.order - b.order);
    deepEqual(drain(heap), expected.map(([timer]) => timer));
  }));
});
