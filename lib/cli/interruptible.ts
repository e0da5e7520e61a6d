/** Commands that wait for the cluster, and that users may be tired of waiting for. */
import type { Platform } from "../platform/platform.ts";

/** Does `work`, or gives up at an interrupt: `onInterrupt` then tells the exit code. The work is left behind. */
export async function interruptible(
  platform: Platform,
  onInterrupt: () => number,
  work: () => Promise<number>,
): Promise<number> {
  const { promise: interrupted, resolve } = Promise.withResolvers<number>();
  const unlisten = platform.onSignal("SIGINT", () => resolve(onInterrupt()));
  try {
    return await Promise.race([interrupted, work()]);
  } finally {
    unlisten();
  }
}
