/** Makes a failure of the campaign smaller: fewer faults, fewer members, less time. */
import { runVopr, VoprError } from "./vopr.ts";
import { type FaultName, planOf, type VoprOverrides } from "./vopr_plan.ts";

/** Runs that shrinking may cost. */
const ATTEMPTS_MAX = 80;
const SIZE_MIN = 2;
const CHAOS_MIN_MS = 1_000;

/** The smallest failure that was found. */
export interface ShrunkFailure {
  readonly overrides: VoprOverrides;
  readonly error: VoprError;
}

/**
 * Leaves out what is not needed for the run to fail: whichever way it fails, as long as a rule is broken.
 *
 * @param error how it failed with `overrides`.
 */
export function shrinkFailure(
  seed: number,
  overrides: VoprOverrides,
  corpus: readonly Uint8Array[],
  error: VoprError,
): ShrunkFailure {
  let best: ShrunkFailure = { overrides, error };
  let attempts = 0;
  const improves = (change: VoprOverrides): boolean => {
    if (attempts++ >= ATTEMPTS_MAX) return false;
    const candidate = { ...best.overrides, ...change };
    const failure = failureOf(seed, candidate, corpus);
    if (failure === undefined) return false;
    best = { overrides: candidate, error: failure };
    return true;
  };
  for (const fault of planOf(seed, overrides).faults) {
    improves({ without: [...best.overrides.without ?? [], fault] as readonly FaultName[] });
  }
  for (let step = 1; step <= 2; step++) {
    const share = 1 / (1 + 1 / step);
    while (attempts < ATTEMPTS_MAX) {
      const { size, chaosMs } = best.error.plan;
      const smaller = Math.max(SIZE_MIN, Math.floor(size * share));
      const shorter = Math.max(CHAOS_MIN_MS, Math.floor(chaosMs * share));
      const isSmaller = smaller < size && improves({ size: smaller });
      const isShorter = shorter < chaosMs && improves({ chaosMs: shorter });
      if (!isSmaller && !isShorter) break;
    }
  }
  return best;
}

/** The options of `scripts/vopr.ts` that make the same run again. */
export function replayArguments(seed: number, { size, chaosMs, without }: VoprOverrides): string {
  const options = [`--seed ${seed}`];
  if (size !== undefined) options.push(`--size ${size}`);
  if (chaosMs !== undefined) options.push(`--chaos-ms ${chaosMs}`);
  if (without !== undefined && without.length > 0) options.push(`--without ${without.join(",")}`);
  return options.join(" ");
}

/** @returns how the run broke a rule; undefined when it did not, or proved nothing. */
function failureOf(
  seed: number,
  overrides: VoprOverrides,
  corpus: readonly Uint8Array[],
): VoprError | undefined {
  try {
    runVopr(seed, overrides, corpus);
    return undefined;
  } catch (error) {
    if (!(error instanceof VoprError)) throw error;
    return error.isVacuous ? undefined : error;
  }
}
