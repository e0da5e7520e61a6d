/** Lifeguard's table of false positives: arXiv 1707.00788, section V, interval experiment. */
import {
  CONFIGURATIONS,
  type IntervalOutcome,
  type IntervalRun,
} from "../../lib/sim/experiments/interval.ts";
import { count, markdownTable, percent, type Progress } from "./tables.ts";

const MEMBERS = 128;
const SLOW = [1, 4, 8, 16, 24, 32];
/** How long the slow ones are blocked, and how long they run in between, in milliseconds. */
const RHYTHM = { blockedMs: 16_384, runningMs: 1_024 };
const DURATION_MS = 120_000;
/** As memberlist had it when the paper was written. Compression saves bytes and costs only time here. */
const OPTIONS = { suspicionMult: 5, compression: false };

/** Runs all configurations side by side, each on all combinations. @returns the table. */
export async function lifeguardTable(progress: Progress): Promise<string> {
  const names = Object.keys(CONFIGURATIONS);
  const totals = await Promise.all(names.map((name) => runConfiguration(name, progress)));
  return render(new Map(names.map((name, index) => [name, totals[index]!])));
}

/** All runs of one configuration, in a thread of their own. */
async function runConfiguration(name: string, progress: Progress): Promise<IntervalOutcome> {
  const worker = new Worker(new URL("interval_worker.ts", import.meta.url), { type: "module" });
  let total: IntervalOutcome = { falsePositives: 0, atHealthy: 0, messages: 0, bytes: 0 };
  for (const run of runsOf(name)) {
    const outcome = await runIn(worker, run);
    progress(
      `${name}, C ${run.slow}, D ${run.blockedMs}, I ${run.runningMs}: ${JSON.stringify(outcome)}`,
    );
    total = sum(total, outcome);
  }
  worker.terminate();
  return total;
}

function runsOf(name: string): IntervalRun[] {
  const options = { ...OPTIONS, ...CONFIGURATIONS[name]! };
  return SLOW.map((slow) => ({
    seed: slow,
    members: MEMBERS,
    slow,
    ...RHYTHM,
    durationMs: DURATION_MS,
    options,
  }));
}

function runIn(worker: Worker, run: IntervalRun): Promise<IntervalOutcome> {
  const { promise, resolve, reject } = Promise.withResolvers<IntervalOutcome>();
  worker.onmessage = ({ data }) => resolve(data as IntervalOutcome);
  worker.onerror = (event) => reject(new Error(event.message));
  worker.postMessage(run);
  return promise;
}

function sum(a: IntervalOutcome, b: IntervalOutcome): IntervalOutcome {
  return {
    falsePositives: a.falsePositives + b.falsePositives,
    atHealthy: a.atHealthy + b.atHealthy,
    messages: a.messages + b.messages,
    bytes: a.bytes + b.bytes,
  };
}

function render(totals: ReadonlyMap<string, IntervalOutcome>): string {
  const swim = totals.get("SWIM")!;
  const rows = [...totals].map(([name, total]) => [
    name,
    count(total.falsePositives),
    percent(total.falsePositives, swim.falsePositives),
    count(total.atHealthy),
    percent(total.atHealthy, swim.atHealthy),
    percent(total.messages, swim.messages),
    percent(total.bytes, swim.bytes),
  ]);
  const head = ["", "false positives", "of SWIM", "at healthy members", "of SWIM", "messages", "bytes"];
  return markdownTable(head, rows);
}
