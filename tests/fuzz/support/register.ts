/** Turns targets into tests. */
import { ok } from "../../support/assert.ts";
import { BATCH_CASES, runBatch } from "./fuzz_run.ts";
import type { Target } from "./target.ts";

/** Of each target; `FUZZ_CASES` and `FUZZ_SEED` choose others. More of them: scripts/fuzz.ts. */
const CASES = Number(Deno.env.get("FUZZ_CASES") ?? 20_000);
const SEED = Number(Deno.env.get("FUZZ_SEED") ?? 1);

/** One test for each target. */
export function testTargets(targets: readonly Target[]): void {
  for (const target of targets) {
    Deno.test(`fuzz: ${target.name}: ${CASES} hostile inputs, seed ${SEED}`, async () => {
      let cases = 0;
      let refused = 0;
      for (let batch = 0; cases < CASES; batch++) {
        const result = await runBatch(target, SEED, batch);
        cases += BATCH_CASES;
        refused += result.refused;
      }
      // Both ways must have been gone often, or the mutations are too wild or too tame.
      ok(cases - refused > cases / 50, `${refused} of ${cases} were refused`);
      if (target.refusals.length > 0) ok(refused > cases / 200, `only ${refused} of ${cases} were refused`);
    });
  }
}
