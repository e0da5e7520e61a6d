import { deepEqual, equal } from "../../support/assert.ts";
import {
  pushPullIntervalMs,
  retransmitLimit,
  suspicionConfirmationsMax,
  suspicionMinMs,
  suspicionTimeoutMs,
} from "../../../lib/memberlist/formulas.ts";

Deno.test("retransmitLimit() is mult times the digits of n: 4 for 1 to 9 nodes on a LAN (C.12)", () => {
  deepEqual([0, 1, 8, 9, 10, 99, 100, 999, 1000].map((n) => retransmitLimit(4, n)), [
    0,
    4,
    4,
    4,
    8,
    8,
    12,
    12,
    16,
  ]);
  equal(retransmitLimit(2, 5), 2);
});

Deno.test("suspicionMinMs() is 4 s on a LAN up to 10 nodes, then grows with log10 (C.7)", () => {
  for (const n of [0, 1, 3, 10]) equal(suspicionMinMs(4, n, 1000), 4000);
  equal(suspicionMinMs(4, 100, 1000), 8000);
  equal(suspicionMinMs(4, 50, 1000), 6792); // 4 * floor(1000 * 1.69897)
  equal(suspicionMinMs(6, 3, 5000), 30_000);
});

Deno.test("suspicionConfirmationsMax() is mult - 2, and 0 where so many could not confirm (C.7)", () => {
  deepEqual([1, 2, 3, 4, 100].map((n) => suspicionConfirmationsMax(4, n)), [0, 0, 0, 2, 2]);
  deepEqual([2, 3, 4].map((n) => suspicionConfirmationsMax(3, n)), [0, 1, 1]);
  equal(suspicionConfirmationsMax(2, 100), 0);
  equal(suspicionConfirmationsMax(1, 100), 0);
});

Deno.test("suspicionTimeoutMs() falls from max to min with the logarithm of confirmations (Lifeguard IV-B)", () => {
  equal(suspicionTimeoutMs(2000, 30_000, 3, 0), 30_000);
  equal(suspicionTimeoutMs(2000, 30_000, 3, 1), 16_000);
  equal(suspicionTimeoutMs(2000, 30_000, 3, 2), Math.floor(30_000 - Math.log(3) / Math.log(4) * 28_000));
  equal(suspicionTimeoutMs(2000, 30_000, 3, 3), 2000);
  equal(suspicionTimeoutMs(2000, 30_000, 0, 0), 2000);
});

Deno.test("pushPullIntervalMs() doubles at 33 nodes and trebles at 65 (C.13)", () => {
  deepEqual([1, 32, 33, 64, 65, 128, 129].map((n) => pushPullIntervalMs(30_000, n) / 30_000), [
    1,
    1,
    2,
    2,
    3,
    3,
    4,
  ]);
});
