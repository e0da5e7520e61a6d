/** How soon a killed member is reported by all, with and without what the engine has beyond the papers. */
import { crashAndDetect } from "../../lib/sim/experiments/detection.ts";
import { memberlistCluster } from "../../lib/sim/sim_cluster.ts";
import { count, markdownTable, type Progress, quantile } from "./tables.ts";

const SIZES = [10, 100, 1_000] as const;
const RUNS: Readonly<Record<number, number>> = { 10: 100, 100: 20, 1_000: 5 };
/** What a refusal is worth depends on who has been met over TCP by then, which takes time: `restS` seconds. */
const VARIANTS = [
  { name: "as published", restS: 300, options: { eagerGossip: false, promptProbes: false } },
  { name: "eager gossip", restS: 300, options: { eagerGossip: true, promptProbes: false } },
  { name: "and prompt probes", restS: 20, options: { eagerGossip: true, promptProbes: true } },
  { name: "and prompt probes", restS: 300, options: { eagerGossip: true, promptProbes: true } },
] as const;
const LIMIT_MS = 120_000;

/** @returns the table. */
export function crashTable(progress: Progress): string {
  const rows: string[][] = [];
  for (const size of SIZES) {
    for (const { name, restS, options } of VARIANTS) {
      const times = Array.from(
        { length: RUNS[size]! },
        (_, index) => timeOf(index + 1, size, restS, options),
      );
      times.sort((a, b) => a - b);
      const row = [
        name,
        count(size),
        `${restS} s`,
        ...[0, 0.5, 0.9, 1].map((share) => `${count(quantile(times, share))} ms`),
      ];
      progress(row.join("  "));
      rows.push(row);
    }
  }
  return markdownTable(["", "members", "after", "least", "median", "nine of ten within", "most"], rows);
}

/** Until all others have declared it, in milliseconds. */
function timeOf(
  seed: number,
  size: number,
  restS: number,
  options: { eagerGossip: boolean; promptProbes: boolean },
): number {
  const chosen = { options: { ...options, compression: false } };
  const cluster = memberlistCluster({ seed, size, checked: false, traced: false }, () => chosen);
  cluster.formAtOnce();
  // The crash falls anywhere between two ticks.
  cluster.runFor(restS * 1_000 + seed * 137 % 1_000);
  const { timesMs, members } = crashAndDetect(cluster, cluster.node(3), {
    eventType: "leave",
    until: "all",
    limitMs: LIMIT_MS,
  });
  if (timesMs.length < members) throw new Error(`only ${timesMs.length} of ${members} saw it, seed ${seed}`);
  return timesMs[timesMs.length - 1]!;
}
