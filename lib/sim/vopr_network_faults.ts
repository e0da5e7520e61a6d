/** What goes wrong on the network of a campaign. */
import { CutKind, type LinkConditions, QUIET_LINK } from "./faults.ts";
import type { NetworkCounters } from "./network_counters.ts";
import type { Fault, MakeFault } from "./vopr_fault.ts";
import { drawMs } from "./vopr_dice.ts";
import type { Member, VoprWorld } from "./vopr_world.ts";

/** Between two changes of a condition that all links have. */
const WEATHER_GAP_MS = 15_000;

/**
 * A condition of all links that changes now and then, and never goes before the faults end.
 *
 * @param draw from a number in [0, 1). @param met counts what it meets.
 */
function weather(
  draw: (uniform: number) => Partial<LinkConditions>,
  met: (counters: NetworkCounters) => number,
): MakeFault {
  return ({ cluster }, random) => {
    const { faults, network } = cluster.world;
    let before: number | undefined;
    let after = 0;
    return {
      meanGapMs: WEATHER_GAP_MS,
      act() {
        before ??= met(network.counters);
        faults.setEverywhere(draw(random.uniform()));
        return true;
      },
      end: () => after = met(network.counters),
      effects: () => before === undefined ? 0 : after - before,
    };
  };
}

/** @returns two different members' hosts, running or not. */
function drawLink(world: VoprWorld, below: (bound: number) => number): [string, string] | undefined {
  const { nodes } = world.cluster;
  const from = below(nodes.length), step = 1 + below(Math.max(1, nodes.length - 1));
  const to = (from + step) % nodes.length;
  return from === to ? undefined : [nodes[from]!.host, nodes[to]!.host];
}

const makeOneWay: MakeFault = (world, random) => ({
  meanGapMs: 3_000,
  act() {
    const link = drawLink(world, (bound) => random.below(bound));
    const kind = [CutKind.all, CutKind.datagrams, CutKind.exchanges][random.below(3)]!;
    const lastsMs = drawMs(random, 1_000, 60_000);
    if (link === undefined) return false;
    world.cluster.world.faults.cut(...link, kind);
    world.later(lastsMs, () => world.cluster.world.faults.mend(...link));
    return true;
  },
  effects: () => world.cluster.world.faults.stopped.byCut,
});

const makeBadLink: MakeFault = (world, random) => {
  const { faults, network } = world.cluster.world;
  const bad = new Set<[string, string]>();
  return {
    meanGapMs: 3_000,
    act() {
      const link = drawLink(world, (bound) => random.below(bound));
      const conditions = { lossRatio: 0.3 + 0.7 * random.uniform(), jitterMs: 2_000 * random.uniform() };
      if (link === undefined) return false;
      faults.setLink(...link, conditions);
      bad.add(link);
      return true;
    },
    end() {
      for (const link of bad) faults.clearLink(...link);
    },
    effects: () => network.counters.packetsLostOnBadLinks,
  };
};

/** Two or three groups at random. */
function drawGroups(members: readonly Member[], random: { below(bound: number): number }): string[][] {
  const groups: string[][] = random.below(4) === 0 ? [[], [], []] : [[], []];
  for (const { host } of members) groups[random.below(groups.length)]!.push(host);
  return groups;
}

function division(direction: "twoWay" | "oneWay", shortMs: number, longMs: number, gapMs: number): MakeFault {
  return (world, random): Fault => {
    const { faults } = world.cluster.world;
    return {
      meanGapMs: gapMs,
      act() {
        faults.partition(drawGroups(world.cluster.nodes, random), direction);
        world.later(drawMs(random, shortMs, longMs), () => faults.partition([]));
        return true;
      },
      end: () => faults.partition([]),
      effects: () => faults.stopped.byPartition,
    };
  };
}

/** By name. */
export const NETWORK_FAULTS = {
  loss: weather(
    (uniform) => ({ lossRatio: 0.02 + 0.58 * uniform }),
    ({ packetsLost, packetsLostOnBadLinks }) => packetsLost - packetsLostOnBadLinks,
  ),
  duplicate: weather(
    (uniform) => ({ duplicateRatio: 0.05 + 0.45 * uniform }),
    ({ packetsDuplicated }) => packetsDuplicated,
  ),
  reorder: weather(
    (uniform) => ({ reorderRatio: 0.05 + 0.45 * uniform, reorderDelayMs: 10 * 500 ** uniform }),
    ({ packetsHeldBack }) => packetsHeldBack,
  ),
  latency: weather(
    (uniform) => ({ latencyMs: 300 * uniform, jitterMs: 300 * uniform }),
    ({ packetsDelivered }) => packetsDelivered,
  ),
  break: weather((uniform) => ({ breakRatio: 0.1 + 0.6 * uniform }), ({ exchangesTorn }) => exchangesTorn),
  "one-way": makeOneWay,
  "bad-link": makeBadLink,
  partition: division("twoWay", 2_000, 90_000, 30_000),
  asymmetric: division("oneWay", 2_000, 60_000, 20_000),
  flapping: division("twoWay", 100, 3_000, 2_000),
} satisfies Record<string, MakeFault>;

/** Nothing is wrong with the network any more. */
export function quietNetwork({ cluster }: VoprWorld): void {
  const { faults } = cluster.world;
  faults.heal();
  faults.setEverywhere(QUIET_LINK);
}
