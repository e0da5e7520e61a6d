/**
 * Runs a cluster of both programs for as long as is wanted, with events, queries and members that come and go, and
 * tells what grew. Needs root, and the compiled program.
 *
 *     deno task soak [--minutes 10] [--warm-up 3]
 */
import { OURS, THEIRS } from "../tests/support/binaries.ts";
import { type AgentTrend, SIZE, soak, type SoakReport } from "../tests/faults/soak.ts";
import { median } from "./bench/measure.ts";
import { withCluster } from "../tests/faults/fault_cluster.ts";

const SEED = 6;
const MINUTE_MS = 60_000;

/** The number after an option. */
function minutesOf(option: string, otherwise: number): number {
  const at = Deno.args.indexOf(option);
  const minutes = at < 0 ? otherwise : Number(Deno.args[at + 1]);
  if (!(minutes > 0)) throw new Error(`${option} takes a number of minutes`);
  return minutes;
}

/** The least, the middle and the greatest of what the agents say. */
function spreadOf(trends: readonly AgentTrend[], figure: (trend: AgentTrend) => number): string {
  const values = trends.map(figure);
  return [Math.min(...values), median(values), Math.max(...values)].map((value) => value.toFixed(1)).join(
    " | ",
  );
}

function render({ events, queries, acks, deaths, verdicts, leaves, trends }: SoakReport): string {
  const samples = trends[0]!.samples;
  const rows: [string, (trend: AgentTrend) => number][] = [
    ["resident memory, first sample, MiB", ({ resident }) => resident[0] / 1024],
    ["resident memory, last sample, MiB", ({ resident }) => resident[1] / 1024],
    ["resident memory, slope, KiB a minute", ({ residentKib }) => residentKib],
    ["anonymous memory, slope, KiB a minute", ({ anonymousKib }) => anonymousKib],
    ["the same, in the first half", ({ anonymousHalvesKib }) => anonymousHalvesKib[0]],
    ["the same, in the second half", ({ anonymousHalvesKib }) => anonymousHalvesKib[1]],
    ["open files, fewest in the first third", ({ files }) => files[0]],
    ["open files, fewest in the last third", ({ files }) => files[1]],
    ["open files, slope a minute", ({ filesSlope }) => filesSlope],
    ["threads, first third", ({ threads }) => threads[0]],
    ["threads, last third", ({ threads }) => threads[1]],
    ["wake-ups a second, first third", ({ wakeUps }) => wakeUps[0]],
    ["wake-ups a second, last third", ({ wakeUps }) => wakeUps[1]],
  ];
  return [
    `${SIZE}: ${events} events, ${queries} queries with ${acks[0]} of ${acks[1]} acknowledgements, ` +
    `${deaths} deaths (${verdicts} verdicts), ${leaves} leaves; ${trends.length} agents of ours, ${samples} samples each.`,
    "",
    "| | least | median | greatest |",
    "| - | -: | -: | -: |",
    ...rows.map(([what, figure]) => `| ${what} | ${spreadOf(trends, figure)} |`),
  ].join("\n");
}

if (OURS === undefined || THEIRS === undefined) {
  throw new Error("SERF_BINARY or HASHICORP_SERF names no program");
}
const durationMs = minutesOf("--minutes", 10) * MINUTE_MS;
const warmUpMs = Math.min(minutesOf("--warm-up", 3) * MINUTE_MS, durationMs / 2);
await withCluster(SEED, async (cluster) => {
  await cluster.start();
  await cluster.agree();
  console.log(render(await soak(cluster, { durationMs, warmUpMs })));
});
