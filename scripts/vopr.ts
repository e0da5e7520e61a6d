/**
 * The campaign: runs the engine in simulated clusters under random faults, seed by seed.
 *
 * `deno run -A scripts/vopr.ts --seeds 2000 --from 515f1a0 --workers 2` runs that many seeds from that one on (a number,
 * or a commit's hash); `--seed S` runs one, with `--size N`, `--chaos-ms T`, `--without a,b` as a failure's report says:
 * just so, and does not make it smaller again.
 * Exit code 1 when a rule is broken, with the command that replays the smallest failure that was found.
 */
import { parseArgs } from "node:util";
import { type FaultName, FAULTS, planOf, type VoprOverrides } from "../lib/sim/vopr_plan.ts";
import { runTask, type VoprOutcome, type VoprTask } from "./vopr/worker.ts";
import { runInWorkers } from "./worker_pool.ts";

const COMMAND = "deno run -A scripts/vopr.ts";
/** Between two lines of progress. */
const PROGRESS_MS = 10_000;
/** Failures after which the campaign gives up. */
const FAILURES_MAX = 5;
/** What can be asked for. */
const SIZE_MIN = 2;
const SIZE_MAX = 200;
const CHAOS_MS_MAX = 3_600_000;
const SEEDS_MAX = 10_000_000;
const WORKERS_MAX = 256;

interface Totals {
  clean: number;
  readonly failures: VoprOutcome[];
  readonly acts: Map<string, number>;
  agreedAt: number;
  checks: number;
  virtualMs: number;
}

/** A decimal number, or a commit's hash: of a hash the first eight digits count. */
export function parseSeed(text: string): number {
  const seed = /^[0-9]{1,10}$/.test(text) ? Number(text) : Number.parseInt(text.slice(0, 8), 16);
  if (!Number.isInteger(seed)) throw new RangeError(`${text} is no seed`);
  return seed >>> 0;
}

function parseFaults(text: string | undefined): readonly FaultName[] | undefined {
  return text?.split(",").map((name) => {
    const fault = FAULTS.find((known) => known === name);
    if (fault === undefined) throw new RangeError(`${name} is no fault: ${FAULTS.join(", ")}`);
    return fault;
  });
}

function add(totals: Totals, outcome: VoprOutcome): void {
  if (outcome.failure !== undefined) {
    totals.failures.push(outcome);
    console.log(`FAILED ${outcome.failure.text}\nreplay: ${COMMAND} ${outcome.failure.replay}\n`);
    return;
  }
  totals.clean++;
  totals.agreedAt = Math.max(totals.agreedAt, outcome.agreedAt);
  totals.checks += outcome.checks;
  totals.virtualMs += outcome.virtualMs;
  for (const [name, times] of outcome.acts) totals.acts.set(name, (totals.acts.get(name) ?? 0) + times);
}

function report(totals: Totals, startMs: number): void {
  const seconds = (performance.now() - startMs) / 1000;
  const virtual = totals.virtualMs / 1000;
  console.log(
    `${totals.clean} clean, ${totals.failures.length} failed in ${seconds.toFixed(0)} s (${
      (totals.clean / seconds).toFixed(1)
    } seeds/s, ${
      (virtual / 3600).toFixed(1)
    } h of virtual time, ${totals.checks} checks; agreement at most at ${
      (100 * totals.agreedAt).toFixed(0)
    } % of its bound)`,
  );
}

function* tasks(from: number, count: number, overrides: VoprOverrides): Generator<VoprTask> {
  for (let i = 0; i < count; i++) yield { seed: (from + i) >>> 0, overrides };
}

function runOne(task: VoprTask, totals: Totals): void {
  const outcome = runTask(task);
  const { size, faults } = planOf(task.seed, task.overrides);
  console.log(`seed ${task.seed}: ${size} members, faults: ${faults.join(", ")}; trace ${outcome.hash}`);
  add(totals, outcome);
}

async function runMany(
  all: Iterator<VoprTask>,
  workers: number,
  totals: Totals,
  startMs: number,
): Promise<void> {
  let shownMs = startMs;
  const url = new URL("./vopr/worker.ts", import.meta.url);
  await runInWorkers(url, all, workers, (outcome: VoprOutcome) => {
    add(totals, outcome);
    if (performance.now() - shownMs > PROGRESS_MS) {
      shownMs = performance.now();
      report(totals, startMs);
    }
    return totals.failures.length < FAILURES_MAX;
  });
}

/** What the command line says. */
export interface VoprCommand {
  /** One run; undefined: `seeds` of them, from `from` on. */
  readonly seed: number | undefined;
  readonly seeds: number;
  readonly from: number;
  readonly workers: number;
  readonly overrides: VoprOverrides;
}

/** @throws {RangeError} when a value makes no sense. */
export function parseCommand(args: string[]): VoprCommand {
  const text = { type: "string" } as const;
  const options = {
    seed: text,
    seeds: text,
    from: text,
    workers: text,
    size: text,
    "chaos-ms": text,
    without: text,
  };
  const { values } = parseArgs({ args, options });
  const { seed } = values;
  const size = parseWhole("size", values.size, SIZE_MIN, SIZE_MAX);
  const chaosMs = parseWhole("chaos-ms", values["chaos-ms"], 0, CHAOS_MS_MAX);
  const without = parseFaults(values.without);
  return {
    seed: seed === undefined ? undefined : parseSeed(seed),
    seeds: parseWhole("seeds", values.seeds, 1, SEEDS_MAX) ?? 1,
    from: parseSeed(values.from ?? "1"),
    workers: parseWhole("workers", values.workers, 1, WORKERS_MAX) ?? 1,
    overrides: {
      ...(size === undefined ? {} : { size }),
      ...(chaosMs === undefined ? {} : { chaosMs }),
      ...(without === undefined ? {} : { without }),
    },
  };
}

function parseWhole(name: string, text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`--${name}: ${text} is not a whole number between ${least} and ${most}`);
}

async function main(): Promise<number> {
  const { seed, seeds, from, workers, overrides } = parseCommand(Deno.args);
  const startMs = performance.now();
  const totals: Totals = { clean: 0, failures: [], acts: new Map(), agreedAt: 0, checks: 0, virtualMs: 0 };
  if (seed !== undefined) runOne({ seed, overrides }, totals);
  else await runMany(tasks(from, seeds, overrides), workers, totals, startMs);
  const acts = [...totals.acts].sort(([a], [b]) => a < b ? -1 : 1);
  console.log(acts.map(([name, times]) => `${name} ${times}`).join(", "));
  report(totals, startMs);
  return totals.failures.length === 0 && totals.clean > 0 ? 0 : 1;
}

if (import.meta.main) {
  // Set rather than exited with: the workers may still be ending.
  Deno.exitCode = await main();
}
