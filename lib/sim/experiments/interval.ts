/** Lifeguard's interval experiment: some members stand still again and again; how many healthy ones are declared failed? */
import { LIFEGUARD, type LifeguardOptions, type MemberlistOptions } from "../../memberlist/options.ts";
import type { MemberlistLife } from "../memberlist_life.ts";
import { memberlistCluster, type SimCluster } from "../sim_cluster.ts";

/** The engine without what it has beyond the paper: news waits for the next tick, a failed probe takes its whole time. */
const AS_PUBLISHED: Partial<MemberlistOptions> = {
  eagerGossip: false,
  promptProbes: false,
  doubtsHearsay: false,
};
const SWIM: Readonly<LifeguardOptions> = { probe: false, suspicion: false, buddy: false };

/** The configurations of the paper's table, in its order, and what is shipped. */
export const CONFIGURATIONS: Readonly<Record<string, Partial<MemberlistOptions>>> = {
  "SWIM": { ...AS_PUBLISHED, lifeguard: SWIM },
  "LHA-Probe": { ...AS_PUBLISHED, lifeguard: { ...SWIM, probe: true } },
  "LHA-Suspicion": { ...AS_PUBLISHED, lifeguard: { ...SWIM, suspicion: true } },
  "Buddy System": { ...AS_PUBLISHED, lifeguard: { ...SWIM, buddy: true } },
  "Lifeguard": { ...AS_PUBLISHED, lifeguard: LIFEGUARD },
  "as shipped": {},
};

/** One run. */
export interface IntervalRun {
  readonly seed: number;
  readonly members: number;
  /** How many of them stand still, all at the same times: the paper's C. */
  readonly slow: number;
  /** How long they do, each time, in milliseconds: D. */
  readonly blockedMs: number;
  /** How long they run in between, in milliseconds: I. */
  readonly runningMs: number;
  /** How long all of this lasts, in milliseconds; a block that has begun ends later. */
  readonly durationMs: number;
  readonly options: Partial<MemberlistOptions>;
}

/** What came of it. */
export interface IntervalOutcome {
  /** How often any member declared one failed that never stood still. */
  readonly falsePositives: number;
  /** How many of these declarations were made by members that never stood still themselves. */
  readonly atHealthy: number;
  /** Datagrams that all members sent. */
  readonly messages: number;
  /** Their bytes. */
  readonly bytes: number;
}

/** How long the cluster rests before the first block. */
const QUIET_MS = 15_000;

/** Forms a cluster, lets members 0 to `slow - 1` stand still, and counts. */
export function runInterval(run: IntervalRun): IntervalOutcome {
  const { seed, members, slow, options } = run;
  const cluster = memberlistCluster({ seed, size: members, checked: false }, () => ({ options }));
  cluster.formAtOnce();
  cluster.runFor(QUIET_MS);
  cluster.clearEvents();
  const { counters } = cluster.world.network;
  const before = { messages: counters.packetsSent, bytes: counters.packetBytesSent };
  const schedule = { blockedMs: run.blockedMs, runningMs: run.runningMs, timersRun: true };
  for (const node of cluster.nodes.slice(0, slow)) node.beginSlow(schedule);
  cluster.runFor(run.durationMs);
  for (const node of cluster.nodes) node.endSlow();
  // The last block ends, and what it did comes out.
  cluster.runFor(run.blockedMs + run.runningMs);
  return {
    ...countFalsePositives(cluster, slow),
    messages: counters.packetsSent - before.messages,
    bytes: counters.packetBytesSent - before.bytes,
  };
}

function countFalsePositives(
  cluster: SimCluster<MemberlistLife>,
  slow: number,
): Pick<IntervalOutcome, "falsePositives" | "atHealthy"> {
  const slowNames = new Set(cluster.nodes.slice(0, slow).map(({ name }) => name));
  let falsePositives = 0, atHealthy = 0;
  for (const node of cluster.nodes) {
    const wrong = node.events.filter(({ type, subject }) =>
      type === "leave" && !slowNames.has(subject)
    ).length;
    falsePositives += wrong;
    if (!slowNames.has(node.name)) atHealthy += wrong;
  }
  return { falsePositives, atHealthy };
}
