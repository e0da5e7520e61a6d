/**
 * How well Vivaldi finds known networks. The networks and the limits on mean and maximal relative error are those
 * to which HashiCorp's implementation is held: 1 000 rounds, in each of which every node measures one random other.
 *
 * HashiCorp's tests run once, with the random numbers of one seed, and their limits lie just above what came out. With
 * the same numbers the same comes out here, to six digits. Of other seeds most stay within the limits, but on the circle
 * only a fifth does, of theirs as of ours: its limit on the mean belongs to a lucky seed.
 */
import { equal, ok } from "../support/assert.ts";
import { GoRandom } from "./go_random.ts";
import { median } from "../../scripts/bench/measure.ts";
import { relativeErrors, seededErrors, TRIALS } from "./vivaldi_networks.ts";

const SEEDS = Array.from({ length: 21 }, (_, index) => index + 1);
/** Of 201 seeds the median of the circle's mean error is 0.00316 for HashiCorp's implementation, 0.00315 for ours. */
const CIRCLE_MEAN = 0.0033;

for (const { name, network, limit, theirs } of TRIALS) {
  const mean = name.startsWith("a circle") ? CIRCLE_MEAN : limit.mean;
  Deno.test(`Vivaldi section 4: ${name}: median mean error within ${mean}, largest within ${limit.max}`, () => {
    const runs = SEEDS.map((seed) => seededErrors(network(seed), seed));
    const seen = { mean: median(runs.map((run) => run.mean)), max: median(runs.map((run) => run.max)) };
    ok(seen.mean <= mean && seen.max <= limit.max, JSON.stringify(seen));
  });
  if (theirs === undefined) continue;
  Deno.test(`Vivaldi section 4: ${name}: with HashiCorp's random numbers, HashiCorp's result and limits`, () => {
    const directions = new GoRandom();
    const { mean, max } = relativeErrors(network(1), new GoRandom(), () => directions);
    equal(mean.toPrecision(6), theirs.mean.toPrecision(6));
    equal(max.toPrecision(6), theirs.max.toPrecision(6));
    ok(mean <= limit.mean && max <= limit.max);
  });
}

Deno.test("GoRandom draws what Go draws", () => {
  const integers = new GoRandom(), floats = new GoRandom();
  equal(
    Array.from({ length: 12 }, () => integers.below(25)).join(" "),
    "6 12 22 9 6 18 0 15 6 0 19 11",
  );
  equal(floats.uniform(), 0.6046602879796196);
  equal(floats.uniform(), 0.9405090880450124);
});
