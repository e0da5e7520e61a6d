/** The papers' claims at sizes that take minutes: `deno task paper`. docs/evidence.md has the whole tables. */
import { ok } from "../support/assert.ts";
import { convergenceTimes, PUBLISHED_CONVERGENCE } from "../../lib/sim/experiments/dissemination.ts";
import { CONFIGURATIONS, runInterval } from "../../lib/sim/experiments/interval.ts";
import { loadAtRest } from "../../lib/sim/experiments/swim.ts";

Deno.test("SWIM section 5: a member of 4 096 sends what one of 16 does, within 2 %", () => {
  const few = loadAtRest(1, 16, 5).packets, many = loadAtRest(1, 4_096, 5).packets;
  ok(Math.abs(many / few - 1) <= 0.02, `${many} datagrams against ${few}`);
});

for (const { members, lossRatio, publishedMs } of PUBLISHED_CONVERGENCE) {
  if (members !== 10_000) continue;
  Deno.test(`Serf's convergence: 10 000 members, ${lossRatio * 100} % of packets lost: within ${publishedMs} ms`, () => {
    const [ms] = convergenceTimes(1, members, lossRatio, 1);
    ok(ms! > 0 && ms! <= publishedMs, `${ms} ms`);
  });
}

Deno.test("Lifeguard section V: 16 of 64 members are blocked again and again: at most 2 % of SWIM's false positives", () => {
  const run = (name: string) =>
    runInterval({
      seed: 1,
      members: 64,
      slow: 16,
      blockedMs: 16_384,
      runningMs: 1_024,
      durationMs: 120_000,
      options: { suspicionMult: 5, compression: false, ...CONFIGURATIONS[name]! },
    });
  const swim = run("SWIM"), lifeguard = run("Lifeguard");
  const seen = JSON.stringify({ swim, lifeguard });
  ok(swim.falsePositives > 1_000 && swim.atHealthy > 1_000, seen);
  ok(lifeguard.falsePositives <= 0.02 * swim.falsePositives, seen);
  ok(lifeguard.atHealthy <= 0.02 * swim.atHealthy, seen);
});
