/**
 * The campaign: runs the engine in simulated clusters under random faults, seed by seed.
 *
 * `deno run -A scripts/vopr.ts --seeds 2000 --from 515f1a0 --workers 2` runs that many seeds from that one on (a number,
 * or a commit's hash); `--seed S` runs one, with `--size N`, `--chaos-ms T`, `--without a,b` as a failure's report says.
 * Exit code 1 when a rule is broken, with the command that replays the smallest failure that was found.
 */
import { parseArgs } from "node:util";
import { type FaultName, FAULTS, planOf, type VoprOverrides } from "../lib/sim/vopr_plan.ts";
import { runTask, type VoprOutcome, type VoprTask } from "./vopr/worker.ts";

const COMMAND = "deno run -A scripts/vopr.ts";
/** Between two lines of progress. */
const PROGRESS_MS = 10_000;
/** Failures after which the campaign gives up. */
const FAILURES_MAX = 5;

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

/** Hands seeds to workers, one at a time each. @returns when all are done, or too many have failed. */
function runAll(tasks: Iterator<VoprTask>, workers: number, onOutcome: (outcome: VoprOutcome) => boolean) {
  return Promise.all(Array.from({ length: workers }, () => {
    const worker = new Worker(new URL("./vopr/worker.ts", import.meta.url), { type: "module" });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const next = () => {
      const { done, value } = tasks.next();
      if (done) resolve();
      else worker.postMessage(value);
    };
    worker.onmessage = ({ data }: MessageEvent<VoprOutcome>) => onOutcome(data) ? next() : resolve();
    worker.onerror = (event) => reject(new Error(event.message));
    next();
    return promise.finally(() => worker.terminate());
  }));
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
  await runAll(all, workers, (outcome) => {
    add(totals, outcome);
    if (performance.now() - shownMs > PROGRESS_MS) {
      shownMs = performance.now();
      report(totals, startMs);
    }
    return totals.failures.length < FAILURES_MAX;
  });
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: "string" },
      seeds: { type: "string", default: "1" },
      from: { type: "string", default: "1" },
      workers: { type: "string", default: "1" },
      size: { type: "string" },
      "chaos-ms": { type: "string" },
      without: { type: "string" },
    },
  });
  const overrides: VoprOverrides = {
    size: values.size === undefined ? undefined : Number(values.size),
    chaosMs: values["chaos-ms"] === undefined ? undefined : Number(values["chaos-ms"]),
    without: parseFaults(values.without),
  };
  const startMs = performance.now();
  const totals: Totals = { clean: 0, failures: [], acts: new Map(), agreedAt: 0, checks: 0, virtualMs: 0 };
  if (values.seed !== undefined) runOne({ seed: parseSeed(values.seed), overrides }, totals);
  else {
    const all = tasks(parseSeed(values.from), Number(values.seeds), overrides);
    await runMany(all, Number(values.workers), totals, startMs);
  }
  const acts = [...totals.acts].sort(([a], [b]) => a < b ? -1 : 1);
  console.log(acts.map(([name, times]) => `${name} ${times}`).join(", "));
  report(totals, startMs);
  return totals.failures.length === 0 && totals.clean > 0 ? 0 : 1;
}

if (import.meta.main) {
  // Set rather than exited with: the workers may still be ending.
  Deno.exitCode = await main();
}
