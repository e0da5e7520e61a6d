/**
 * One intrusive binary heap of timers. The real clock is this heap and one `setTimeout` for its top; the virtual
 * clock is this heap and a jump to its top. Timers of equal deadline fire in the order in which they were armed.
 */
import { assert } from "./assert.ts";

/** A timer, owned by whoever waits. Arming it again moves it; it fires once per arming. */
export class Timer {
  /** When it fires, or should have fired, in the clock's monotonic milliseconds. Valid while armed, and in `onTimer`. */
  deadlineMs = 0;
  /** Ties are broken by arming order, which makes the simulation deterministic. */
  sequence = 0;
  /** Position in the heap; -1 while not armed. Written by {@linkcode TimerHeap} alone. */
  heapIndex = -1;

  constructor(readonly onTimer: () => void) {}

  /** Whether it is waiting to fire. */
  get armed(): boolean {
    return this.heapIndex >= 0;
  }
}

/** Counts armings: heaps that share one have a common order of timers with equal deadlines. */
export class ArmingOrder {
  next = 0;
}

/** A heap of armed timers, earliest first. Bounded: one entry per armed {@linkcode Timer}. */
export class TimerHeap {
  readonly #heap: Timer[] = [];
  /** The deadlines of the same timers: comparing numbers that lie side by side spares the way to each timer. */
  readonly #deadlines: number[] = [];
  readonly #order: ArmingOrder;

  /** @param order shared with heaps whose timers are compared with these. */
  constructor(order: ArmingOrder = new ArmingOrder()) {
    this.#order = order;
  }

  /** How many timers are armed. */
  get size(): number {
    return this.#heap.length;
  }

  /** The earliest timer, or undefined when none is armed. */
  peek(): Timer | undefined {
    return this.#heap[0];
  }

  /** The deadline of the earliest timer; Infinity when none is armed. */
  get earliestMs(): number {
    return this.#deadlines.length === 0 ? Infinity : this.#deadlines[0]!;
  }

  /** Arms or moves `timer` to `deadlineMs`. O(log n), no allocation beyond the heap's own growth. */
  set(timer: Timer, deadlineMs: number): void {
    assert(deadlineMs === deadlineMs, "a timer's deadline is a number");
    timer.deadlineMs = deadlineMs;
    timer.sequence = this.#order.next++;
    if (timer.heapIndex < 0) {
      timer.heapIndex = this.#heap.length;
      this.#heap.push(timer);
      this.#deadlines.push(deadlineMs);
      this.#siftUp(timer, timer.heapIndex);
    } else this.#sift(timer, timer.heapIndex);
  }

  /** Disarms `timer`; harmless when it is not armed. */
  delete(timer: Timer): void {
    const index = timer.heapIndex;
    if (index < 0) return;
    const last = this.#heap.pop()!;
    this.#deadlines.pop();
    timer.heapIndex = -1;
    if (last !== timer) this.#sift(last, index);
  }

  /** Takes the earliest timer out if its deadline is at or before `nowMs`. */
  popDue(nowMs: number): Timer | undefined {
    if (this.#heap.length === 0 || this.#deadlines[0]! > nowMs) return undefined;
    const top = this.#heap[0]!;
    this.delete(top);
    return top;
  }

  /** Finds the place of `timer`, to which `index` is free. */
  #sift(timer: Timer, index: number): void {
    this.#siftUp(timer, index);
    if (timer.heapIndex === index) this.#siftDown(timer, index);
  }

  #siftUp(timer: Timer, start: number): void {
    const deadlines = this.#deadlines;
    const { deadlineMs, sequence } = timer;
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const aboveMs = deadlines[parent]!;
      if (aboveMs < deadlineMs) break;
      if (aboveMs === deadlineMs && this.#heap[parent]!.sequence < sequence) break;
      this.#put(this.#heap[parent]!, aboveMs, index);
      index = parent;
    }
    this.#put(timer, deadlineMs, index);
  }

  #siftDown(timer: Timer, start: number): void {
    const heap = this.#heap;
    const deadlines = this.#deadlines;
    const { deadlineMs, sequence } = timer;
    let index = start;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      let belowMs = deadlines[child]!;
      if (child + 1 < heap.length) {
        const otherMs = deadlines[child + 1]!;
        const isOtherFirst = otherMs < belowMs ||
          otherMs === belowMs && heap[child + 1]!.sequence < heap[child]!.sequence;
        if (isOtherFirst) {
          child++;
          belowMs = otherMs;
        }
      }
      if (belowMs > deadlineMs) break;
      if (belowMs === deadlineMs && heap[child]!.sequence > sequence) break;
      this.#put(heap[child]!, belowMs, index);
      index = child;
    }
    this.#put(timer, deadlineMs, index);
  }

  #put(timer: Timer, deadlineMs: number, index: number): void {
    this.#heap[index] = timer;
    this.#deadlines[index] = deadlineMs;
    timer.heapIndex = index;
  }
}
