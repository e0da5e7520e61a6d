/** Twenty of our agents and five of HashiCorp's, each on a host of its own, and what they may be asked together. */
import { equal, ok } from "../support/assert.ts";
import { eventually, sleep } from "../support/agents.ts";
import { OURS, THEIRS } from "../support/binaries.ts";
import { LabAgent, type LabAgentSpec } from "../support/lab_agent.ts";
import { CAN_MAKE_NETWORKS, NetworkLab } from "../support/network_lab.ts";

const OWN = 20;
const THEIR = 5;
const PREFIX = "serf-faults-";
/** All names: `o` for ours and `h` for HashiCorp's. */
export const NAMES: readonly string[] = [...numbered("o", OWN), ...numbered("h", THEIR)];
/** Whom everybody asks at first. */
const SEEDS = ["o01", "o02", "h01"];
/** More than enough for an event: two push/pulls, at one every 30 s. */
export const SPREAD_MS = 90_000;
/** What an agent logs when its own join has succeeded. */
const JOINED = "agent: Join completed.";
/** So long all may take to agree, after what was wrong has ended. */
export const AGREE_MS = 180_000;

function numbered(letter: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${letter}${String(i + 1).padStart(2, "0")}`);
}

/** A member said that another had failed. */
export interface Verdict {
  readonly by: string;
  readonly member: string;
  /** The line of the log. */
  readonly line: string;
}

/** How an agent is to run, other than all do. */
export type LabAgentChanges = Partial<Pick<LabAgentSpec, "binary" | "args" | "env">>;

export class FaultCluster {
  /** The running ones. bounded: by {@linkcode NAMES}. */
  readonly agents = new Map<string, LabAgent>();
  #events = 0;

  private constructor(readonly lab: NetworkLab, readonly directory: string, readonly logDirectory: string) {}

  /** An empty one, on perfect links. @param seed of the network's dice. */
  static async create(seed: number): Promise<FaultCluster> {
    const lab = await NetworkLab.create(NAMES.length, seed);
    return new FaultCluster(lab, await Deno.makeTempDir({ prefix: PREFIX }), await makeLogDirectory());
  }

  agent(name: string): LabAgent {
    return this.agents.get(name)!;
  }

  hostOf(name: string): number {
    return NAMES.indexOf(name) + 1;
  }

  /**
   * Starts agents side by side, and waits until each has joined by itself. Who has not may know everybody already,
   * because others have joined it; but its own join, when it comes, makes it ignore the events before.
   */
  async start(names: readonly string[] = NAMES, changes: LabAgentChanges = {}): Promise<void> {
    await Promise.all(names.map(async (name) => {
      const seeds = SEEDS.filter((seed) => seed !== name).map((seed) =>
        this.lab.addressOf(this.hostOf(seed))
      );
      const agent = await LabAgent.start(this.lab, {
        binary: name.startsWith("o") ? OURS! : THEIRS!,
        name,
        host: this.hostOf(name),
        directory: this.directory,
        logDirectory: this.logDirectory,
        config: { retry_join: seeds, retry_interval: "5s", reconnect_interval: "10s" },
        ...changes,
      });
      this.agents.set(name, agent);
      await eventually(`${name} joins`, AGREE_MS, async () => (await agent.newLog()).includes(JOINED));
    }));
  }

  /** Ends one without a goodbye; the others do not know. */
  async kill(name: string): Promise<void> {
    await this.agent(name).kill();
    this.agents.delete(name);
  }

  /** Waits until `viewers` see every member as `statusOf` says. @returns how long that took, in ms. */
  async agree(
    limitMs = AGREE_MS,
    viewers: readonly string[] = NAMES,
    statusOf: (name: string) => string = () => "alive",
  ): Promise<number> {
    const begin = performance.now();
    const wanted = NAMES.map((name) => `${name} ${statusOf(name)}`).join();
    for (const viewer of viewers) {
      let seen = "";
      await eventually(`${viewer} agrees`, Math.max(0, begin + limitMs - performance.now()), async () => {
        const statuses = await this.agent(viewer).statuses();
        seen = [...NAMES].filter((name) => statuses.has(name)).map((n) => `${n} ${statuses.get(n)}`).join();
        if (seen === wanted) return true;
        await sleep(400);
        return false;
      }).catch((error: Error) => {
        throw new Error(`${error.message}: it sees ${seen}, and should see ${wanted}`);
      });
    }
    return performance.now() - begin;
  }

  /**
   * Sends events, which each of `receivers` gets, and gets once, though others may get nothing.
   * @returns how long the last took to reach the last, in ms.
   */
  async spread(
    senders: readonly string[],
    receivers: readonly string[],
    limitMs = SPREAD_MS,
  ): Promise<number> {
    const names = senders.map(() => `event-${++this.#events}`);
    await Promise.all(senders.map((sender, i) => this.agent(sender).event(names[i]!)));
    const begin = performance.now();
    const missing = () =>
      receivers.flatMap((receiver) => {
        return names.filter((name) => !this.agent(receiver).heard.has(name)).map((name) =>
          `${receiver} ${name}`
        );
      });
    await eventually(`all events at all`, limitMs, () => missing().length === 0).catch((error: Error) => {
      throw new Error(
        `${error.message}; missing: ${missing().length}, as ${missing().slice(0, 9).join(", ")}`,
      );
    });
    return performance.now() - begin;
  }

  /** No agent has told of an event twice. */
  nothingCameTwice(): void {
    for (const { name, heard } of this.agents.values()) {
      for (const [event, count] of heard) equal(count, 1, `${name} tells of ${event} ${count} times`);
    }
  }

  /** From now on. @returns what finds out who has declared whom failed since. */
  async watch(): Promise<() => Promise<Verdict[]>> {
    const begins = new Map<string, number>();
    for (const [name, agent] of this.agents) begins.set(name, (await agent.log()).length);
    return async () => {
      const verdicts: Verdict[] = [];
      for (const [name, agent] of this.agents) {
        const news = (await agent.log()).slice(begins.get(name) ?? 0);
        for (const [line, member] of news.matchAll(/^.*EventMemberFailed: (\S+).*$/gm)) {
          verdicts.push({ by: name, member: member!, line });
        }
      }
      return verdicts;
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.agents.values()].map((agent) => agent.kill()));
    await this.lab[Symbol.asyncDispose]();
  }
}

