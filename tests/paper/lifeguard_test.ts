/**
 * What Lifeguard promises (Dadgar, Phillips, Currey: "Lifeguard: Local Health Awareness for More Accurate Failure
 * Detection", arXiv 1707.00788): its interval experiment at a size for every day. docs/evidence.md has the whole one.
 */
import { ok } from "../support/assert.ts";
import { CONFIGURATIONS, type IntervalOutcome, runInterval } from "../../lib/sim/experiments/interval.ts";

function outcomes(members: number, slow: number): Record<string, IntervalOutcome> {
  return Object.fromEntries(
    Object.entries(CONFIGURATIONS).map(([name, options]) => [
      name,
      runInterval({
        seed: 1,
        members,
        slow,
        blockedMs: 16_384,
        runningMs: 1_024,
        durationMs: 120_000,
        options: { suspicionMult: 5, compression: false, ...options },
      }),
    ]),
  );
}

Deno.test("Lifeguard section V: 8 of 32 members are blocked again and again: false positives, row by row", () => {
  const rows = outcomes(32, 8);
  const seen = JSON.stringify(rows);
  const swim = rows["SWIM"]!, lifeguard = rows["Lifeguard"]!;
  ok(swim.falsePositives > 1_000 && swim.atHealthy > 100, `there is something to prevent: ${seen}`);
  for (const count of ["falsePositives", "atHealthy"] as const) {
    const [probe, suspicion, buddy] = ["LHA-Probe", "LHA-Suspicion", "Buddy System"].map((name) =>
      rows[name]![count]
    );
    ok(probe! < swim[count] / 2, `LHA-Probe alone prevents most: ${seen}`);
    ok(suspicion! < swim[count] / 2, `LHA-Suspicion alone prevents most: ${seen}`);
    ok(Math.abs(buddy! / swim[count] - 1) < 0.1, `the Buddy System alone changes little: ${seen}`);
    ok(lifeguard[count] <= swim[count] * 0.02, `all together leave at most 2 %: ${seen}`);
    ok(lifeguard[count] < Math.min(probe!, suspicion!), `and less than any alone: ${seen}`);
  }
  ok(lifeguard.messages <= swim.messages * 1.106, `it costs no more messages than published: ${seen}`);
  ok(lifeguard.bytes <= swim.bytes * 0.98, `and no more bytes: ${seen}`);
});
