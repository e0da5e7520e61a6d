import { deepEqual, equal, ok } from "../../support/assert.ts";
import { sampleInto, shuffle } from "../../../lib/base/sampling.ts";
import { SeededRandom } from "../../../lib/base/seeded_random.ts";

Deno.test("sampleInto() gives every subset equally often", () => {
  const random = new SeededRandom(5);
  const counts = new Map<string, number>();
  const picked: number[] = [];
  for (let i = 0; i < 6000; i++) {
    sampleInto([0, 1, 2, 3], 2, random, () => true, picked);
    const key = [...picked].sort().join();
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  equal(counts.size, 6);
  for (const [key, count] of counts) ok(Math.abs(count - 1000) < 150, `${key}: ${count}`);
});

Deno.test("sampleInto() empties what it fills, keeps all items, and finds all when k is large", () => {
  const items = [1, 2, 3, 4, 5];
  const picked = [9, 9];
  sampleInto(items, 100, new SeededRandom(1), (item) => item % 2 === 1, picked);
  deepEqual(picked.sort(), [1, 3, 5]);
  deepEqual(items.sort(), [1, 2, 3, 4, 5]);
  sampleInto(items, 0, new SeededRandom(1), () => true, picked);
  deepEqual(picked, []);
});

Deno.test("shuffle() gives every order equally often", () => {
  const random = new SeededRandom(6);
  const counts = new Map<string, number>();
  for (let i = 0; i < 6000; i++) {
    const items = [0, 1, 2];
    shuffle(items, random);
    counts.set(items.join(), (counts.get(items.join()) ?? 0) + 1);
  }
  equal(counts.size, 6);
  for (const [key, count] of counts) ok(Math.abs(count - 1000) < 150, `${key}: ${count}`);
});
