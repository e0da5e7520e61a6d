/** SWIM's figures: time to the first detection, and a member's load at rest. */
import { expectedDetectionPeriod, firstDetections, loadAtRest } from "../../lib/sim/experiments/swim.ts";
import { count, markdownTable, type Progress, quantile } from "./tables.ts";

const CRASHES = 1_000;
const CRASHED_MEMBERS = [16, 64, 128];
const LOAD_MEMBERS = [16, 64, 256, 1_024, 4_096];
const LOAD_PERIODS = 30;

/** @returns two tables. */
export function swimTables(progress: Progress): string {
  return `${detectionTable(progress)}\n\n${loadTable(progress)}`;
}

function detectionTable(progress: Progress): string {
  const rows = CRASHED_MEMBERS.map((members) => {
    const periods = firstDetections(1, members, CRASHES).sort((a, b) => a - b);
    const mean = periods.reduce((sum, period) => sum + period) / periods.length;
    progress(`${members} members: ${mean}`);
    return [
      count(members),
      mean.toFixed(3),
      expectedDetectionPeriod(members).toFixed(3),
      quantile(periods, 0.99),
      quantile(periods, 1),
      2 * members - 1,
    ];
  });
  return markdownTable(["members", "mean period", "expected", "99 %", "latest", "2n - 1"], rows);
}

function loadTable(progress: Progress): string {
  const rows = LOAD_MEMBERS.map((members) => {
    const { packets, bytes, pushPulls, calls } = loadAtRest(1, members, LOAD_PERIODS);
    progress(`${members} members: ${packets}`);
    return [count(members), packets.toFixed(4), bytes.toFixed(1), pushPulls.toFixed(4), calls.toFixed(4)];
  });
  return markdownTable(["members", "datagrams", "their bytes", "push/pulls", "calls"], rows);
}
