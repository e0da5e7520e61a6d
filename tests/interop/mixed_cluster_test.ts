/**
 * One cluster of three agents of HashiCorp's Serf and three of ours: everything that membership promises, seen from
 * both sides, plain and encrypted.
 */
import { deepEqual, equal, match, ok } from "../support/assert.ts";
import { eventually, type MemberRow, membersOf, runCommand, type RunningAgent } from "../support/agents.ts";
import { ALIVE, type MixedCluster, SPREAD_MS, testMixed } from "../support/mixed_cluster.ts";

const KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/** A killed agent is reported by all within this. */
const DETECTION_MS = 10_000;

/** Joins in both directions: by flag and by command line, ours to theirs and theirs to ours. */
async function form(cluster: MixedCluster): Promise<void> {
  await cluster.run("h1");
  await cluster.run("o1", `-join=${cluster.hostOf("h1")}`);
  await cluster.run("h2", `-join=${cluster.hostOf("o1")}`);
  await cluster.run("o2");
  await cluster.run("h3");
  await cluster.run("o3", `-retry-join=${cluster.hostOf("h2")}`);
  for (const [binary, from, to] of [[cluster.ours, "h3", "o2"], [cluster.theirs, "o2", "h1"]] as const) {
    const result = await runCommand(binary, [
      "join",
      `-rpc-addr=${cluster.agent(from).rpc}`,
      cluster.hostOf(to),
    ]);
    equal(result.stdout, "Successfully joined cluster by contacting 1 nodes.\n");
  }
  await cluster.agree(ALIVE, SPREAD_MS);
}

async function tagsTravel(cluster: MixedCluster): Promise<void> {
  const set = [["h1", cluster.ours, "web"], ["o1", cluster.theirs, "db"], [
    "o2",
    cluster.ours,
    "cache",
  ]] as const;
  for (const [name, binary, role] of set) {
    const rpc = `-rpc-addr=${cluster.agent(name).rpc}`;
    const result = await runCommand(binary, ["tags", rpc, "-set", `role=${role}`, "-set", "dc=a,b"]);
    equal(result.stdout, "Successfully updated agent tags\n");
  }
  const tagsOf = (rows: MemberRow[], name: string) => rows.find((row) => row.name === name)?.tags["role"];
  for (const agent of cluster.agents.values()) {
    await eventually(`${agent.name} sees the tags`, SPREAD_MS, async () => {
      const rows = await membersOf(cluster.ours, agent.rpc);
      return set.every(([name, , role]) => tagsOf(rows, name) === role);
    });
  }
  await cluster.agree(ALIVE, SPREAD_MS);
  const filtered = await cluster.ask("o1", "members", "-tag=role=ca.*", "-format=json");
  deepEqual(JSON.parse(filtered).members.map((row: MemberRow) => row.name), ["o2"]);
  await runCommand(cluster.theirs, ["tags", `-rpc-addr=${cluster.agent("o1").rpc}`, "-delete", "dc"]);
  await eventually("h2 sees the deleted tag", SPREAD_MS, async () => {
    const rows = await membersOf(cluster.theirs, cluster.agent("h2").rpc);
    return rows.find((row) => row.name === "o1")?.tags["dc"] === undefined;
  });
}

/**
 * The news of a death misses one of six now and then, as all gossip does; that member then waits for its own suspicion
 * to time out. So one killing in two must be known to all in time.
 */
async function killedIsFailedAndComesBack(cluster: MixedCluster, name: string): Promise<void> {
  for (let attempt = 1;; attempt++) {
    await cluster.kill(name);
    const inTime = await cluster.agree({ ...ALIVE, [name]: "failed" }, DETECTION_MS).then(
      () => true,
      (error: Error) => {
        if (attempt === 2) throw error;
        console.error(`${error.message}; once more`);
        return false;
      },
    );
    if (!inTime) await cluster.agree({ ...ALIVE, [name]: "failed" }, SPREAD_MS);
    await cluster.run(name, `-join=${cluster.hostOf("o1")}`);
    await cluster.agree(ALIVE, SPREAD_MS);
    if (inTime) return;
  }
}

async function leaverIsLeft(cluster: MixedCluster, name: string, leave: () => Promise<void>): Promise<void> {
  const agent = cluster.agent(name);
  await leave();
  equal(await agent.ended(), 0, `${name} ends with 0 after leaving`);
  cluster.agents.delete(name);
  await cluster.agree({ ...ALIVE, [name]: "left" }, SPREAD_MS);
  await cluster.run(name, `-join=${cluster.hostOf("h1")}`);
  await cluster.agree(ALIVE, SPREAD_MS);
}

