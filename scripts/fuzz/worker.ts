/** One thread of scripts/fuzz.ts: runs the batches that it is sent. */
import { type BatchResult, runBatch } from "../../tests/fuzz/support/fuzz_run.ts";
import { TARGETS } from "../../tests/fuzz/targets/all.ts";

/** A batch to run. */
export interface FuzzTask {
  readonly target: string;
  readonly seed: number;
  readonly batch: number;
}

/** What became of it: numbers, or the text of a failure. */
export interface FuzzOutcome {
  readonly task: FuzzTask;
  readonly result: BatchResult | string;
}

/** Runs a batch here. */
export async function runTask(task: FuzzTask): Promise<FuzzOutcome> {
  const target = TARGETS.find(({ name }) => name === task.target);
  if (target === undefined) throw new RangeError(`${task.target} is no target`);
  try {
    return { task, result: await runBatch(target, task.seed, task.batch) };
  } catch (error) {
    return { task, result: error instanceof Error ? error.message : String(error) };
  }
}

const scope = globalThis as unknown as {
  readonly WorkerGlobalScope?: unknown;
  onmessage: ((event: MessageEvent<FuzzTask>) => void) | null;
  postMessage(outcome: FuzzOutcome): void;
};
// The script imports this file for its types and for single batches: only a worker listens.
if (scope.WorkerGlobalScope !== undefined) {
  scope.onmessage = ({ data }) => void runTask(data).then((outcome) => scope.postMessage(outcome));
}
