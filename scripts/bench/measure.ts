/** Reading what the kernel says of a process, and saying it in ratios. Linux only. */

/** CPU time of a process so far, all threads, in microseconds. */
export async function cpuMicros(pid: number): Promise<number> {
  let nanos = 0;
  for await (const task of Deno.readDir(`/proc/${pid}/task`)) {
    const text = await Deno.readTextFile(`/proc/${pid}/task/${task.name}/schedstat`).catch(() => "0");
    nanos += Number(text.split(" ")[0]);
  }
  return nanos / 1000;
}

/** Resident memory of a process in KiB: all of it, and the anonymous part. */
export async function memoryKib(pid: number): Promise<{ resident: number; anonymous: number }> {
  const text = await Deno.readTextFile(`/proc/${pid}/status`);
  const field = (name: string) => Number(text.match(new RegExp(`^${name}:\\s+([0-9]+)`, "m"))?.[1] ?? 0);
  return { resident: field("VmRSS"), anonymous: field("RssAnon") };
}

/** What a process burns while nothing is asked of it, in microseconds of CPU per second. */
export async function idleRate(pid: number, ms: number): Promise<number> {
  const before = await cpuMicros(pid);
  const start = performance.now();
  await sleep(ms);
  return (await cpuMicros(pid) - before) / ((performance.now() - start) / 1000);
}

/** CPU that `work` costs process `pid` per operation, its idle burn, seen for `idleMs`, taken off. */
export async function cpuPerOperation(
  pid: number,
  operations: number,
  work: () => Promise<void>,
  idleMs = 1_000,
): Promise<{ cpuMicros: number; perSecond: number }> {
  const idle = await idleRate(pid, idleMs);
  const before = await cpuMicros(pid);
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  const spent = await cpuMicros(pid) - before - idle * seconds;
  return { cpuMicros: Math.max(0, spent) / operations, perSecond: operations / seconds };
}

/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
