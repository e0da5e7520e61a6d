/** What Linux knows of a process: memory and files. */

/** Memory that no file backs, in KiB, now. */
export async function anonymousKib(pid: number): Promise<number> {
  return await statusKib(pid, "RssAnon");
}

/** The most memory that it ever had, in KiB. */
export async function peakKib(pid: number): Promise<number> {
  return await statusKib(pid, "VmHWM");
}

async function statusKib(pid: number, field: string): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(status.match(new RegExp(`^${field}:\\s+([0-9]+)`, "m"))![1]);
}

/** How many files, sockets among them, it has open. */
export async function openFiles(pid: number): Promise<number> {
  let count = 0;
  for await (const _ of Deno.readDir(`/proc/${pid}/fd`)) count++;
  return count;
}

/** Lets a process have at least so many files open. Needs root where its hard limit is lower. */
export async function allowOpenFiles(pid: number, count: number): Promise<void> {
  const limits = await Deno.readTextFile(`/proc/${pid}/limits`);
  if (Number(limits.match(/^Max open files\s+([0-9]+)/m)![1]) >= count) return;
  const args = [`--pid=${pid}`, `--nofile=${count}:${count}`];
  const { success, stderr } = await new Deno.Command("prlimit", { args, stdout: "null", stderr: "piped" })
    .output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}
