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

/** A heap of armed timers, earliest first. Bounded: one entry per armed {@linkcode Timer}. */
export class TimerHeap {
  readonly #heap: Timer[] = [];
  #sequence = 0;

  /** How many timers are armed. */
  get size(): number {
    return this.#heap.length;
  }

  /** The earliest timer, or undefined when none is armed. */
  peek(): Timer | undefined {
    return this.#heap[0];
  }

  /** Arms or moves `timer` to `deadlineMs`. O(log n), no allocation beyond the heap's own growth. */
  set(timer: Timer, deadlineMs: number): void {
    assert(deadlineMs === deadlineMs, "a timer's deadline is a number");
    timer.deadlineMs = deadlineMs;
    timer.sequence = this.#sequence++;
    if (timer.heapIndex < 0) {
      timer.heapIndex = this.#heap.length;
      this.#heap.push(timer);
    }
    this.#siftUp(timer.heapIndex);
    this.#siftDown(timer.heapIndex);
  }

  /** Disarms `timer`; harmless when it is not armed. */
  delete(timer: Timer): void {
    const index = timer.heapIndex;
    if (index < 0) return;
    const last = this.#heap.pop()!;
    timer.heapIndex = -1;
    if (last === timer) return;
    this.#heap[index] = last;
    last.heapIndex = index;
    this.#siftUp(index);
    this.#siftDown(last.heapIndex);
  }

  /** Takes the earliest timer out if its deadline is at or before `nowMs`. */
  popDue(nowMs: number): Timer | undefined {
    const top = this.#heap[0];
    if (top === undefined || top.deadlineMs > nowMs) return undefined;
    this.delete(top);
    return top;
  }

  #siftUp(start: number): void {
    const heap = this.#heap;
    const timer = heap[start]!;
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent]!;
      if (!isBefore(timer, above)) break;
      heap[index] = above;
      above.heapIndex = index;
      index = parent;
    }
    heap[index] = timer;
    timer.heapIndex = index;
  }

  #siftDown(start: number): void {
    const heap = this.#heap;
    const timer = heap[start]!;
    let index = start;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      const below = heap[child]!;
      if (!isBefore(below, timer)) break;
      heap[index] = below;
      below.heapIndex = index;
      index = child;
    }
    heap[index] = timer;
    timer.heapIndex = index;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.deadlineMs < b.deadlineMs || (a.deadlineMs === b.deadlineMs && a.sequence < b.sequence);
}
