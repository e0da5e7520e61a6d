/**
 * A cluster under work for a while: events, queries, members that are killed, leave and come back. Meanwhile what the
 * kernel says of our agents is sampled, and lines are fitted through it: what leaks has a slope.
 */
import { equal, ok } from "../support/assert.ts";
import { sleep } from "../support/agents.ts";
import { type FaultCluster, NAMES, noVerdicts, others, SPREAD_MS } from "./fault_cluster.ts";
import { readUsage, type Usage } from "./usage.ts";

/** They come and go; one of them is HashiCorp's. */
const CHURNING = ["o18", "o19", "o20", "h05"];
const STEADY = others(CHURNING);
const SAMPLE_MS = 2_000;
const EVENT_MS = 1_000;
const QUERY_MS = 5_000;
/** How long one is away, which is longer than a death takes to be found out, and how long all are there after it. */
const AWAY_MS = 10_000, BACK_MS = 5_000;

/** How long. */
export interface SoakOptions {
  readonly durationMs: number;
  /** What is measured until then counts for nothing: caches fill, code is compiled. */
  readonly warmUpMs: number;
}

/** What grew, at each of our agents that stayed: per minute, from a line fitted through all samples. */
export interface AgentTrend {
  readonly name: string;
  readonly samples: number;
  readonly residentKib: number;
  readonly anonymousKib: number;
  /** The same of the first and of the second half alone: what only fills up slows down. */
  readonly anonymousHalvesKib: readonly [number, number];
  readonly filesSlope: number;
  readonly threadsSlope: number;
  /** Wake-ups a second, which are what timers cost, in the first and in the last third. */
  readonly wakeUps: readonly [number, number];
  /** The fewest open files in the first and in the last third: what is open for a moment does not count. */
  readonly files: readonly [number, number];
  /** The same of threads. */
  readonly threads: readonly [number, number];
  /** Resident memory at the first and at the last sample, in KiB. */
  readonly resident: readonly [number, number];
}

/** What came of it. */
export interface SoakReport {
  readonly events: number;
  readonly queries: number;
  /** Acknowledgements of all queries together, and how many members that stayed were asked. */
  readonly acks: readonly [number, number];
  readonly deaths: number;
  /** How often a member that stayed has declared a dead one failed. */
  readonly verdicts: number;
  readonly leaves: number;
  readonly trends: readonly AgentTrend[];
}

/** Runs one soak in a cluster that has formed. @throws when anything was lost, or told twice, or a false verdict given. */
export async function soak(cluster: FaultCluster, options: SoakOptions): Promise<SoakReport> {
  const end = performance.now() + options.durationMs;
  const verdicts = await cluster.watch();
  const heardBefore = new Map(STEADY.map((name) => [name, cluster.agent(name).heard.size]));
  const sampling = sampleUntil(cluster, options.warmUpMs, end);
  const asking = askUntil(cluster, end);
  const churning = churnUntil(cluster, end);
  const events = await sendUntil(cluster, end);
  const [usages, { queries, acks }, { deaths, leaves }] = await Promise.all([sampling, asking, churning]);
  await cluster.agree();
  for (const name of STEADY) equal(cluster.agent(name).heard.size - heardBefore.get(name)!, events, name);
  cluster.nothingCameTwice();
  const given = await verdicts();
  noVerdicts(given, STEADY);
  ok(events > 0 && queries > 0 && deaths > 0, `${events} events, ${queries} queries, ${deaths} deaths`);
  const found = given.filter(({ by }) => STEADY.includes(by)).length;
  ok(found > 0, "no death was found out");
  const trends = [...usages].map(([name, samples]) => trendOf(name, samples));
  return { events, queries, acks: [acks, queries * STEADY.length], deaths, verdicts: found, leaves, trends };
}

/** @returns how many events were acknowledged, each of which all that stay have received. */
async function sendUntil(cluster: FaultCluster, end: number): Promise<number> {
  const spreads: Promise<unknown>[] = [];
  for (let i = 0; performance.now() < end; i++) {
    spreads.push(cluster.spread([STEADY[(7 * i) % STEADY.length]!], STEADY, SPREAD_MS));
    await sleep(EVENT_MS);
  }
  await Promise.all(spreads);
  return spreads.length;
}

