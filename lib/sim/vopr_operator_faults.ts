/** What operators do to the cluster of a campaign, at the worst moment. */
import { NodeStatus } from "../memberlist/node_state.ts";
import type { KeyResult } from "../serf/key_manager.ts";
import { MemberStatus } from "../serf/member.ts";
import { drawMs } from "./vopr_dice.ts";
import type { MakeFault } from "./vopr_faults.ts";
import type { Member, VoprWorld } from "./vopr_world.ts";

/** A member that leaves comes back after this long, if it does. */
const AWAY_MAX_MS = 40_000;

const makeLeave: MakeFault = (world, random) => ({
  meanGapMs: 15_000,
  act() {
    const member = world.pick(random, world.staying);
    const comesBack = random.below(4) !== 0;
    const awayMs = drawMs(random, 100, AWAY_MAX_MS);
    if (member === undefined) return false;
    world.leave(member);
    const comeBack = () => {
      if (!member.running) world.start(member);
      else if (member.life.serf.state !== "alive") world.later(500, comeBack);
    };
    if (comesBack) world.later(awayMs, comeBack);
    return true;
  },
});

/** Whom `caller` sees on the brink: suspect, failed, leaving. Else anybody. */
function drawVictim(world: VoprWorld, caller: Member, below: (bound: number) => number): string {
  const { serf, memberlist } = caller.life;
  const shaky = world.cluster.nodes.filter(({ name }) => {
    const member = serf.member(name);
    if (member === undefined) return false;
    return member.status !== MemberStatus.alive || memberlist.node(name)?.status === NodeStatus.suspect;
  });
  const from = shaky.length > 0 && below(3) > 0 ? shaky : world.cluster.nodes;
  return from[below(from.length)]!.name;
}

const makeForceLeave: MakeFault = (world, random) => ({
  meanGapMs: 8_000,
  act() {
    const caller = world.pick(random, world.staying);
    if (caller === undefined) return false;
    const name = drawVictim(world, caller, (bound) => random.below(bound));
    world.cluster.serfChecker!.expectDeparture(name);
    caller.life.serf.forceLeave(name, false, () => {});
    return true;
  },
});

const makePrune: MakeFault = (world, random) => ({
  meanGapMs: 10_000,
  act() {
    const caller = world.pick(random, world.staying);
    if (caller === undefined) return false;
    const name = drawVictim(world, caller, (bound) => random.below(bound));
    world.cluster.serfChecker!.expectDeparture(name);
    world.pruned.add(name);
    caller.life.serf.forceLeave(name, true, () => {});
    return true;
  },
});

/**
 * Rotates keys as an operator should: the next step is taken when all who run have done the last one. Who was down
 * meanwhile is started with the keys of the day.
 */
const makeKeys: MakeFault = (world, random) => {
  let step: "install" | "use" | "remove" = "install";
  let next = world.freshKey();
  const succeeded = ({ responseCount, errorCount }: KeyResult) =>
    errorCount === 0 && responseCount >= world.cluster.running.length;
  return {
    meanGapMs: 4_000,
    act() {
      const member = world.pick(random, world.staying);
      if (member === undefined) return false;
      const { keys } = member.life.serf;
      if (step === "install") {
        if (world.keys.length === 1) world.keys = [...world.keys, next];
        keys.install(next, (result) => step = succeeded(result) ? "use" : "install");
      } else if (step === "use") {
        keys.use(next, (result) => {
          if (!succeeded(result) || step !== "use") return;
          step = "remove";
          world.keys = [next, ...world.keys.filter((key) => key !== next)];
        });
      } else {
        const old = world.keys[1]!;
        keys.remove(old, (result) => {
          if (!succeeded(result) || step !== "remove") return;
          step = "install";
          world.keys = [next];
          next = world.freshKey();
          world.count("keys rotated");
        });
      }
      return true;
    },
  };
};

/** Somebody starts a second machine under the name of another. */
const makeTwin: MakeFault = (world, random) => {
  const twins: Member[] = [];
  return {
    meanGapMs: 25_000,
    act() {
      const victim = world.cluster.nodes[random.below(world.plan.size)]!;
      const lastsMs = drawMs(random, 2_000, 40_000);
      const twin = world.cluster.twinOf(victim, world.freshAddress());
      twins.push(twin);
      twin.start();
      world.join(twin, 2);
      world.later(lastsMs, () => {
        if (twin.running) twin.crash();
      });
      return true;
    },
    end() {
      for (const twin of twins) if (twin.running) twin.crash();
    },
  };
};

/** A member comes back on another machine. */
const makeMove: MakeFault = (world, random) => ({
  meanGapMs: 20_000,
  act() {
    const member = world.pick(random, world.cluster.running);
    const downMs = drawMs(random, 10, 30_000);
    if (member === undefined) return false;
    member.crash();
    member.address = world.freshAddress();
    world.later(downMs, () => {
      if (!member.running) world.start(member);
    });
    return true;
  },
});

/** By name. */
export const OPERATOR_FAULTS = {
  leave: makeLeave,
  "force-leave": makeForceLeave,
  prune: makePrune,
  keys: makeKeys,
  twin: makeTwin,
  move: makeMove,
} satisfies Record<string, MakeFault>;
