/** How long a rumour takes to reach 99.99 % of a cluster by gossip alone: what Serf's convergence simulator estimates. */
import { reachedMs } from "./arrivals.ts";
import { RumourMill } from "./rumours.ts";

/** The share of the members that is to be reached. */
export const CONVERGED_RATIO = 0.9999;

/** What Serf's convergence simulator says of a cluster with default options. */
export interface PublishedConvergence {
  readonly members: number;
  readonly lossRatio: number;
  /** Until 99.99 % of the members are reached. */
  readonly publishedMs: number;
}

/** Three nodes every 200 ms, which are the defaults of both. https://www.serf.io/docs/internals/simulator.html */
export const PUBLISHED_CONVERGENCE: readonly PublishedConvergence[] = [
  { members: 30, lossRatio: 0, publishedMs: 1_800 },
  { members: 1_000, lossRatio: 0, publishedMs: 2_200 },
  { members: 10_000, lossRatio: 0, publishedMs: 2_600 },
  { members: 30, lossRatio: 0.25, publishedMs: 2_400 },
  { members: 1_000, lossRatio: 0.25, publishedMs: 3_000 },
  { members: 10_000, lossRatio: 0.25, publishedMs: 3_400 },
];

/**
 * Has random members tell rumours, one after the other.
 *
 * @returns for each how long it took to reach 99.99 % of the others (of 30 members that is all of them), in
 *   milliseconds, ascending; Infinity for one that died before: gossip is sent a bounded number of times, and what it
 *   misses push/pull brings later.
 */
export function convergenceTimes(
  seed: number,
  members: number,
  lossRatio: number,
  rumours: number,
): number[] {
  const mill = new RumourMill({ seed, size: members, options: { compression: false } });
  mill.lossRatio = lossRatio;
  const times = Array.from({ length: rumours }, () => {
    mill.tell();
    const { timesMs, pairs } = mill.settle();
    return reachedMs(timesMs, pairs, CONVERGED_RATIO) ?? Infinity;
  });
  return times.sort((a, b) => a - b);
}
