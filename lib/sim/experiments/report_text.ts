/** A trial's report for people who read. */
import { formatGoDuration } from "../../base/go_duration.ts";
import { QUEUES } from "./load.ts";
import { type Scenario } from "./scenario.ts";
import type { DeathReach, EventReach, JoinReport, Spread, TrialReport } from "./trial_report.ts";

/** So many events or deaths are listed one by one. */
const LISTED_MAX = 20;

/** The report in lines, without a newline at the end. */
export function renderReportText(report: TrialReport): string {
  const { scenario, join, events, deaths } = report;
  return [
    describeScenario(scenario),
    "",
    describeJoin(join, scenario.nodes),
    ...describeEvents(events),
    ...describeDeaths(deaths),
    "",
    ...describeAlarms(report),
    "",
    ...describeLoad(report),
    "",
    describeAgreement(report),
  ].join("\n");
}

/** `1000 members, lan profile, seed 1, 1m0s` and whatever is not as by default. */
export function describeScenario(scenario: Scenario): string {
  const { nodes, profile, seed, durationMs, latencyMs, jitterMs, slow, churnPerMinute } = scenario;
  const parts = [`${nodes} members`, `${profile} profile`, `seed ${seed}`, duration(durationMs)];
  if (scenario.lossRatio > 0) parts.push(`${percent(scenario.lossRatio)} loss`);
  if (scenario.duplicateRatio > 0) parts.push(`${percent(scenario.duplicateRatio)} duplicated`);
  if (scenario.reorderRatio > 0) parts.push(`${percent(scenario.reorderRatio)} reordered`);
  if (latencyMs >= 1 || jitterMs >= 1) {
    parts.push(`latency ${duration(latencyMs)} to ${duration(latencyMs + jitterMs)}`);
  }
  if (scenario.partitionRatio > 0) {
    parts.push(`${percent(scenario.partitionRatio)} cut off for ${duration(scenario.partitionMs)}`);
  }
  if (slow > 0) parts.push(`${slow} slow`);
  if (scenario.kill > 0) parts.push(`${scenario.kill} killed`);
  if (churnPerMinute > 0) parts.push(`${churnPerMinute} churned a minute`);
  return parts.join(", ");
}

function describeJoin({ who, ms, learntMs }: JoinReport, nodes: number): string {
  const what = who === "all" ? `Join of all ${nodes}` : "Join of one";
  if (ms === null) return `${what}: not complete in time`;
  const learnt = learntMs === null ? "" : ` (it knew all after ${time(learntMs)})`;
  return `${what}: all knew all after ${time(ms)}${learnt}`;
}

function describeEvents(events: readonly EventReach[]): string[] {
  if (events.length === 0) return [];
  const rows = events.slice(0, LISTED_MAX).map((event, index) => [
    `event-${index + 1}`,
    event.origin,
    ...spreadCells(event),
    `${event.reached}/${event.members}`,
  ]);
  return [
    "",
    ...table([["Event", "From", "50%", "99%", "99.99%", "100%", "Reached"], ...rows]),
    ...more(events.length),
  ];
}

function describeDeaths(deaths: readonly DeathReach[]): string[] {
  if (deaths.length === 0) return [];
  const rows = deaths.slice(0, LISTED_MAX).map((death) => [
    death.member,
    time(death.first),
    time(death.p50),
    time(death.all),
    `${death.reached}/${death.members}`,
  ]);
  return ["", ...table([["Death", "First", "Median", "All", "Noticed"], ...rows]), ...more(deaths.length)];
}

function more(count: number): string[] {
  return count > LISTED_MAX ? [`and ${count - LISTED_MAX} more`] : [];
}

function describeAlarms({ falseAlarms, scenario }: TrialReport): string[] {
  const { all, atHealthy, aboutSlow, byPartition } = falseAlarms;
  const lines = [`False positives: ${all} (${atHealthy} at healthy members)`];
  if (scenario.slow > 0) lines.push(`Slow members taken for failed: ${aboutSlow} times`);
  if (scenario.partitionRatio > 0) lines.push(`Failures declared because of the partition: ${byPartition}`);
  return lines;
}

function describeLoad({ traffic, queues }: TrialReport): string[] {
  const { packets, packetBytes, streams, streamBytes } = traffic;
  const rows = QUEUES.map((name) => [name, queues[name].mean.toFixed(3), String(queues[name].max)]);
  return [
    `Sent per member and second: ${packets.toFixed(2)} packets of ${
      packetBytes.toFixed(0)
    } bytes together, ` +
    `${streams.toFixed(3)} streams of ${streamBytes.toFixed(0)} bytes together`,
    "",
    ...table([["Queue", "Mean", "Max"], ...rows]),
  ];
}

function describeAgreement({ agreement, restarts }: TrialReport): string {
  const { members, agree } = agreement;
  const again = restarts === 0 ? "" : `, ${restarts} restarts`;
  return `In the end ${agree} of ${members} members know exactly who is there${again}`;
}

function spreadCells({ p50, p99, p9999, all }: Spread): string[] {
  return [p50, p99, p9999, all].map(time);
}

/** `-`, `350ms`, `12.345s`. */
export function time(ms: number | null): string {
  if (ms === null) return "-";
  return ms < 1_000 ? `${ms.toFixed(0)}ms` : `${(ms / 1_000).toFixed(2)}s`;
}

function duration(ms: number): string {
  return formatGoDuration(ms);
}

function percent(ratio: number): string {
  return `${Number((ratio * 100).toFixed(2))}%`;
}

/** Left-aligned columns, two spaces apart. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((cells) => cells[column]!.length)));
  return rows.map((cells) => cells.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd());
}
