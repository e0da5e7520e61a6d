/** What goes wrong on the machines of a campaign. */
import type { SeededRandom } from "../base/seeded_random.ts";
import type { SimProcess } from "./sim_process.ts";
import type { MakeFault } from "./vopr_fault.ts";
import { drawMs } from "./vopr_dice.ts";
import type { Member, VoprWorld } from "./vopr_world.ts";

/** The longest time for which a program that crashed is not started again. */
const DOWN_MAX_MS = 40_000;
/** The longest time for which a process stands still at a time. */
const STANDSTILL_MAX_MS = 40_000;

/** Ends a member as if it was killed, and starts it again some time, or not. */
function crash(world: VoprWorld, member: Member, downMs: number | undefined): void {
  if (!member.running) return;
  world.snapshots.check(member);
  member.crash();
  if (downMs === undefined) return;
  world.later(downMs, () => {
    if (!member.running) world.start(member);
  });
}

/**
 * Hits a member that runs, so that its timers go off late, which is the effect.
 *
 * @param draw what is to be done to the member: drawn each time, whether there is one or not.
 */
function delaying(meanGapMs: number, draw: (world: VoprWorld, random: SeededRandom) => Hit): MakeFault {
  return (world, random) => {
    // How many timers were late before the first hit. Bounded: one per life that was hit.
    const before = new Map<SimProcess, number>();
    return {
      meanGapMs,
      act() {
        const member = world.pick(random, world.cluster.running);
        const hit = draw(world, random);
        if (member === undefined) return false;
        const { process } = member;
        if (!before.has(process)) before.set(process, process.timersLate);
        hit(member);
        return true;
      },
      effects: () => [...before].reduce((sum, [{ timersLate }, early]) => sum + timersLate - early, 0),
    };
  };
}

type Hit = (member: Member) => void;

const makeSlow = delaying(15_000, (world, random) => {
  const schedule = { blockedMs: drawMs(random, 100, 10_000), runningMs: drawMs(random, 1, 2_000) };
  const lastsMs = drawMs(random, 2_000, 30_000);
  return (member) => {
    member.beginSlow(schedule);
    world.later(lastsMs, () => member.endSlow());
  };
});

const makeFreeze = delaying(8_000, (_world, random) => {
  const blockedMs = drawMs(random, 500, STANDSTILL_MAX_MS);
  return ({ process }) => process.blockFor(blockedMs);
});

const makeBusy = delaying(10_000, (world, random) => {
  const busyMs = drawMs(random, 0.5, 30), lastsMs = drawMs(random, 1_000, 20_000);
  return ({ process }) => {
    process.busyMs = busyMs;
    world.later(lastsMs, () => process.busyMs = 0);
  };
});

const makeCrash: MakeFault = (world, random) => ({
  meanGapMs: 10_000,
  act() {
    const member = world.pick(random, world.cluster.running);
    const downMs = random.below(6) === 0 ? undefined : drawMs(random, 20, DOWN_MAX_MS);
    const losesDisk = random.below(5) === 0;
    if (member === undefined) return false;
    crash(world, member, downMs);
    if (losesDisk) world.disks.get(member.name)!.wipe();
    return true;
  },
});

const makeOutage: MakeFault = (world, random) => ({
  meanGapMs: 40_000,
  act() {
    const members = world.cluster.running;
    for (const member of members) crash(world, member, drawMs(random, 100, DOWN_MAX_MS));
    return members.length > 0;
  },
});

/** A power cut: of what was written but not synced, any beginning survives. */
const makePower: MakeFault = (world, random) => {
  let disksThatLost = 0;
  return {
    meanGapMs: 20_000,
    act() {
      const isEverywhere = random.below(3) === 0;
      const hit = world.cluster.running.filter(() => isEverywhere || random.below(3) === 0);
      for (const member of hit) {
        crash(world, member, drawMs(random, 100, DOWN_MAX_MS));
        if (world.disks.get(member.name)!.cutPower(random) > 0) disksThatLost++;
      }
      return hit.length > 0;
    },
    effects: () => disksThatLost,
  };
};

const makeDisk: MakeFault = (world, random) => {
  const disks = [...world.disks.values()];
  return {
    meanGapMs: 4_000,
    act() {
      const disk = disks[random.below(disks.length)]!;
      disk.mend();
      const kind = random.below(6);
      if (kind === 0) disk.failsToWrite = true;
      else if (kind === 1) disk.failsToSync = true;
      else if (kind === 2) disk.failsToReplace = true;
      else if (kind === 3) disk.capacityBytes = disk.content.length + random.below(200);
      else if (kind === 4) disk.tornAt = random.uniform();
      if (kind === 4 && random.below(2) === 0) disk.failsToReplace = true;
      return true;
    },
    end() {
      for (const disk of disks) disk.mend();
    },
    effects: () => disks.reduce((sum, { faults }) => sum + faults, 0),
  };
};

/** Nothing of the core reads the wall clock today; this is here for the day on which something does. */
const makeWallClock: MakeFault = (world, random) => ({
  meanGapMs: 5_000,
  act() {
    const member = world.pick(random, world.cluster.running);
    const stepMs = (random.below(2) * 2 - 1) * drawMs(random, 1, 1e11);
    if (member === undefined) return false;
    member.process.wallSkewMs += stepMs;
    return true;
  },
});

/** By name. */
export const PROCESS_FAULTS = {
  slow: makeSlow,
  freeze: makeFreeze,
  busy: makeBusy,
  crash: makeCrash,
  outage: makeOutage,
  power: makePower,
  disk: makeDisk,
  "wall-clock": makeWallClock,
} satisfies Record<string, MakeFault>;

/**
 * Nothing is slow any more. Who stands still goes on by itself, and reads only then what waits in its sockets: so that
 * is waited for.
 */
export function wakeAll({ cluster }: VoprWorld): void {
  for (const member of cluster.running) {
    member.endSlow();
    member.process.busyMs = 0;
  }
  cluster.runUntil(() => cluster.running.every(({ process }) => !process.deaf), STANDSTILL_MAX_MS, 100);
}
