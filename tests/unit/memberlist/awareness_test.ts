import { equal, throws } from "../../support/assert.ts";
import { Awareness } from "../../../lib/memberlist/awareness.ts";

Deno.test("Awareness.apply() keeps the score between 0 and maxMultiplier - 1", () => {
  const awareness = new Awareness(8);
  equal(awareness.score, 0);
  awareness.apply(-1);
  equal(awareness.score, 0);
  awareness.apply(3);
  equal(awareness.score, 3);
  awareness.apply(100);
  equal(awareness.score, 7);
  awareness.apply(-2);
  equal(awareness.score, 5);
});

Deno.test("Awareness.scaleMs() multiplies by score + 1", () => {
  const awareness = new Awareness(8);
  equal(awareness.scaleMs(1000), 1000);
  awareness.apply(7);
  equal(awareness.scaleMs(1000), 8000);
});

Deno.test("Awareness with a multiplier of 1 is always healthy; below 1 is a bug", () => {
  const awareness = new Awareness(1);
  awareness.apply(5);
  equal(awareness.score, 0);
  throws(() => new Awareness(0));
});
