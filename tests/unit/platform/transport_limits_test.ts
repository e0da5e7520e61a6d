import { equal, ok } from "../../support/assert.ts";
import { StreamBudget } from "../../../lib/platform/transport_limits.ts";

const LIMITS = { openMax: 3, largeMax: 1, largeBytes: 100, bufferedBytesMax: 500 };

Deno.test("StreamBudget.tryOpen() refuses one stream too many, and allows it when one has closed", () => {
  const budget = new StreamBudget(LIMITS);
  const shares = [budget.tryOpen(), budget.tryOpen(), budget.tryOpen()];
  ok(shares.every((share) => share !== undefined));
  equal(budget.tryOpen(), undefined);
  shares[1]!.close();
  shares[1]!.close();
  equal(budget.open, 2);
  ok(budget.tryOpen() !== undefined);
  equal(budget.tryOpen(), undefined);
});

Deno.test("StreamShare.resize() refuses a second large stream", () => {
  const budget = new StreamBudget(LIMITS);
  const a = budget.tryOpen()!, b = budget.tryOpen()!;
  equal(a.resize(101), true);
  equal(a.resize(150), true);
  equal(b.resize(100), true);
  equal(b.resize(101), false);
  equal(budget.bufferedBytes, 250);
  equal(a.resize(100), true);
  equal(b.resize(101), true);
});

Deno.test("StreamShare.resize() refuses what would not fit all together", () => {
  const budget = new StreamBudget({ ...LIMITS, largeMax: 3 });
  const a = budget.tryOpen()!, b = budget.tryOpen()!;
  equal(a.resize(400), true);
  equal(b.resize(101), false);
  equal(b.resize(100), true);
  equal(a.resize(401), false);
  equal(budget.bufferedBytes, 500);
  a.close();
  equal(budget.bufferedBytes, 100);
  equal(b.resize(500), true);
  b.close();
  equal(budget.bufferedBytes, 0);
  equal(budget.open, 0);
});
