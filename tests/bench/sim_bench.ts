/**
 * The simulator: how much faster than time a cluster of Serf idles, and what memory it takes. CPU time, of which a core
 * has one second in a second.
 *
 *     deno run -A tests/bench/sim_bench.ts [members] [virtual seconds]
 */
import process from "node:process";
import { hashText } from "../../lib/base/seeded_random.ts";
import { SerfCluster } from "../../lib/sim/serf_cluster.ts";

/** How long the nodes may take to say that they are there. */
const SETTLE_MS = 5_000;

function createCluster(size: number, seed: number, traced: boolean): SerfCluster {
  const options = { seed, size, checked: false, traced };
  return new SerfCluster(options, () => ({ memberlist: { compression: false } }));
}

/** Idles for a few virtual seconds. @returns a hash of all that happened. */
export function run(size: number, seed: number): number {
  const cluster = createCluster(size, seed, true);
  cluster.formAtOnce();
  cluster.runFor(SETTLE_MS);
  return hashText(cluster.digest());
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function measured(what: string, work: () => void): number {
  const before = cpuSeconds();
  work();
  const took = cpuSeconds() - before;
  const mebibytes = Deno.memoryUsage().rss / 2 ** 20;
  console.log(
    `${what.padEnd(28)} ${took.toFixed(2).padStart(8)} s CPU   ${mebibytes.toFixed(0).padStart(6)} MiB`,
  );
  return took;
}

if (import.meta.main) {
  const size = Number(Deno.args[0] ?? 1_000);
  const seconds = Number(Deno.args[1] ?? 60);
  const cluster = createCluster(size, 1, false);
  measured(`${size} members, formed`, () => cluster.formAtOnce());
  measured("first words said", () => cluster.runFor(SETTLE_MS));
  const took = measured(`${seconds} s of idleness`, () => cluster.runFor(seconds * 1_000));
  console.log(`${(seconds / took).toFixed(1)} times faster than time`);
}
