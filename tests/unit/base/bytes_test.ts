import { equal } from "../../support/assert.ts";
import { bytesEqual, isAt, slotOf } from "../../../lib/base/bytes.ts";

Deno.test("bytesEqual() compares lengths and bytes", () => {
  equal(bytesEqual(Uint8Array.of(1, 2), Uint8Array.of(1, 2)), true);
  equal(bytesEqual(Uint8Array.of(1, 2), Uint8Array.of(1, 3)), false);
  equal(bytesEqual(Uint8Array.of(1, 2), Uint8Array.of(1)), false);
});

Deno.test("isAt() finds a part where it stands, and nothing beyond the end", () => {
  const bytes = Uint8Array.of(1, 2, 3, 4);
  equal(isAt(Uint8Array.of(2, 3), bytes, 1), true);
  equal(isAt(Uint8Array.of(2, 3), bytes, 2), false);
  equal(isAt(Uint8Array.of(3, 4, 0), bytes, 2), false);
  equal(isAt(new Uint8Array(0), bytes, 4), true);
});

Deno.test("slotOf() spreads neighbours over all slots, by their bytes as by the seed", () => {
  const byBytes = new Set<number>(), bySeed = new Set<number>();
  for (let i = 0; i < 1024; i++) {
    byBytes.add(slotOf(Uint8Array.of(10, 0, i >> 8, i & 255), 7946, 256));
    bySeed.add(slotOf(Uint8Array.of(127, 0, 0, 1), i, 256));
  }
  for (const used of [byBytes, bySeed]) {
    equal(used.size > 240, true, `${used.size} of 256`);
    for (const slot of used) equal(slot >= 0 && slot < 256, true);
  }
});
