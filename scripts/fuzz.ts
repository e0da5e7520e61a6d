/**
 * The long run of the fuzzer.
 *
 * `deno run -A scripts/fuzz.ts --cases 1000000 --workers 2` runs that many cases of every target, `--target NAME` those of
 * one (`--target list` names them), `--seed S` others than seed 1. `--batch N` runs one batch, as a failure's report says.
 * `--minutes M` ends the run after that time, with every target equally far. Prints a Markdown table; exit code 1 when a
 * rule is broken.
 */
import { parseArgs } from "node:util";
import { BATCH_CASES } from "../tests/fuzz/support/fuzz_run.ts";
import { TARGETS } from "../tests/fuzz/targets/all.ts";
import { markdownTable } from "./evidence/tables.ts";
import { type FuzzOutcome, type FuzzTask, runTask } from "./fuzz/worker.ts";
import { runInWorkers } from "./worker_pool.ts";

/** Batches that a target runs in a row, before it is another one's turn. */
const TURN_BATCHES = 40;
/** Failures of one target that are shown. */
const SHOWN_MAX = 3;

interface Totals {
  cases: number;
  refused: number;
  failures: number;
  cpuMs: number;
  slowestMs: number;
}

function newTotals(names: readonly string[]): Map<string, Totals> {
  return new Map(names.map((name) => [name, { cases: 0, refused: 0, failures: 0, cpuMs: 0, slowestMs: 0 }]));
}

function add(totals: ReadonlyMap<string, Totals>, { task, result }: FuzzOutcome): void {
  const sum = totals.get(task.target)!;
  if (typeof result === "string") {
    if (++sum.failures <= SHOWN_MAX) console.log(`FAILED ${result}\n`);
    return;
  }
  sum.cases += result.cases;
  sum.refused += result.refused;
  sum.cpuMs += result.cpuMs ?? 0;
  sum.slowestMs = Math.max(sum.slowestMs, result.cpuMs ?? 0);
}

/** All batches, the targets in turns. */
function* tasks(names: readonly string[], seed: number, cases: number): Generator<FuzzTask> {
  const batches = Math.ceil(cases / BATCH_CASES);
  for (let first = 0; first < batches; first += TURN_BATCHES) {
    for (const target of names) {
      for (let batch = first; batch < Math.min(batches, first + TURN_BATCHES); batch++) {
        yield { target, seed, batch };
      }
    }
  }
}

function table(totals: ReadonlyMap<string, Totals>): string {
  const rows = [...totals].map(([name, { cases, refused, failures, cpuMs, slowestMs }]) => {
    const perCase = cases === 0 ? 0 : 1000 * cpuMs / cases;
    return [name, cases, refused, failures, perCase.toFixed(0), slowestMs.toFixed(0)];
  });
  const head = ["target", "cases", "refused", "failed batches", "us per case", "slowest batch, ms"];
  return markdownTable(head, rows);
}

function chosenTargets(name: string | undefined): string[] {
  const names = TARGETS.map((target) => target.name);
  if (name === undefined) return names;
  if (!names.includes(name)) throw new RangeError(`no such target; there are: ${names.join(", ")}`);
  return [name];
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      target: { type: "string" },
      cases: { type: "string", default: "20000" },
      seed: { type: "string", default: "1" },
      batch: { type: "string" },
      workers: { type: "string", default: "1" },
      minutes: { type: "string", default: "Infinity" },
    },
  });
  const names = chosenTargets(values.target);
  const totals = newTotals(names);
  const seed = Number(values.seed);
  if (values.batch !== undefined) {
    add(totals, await runTask({ target: names[0]!, seed, batch: Number(values.batch) }));
  } else {
    const endMs = performance.now() + 60_000 * Number(values.minutes);
    const url = new URL("./fuzz/worker.ts", import.meta.url);
    const all = tasks(names, seed, Number(values.cases));
    await runInWorkers(url, all, Number(values.workers), (outcome: FuzzOutcome) => {
      add(totals, outcome);
      return performance.now() <= endMs;
    });
  }
  console.log(table(totals));
  return [...totals.values()].every(({ failures }) => failures === 0) ? 0 : 1;
}

if (import.meta.main) {
  // Set rather than exited with: the workers may still be ending.
  Deno.exitCode = await main();
}
