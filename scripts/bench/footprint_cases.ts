/** What a program takes without doing anything: memory, time to start, room on the disk. */
import type { RunningAgent } from "../../tests/support/agents.ts";
import { obtainFallbackRuntime } from "../denort.ts";
import { injectMembers } from "./inject.ts";
import { memoryKib, sleep } from "./measure.ts";
import type { Effort, Group, OpenedGroup, Side } from "./meter.ts";
import { settled, startResponder } from "./responder.ts";
import { startAgent } from "./subjects.ts";

const ROOT = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
/** Between these two numbers of members the slope of the memory is taken. */
const FEW = 1_000;
const MANY = 4_000;
/** News of 4 000 members is out after about 50 s of `local` gossip. */
const SETTLE_MS_MAX = 90_000;

/** Anonymous memory at rest; the floor is an empty program that stays. */
export const REST_GROUP: Group = {
  name: "memory-at-rest",
  roles: ["ours", "peer", "floor"],
  figures: [{
    what: "anonymous memory at rest",
    unit: "KiB",
    goal: { of: "floor", ratioMax: 1.3 },
    rounds: 3,
    quickRounds: 1,
  }],
  open: async (side, effort) => {
    if (side.role === "floor") return openEmpty(side);
    const agent = await startAgent(side, `${side.network}.5`);
    await sleep(effort.isQuick ? 2_000 : 10_000);
    const sample = async () => (await memoryKib(agent.pid)).anonymous;
    return { meters: [{ sample }], close: () => agent.kill() };
  },
};

function openEmpty(side: Side): OpenedGroup {
  const child = new Deno.Command(side.binary, { args: ["stay"], stdin: "null", stdout: "null" }).spawn();
  return {
    meters: [{
      sample: async () => {
        await sleep(2_000);
        return (await memoryKib(child.pid)).anonymous;
      },
    }],
    close: async () => {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}

/** A group of one meter that leaves nothing to be closed. */
function opened(sample: () => Promise<number>): Promise<OpenedGroup> {
  return Promise.resolve({ meters: [{ sample }], close: () => Promise.resolve() });
}

/** What one member more takes: the slope between two agents that know few and many. */
export const MEMBER_GROUP: Group = {
  name: "memory-per-member",
  roles: ["ours", "peer"],
  figures: [{
    what: "anonymous memory per member more",
    unit: "B",
    goal: { of: "peer", ratioMax: 2 / 6, enough: 2_000 },
    rounds: 3, // how much the C library keeps for itself differs by megabytes from start to start
    quickRounds: 1,
  }],
  open: (side, effort) => opened(() => memberSlope(side, effort)),
};

async function memberSlope(side: Side, effort: Effort): Promise<number> {
  const agents: RunningAgent[] = [];
  try {
    const memory = await Promise.all([FEW, MANY].map(async (count, index) => {
      const host = `${side.network}.${6 + index}`;
      const agent = await startAgent(side, host, ["-profile=local"]);
      agents.push(agent);
      const responder = await startResponder();
      await injectMembers(host, count, responder.port);
      if (effort.isQuick) await sleep(5_000);
      else await settled(responder, SETTLE_MS_MAX);
      responder.close();
      return (await memoryKib(agent.pid)).anonymous;
    }));
    return (memory[1]! - memory[0]!) * 1024 / (MANY - FEW);
  } finally {
    await Promise.all(agents.map((agent) => agent.kill()));
  }
}

/** `serf members` from start to end, each asking an agent of its own kind; the floor starts and ends. */
export const START_GROUP: Group = {
  name: "start",
  roles: ["ours", "peer", "floor"],
  figures: [{
    what: "`serf members` from start to end",
    unit: "ms",
    goal: { of: "floor", ratioMax: 1.15 },
    rounds: 41,
    quickRounds: 9,
  }],
  open: async (side) => {
    const host = `${side.network}.8`;
    const agent = side.role === "floor" ? undefined : await startAgent(side, host);
    const args = agent === undefined ? [] : ["members", `-rpc-addr=${agent.rpc}`];
    await timeCommand(side.binary, args);
    return {
      meters: [{ sample: () => timeCommand(side.binary, args) }],
      close: async () => await agent?.kill(),
    };
  },
};

async function timeCommand(program: string, args: string[]): Promise<number> {
  const startMs = performance.now();
  const { success } = await new Deno.Command(program, { args, stdin: "null" }).output();
  if (!success) throw new Error(`${program} ${args.join(" ")} failed`);
  return performance.now() - startMs;
}

/** The executable's size; the floor is the runtime that it is compiled with. */
export const SIZE_GROUP: Group = {
  name: "size",
  roles: ["ours", "peer", "floor"],
  figures: [{
    what: "executable",
    unit: "MB",
    goal: { of: "floor", plus: 1 },
    rounds: 1,
    quickRounds: 1,
  }],
  open: (side) => {
    const file = side.role === "floor" ? obtainFallbackRuntime(`${ROOT}/.cache`) : side.binary;
    const sample = async () => (await Deno.stat(await file)).size / 1e6;
    return opened(sample);
  },
};