/** Where no disk is, if there is such a place: who logs waits for nothing, however busy the machine's disk is. */
async function makeLogDirectory(): Promise<string> {
  return await Deno.makeTempDir({ prefix: PREFIX, dir: "/dev/shm" }).catch(() => {
    return Deno.makeTempDir({ prefix: PREFIX });
  });
}

/** Nobody in `among` has declared anybody else in `among` failed. */
export function noVerdicts(verdicts: readonly Verdict[], among: readonly string[]): void {
  const wrong = verdicts.filter(({ by, member }) => among.includes(by) && among.includes(member));
  ok(
    wrong.length === 0,
    `${wrong.length} false:\n${wrong.map(({ by, line }) => `${by}: ${line}`).join("\n")}`,
  );
}

/**
 * No member was declared failed by more than a few. Where much is lost, a refutation now and then misses somebody for good:
 * it is sent a bounded number of times. His mistake stays his own, and the next push/pull ends it.
 */
export function noSpreadVerdicts(verdicts: readonly Verdict[], fewMax: number): void {
  for (const member of new Set(verdicts.map((verdict) => verdict.member))) {
    const by = verdicts.filter((verdict) => verdict.member === member).map((verdict) => verdict.by);
    ok(by.length <= fewMax, `${member} was declared failed by ${by}`);
  }
}

/** All but some. */
export function others(names: readonly string[]): string[] {
  return NAMES.filter((name) => !names.includes(name));
}

/** Runs with a cluster of its own, an empty one; the agents' logs stay where it fails. @param seed as in create. */
export async function withCluster(
  seed: number,
  run: (cluster: FaultCluster) => Promise<void>,
): Promise<void> {
  const cluster = await FaultCluster.create(seed);
  try {
    await run(cluster);
  } catch (error) {
    console.error(`the agents' logs are in ${cluster.logDirectory}`);
    throw error;
  } finally {
    await cluster[Symbol.asyncDispose]();
    await Deno.remove(cluster.directory, { recursive: true });
  }
  await Deno.remove(cluster.logDirectory, { recursive: true });
}

/** One fault after the other: the next one comes though this one failed. It mends whatever it did to the network. */
export type Step = (title: string, run: () => Promise<void>) => Promise<void>;

/** Registers a test with a cluster of its own. @param isPossible whether this machine has what else it needs. */
export function testFaults(
  name: string,
  seed: number,
  run: (cluster: FaultCluster, step: Step) => Promise<void>,
  isPossible = true,
): void {
  const ignore = OURS === undefined || THEIRS === undefined || !CAN_MAKE_NETWORKS || !isPossible;
  const fn = (t: Deno.TestContext) =>
    withCluster(seed, async (cluster) => {
      let hasFailed = false;
      await run(cluster, async (title, runStep) => {
        if (!await t.step(title, runStep)) hasFailed = true;
        cluster.lab.setAll({});
      });
      ok(!hasFailed, "a step has failed");
    });
  Deno.test({ name, ignore, fn });
}
