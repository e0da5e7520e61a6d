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

const makeLeave: MakeFault = (world, random) => {
  let left = 0;
  return {
    meanGapMs: 15_000,
    act() {
      const member = world.pick(random, world.staying);
      const comesBack = random.below(4) !== 0;
      const awayMs = drawMs(random, 100, AWAY_MAX_MS);
      if (member === undefined) return false;
      world.leave(member, () => left++);
      const comeBack = () => {
        if (!member.running) world.start(member);
        else if (member.life.serf.state !== "alive") world.later(500, comeBack);
      };
      if (comesBack) world.later(awayMs, comeBack);
      return true;
    },
    effects: () => left,
  };
};

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

/** Has a member declared to have left, or pruned. Its effect: the caller sees it as something else than before. */
function forcing(prune: boolean, meanGapMs: number): MakeFault {
  return (world, random) => {
    let changed = 0;
    return {
      meanGapMs,
      act() {
        const caller = world.pick(random, world.staying);
        if (caller === undefined) return false;
        const name = drawVictim(world, caller, (bound) => random.below(bound));
        const before = caller.life.sight(name);
        world.cluster.serfChecker!.expectDeparture(name);
        if (prune) world.pruned.add(name);
        caller.life.serf.forceLeave(name, prune, () => {});
        if (caller.life.sight(name) !== before) changed++;
        return true;
      },
      effects: () => changed,
    };
  };
}

/**
 * Rotates keys as an operator should: the next step is taken when all who run have done the last one. Who was down
 * meanwhile is started with the keys of the day.
 */
const makeKeys: MakeFault = (world, random) => {
  let step: "install" | "use" | "remove" = "install";
  let fresh: Uint8Array | undefined;
  let old: Uint8Array | undefined;
  let stepsDone = 0;
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
          if (!isDone || step !== "install" || fresh !== key) return;
          step = "use";
          stepsDone++;
        });
      } else if (step === "use") {
        keys.use(key, (result) => {
          const isDone = succeeded(result, ({ primary }) => primary.join() === key.join());
          if (!isDone || step !== "use" || fresh !== key) return;
          step = "remove";
          stepsDone++;
          old = world.keys.onUsed();
        });
      } else {
        keys.remove(old!, (result) => {
          const isDone = succeeded(result, (keyring) => keyring.list().length === 1);
          if (!isDone || step !== "remove" || fresh !== key) return;
          step = "install";
          stepsDone++;
          fresh = undefined;
          world.keys.onRemoved();
          world.count("keys rotated");
        });
      }
      return true;
    },
    effects: () => stepsDone,
  };
};

/** Somebody starts a second machine under the name of another. */
const makeTwin: MakeFault = (world, random) => {
  const twins: Member[] = [];
  let met = 0;
  // Others speak of the twin to the victim, or of the victim to the twin.
  const end = (twin: Member) => {
    if (!twin.running) return;
    if (twin.memberlist.nodeCount > 1) met++;
    twin.crash();
  };
  return {
    meanGapMs: 25_000,
    act() {
      const victim = world.cluster.nodes[random.below(world.plan.size)]!;
      const lastsMs = drawMs(random, 2_000, 40_000);
      const twin = world.cluster.twinOf(victim, world.freshAddress());
      twins.push(twin);
      twin.start();
      world.join(twin, 2);
      world.later(lastsMs, () => end(twin));
      return true;
    },
    end: () => twins.forEach(end),
    effects: () => met,
  };
};

/** A member comes back on another machine. */
const makeMove: MakeFault = (world, random) => {
  const moved = new Set<Member>();
  return {
    meanGapMs: 20_000,
    act() {
      const member = world.pick(random, world.cluster.running);
      const downMs = drawMs(random, 10, 30_000);
      if (member === undefined) return false;
      member.crash();
      member.address = world.freshAddress();
      moved.add(member);
      world.later(downMs, () => {
        if (!member.running) world.start(member);
      });
      return true;
    },
    // All agree by now: who is there is known at its new address.
    effects: () => [...moved].filter(({ running }) => running).length,
  };
};

/** By name. */
export const OPERATOR_FAULTS = {
  leave: makeLeave,
  "force-leave": forcing(false, 8_000),
  prune: forcing(true, 10_000),
  keys: makeKeys,
  twin: makeTwin,
  move: makeMove,
} satisfies Record<string, MakeFault>;
