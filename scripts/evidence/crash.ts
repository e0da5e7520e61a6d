/** How soon a killed member is reported by all, with and without what the engine has beyond the papers. */
import { crashAndDetect } from "../../lib/sim/experiments/detection.ts";
import { memberlistCluster } from "../../lib/sim/sim_cluster.ts";
import { count, markdownTable, type Progress, quantile } from "./tables.ts";

const SIZES = [10, 100, 1_000] as const;
const RUNS: Readonly<Record<number, number>> = { 10: 100, 100: 20, 1_000: 5 };
const VARIANTS = [
  { name: "as published", options: { eagerGossip: false, promptProbes: false } },
  { name: "eager gossip", options: { eagerGossip: true, promptProbes: false } },
  { name: "and prompt probes", options: { eagerGossip: true, promptProbes: true } },
] as const;
/** Health scores settle, round trips become known, and everybody has been probed once, a second each: so at least. */
const REST_MS = 20_000;
/** So much more for each member. */
const REST_MS_PER_MEMBER = 1_100;
const LIMIT_MS = 120_000;

/** @returns the table. */
export function crashTable(progress: Progress): string {
  const rows: string[][] = [];
  for (const size of SIZES) {
    for (const { name, options } of VARIANTS) {
      const times = Array.from({ length: RUNS[size]! }, (_, index) => timeOf(index + 1, size, options));
      times.sort((a, b) => a - b);
      const row = [
        name,
        count(size),
        ...[0, 0.5, 0.9, 1].map((share) => `${count(quantile(times, share))} ms`),
      ];
      progress(row.join("  "));
      rows.push(row);
    }
  }
  return markdownTable(["", "members", "least", "median", "nine of ten within", "most"], rows);
}

/** Until all others have declared it, in milliseconds. */
function timeOf(
  seed: number,
  size: number,
  options: { eagerGossip: boolean; promptProbes: boolean },
): number {
  const chosen = { options: { ...options, compression: false } };
  const cluster = memberlistCluster({ seed, size, checked: false, traced: false }, () => chosen);
  cluster.formAtOnce();
  // The crash falls anywhere between two ticks.
  cluster.runFor(Math.max(REST_MS, size * REST_MS_PER_MEMBER) + seed * 137 % 1_000);
  const { timesMs, members } = crashAndDetect(cluster, cluster.node(3), {
    eventType: "leave",
    until: "all",
    limitMs: LIMIT_MS,
  });
  if (timesMs.length < members) throw new Error(`only ${timesMs.length} of ${members} saw it, seed ${seed}`);
  return timesMs[timesMs.length - 1]!;
}
