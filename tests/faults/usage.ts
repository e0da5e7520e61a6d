/** What the kernel says of a process at one moment. Linux only. */

export interface Usage {
  /** When; monotonic. */
  readonly atMs: number;
  readonly residentKib: number;
  /** The part of it that is no file: heaps and stacks. */
  readonly anonymousKib: number;
  readonly threads: number;
  /** Open file descriptors. */
  readonly files: number;
  /** How often its threads have slept and woken so far. */
  readonly wakeUps: number;
}

export function readUsage(pid: number): Usage {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  const field = (text: string, name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)![1]);
  let wakeUps = 0;
  for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
    wakeUps += field(readIfThere(`/proc/${pid}/task/${name}/status`), "voluntary_ctxt_switches");
  }
  return {
    atMs: performance.now(),
    residentKib: field(status, "VmRSS"),
    anonymousKib: field(status, "RssAnon"),
    threads: field(status, "Threads"),
    files: [...Deno.readDirSync(`/proc/${pid}/fd`)].length,
    wakeUps,
  };
}

/** A thread may end while it is looked at. */
function readIfThere(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "voluntary_ctxt_switches: 0\n";
  }
}
