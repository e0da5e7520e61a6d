/** How fast a crash is noticed: by the first member, and by all. SWIM sections 3 and 4.3. */
import type { SimCluster } from "../sim_cluster.ts";
import type { SimLife, SimNode } from "../sim_node.ts";
import { Arrivals } from "./arrivals.ts";

/** How often it is looked whether all know, in virtual milliseconds. The times found are exact all the same. */
const LOOK_EVERY_MS = 50;

/** The outcome of {@linkcode crashAndDetect}. */
export interface Detection {
  /** The members that could notice. */
  readonly members: number;
  /** How long after the crash each member that did so declared the victim failed, in milliseconds, ascending. */
  readonly timesMs: readonly number[];
}

/** How long to watch. */
export interface DetectionLimits {
  /** What members record when they declare somebody failed: memberlist says `leave`, Serf `member-failed`. */
  readonly eventType: string;
  /** Until whom: the first member to declare it, or all. */
  readonly until: "first" | "all";
  /** At most so long, in virtual milliseconds. */
  readonly limitMs: number;
}

/** Crashes `victim`, and watches the others notice. */
export function crashAndDetect<L extends SimLife>(
  cluster: SimCluster<L>,
  victim: SimNode<L>,
  { eventType, until, limitMs }: DetectionLimits,
): Detection {
  victim.crash();
  const others = cluster.running;
  const startMs = cluster.world.clock.nowMs();
  const arrivals = new Arrivals(others, { type: eventType, subject: victim.name }, startMs);
  const isOver = until === "all" ? () => arrivals.isComplete() : () => arrivals.count() > 0;
  cluster.runUntil(isOver, limitMs, LOOK_EVERY_MS);
  arrivals.count();
  return { members: others.length, timesMs: arrivals.timesMs };
}

/**
 * The protocol period, counted from the crash, in which the ping went out that found the victim dead: SWIM's measure of
 * detection. That ping takes one more period to fail, which is taken off; the first period after the crash is 1.
 */
export function detectionPeriod(firstMs: number, probeIntervalMs: number): number {
  return Math.max(1, Math.ceil(firstMs / probeIntervalMs - 1));
}
