/** What operators do to the cluster of a campaign, at the worst moment. */
import { NodeStatus } from "../memberlist/node_state.ts";
import type { Keyring } from "../memberlist/keyring.ts";
import type { KeyResult } from "../serf/key_manager.ts";
import { MemberStatus } from "../serf/member.ts";
import { drawMs } from "./vopr_dice.ts";
import type { MakeFault } from "./vopr_fault.ts";
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
  let fresh: Uint8Array | undefined;
  let old: Uint8Array | undefined;
  // Answers alone do not do: of those who answered one may have gone, and one come who was not asked.
  const succeeded = ({ errorCount }: KeyResult, isDone: (keyring: Keyring) => boolean) =>
    errorCount === 0 && world.cluster.running.every(({ memberlist }) => isDone(memberlist.keyring!));
  return {
    meanGapMs: 4_000,
    act() {
      const member = world.pick(random, world.staying);
      if (member === undefined) return false;
      const { keys } = member.life.serf;
      const key = fresh ??= world.keys.beginRotation();
      if (step === "install") {
        keys.install(key, (result) => {
          // An answer may be about the rotation before.
          const isDone = succeeded(result, (keyring) => keyring.has(key));
          if (isDone && step === "install" && fresh === key) step = "use";
        });
      } else if (step === "use") {
        keys.use(key, (result) => {
          const isDone = succeeded(result, ({ primary }) => primary.join() === key.join());
          if (!isDone || step !== "use" || fresh !== key) return;
          step = "remove";
          old = world.keys.onUsed();
        });
      } else {
        keys.remove(old!, (result) => {
          const isDone = succeeded(result, (keyring) => keyring.list().length === 1);
          if (!isDone || step !== "remove" || fresh !== key) return;
          step = "install";
          fresh = undefined;
          world.keys.onRemoved();
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
