import { deepEqual, equal, notDeepEqual, ok } from "../../support/assert.ts";
import { SeededRandom } from "../../../lib/base/seeded_random.ts";

function draws(random: SeededRandom, count: number): number[] {
  return Array.from({ length: count }, () => random.below(1_000_000));
}

Deno.test("SeededRandom repeats for the same seed and stream, and for no other", () => {
  deepEqual(draws(new SeededRandom(7, "a"), 20), draws(new SeededRandom(7, "a"), 20));
  notDeepEqual(draws(new SeededRandom(7, "a"), 20), draws(new SeededRandom(7, "b"), 20));
  notDeepEqual(draws(new SeededRandom(7, "a"), 20), draws(new SeededRandom(8, "a"), 20));
});

Deno.test("SeededRandom.below() is uniform within three percent", () => {
  const random = new SeededRandom(1);
  const counts = new Array(10).fill(0);
  for (let i = 0; i < 100_000; i++) counts[random.below(10)]++;
  for (const count of counts) ok(Math.abs(count - 10_000) < 300, `${counts}`);
});

Deno.test("SeededRandom.uniform() stays in [0, 1) with mean one half", () => {
  const random = new SeededRandom(2);
  let sum = 0;
  for (let i = 0; i < 100_000; i++) {
    const value = random.uniform();
    ok(value >= 0 && value < 1);
    sum += value;
  }
  ok(Math.abs(sum / 100_000 - 0.5) < 0.005);
});

Deno.test("SeededRandom.fill() fills every byte", () => {
  const bytes = new Uint8Array(4096);
  new SeededRandom(3).fill(bytes);
  equal(new Set(bytes).size, 256);
});
