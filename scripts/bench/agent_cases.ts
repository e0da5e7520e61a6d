/** What one agent's work costs: CPU time for a ping, and for a request. */
import type { RunningAgent } from "../../tests/support/agents.ts";
import { injectMembers } from "./inject.ts";
import { cpuPerOperation, sleep } from "./measure.ts";
import type { Effort, Figure, Group, Meter, OpenedGroup, Side } from "./meter.ts";
import { floodPings } from "./ping_flood.ts";
import { RpcFlood } from "./rpc_rate.ts";
import { type Responder, startResponder } from "./responder.ts";
import { startAgent } from "./subjects.ts";

const KEY = new Uint8Array(32).map((_, i) => i);
const KEY_TEXT = btoa(String.fromCharCode(...KEY));
const PINGS = 40_000;
const ROUNDS = 5;

/** A figure in microseconds of the agent's CPU, with a bound on its ratio to the peer's. */
function cost(what: string, ratioMax: number): Figure {
  return { what, unit: "us", goal: { of: "peer", ratioMax }, rounds: ROUNDS, quickRounds: 2 };
}

/** Idle burn is taken off, so it is looked at first for so long. */
function idleMs({ isQuick }: Effort): number {
  return isQuick ? 200 : 1_000;
}

function pingMeter(agent: RunningAgent, host: string, effort: Effort, key?: Uint8Array): Meter {
  const count = Math.round(PINGS * effort.scale);
  return {
    sample: async () => {
      let answered = 0;
      const { cpuMicros } = await cpuPerOperation(agent.pid, count, async () => {
        answered = await floodPings(host, "bench", count, key);
      }, idleMs(effort));
      if (answered < count * 0.99) throw new Error(`only ${answered} of ${count} pings were answered`);
      return cpuMicros;
    },
  };
}

/** CPU of the agent for one ping and its ack, at most 64 of them under way. */
export function pingGroup(isEncrypted: boolean): Group {
  return {
    name: isEncrypted ? "ping-encrypted" : "ping-plain",
    roles: ["ours", "peer"],
    figures: [
      isEncrypted
        ? cost("CPU for a ping and its ack, encrypted", 40 / 155)
        : cost("CPU for a ping and its ack, plain", 25 / 119),
    ],
    open: async (side, effort) => {
      const host = `${side.network}.${isEncrypted ? 2 : 1}`;
      const agent = await startAgent(side, host, isEncrypted ? [`-encrypt=${KEY_TEXT}`] : []);
      const meter = pingMeter(agent, host, effort, isEncrypted ? KEY : undefined);
      await floodPings(host, "bench", Math.round(PINGS * effort.scale), isEncrypted ? KEY : undefined);
      return { meters: [meter], close: () => agent.kill() };
    },
  };
}

/** Pipelined requests over a connection of their own, made and warmed up when it is their turn. */
class RequestMeter implements Meter {
  #flood: RpcFlood | undefined = undefined;

  constructor(
    readonly agent: RunningAgent,
    readonly command: string,
    readonly count: number,
    readonly effort: Effort,
  ) {}

  async sample(): Promise<number> {
    const size = Math.max(64, Math.round(this.count * this.effort.scale));
    const flood = this.#flood ?? await RpcFlood.connect(this.agent.spec.host, this.command);
    if (this.#flood === undefined) await flood.run(size);
    this.#flood = flood;
    const spent = await cpuPerOperation(this.agent.pid, size, () => flood.run(size), idleMs(this.effort));
    return spent.cpuMicros;
  }

  close(): void {
    this.#flood?.close();
  }
}

/** CPU of the agent for one pipelined request, alone in its cluster. Events come last: they leave something behind. */
export const REQUEST_GROUP: Group = {
  name: "requests",
  roles: ["ours", "peer"],
  figures: [
    cost("CPU for `members`, 1 member", 1 / 1.5),
    cost("CPU for `stats`", 4 / 7.5),
    cost("CPU for `event`", 8 / 15),
  ],
  open: async (side, effort) => {
    const host = `${side.network}.3`;
    const agent = await startAgent(side, host);
    const meters = [
      new RequestMeter(agent, "members", 200_000, effort),
      new RequestMeter(agent, "stats", 100_000, effort),
      new RequestMeter(agent, "event", 50_000, effort),
    ];
    return closing(meters, agent, undefined);
  },
};

/** The same with a thousand members more, whom somebody answers for. */
export const LARGE_GROUP: Group = {
  name: "members-1001",
  roles: ["ours", "peer"],
  figures: [cost("CPU for `members`, 1001 members", 0.3 / 2.4)],
  open: async (side: Side, effort: Effort) => {
    const host = `${side.network}.4`;
    const agent = await startAgent(side, host);
    const responder = await startResponder();
    await injectMembers(host, 1_000, responder.port);
    await sleep(1_000);
    return closing([new RequestMeter(agent, "members", 2_000, effort)], agent, responder);
  },
};

function closing(
  meters: readonly RequestMeter[],
  agent: RunningAgent,
  responder: Responder | undefined,
): OpenedGroup {
  return {
    meters,
    close: async () => {
      for (const meter of meters) meter.close();
      responder?.close();
      await agent.kill();
    },
  };
}
