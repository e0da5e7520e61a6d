/** The claims of the SWIM paper that can be measured: time to detection, its bound, and the load. */
import { SeededRandom } from "../../base/seeded_random.ts";
import type { MemberlistOptions } from "../../memberlist/options.ts";
import { memberlistCluster } from "../sim_cluster.ts";
import { crashAndDetect, detectionPeriod } from "./detection.ts";

const PERIOD_MS = 1_000;
/** SWIM before its section 4.2: a failed probe, for which it takes a period, is a death sentence. */
const NO_SUSPICION: Partial<MemberlistOptions> = {
  suspicionMult: 0,
  lifeguard: { probe: false, suspicion: false, buddy: false },
  promptProbes: false,
  doubtsHearsay: false,
  eagerGossip: false,
  compression: false,
  probeIntervalMs: PERIOD_MS,
};
/** So many of a cluster's members crash, one after the other; then another cluster is formed. */
const CRASHES_PER_CLUSTER = 8;

/**
 * Crashes members at random moments, each when the one before it has been detected.
 *
 * @param members of each cluster when it is whole. @param crashes how many, of as many clusters as it takes.
 * @returns for each crash the protocol period of its first detection (see {@linkcode detectionPeriod}).
 */
export function firstDetections(seed: number, members: number, crashes: number): number[] {
  const periods: number[] = [];
  for (let round = 0; periods.length < crashes; round++) {
    const random = new SeededRandom(seed + round, "moments");
    const cluster = memberlistCluster(
      { seed: seed + round, size: members, checked: false },
      () => ({ options: NO_SUSPICION }),
    );
    cluster.formAtOnce();
    cluster.runFor(PERIOD_MS);
    for (const victim of cluster.nodes.slice(0, Math.min(CRASHES_PER_CLUSTER, crashes - periods.length))) {
      cluster.runFor(random.uniform() * PERIOD_MS);
      const limits = { eventType: "leave", until: "first", limitMs: 2 * members * PERIOD_MS } as const;
      const { timesMs } = crashAndDetect(cluster, victim, limits);
      periods.push(timesMs.length === 0 ? Infinity : detectionPeriod(timesMs[0]!, PERIOD_MS));
    }
  }
  return periods;
}

/**
 * The expectation of the first detection's period: with n members every other one has pinged the victim by the end of
 * period k with probability k / (n - 1), independently of each other. Its limit for many members is e / (e - 1).
 */
export function expectedDetectionPeriod(members: number): number {
  let sum = 0;
  for (let k = 0; k < members - 1; k++) sum += (1 - k / (members - 1)) ** (members - 1);
  return sum;
}

/** What one member of a cluster at rest sends in one protocol period, on average. */
export interface Load {
  /** Datagrams: pings, acks, gossip. */
  readonly packets: number;
  /** Bytes of datagrams. */
  readonly bytes: number;
  /** Push/pulls begun. */
  readonly pushPulls: number;
  /** Other streams opened: pings over TCP. */
  readonly calls: number;
}

/** Forms a cluster, lets it come to rest, and measures for `periods`. */
export function loadAtRest(seed: number, members: number, periods: number): Load {
  const options = { compression: false, probeIntervalMs: PERIOD_MS };
  const cluster = memberlistCluster({ seed, size: members, checked: false }, () => ({ options }));
  cluster.formAtOnce();
  // Every start is news, gossiped on; and the first calls are made at once.
  const REST_MS = 30 * PERIOD_MS;
  cluster.runFor(REST_MS);
  const { counters } = cluster.world.network;
  const { packetsSent, packetBytesSent, exchangesOpened } = counters;
  // Both sides of one count it.
  const pushPullsBegun = () =>
    cluster.nodes.reduce((sum, { memberlist }) => sum + memberlist.counters.pushPulls, 0) / 2;
  const pushPullsBefore = pushPullsBegun();
  cluster.runFor(periods * PERIOD_MS);
  const share = members * periods;
  const pushPulls = pushPullsBegun() - pushPullsBefore;
  return {
    packets: (counters.packetsSent - packetsSent) / share,
    bytes: (counters.packetBytesSent - packetBytesSent) / share,
    pushPulls: pushPulls / share,
    calls: (counters.exchangesOpened - exchangesOpened - pushPulls) / share,
  };
}

/**
 * Watches every pair of members of a whole cluster.
 *
 * @returns the most periods that passed between two answered pings of any member to any other.
 */
export function longestProbeGap(seed: number, members: number, periods: number): number {
  const options = { compression: false, probeIntervalMs: PERIOD_MS };
  const cluster = memberlistCluster({ seed, size: members, checked: false }, () => ({ options }));
  cluster.formAtOnce();
  cluster.runFor(PERIOD_MS);
  const pings = cluster.nodes.map(({ life }) => life.delegate.pings);
  const seen = pings.map((counts) => new Map(counts));
  const lastPeriod = pings.map(() => new Map<string, number>());
  let longest = 0;
  for (let period = 1; period <= periods; period++) {
    cluster.runFor(PERIOD_MS);
    pings.forEach((counts, observer) => {
      for (const { name } of cluster.nodes) {
        if (name === cluster.node(observer).name) continue;
        const since = period - (lastPeriod[observer]!.get(name) ?? 0);
        longest = Math.max(longest, since);
        if (counts.get(name) === seen[observer]!.get(name)) continue;
        lastPeriod[observer]!.set(name, period);
        seen[observer]!.set(name, counts.get(name)!);
      }
    });
  }
  return longest;
}
