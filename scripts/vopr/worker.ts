/** Runs seeds of the campaign as it is told, one message each, and tells what became of them. */
import { runVopr, VoprError } from "../../lib/sim/vopr.ts";
import { replayArguments, shrinkFailure } from "../../lib/sim/vopr_shrink.ts";
import type { VoprOverrides } from "../../lib/sim/vopr_plan.ts";
import { CORPUS } from "./corpus.ts";

/** What to run. */
export interface VoprTask {
  readonly seed: number;
  readonly overrides: VoprOverrides;
}

/** What became of it. */
export interface VoprOutcome {
  readonly seed: number;
  /** Undefined when it was clean. */
  readonly failure:
    | { readonly text: string; readonly replay: string; readonly isVacuous: boolean }
    | undefined;
  readonly hash: string;
  readonly acts: readonly (readonly [string, number])[];
  readonly agreedAt: number;
  readonly checks: number;
  readonly virtualMs: number;
}

/** Runs one seed; a failure is made smaller first, unless the run was changed already: then it is replayed as it is. */
export function runTask({ seed, overrides }: VoprTask, corpus = CORPUS): VoprOutcome {
  try {
    const { hash, acts, agreedAt, checks, virtualMs } = runVopr(seed, overrides, corpus);
    return { seed, failure: undefined, hash, acts: [...acts], agreedAt, checks, virtualMs };
  } catch (error) {
    if (!(error instanceof VoprError)) throw error;
    return {
      seed,
      failure: describe(seed, overrides, error, corpus),
      hash: "",
      acts: [],
      agreedAt: 0,
      checks: 0,
      virtualMs: 0,
    };
  }
}

function describe(
  seed: number,
  overrides: VoprOverrides,
  first: VoprError,
  corpus: readonly Uint8Array[],
): VoprOutcome["failure"] {
  const isReplay = Object.values(overrides).some((value) => value !== undefined);
  const shrunk = first.isVacuous || isReplay
    ? { overrides, error: first }
    : shrinkFailure(seed, overrides, corpus, first);
  const { plan, message } = shrunk.error;
  const what = `${plan.size} members, ${plan.chaosMs} ms, faults: ${plan.faults.join(", ")}`;
  return {
    text: `seed ${seed} (${what}):\n${message}`,
    replay: replayArguments(seed, shrunk.overrides),
    isVacuous: first.isVacuous,
  };
}

interface WorkerScope {
  onmessage: ((event: MessageEvent<VoprTask>) => void) | null;
  postMessage(outcome: VoprOutcome): void;
}

const scope = globalThis as unknown as WorkerScope;
if (typeof scope.postMessage === "function") scope.onmessage = ({ data }) => scope.postMessage(runTask(data));
