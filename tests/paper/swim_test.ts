/**
 * What SWIM promises (Das, Gupta, Motivala: "SWIM: Scalable Weakly-consistent Infection-style Process Group Membership
 * Protocol", DSN 2002), measured on the engine as it is shipped, in simulation.
 */
import { equal, ok } from "../support/assert.ts";
import {
  expectedDetectionPeriod,
  firstDetections,
  loadAtRest,
  longestProbeGap,
} from "../../lib/sim/experiments/swim.ts";

Deno.test("SWIM section 3: a crash is first detected after 1.58 protocol periods, on average of 1 000", () => {
  const MEMBERS = 64;
  const periods = firstDetections(1, MEMBERS, 1_000);
  equal(periods.length, 1_000);
  const mean = periods.reduce((sum, period) => sum + period) / periods.length;
  const expected = Math.E / (Math.E - 1);
  ok(Math.abs(mean / expected - 1) <= 0.05, `${mean}, expected ${expected}`);
  ok(Math.max(...periods) <= 2 * MEMBERS - 1);
});

Deno.test("SWIM section 3: the expectation tends to e / (e - 1) as the cluster grows", () => {
  equal(expectedDetectionPeriod(2), 1);
  equal(expectedDetectionPeriod(3), 1.25);
  ok(Math.abs(expectedDetectionPeriod(10_000) - Math.E / (Math.E - 1)) < 1e-3);
});

Deno.test("SWIM section 4.3: every member pings every other at least once in 2n - 1 periods", () => {
  for (const members of [3, 5, 16]) {
    const gap = longestProbeGap(1, members, 25 * members);
    // Twice the n - 1 others, but for the last of one round and the first of the next.
    ok(gap <= 2 * members - 1, `${gap} periods among ${members}`);
    ok(gap >= members, `${gap} periods: the order of ${members} changes from round to round`);
  }
});

Deno.test("SWIM section 5: a member's load does not grow with the cluster: a ping and an ack per period", () => {
  for (const members of [16, 64, 256]) {
    const { packets, calls } = loadAtRest(1, members, 10);
    ok(Math.abs(packets / 2 - 1) <= 0.02, `${packets} datagrams per member and period among ${members}`);
    // Not SWIM's: who listens is found out by a call to each, one in ten periods.
    ok(calls > 0.05 && calls < 0.12, `${calls} calls per member and period among ${members}`);
  }
});
