import { equal, ok, throws } from "../../support/assert.ts";
import { AssertionError } from "../../../lib/base/assert.ts";
import { DenoRandom } from "../../../lib/platform/deno_random.ts";

Deno.test("DenoRandom.below() is uniform and within its bound", () => {
  const random = new DenoRandom();
  for (const bound of [1, 2, 3, 7, 100]) {
    const draws = 3000 * bound;
    const counts = new Array<number>(bound).fill(0);
    for (let i = 0; i < draws; i++) counts[random.below(bound)]!++;
    equal(counts.length, bound);
    // Six standard deviations of a count of 3000.
    for (const count of counts) ok(Math.abs(count - 3000) < 330, `${counts}`);
  }
});

Deno.test("DenoRandom.below() has no bias where the bound is no divisor of 2^32", () => {
  const random = new DenoRandom();
  const bound = 3 * 2 ** 30;
  let low = 0;
  const draws = 30_000;
  // A plain remainder would give the lowest third twice as often: half of all draws.
  for (let i = 0; i < draws; i++) if (random.below(bound) < 2 ** 30) low++;
  ok(Math.abs(low - draws / 3) < 600, `${low}`);
});

Deno.test("DenoRandom.below() takes bounds up to 2^32 and no others", () => {
  const random = new DenoRandom();
  let above = 0;
  for (let i = 0; i < 100; i++) if (random.below(2 ** 32) >= 2 ** 31) above++;
  ok(above > 10 && above < 90);
  for (const bound of [0, -1, 1.5, 2 ** 32 + 1, NaN]) throws(() => random.below(bound), AssertionError);
});

Deno.test("DenoRandom.uniform() fills [0, 1) evenly", () => {
  const random = new DenoRandom();
  let sum = 0, least = 1, most = 0;
  for (let i = 0; i < 20_000; i++) {
    const value = random.uniform();
    sum += value;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  ok(least >= 0 && least < 0.01 && most < 1 && most > 0.99);
  ok(Math.abs(sum / 20_000 - 0.5) < 0.015, `${sum / 20_000}`);
});

Deno.test("DenoRandom.fill() fills any length, anew each time", () => {
  const random = new DenoRandom();
  random.fill(new Uint8Array(0));
  const large = new Uint8Array(200_001);
  random.fill(large);
  for (const start of [0, 65_536, 131_072, 199_900]) {
    ok(large.subarray(start, start + 100).some((byte) => byte !== 0), `from ${start}`);
  }
  const nonces = new Set<string>();
  const nonce = new Uint8Array(14).subarray(1, 13);
  for (let i = 0; i < 100; i++) {
    random.fill(nonce);
    nonces.add(nonce.join());
  }
  equal(nonces.size, 100);
});
