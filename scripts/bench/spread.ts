/** How long news takes to reach a whole cluster of real agents. Wall time: gossip is mostly waiting. */
import { RpcClient } from "../../lib/rpc/rpc_client.ts";
import { createPlatform } from "../../lib/platform/deno_platform.ts";
import { RunningAgent } from "../../tests/support/agents.ts";
import { median, sleep } from "./measure.ts";

/** How often the agents' output is looked at for a failure, in milliseconds; failures take seconds. */
const LOOK_MS = 5;
/** News that has not arrived by then never will but by push/pull. */
const GIVEN_UP_MS = 60_000;

/** Starts `size` agents on `network`.1 and up, joined, and ends them whatever happens. */
export async function withCluster<T>(
  binary: string,
  network: string,
  size: number,
  args: readonly string[],
  work: (agents: readonly RunningAgent[]) => Promise<T>,
): Promise<T> {
  const agents: RunningAgent[] = [];
  try {
    for (let i = 1; i <= size; i++) {
      const join = i === 1 ? [] : [`-join=${network}.1`];
      const spec = { binary, name: `n${i}`, host: `${network}.${i}`, args: [...args, ...join] };
      agents.push(await RunningAgent.start(spec));
    }
    await sleep(8_000);
    return await work(agents);
  } finally {
    await Promise.all(agents.map((agent) => agent.kill().catch(() => {})));
  }
}

/**
 * Median milliseconds from the moment at which one agent is given a user event (not coalesced) until a stream client
 * of each agent has it.
 */
export async function eventSpreadMs(
  binary: string,
  network: string,
  size: number,
  rounds: number,
): Promise<number> {
  return await withCluster(binary, network, size, ["-log-level=ERR"], async (agents) => {
    const platform = createPlatform();
    const clients = await Promise.all(agents.map((agent) => RpcClient.connect(platform, agent.rpc, "")));
    // Bounded: one per round. How many still have to hear of it, by the event's name.
    const waiting = new Map<string, { left: number; resolve: () => void }>();
    const onRecord = (name: unknown) => {
      const wait = waiting.get(String(name));
      if (wait !== undefined && --wait.left === 0) wait.resolve();
    };
    try {
      for (const client of clients) await client.stream("user", (record) => onRecord(record.get("Name")));
      const times: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const name = `news-${round}`;
        const arrived = new Promise<void>((resolve) => waiting.set(name, { left: size, resolve }));
        const startMs = performance.now();
        await clients[round % size]!.event({ name, payload: new Uint8Array(0), coalesce: false });
        // What gossip misses comes with a push/pull, up to half a minute later; that is a time too.
        const late = setTimeout(() => waiting.get(name)!.resolve(), GIVEN_UP_MS);
        await arrived;
        clearTimeout(late);
        times.push(performance.now() - startMs);
        await sleep(1_000 + Math.random() * 1_000);
      }
      return median(times);
    } finally {
      for (const client of clients) client.close();
    }
  });
}

/**
 * Median milliseconds from `kill -9` of one agent until every other one reports it failed (its log line, which comes
 * at once; handlers and streams hear of member events when their second of quiet is over).
 */
export async function failureSpreadMs(
  binary: string,
  network: string,
  size: number,
  rounds: number,
): Promise<number> {
  return await withCluster(binary, network, size, ["-log-level=INFO"], async (agents) => {
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const victim = agents[size - 1]!;
      const others = agents.filter((agent) => agent !== victim);
      const marks = others.map((agent) => agent.output.length);
      const report = `EventMemberFailed: ${victim.name}`;
      const startMs = performance.now();
      await victim.kill();
      const seen = (agent: RunningAgent, i: number) => agent.output.indexOf(report, marks[i]) >= 0;
      while (!others.every(seen)) {
        if (performance.now() - startMs > GIVEN_UP_MS) throw new Error(`${binary}: not all saw ${report}`);
        await sleep(LOOK_MS);
      }
      times.push(performance.now() - startMs);
      if (round === rounds - 1) break;
      const spec = { ...victim.spec, args: ["-log-level=INFO", `-join=${network}.1`] };
      (agents as RunningAgent[])[size - 1] = await RunningAgent.start(spec);
      // The round of probes in which it is met again, and the health scores, settle.
      await sleep(12_000 + Math.random() * 2_000);
    }
    return median(times);
  });
}
