/**
 * Network coordinates: agents of both programs on a link of 20 ms there and back. What either program's `rtt` says at
 * either program's agent about any two of them is what HashiCorp's says of HashiCorp's, give or take a quarter.
 */
import { ok } from "../support/assert.ts";
import { eventually, sleep } from "../support/agents.ts";
import { type MixedCluster, type Program, testMixed } from "../support/mixed_cluster.ts";
import { makeUrgent } from "../support/priority.ts";
import { SlowLink } from "../support/slow_link.ts";
import { distanceSeconds } from "../../lib/coordinate/coordinate.ts";
import { createPlatform } from "../../lib/platform/deno_platform.ts";
import { RpcClient } from "../../lib/rpc/rpc_client.ts";

const ONE_WAY_MS = 10;
const NAMES = ["h1", "h2", "o1", "o2"];
const PAIRS = [["h1", "h2"], ["o1", "o2"], ["o1", "h1"], ["h2", "o2"]] as const;
/** They take some ten probes, one a second, to settle. */
const SETTLE_MS = 60_000;
/** A busy machine makes seconds of milliseconds, which it takes minutes to outweigh: then a new cluster is sooner there. */
const ATTEMPTS = 4;
const PROGRAMS: readonly Program[] = ["ours", "theirs"];
/** A quarter. */
const TOLERANCE = 0.25;

/** Every figure there is, by what it is about. Each costs a process, whose start disturbs what is measured. */
async function figures(cluster: MixedCluster): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const at of NAMES) {
    for (const by of PROGRAMS) {
      for (const [a, b] of PAIRS) {
        const { stdout } = await cluster.by(by, at, "rtt", a, b);
        const [, ms] = new RegExp(`^Estimated ${a} <-> ${b} rtt: ([0-9]+\\.[0-9]{3}) ms\n$`).exec(stdout) ??
          [];
        ok(ms !== undefined, stdout);
        found.set(`${a} <-> ${b} at ${at} by ${by}`, Number(ms));
      }
    }
  }
  return found;
}

/** The same, asked over connections that are there already, which disturbs nothing; empty when one is missing. */
async function quietFigures(clients: ReadonlyMap<string, RpcClient>): Promise<number[]> {
  const found: number[] = [];
  for (const client of clients.values()) {
    for (const [a, b] of PAIRS) {
      const [from, to] = [await client.coordinate(a), await client.coordinate(b)];
      if (from === undefined || to === undefined) return [];
      found.push(1000 * distanceSeconds(from, to));
    }
  }
  return found;
}

/** HashiCorp's own figure: its command, at its agent, of two of its agents. */
function referenceOf(found: ReadonlyMap<string, number>): number {
  return found.get("h1 <-> h2 at h1 by theirs")!;
}

function isSettled(figures: readonly number[], reference: number): boolean {
  if (reference < 2 * ONE_WAY_MS * (1 - TOLERANCE)) return false;
  return figures.every((ms) => Math.abs(ms - reference) <= TOLERANCE * reference);
}

/** One cluster, from nothing. @returns the figures once all of them are HashiCorp's to a quarter. */
async function settles(cluster: MixedCluster, limitMs: number): Promise<Map<string, number>> {
  await using link = new SlowLink(ONE_WAY_MS);
  const farSideOf = (name: string) => `${cluster.hostOf(name)}0`;
  for (const name of NAMES) link.attach(cluster.hostOf(name), farSideOf(name));
  await Promise.all(NAMES.map(async (name) => {
    await makeUrgent((await cluster.run(name, `-advertise=${farSideOf(name)}`)).pid);
  }));
  await cluster.meet(NAMES);
  const clients = new Map<string, RpcClient>();
  try {
    for (const [name, { rpc }] of cluster.agents) {
      clients.set(name, await RpcClient.connect(createPlatform(), rpc, ""));
    }
    let found = new Map<string, number>();
    let quiet: number[] = [];
    return await eventually("the coordinates settle", limitMs, async () => {
      await sleep(1_000);
      quiet = await quietFigures(clients);
      if (quiet.length === 0 || !isSettled(quiet, quiet[0]!)) return undefined;
      found = await figures(cluster);
      return isSettled([...found.values()], referenceOf(found)) ? found : undefined;
    }).catch((error: Error) => {
      const text = JSON.stringify(Object.fromEntries(found));
      throw new Error(`${error.message}; the figures are ${quiet} and ${text}`);
    });
  } finally {
    for (const client of clients.values()) client.close();
    await Promise.all([...cluster.agents.keys()].map((name) => cluster.kill(name)));
  }
}

testMixed(
  "interop: rtt over a link of 20 ms is HashiCorp's figure to a quarter, by either program at either's agents",
  { network: "127.0.59" },
  async (cluster) => {
    const restore = await makeUrgent(Deno.pid);
    try {
      for (let attempt = 1;; attempt++) {
        const found = await settles(cluster, SETTLE_MS).catch((error: Error) => {
          if (attempt === ATTEMPTS) throw error;
          console.error(`${error.message}; once more`);
        });
        if (found === undefined) continue;
        ok(referenceOf(found) < 10 * ONE_WAY_MS);
        return;
      }
    } finally {
      await restore();
    }
  },
);
