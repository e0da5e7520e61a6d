/** Whether a built file is newer than everything that it is made from. */

const SOURCES = [
  "main.ts",
  "lib",
  "scripts/build.ts",
  "scripts/bundle.ts",
  "scripts/code_cache.ts",
  "scripts/compile.ts",
  "scripts/denort.ts",
  "deno.json",
  "deno.lock",
];

/** @returns the newest modification time below the sources, in milliseconds since the epoch. */
export async function newestSource(root: string): Promise<number> {
  const times = await Promise.all(SOURCES.map((path) => newestBelow(`${root}/${path}`)));
  return Math.max(...times);
}

/** Whether `file` exists and is newer than `sourceMs`. */
export async function isFresh(file: string, sourceMs: number): Promise<boolean> {
  const stat = await Deno.stat(file).catch(() => undefined);
  return stat !== undefined && (stat.mtime?.getTime() ?? 0) > sourceMs;
}

async function newestBelow(path: string): Promise<number> {
  const stat = await Deno.stat(path);
  let newest = stat.mtime?.getTime() ?? 0;
  if (!stat.isDirectory) return newest;
  for await (const entry of Deno.readDir(path)) {
    newest = Math.max(newest, await newestBelow(`${path}/${entry.name}`));
  }
  return newest;
}