async function forceLeave(cluster: MixedCluster, victim: string, binary: string, at: string): Promise<void> {
  await cluster.kill(victim);
  await cluster.agree({ ...ALIVE, [victim]: "failed" }, SPREAD_MS);
  const force = async (...flags: string[]) => {
    const args = ["force-leave", ...flags, `-rpc-addr=${cluster.agent(at).rpc}`, victim];
    const result = await runCommand(binary, args);
    deepEqual([result.code, result.stdout], [0, ""]);
  };
  await force();
  await cluster.agree({ ...ALIVE, [victim]: "left" }, SPREAD_MS);
  const rest: Record<string, string> = { ...ALIVE };
  delete rest[victim];
  // Nothing repairs a prune that missed somebody (push/pull does not carry it): whoever prunes has to look, and repeat.
  for (let attempt = 1;; attempt++) {
    await force("-prune");
    const pruned = await cluster.agree(rest, 10_000).then(() => true, (error: Error) => {
      if (attempt === 4) throw error;
      return false;
    });
    if (pruned) break;
  }
  await cluster.run(victim, `-join=${cluster.hostOf("h1")}`);
  await cluster.agree(ALIVE, SPREAD_MS);
}

/** The read-only commands of both programs against agents of both programs. */
async function commandsWork(cluster: MixedCluster, encrypted: boolean): Promise<void> {
  for (const agent of ["o1", "h1"]) {
    const info = await cluster.ask(agent, "info");
    match(info, new RegExp(`\\tname = ${agent}\n`));
    match(info, /\tmembers = 6\n/);
    match(info, new RegExp(`\\tencrypted = ${encrypted}\n`));
    await estimatesRtt(cluster.ours, cluster.agent(agent).rpc);
    await estimatesRtt(cluster.theirs, cluster.agent(agent).rpc);
    equal(await cluster.ask(agent, "rtt", "o1", "nobody"), 'Could not find a coordinate for node "nobody"\n');
    match(
      await cluster.ask(agent, "members", "-detailed"),
      /Protocol Version: 5 {2}Available Protocol Range: \[2, 5\]/,
    );
    for (const binary of [cluster.ours, cluster.theirs]) {
      await monitorShowsLogs(binary, cluster.agent(agent).rpc);
    }
  }
  for (const binary of [cluster.ours, cluster.theirs]) {
    match((await runCommand(binary, ["keygen"])).stdout, /^[A-Za-z0-9+/]{43}=\n$/);
    match(
      (await runCommand(binary, ["version"])).stdout,
      /\nAgent Protocol: 5 \(Understands back to: 2\)\n$/,
    );
  }
}

/** A coordinate is there once the agent has probed both, one probe per second. */
async function estimatesRtt(binary: string, rpc: string): Promise<void> {
  await eventually(`rtt at ${rpc}`, 20_000, async () => {
    const result = await runCommand(binary, ["rtt", `-rpc-addr=${rpc}`, "o1", "h2"]);
    return result.code === 0 && /^Estimated o1 <-> h2 rtt: [0-9]+\.[0-9]{3} ms\n$/.test(result.stdout);
  });
}

async function monitorShowsLogs(binary: string, rpc: string): Promise<void> {
  const child = new Deno.Command(binary, {
    args: ["monitor", "-log-level=debug", `-rpc-addr=${rpc}`],
    clearEnv: true,
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let text = "";
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) text += decoder.decode(chunk, { stream: true });
  })();
  try {
    await eventually("monitor prints the agent's log", 10_000, () => text.includes("EventMemberJoin"));
  } finally {
    child.kill("SIGINT");
    await reading;
  }
  equal((await child.status).code, 0);
}

async function lifeOfACluster(cluster: MixedCluster, encrypted: boolean): Promise<void> {
  await form(cluster);
  for (const agent of cluster.agents.values()) {
    ok(agent.output.includes(`Encrypted: ${encrypted}`), `${agent.name} says Encrypted: ${encrypted}`);
  }
  await commandsWork(cluster, encrypted);
  await tagsTravel(cluster);
  await killedIsFailedAndComesBack(cluster, "o3");
  await killedIsFailedAndComesBack(cluster, "h3");
  await leaverIsLeft(cluster, "o3", async () => void (await cluster.agent("o3").signal("SIGINT")));
  await leaverIsLeft(cluster, "h3", async () => void (await cluster.agent("h3").signal("SIGINT")));
  await leaverIsLeft(cluster, "o3", () => rpcLeave(cluster.theirs, cluster.agent("o3")));
  await leaverIsLeft(cluster, "h3", () => rpcLeave(cluster.ours, cluster.agent("h3")));
  await forceLeave(cluster, "o3", cluster.theirs, "h1");
  await forceLeave(cluster, "h3", cluster.ours, "o1");
}

async function rpcLeave(binary: string, agent: RunningAgent): Promise<void> {
  const result = await runCommand(binary, ["leave", `-rpc-addr=${agent.rpc}`]);
  equal(result.stdout, "Graceful leave complete\n");
}

testMixed(
  "interop: a mixed cluster of 3+3 lives through joins, failures and leaves (plain)",
  { network: "127.0.50" },
  (cluster) => lifeOfACluster(cluster, false),
);

testMixed(
  "interop: a mixed cluster of 3+3 lives through joins, failures and leaves (encrypted)",
  { network: "127.0.51", args: [`-encrypt=${KEY}`] },
  (cluster) => lifeOfACluster(cluster, true),
);
