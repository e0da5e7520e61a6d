/** `serf sim` */
import { OptionError } from "../../base/errors.ts";
import { parseGoDuration } from "../../base/go_duration.ts";
import type { Clock } from "../../base/ports.ts";
import type { ProfileName } from "../../memberlist/options.ts";
import type { Ui } from "../../platform/platform.ts";
import { renderReportSvg } from "../../sim/experiments/report_svg.ts";
import { renderReportText } from "../../sim/experiments/report_text.ts";
import { NODES_MAX, resolveScenario, type Scenario } from "../../sim/experiments/scenario.ts";
import { Trial, type TrialProgress } from "../../sim/experiments/trial.ts";
import type { TrialReport } from "../../sim/experiments/trial_report.ts";
import { CommandFailure, defineCommand } from "../command.ts";
import { flag, type FlagSpec, offering, type ParsedFlags } from "../flags.ts";
import { goJson, type JsonValue } from "../output.ts";

/** Between two lines about how far it is. */
const PROGRESS_MS = 5_000;

const FLAGS: readonly FlagSpec[] = [
  flag("nodes", "int", "=100", "100", `How many members there are: 2 to ${NODES_MAX}.`),
  offering(
    flag("profile", "text", "=[lan|wan|local]", "lan", "Timings of the members, as the agent's -profile."),
    ["lan", "wan", "local"],
  ),
  flag("loss", "text", "=0%", "0%", "The share of packets that get lost, such as 25% or 0.25."),
  flag(
    "latency",
    "text",
    "=250us:500us",
    "250us:500us",
    "How long a packet takes at least, and after a colon how much longer it takes at random.",
  ),
  flag("duplicate", "text", "=0%", "0%", "The share of packets that arrive twice."),
  flag("reorder", "text", "=0%", "0%", "The share of packets that are held back by up to 50ms."),
  flag(
    "partition",
    "text",
    "=0%",
    "0%",
    "The share of members that is cut off from the others, and after a colon for how long; half of the duration " +
      "if that is not said.",
  ),
  flag(
    "slow",
    "text",
    "=0",
    "0",
    "How many members stand still again and again; after colons for how long, and how long they run in between, " +
      "such as 8:4s:1s.",
  ),
  flag("kill", "int", "=1", "1", "How many members die, all at once, two seconds after the beginning."),
  flag(
    "churn",
    "int",
    "=0",
    "0",
    "How many members per minute die and are back ten seconds later: the same ones in turn, never more than half.",
  ),
  flag("event", "int", "=1", "1", "How many user events are sent, each by another member."),
  flag("duration", "duration", "=1m", "1m", "How long to simulate, once the cluster is complete."),
  flag("seed", "int", "=1", "1", "Where all chance comes from: the same seed gives the same output."),
  offering(
    flag("format", "text", "=[text|json|svg]", "text", "How to print the outcome; 'svg' draws it."),
    ["text", "json", "svg"],
  ),
];

/** The flag that a field of the scenario comes from. */
const FLAG_OF: Readonly<Record<string, string>> = {
  durationMs: "duration",
  lossRatio: "loss",
  duplicateRatio: "duplicate",
  reorderRatio: "reorder",
  latencyMs: "latency",
  jitterMs: "latency",
  partitionRatio: "partition",
  partitionMs: "partition",
  slowBlockedMs: "slow",
  slowRunningMs: "slow",
  churnPerMinute: "churn",
  events: "event",
};

const RENDERERS: Readonly<Record<string, (report: TrialReport) => string>> = {
  text: renderReportText,
  json: (report) => goJson(report as unknown as JsonValue),
  svg: renderReportSvg,
};

