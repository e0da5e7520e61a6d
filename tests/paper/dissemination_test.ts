/**
 * Gossip against the figures that Serf publishes for itself, at sizes for every day. docs/evidence.md has ten thousand
 * members too.
 */
import { ok } from "../support/assert.ts";
import { convergenceTimes, PUBLISHED_CONVERGENCE } from "../../lib/sim/experiments/dissemination.ts";

const RUMOURS: Readonly<Record<number, number>> = { 30: 100, 1_000: 3 };

for (const { members, lossRatio, publishedMs } of PUBLISHED_CONVERGENCE) {
  const rumours = RUMOURS[members];
  if (rumours === undefined) continue;
  const name = `${members} members, ${lossRatio * 100} % of packets lost`;
  Deno.test(`Serf's convergence: ${name}: 99.99 % have heard within ${publishedMs} ms`, () => {
    const times = convergenceTimes(1, members, lossRatio, rumours);
    const median = times[rumours >> 1]!;
    ok(median > 0 && median <= publishedMs, `median ${median} ms of ${times}`);
    const died = times.filter((time) => time === Infinity).length;
    ok(died <= rumours / 5, `${died} of ${rumours} rumours reached not all`);
  });
}
