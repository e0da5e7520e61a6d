/** What ten agents of a kind do together: idle, tell of an event, and notice a death. */
import { createPlatform } from "../../lib/platform/deno_platform.ts";
import { RpcClient } from "../../lib/rpc/rpc_client.ts";
import { RunningAgent } from "../../tests/support/agents.ts";
import { cpuMicros, sleep } from "./measure.ts";
import type { Effort, Group, Meter, Side } from "./meter.ts";

const SIZE = 10;
/** Compilers and collectors of both programs are done by then. */
const WARM_MS = 60_000;
/** How often the agents' output is looked at for a failure, in milliseconds; failures take seconds. */
const LOOK_MS = 5;
/** News that has not arrived by then never will but by push/pull. */
const GIVEN_UP_MS = 60_000;
/** The round of probes in which a member that is back is met again, and the health scores, settle. */
const RECOVERY_MS = 12_000;

/** CPU at rest, spread of an event, and time until a death is known, from the same two clusters. */
export const CLUSTER_GROUP: Group = {
  name: "cluster",
  roles: ["ours", "peer"],
  figures: [
    {
      what: "idle CPU per agent in a cluster of 10",
      unit: "%",
      goal: { of: "peer", ratioMax: 0.2 / 0.285, enough: 0.2 },
      rounds: 3,
      quickRounds: 1,
    },
    {
      what: "user event until stream clients of all 10 agents have it",
      unit: "ms",
      goal: { of: "peer", ratioMax: 20 / 292, enough: 20 },
      rounds: 21,
      quickRounds: 5,
    },
    {
      what: "`kill -9` until the other 9 agents report it",
      unit: "ms",
      goal: { of: "peer", ratioMax: 5 / 7.2, enough: 5_000 },
      rounds: 7,
      quickRounds: 1,
    },
  ],
  open: async (side, effort) => {
    const cluster = await Cluster.start(side);
    const events = new EventMeter(cluster);
    const failures = new FailureMeter(cluster);
    return {
      meters: [new IdleMeter(cluster, effort), events, failures],
      close: async () => {
        events.close();
        await failures.close();
        await cluster.stop();
      },
    };
  },
};

/** Agents on `network`.1 and up, joined. */
class Cluster {
  readonly agents: RunningAgent[] = [];
  readonly startedMs = performance.now();

  private constructor(readonly side: Side) {}

  static async start(side: Side): Promise<Cluster> {
    const cluster = new Cluster(side);
    try {
      for (let i = 0; i < SIZE; i++) await cluster.startAgent(i);
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** Starts the agent of this number, again if it ran before. */
  async startAgent(index: number): Promise<void> {
    const { binary, network } = this.side;
    const join = index === 0 ? [] : [`-join=${network}.11`];
    const host = `${network}.${index + 11}`;
    this.agents[index] = await RunningAgent.start({
      binary,
      name: `n${index}`,
      host,
      args: ["-log-level=INFO", ...join],
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.agents.map((agent) => agent.kill().catch(() => {})));
  }
}

/** Percent of a core that an agent burns, the mean over all. */
class IdleMeter implements Meter {
  readonly #cluster: Cluster;
  readonly #effort: Effort;

  constructor(cluster: Cluster, effort: Effort) {
    this.#cluster = cluster;
    this.#effort = effort;
  }

  async sample(): Promise<number> {
    const { agents, startedMs } = this.#cluster;
    const warmMs = this.#effort.isQuick ? 8_000 : WARM_MS;
    await sleep(Math.max(0, startedMs + warmMs - performance.now()));
    const ms = this.#effort.isQuick ? 4_000 : 15_000;
    const spent = async () => {
      const each = await Promise.all(agents.map((agent) => cpuMicros(agent.pid)));
      return each.reduce((sum, micros) => sum + micros, 0);
    };
    const before = await spent();
    const fromMs = performance.now();
    await sleep(ms);
    return (await spent() - before) / SIZE / ((performance.now() - fromMs) * 1000) * 100;
  }
}

/** Milliseconds from a user event, not coalesced, given to one agent, until a stream client of each has it. */
class EventMeter implements Meter {
  readonly #cluster: Cluster;
  readonly #clients: RpcClient[] = [];
  #round = 0;
  /** How many have to hear yet of the event of this round. */
  #left = 0;
  #onAll = () => {};

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  async sample(): Promise<number> {
    if (this.#clients.length === 0) await this.#connect();
    await sleep(300 + Math.random() * 1_000);
    const name = `news-${++this.#round}`;
    this.#left = SIZE;
    const arrived = new Promise<void>((resolve) => this.#onAll = resolve);
    const startMs = performance.now();
    await this.#clients[this.#round % SIZE]!.event({ name, payload: new Uint8Array(0), coalesce: false });
    // What gossip misses comes with a push/pull, up to half a minute later; that is a time too.
    const late = setTimeout(() => this.#onAll(), GIVEN_UP_MS);
    await arrived;
    clearTimeout(late);
    return performance.now() - startMs;
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }

  async #connect(): Promise<void> {
    const platform = createPlatform();
    for (const agent of this.#cluster.agents) {
      const client = await RpcClient.connect(platform, agent.rpc, "");
      this.#clients.push(client);
      await client.stream("user", (record) => this.#onEvent(String(record.get("Name"))));
    }
  }

  #onEvent(name: string): void {
    if (name === `news-${this.#round}` && --this.#left === 0) this.#onAll();
  }
}

/**
 * Milliseconds from `kill -9` of one agent until every other one reports it failed (its log line, which comes at
 * once; handlers and streams hear of member events when their second of quiet is over).
 */
class FailureMeter implements Meter {
  readonly #cluster: Cluster;
  #restarted: Promise<void> = Promise.resolve();
  #recoveredMs = 0;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  async sample(): Promise<number> {
    await this.#restarted;
    await sleep(Math.max(0, this.#recoveredMs - performance.now()));
    const { agents } = this.#cluster;
    const victim = agents[SIZE - 1]!;
    const others = agents.slice(0, -1);
    const marks = others.map((agent) => agent.output.length);
    const report = `EventMemberFailed: ${victim.name}`;
    const startMs = performance.now();
    await victim.kill();
    while (!others.every((agent, i) => agent.output.indexOf(report, marks[i]) >= 0)) {
      if (performance.now() - startMs > GIVEN_UP_MS) throw new Error(`not all saw ${report}`);
      await sleep(LOOK_MS);
    }
    const tookMs = performance.now() - startMs;
    // Meanwhile the other program has its turn.
    this.#restarted = this.#cluster.startAgent(SIZE - 1);
    this.#restarted.catch(() => {});
    this.#recoveredMs = performance.now() + RECOVERY_MS + Math.random() * 2_000;
    return tookMs;
  }

  /** When the last victim is back. */
  async close(): Promise<void> {
    await this.#restarted.catch(() => {});
  }
}