async function askUntil(cluster: FaultCluster, end: number): Promise<{ queries: number; acks: number }> {
  let queries = 0;
  let acks = 0;
  const finished: Promise<void>[] = [];
  const steady = new Set(STEADY);
  for (; performance.now() < end; queries++) {
    const { promise, resolve } = Promise.withResolvers<void>();
    finished.push(promise);
    const query = { name: "soak", payload: new Uint8Array(16), requestAck: true, relayFactor: 1 };
    const filters = { filterNodes: [], filterTags: new Map<string, string>() };
    const { client } = cluster.agent(STEADY[(5 * queries) % STEADY.length]!);
    await client.query({ ...query, ...filters }, 0n, ({ type, from }) => {
      if (type === "ack" && steady.has(from)) acks++;
      if (type === "done") resolve();
    });
    await sleep(QUERY_MS);
  }
  await Promise.all(finished);
  return { queries, acks };
}

/** One after the other is killed, or leaves, and starts anew. */
async function churnUntil(cluster: FaultCluster, end: number): Promise<{ deaths: number; leaves: number }> {
  let deaths = 0;
  let leaves = 0;
  for (let i = 0; performance.now() + AWAY_MS + BACK_MS < end; i++) {
    const name = CHURNING[i % CHURNING.length]!;
    if (i % 3 === 2) {
      await cluster.agent(name).leave();
      cluster.agents.delete(name);
      leaves++;
    } else {
      await cluster.kill(name);
      deaths++;
    }
    await sleep(AWAY_MS);
    await cluster.start([name]);
    await sleep(BACK_MS);
  }
  return { deaths, leaves };
}

async function sampleUntil(
  cluster: FaultCluster,
  warmUpMs: number,
  end: number,
): Promise<Map<string, Usage[]>> {
  const names = STEADY.filter((name) => name.startsWith("o"));
  // bounded: by the soak's length.
  const usages = new Map<string, Usage[]>(names.map((name) => [name, []]));
  await sleep(warmUpMs);
  while (performance.now() < end) {
    for (const [name, samples] of usages) samples.push(readUsage(cluster.agent(name).pid));
    await sleep(SAMPLE_MS);
  }
  return usages;
}

function trendOf(name: string, samples: readonly Usage[]): AgentTrend {
  const half = Math.floor(samples.length / 2);
  const third = Math.floor(samples.length / 3);
  const [early, late] = [samples.slice(0, third), samples.slice(-third)];
  const least = (of: readonly Usage[], field: "files" | "threads") => Math.min(...of.map((s) => s[field]));
  const wakeUps = (of: readonly Usage[]) => {
    const [first, last] = [of[0]!, of.at(-1)!];
    return 1000 * (last.wakeUps - first.wakeUps) / (last.atMs - first.atMs);
  };
  return {
    name,
    samples: samples.length,
    residentKib: slopePerMinute(samples, "residentKib"),
    anonymousKib: slopePerMinute(samples, "anonymousKib"),
    anonymousHalvesKib: [
      slopePerMinute(samples.slice(0, half), "anonymousKib"),
      slopePerMinute(samples.slice(half), "anonymousKib"),
    ],
    filesSlope: slopePerMinute(samples, "files"),
    threadsSlope: slopePerMinute(samples, "threads"),
    wakeUps: [wakeUps(early), wakeUps(late)],
    files: [least(early, "files"), least(late, "files")],
    threads: [least(early, "threads"), least(late, "threads")],
    resident: [samples[0]!.residentKib, samples.at(-1)!.residentKib],
  };
}

/** The slope of the line of least squares. */
export function slopePerMinute(samples: readonly Usage[], field: Exclude<keyof Usage, "atMs">): number {
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const atMs = mean(samples.map((sample) => sample.atMs));
  const value = mean(samples.map((sample) => sample[field]));
  const covariance = mean(samples.map((sample) => (sample.atMs - atMs) * (sample[field] - value)));
  const variance = mean(samples.map((sample) => (sample.atMs - atMs) ** 2));
  return 60_000 * covariance / variance;
}

/** How many members a cluster has, and of what. */
export const SIZE: string = `${NAMES.length} agents, ${CHURNING.length} of them come and go`;
