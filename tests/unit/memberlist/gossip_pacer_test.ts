/** GossipPacer: every arrow of its diagram, and what it promises about budgets. */
import { deepEqual, equal, ok } from "../../support/assert.ts";
import { SeededRandom } from "../../../lib/base/seeded_random.ts";
import { GossipPacer } from "../../../lib/memberlist/gossip_pacer.ts";

/** Ticks at 50, 250, 450, ... ms. */
function pacer(earlyRoundsMax: number): GossipPacer {
  return new GossipPacer({ intervalMs: 200, phaseMs: 50, earlyRoundsMax: () => earlyRoundsMax }, 0);
}

Deno.test("GossipPacer: resting until there is news; without credit that waits for the tick", () => {
  const paced = pacer(1);
  equal(paced.dueMs, Infinity);
  paced.onNews(60);
  equal(paced.dueMs, 250, "a cluster that starts has no credit");
  paced.onRound(250, false);
  equal(paced.dueMs, Infinity);
});

Deno.test("GossipPacer: news after a rest is due at once, the rest of it at ticks half an interval later or more", () => {
  const paced = pacer(1);
  paced.onNews(1040);
  equal(paced.dueMs, 1040);
  paced.onRound(1040, true);
  equal(paced.dueMs, 1250, "1050 would come too soon");
  paced.onRound(1250, true);
  equal(paced.dueMs, 1450);
  paced.onRound(1450, false);
  equal(paced.dueMs, Infinity);
});

Deno.test("GossipPacer: with credit for two, the second early round follows a gap later", () => {
  const paced = pacer(2);
  paced.onNews(2000);
  paced.onRound(2000, true);
  equal(paced.dueMs, 2020);
  paced.onNews(2010);
  equal(paced.dueMs, 2020, "other news goes with it");
  paced.onRound(2020, true);
  equal(paced.dueMs, 2250);
});

Deno.test("GossipPacer: early rounds are a gap apart also when there was a rest between them", () => {
  const paced = pacer(2);
  paced.onNews(2000);
  paced.onRound(2000, false);
  paced.onNews(2005);
  equal(paced.dueMs, 2020);
});

Deno.test("GossipPacer: a round's credit takes three intervals to earn, ticks cost it too", () => {
  const paced = pacer(1);
  paced.onNews(1040);
  paced.onRound(1040, false);
  paced.onNews(1639);
  equal(paced.dueMs, 1650);
  paced.onRound(1650, false);
  paced.onNews(2251);
  equal(paced.dueMs, 2251);
});

Deno.test("GossipPacer: news while ticking moves nothing", () => {
  const paced = pacer(3);
  paced.onNews(100);
  equal(paced.dueMs, 250);
  paced.onNews(240);
  equal(paced.dueMs, 250);
});

Deno.test("GossipPacer: nothing comes early when no round may", () => {
  const paced = pacer(0);
  paced.onNews(1040);
  equal(paced.dueMs, 1050);
  paced.onRound(1050, true);
  paced.onNews(1060);
  equal(paced.dueMs, 1250);
});

Deno.test("GossipPacer: a storm gets a round per interval, and the early ones more, in any stretch of time", () => {
  for (const early of [1, 2, 3]) {
    const paced = pacer(early);
    const random = new SeededRandom(early);
    const rounds: number[] = [];
    let waitedMs = 0;
    for (let nowMs = 0, toldMs = -1; nowMs < 60_000; nowMs++) {
      // Storms and rests of some seconds each.
      if (nowMs % 7000 < 4000 && random.below(10) === 0) {
        paced.onNews(nowMs);
        if (toldMs < 0) toldMs = nowMs;
      }
      if (nowMs < paced.dueMs) continue;
      rounds.push(nowMs);
      if (toldMs >= 0) waitedMs = Math.max(waitedMs, nowMs - toldMs);
      toldMs = -1;
      paced.onRound(nowMs, random.below(3) > 0);
    }
    ok(rounds.length > 150, `${rounds.length}`);
    for (let i = 0; i < rounds.length; i++) {
      for (let j = i + 1; j < rounds.length; j++) {
        const ms = rounds[j]! - rounds[i]!;
        ok(ms >= 20, `${ms} ms between two rounds`);
        ok(j - i <= ms / 200 * 1.34 + early + 0.5, `${j - i + 1} rounds in ${ms} ms`);
      }
    }
    ok(waitedMs <= 301, `${waitedMs}`);
  }
});

Deno.test("GossipPacer: ticks keep their phase over hours", () => {
  const paced = pacer(1);
  const times: number[] = [];
  for (let nowMs = 1e7; times.length < 5; nowMs = paced.dueMs) {
    paced.onNews(nowMs);
    paced.onRound(paced.dueMs, true);
    times.push((paced.dueMs - 50) % 200);
  }
  deepEqual(times, [0, 0, 0, 0, 0]);
});
