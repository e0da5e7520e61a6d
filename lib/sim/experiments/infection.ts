/** How fast news spreads: one member says something, the others hear of it. SWIM section 4.1, Serf's convergence simulator. */
import type { SimCluster } from "../sim_cluster.ts";
import type { SimLife, SimNode } from "../sim_node.ts";
import { Arrivals, type AwaitedEvent } from "./arrivals.ts";

/** How often it is looked whether all have heard, in virtual milliseconds. The times found are exact all the same. */
const LOOK_EVERY_MS = 20;

/** The outcome of {@linkcode infect}. */
export interface Infection {
  /** The members that could hear it: all that ran but its origin. */
  readonly members: number;
  /** How long each member that heard of it took to, in milliseconds, ascending. */
  readonly timesMs: readonly number[];
}

/** Something said by one member. */
export interface News extends AwaitedEvent {
  readonly origin: string;
  /** Has the origin say it, once. */
  readonly tell: () => void;
}

/** Lets the news go, and watches until all running members have heard, for at most `limitMs` of virtual time. */
export function infect<L extends SimLife>(cluster: SimCluster<L>, news: News, limitMs: number): Infection {
  const others = cluster.running.filter((node: SimNode<L>) => node.name !== news.origin);
  const arrivals = new Arrivals(others, news, cluster.world.clock.nowMs());
  news.tell();
  cluster.runUntil(() => arrivals.isComplete(), limitMs, LOOK_EVERY_MS);
  arrivals.count();
  return { members: others.length, timesMs: arrivals.timesMs };
}
