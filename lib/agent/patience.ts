/** Waiting for something, but not for ever. */
import type { Clock } from "../base/ports.ts";
import { Timer } from "../base/timer_heap.ts";

/** Resolves when `work` has, or after `limitMs` of the clock. @throws what `work` rejects with, if that comes first. */
export async function settledWithin(
  clock: Pick<Clock, "arm" | "disarm">,
  work: Promise<unknown>,
  limitMs: number,
): Promise<void> {
  const { promise: tooLate, resolve } = Promise.withResolvers<void>();
  const timer = new Timer(resolve);
  clock.arm(timer, limitMs);
  try {
    await Promise.race([work, tooLate]);
  } finally {
    clock.disarm(timer);
  }
}
