/** Runs every benchmark at a tiny size, twice, so that none rots: each must give the same hash for the same seed. */
import { equal, ok } from "../support/assert.ts";

interface Bench {
  run(size: number, seed: number): number;
}

const directory = new URL(".", import.meta.url);
const files = [...Deno.readDirSync(directory)].map((entry) => entry.name).filter((name) =>
  name.endsWith("_bench.ts")
);

Deno.test("benchmarks exist", () => ok(files.length > 0));

for (const file of files) {
  Deno.test(`benchmark ${file} runs and repeats`, async () => {
    const bench = await import(new URL(file, directory).href) as Bench;
    const first = bench.run(20, 1);
    equal(typeof first, "number");
    equal(bench.run(20, 1), first);
  });
}
