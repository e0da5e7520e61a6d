/** The processor time of this thread: unlike the clock's, it does not pass while others are running. */

/**
 * @returns milliseconds, or undefined where the system does not tell (anything but Linux).
 */
export function threadCpuMs(): number | undefined {
  try {
    return Number(Deno.readTextFileSync("/proc/thread-self/schedstat").split(" ", 1)[0]) / 1e6;
  } catch {
    return undefined;
  }
}
