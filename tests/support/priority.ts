/** Processes that measure time go before those that happen to keep a machine busy, where that is allowed. */
import { runCommand } from "./agents.ts";

const RENICE = "/usr/bin/renice";
/** Well before everything ordinary. */
const URGENT = "-15";

/**
 * Puts all threads of a process before others. Root may do that; for everybody else all stays as it is, which needs no
 * more than a quiet machine.
 * @returns what takes it back.
 */
export async function makeUrgent(pid: number): Promise<() => Promise<void>> {
  const threads = await Array.fromAsync(Deno.readDir(`/proc/${pid}/task`), ({ name }) => name);
  const set = async (value: string) => {
    await runCommand(RENICE, ["-n", value, "-p", ...threads]).catch(() => {});
  };
  await set(URGENT);
  return () => set("0");
}
