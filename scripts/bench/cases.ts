/** What is measured, one function a figure. Each returns the figure for one program. */
import { type AgentSpec, RunningAgent } from "../../tests/support/agents.ts";
import { injectMembers } from "./inject.ts";
import { cpuMicros, cpuPerOperation, median, memoryKib, sleep } from "./measure.ts";
import { floodPings } from "./ping_flood.ts";
import { RpcFlood } from "./rpc_rate.ts";
import { withAgent } from "./subjects.ts";

const KEY = new Uint8Array(32).map((_, i) => i);
const KEY_TEXT = btoa(String.fromCharCode(...KEY));

function spec(binary: string, host: string, args: readonly string[] = []): AgentSpec {
  return { binary, name: "bench", host, args: ["-log-level=ERR", ...args] };
}

/** CPU microseconds of the agent for one ping and its ack. */
export async function pingCost(
  binary: string,
  host: string,
  count: number,
  encrypted: boolean,
): Promise<number> {
  const key = encrypted ? KEY : undefined;
  return await withAgent(spec(binary, host, encrypted ? [`-encrypt=${KEY_TEXT}`] : []), async (agent) => {
    await floodPings(host, "bench", count, key);
    const rounds: number[] = [];
    for (let round = 0; round < 3; round++) {
      let answered = 0;
      const cost = await cpuPerOperation(agent.pid, count, async () => {
        answered = await floodPings(host, "bench", count, key);
      });
      if (answered < count * 0.99) throw new Error(`${binary} answered only ${answered} of ${count} pings`);
      rounds.push(cost.cpuMicros);
    }
    return median(rounds);
  });
}

/** CPU microseconds for one pipelined request, with `members` members in the cluster. */
export async function requestCost(
  binary: string,
  host: string,
  command: string,
  members: number,
  count: number,
): Promise<number> {
  return await withAgent(spec(binary, host), async (agent) => {
    if (members > 1) {
      await injectMembers(host, members - 1);
      await sleep(1_000);
    }
    const flood = await RpcFlood.connect(host, command);
    await flood.run(count);
    const rounds: number[] = [];
    for (let round = 0; round < 3; round++) {
      rounds.push((await cpuPerOperation(agent.pid, count, () => flood.run(count))).cpuMicros);
    }
    flood.close();
    return median(rounds);
  });
}

/** Wall milliseconds from start to end of a command, medians of interleaved runs, one per command. */
export async function startToEnd(
  commands: readonly (readonly string[])[],
  rounds: number,
): Promise<number[]> {
  const times: number[][] = commands.map(() => []);
  for (let round = -2; round < rounds; round++) {
    for (const [index, command] of commands.entries()) {
      const start = performance.now();
      await new Deno.Command(command[0]!, { args: command.slice(1), stdin: "null" }).output();
      if (round >= 0) times[index]!.push(performance.now() - start);
    }
  }
  return times.map(median);
}

/** Resident and anonymous KiB of an agent at rest. */
export async function agentMemory(
  binary: string,
  host: string,
): Promise<{ resident: number; anonymous: number }> {
  return await withAgent(spec(binary, host), async (agent) => {
    await sleep(10_000);
    return await memoryKib(agent.pid);
  });
}

/** The same of an empty program that stays. */
export async function emptyMemory(empty: string): Promise<{ resident: number; anonymous: number }> {
  const child = new Deno.Command(empty, { args: ["stay"], stdin: "null", stdout: "null" }).spawn();
  try {
    await sleep(3_000);
    return await memoryKib(child.pid);
  } finally {
    child.kill("SIGKILL");
    await child.status;
  }
}

/** Percent of one core that an agent of an idle cluster of `size` burns, the mean over its agents. */
export async function idleCpuPercent(
  binary: string,
  network: string,
  size: number,
  ms: number,
): Promise<number> {
  const agents: RunningAgent[] = [];
  try {
    for (let i = 1; i <= size; i++) {
      const host = `${network}.${i}`;
      const join = i === 1 ? [] : [`-join=${network}.1`];
      agents.push(
        await RunningAgent.start({ binary, name: `n${i}`, host, args: ["-log-level=ERR", ...join] }),
      );
    }
    await sleep(8_000);
    const before = await Promise.all(agents.map((agent) => cpuMicros(agent.pid)));
    await sleep(ms);
    const after = await Promise.all(agents.map((agent) => cpuMicros(agent.pid)));
    const spent = after.reduce((sum, value, i) => sum + value - before[i]!, 0);
    return spent / size / (ms * 1000) * 100;
  } finally {
    await Promise.all(agents.map((agent) => agent.kill()));
  }
}

/** Starts an agent for `serf members` to ask. */
export async function withQuietAgent<T>(binary: string, host: string, work: () => Promise<T>): Promise<T> {
  return await withAgent(spec(binary, host), work);
}