/** Runs the engine that the agent runs, in a cluster that exists in memory, on a clock that does not wait. */
export const sim = defineCommand({
  name: "sim",
  args: "[options]",
  about: [
    "Simulates a cluster: the very code that the agent runs, on a network and a clock that exist only in memory. " +
    "Shows how fast members join, how fast events spread and deaths are noticed, how often healthy members " +
    "are taken for failed, and what it costs.",
    "No agent is needed, nothing is sent. Bytes are counted before compression.",
  ],
  flags: FLAGS,
}, ({ flags, platform: { ui, clock } }) => {
  if (flags.rest.length > 0) throw new CommandFailure(`Unexpected argument: ${flags.rest[0]}`);
  const format = flags.text("format") ?? "text";
  const render = Object.hasOwn(RENDERERS, format) ? RENDERERS[format] : undefined;
  if (render === undefined) {
    throw new CommandFailure(`Invalid -format: ${format} is none of text, json and svg`);
  }
  const report = runTrial(new Trial(readScenario(flags)), ui, clock);
  ui.out(render(report) + "\n");
  return Promise.resolve(0);
});

/** @throws {CommandFailure} naming the flag that makes no sense, and why. */
function readScenario(flags: ParsedFlags): Scenario {
  const [latencyMs, jitterMs] = readParts(flags, "latency", [readDurationMs, readDurationMs]);
  const [partitionRatio, partitionMs] = readParts(flags, "partition", [readRatio, readDurationMs]);
  const [slow, slowBlockedMs, slowRunningMs] = readParts(flags, "slow", [
    readCount,
    readDurationMs,
    readDurationMs,
  ]);
  const durationNs = flags.durationNs("duration");
  const chosen: { [K in keyof Scenario]: Scenario[K] | undefined } = {
    nodes: flags.int("nodes"),
    profile: flags.text("profile") as ProfileName | undefined,
    seed: flags.int("seed"),
    durationMs: durationNs === undefined ? undefined : Number(durationNs) / 1e6,
    lossRatio: readParts(flags, "loss", [readRatio])[0],
    duplicateRatio: readParts(flags, "duplicate", [readRatio])[0],
    reorderRatio: readParts(flags, "reorder", [readRatio])[0],
    latencyMs,
    // Who gives a latency alone means just that.
    jitterMs: latencyMs === undefined ? undefined : jitterMs ?? 0,
    partitionRatio,
    partitionMs,
    slow,
    slowBlockedMs,
    slowRunningMs,
    kill: flags.int("kill"),
    churnPerMinute: flags.int("churn"),
    events: flags.int("event"),
  };
  const given = Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined));
  try {
    return resolveScenario(given as Partial<Scenario>);
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    throw new CommandFailure(`Invalid -${FLAG_OF[error.option] ?? error.option}: ${error.message}`, {
      cause: error,
    });
  }
}

type PartReader = (text: string) => number | undefined;

/** The parts of a flag's value, which colons separate; those that are not there are undefined. */
function readParts(flags: ParsedFlags, name: string, readers: readonly PartReader[]): (number | undefined)[] {
  const text = flags.text(name);
  if (text === undefined) return [];
  const parts = text.split(":");
  const values = parts.map((part, index) => readers[index]?.(part));
  if (values.includes(undefined)) throw new CommandFailure(`Invalid -${name}: ${text}`);
  return values;
}

/** `25%` or `0.25`. */
function readRatio(text: string): number | undefined {
  const match = text.match(/^([0-9]+(?:\.[0-9]+)?)(%?)$/);
  if (match === null) return undefined;
  return match[2] === "%" ? Number(match[1]) / 100 : Number(match[1]);
}

function readCount(text: string): number | undefined {
  return /^[0-9]{1,9}$/.test(text) ? Number(text) : undefined;
}

function readDurationMs(text: string): number | undefined {
  try {
    return parseGoDuration(text);
  } catch (error) {
    if (error instanceof OptionError) return undefined;
    throw error;
  }
}

/** Runs to the end. Of a run that takes long, standard error hears now and then how far it is. */
function runTrial(trial: Trial, ui: Ui, clock: Clock): TrialReport {
  let saidMs = clock.nowMs();
  const run = trial.run();
  for (;;) {
    const step = run.next();
    if (step.done) return step.value;
    const nowMs = clock.nowMs();
    if (nowMs - saidMs < PROGRESS_MS) continue;
    saidMs = nowMs;
    ui.err(describeProgress(step.value));
  }
}

function describeProgress({ phase, doneMs, ofMs }: TrialProgress): string {
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)}s`;
  const limit = phase === "running" ? ` of ${seconds(ofMs)}` : "";
  return `${phase}: ${seconds(doneMs)}${limit} simulated\n`;
}
