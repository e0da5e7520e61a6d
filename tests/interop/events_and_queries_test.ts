/** User events, queries, keys and name conflicts in one cluster of two agents of HashiCorp's Serf and two of ours. */
import { deepEqual, equal, ok } from "../support/assert.ts";
import { eventually, membersOf, runCommand, RunningAgent, sleep, withAgents } from "../support/agents.ts";
import { testBoth } from "../support/binaries.ts";

const OLD = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const NEW = "AAECAwQFBgcICQoLDA0ODw==";
const NETWORK = "127.0.101";

interface Programs {
  readonly ours: string;
  readonly theirs: string;
}

class Cluster {
  // bounded: four.
  readonly agents: RunningAgent[] = [];

  constructor(readonly programs: Programs, readonly start: Parameters<Parameters<typeof withAgents>[0]>[0]) {}

  async run(name: string, host: number, ...args: string[]): Promise<RunningAgent> {
    return await this.start({
      binary: name.startsWith("o") ? this.programs.ours : this.programs.theirs,
      name,
      host: `${NETWORK}.${host}`,
      args: ["-log-level=debug", ...args],
    });
  }

  async form(): Promise<void> {
    const directory = await Deno.makeTempDir({ prefix: "serf-test-" });
    for (const [index, name] of ["h1", "o1", "h2", "o2"].entries()) {
      const file = `${directory}/${name}.json`;
      await Deno.writeTextFile(file, `["${OLD}"]`);
      const join = index === 0 ? [] : [`-join=${NETWORK}.${10 + index - 1}`];
      const role = index < 2 ? "database" : "web";
      this.agents.push(
        await this.run(name, 10 + index, `-keyring-file=${file}`, "-tag", `role=${role}`, ...join),
      );
    }
    for (const { rpc } of this.agents) {
      await eventually(
        "four members",
        45_000,
        async () => (await membersOf(this.programs.ours, rpc)).length === 4,
      );
    }
  }

  /** Runs a command by one of the programs against an agent. */
  async by(
    program: keyof Programs,
    agent: RunningAgent,
    command: string,
    ...args: string[]
  ): Promise<string> {
    const { stdout } = await runCommand(this.programs[program], [command, `-rpc-addr=${agent.rpc}`, ...args]);
    return stdout;
  }
}

async function eventsReachAll(cluster: Cluster): Promise<void> {
  for (const [index, agent] of cluster.agents.entries()) {
    const program = index % 2 === 0 ? "ours" : "theirs";
    const said = await cluster.by(
      program,
      agent,
      "event",
      "-coalesce=false",
      `from-${agent.name}`,
      "payload",
    );
    equal(said, `Event 'from-${agent.name}' dispatched! Coalescing enabled: false\n`);
  }
  for (const agent of cluster.agents) {
    for (const from of cluster.agents) {
      const line = `[INFO] agent: Received event: user-event: from-${from.name}\n`;
      await eventually(`${agent.name}: ${line}`, 45_000, () => agent.output.includes(line));
    }
  }
}

async function queriesReachThoseMeant(cluster: Cluster): Promise<void> {
  const cases: readonly (readonly [args: string[], acks: string[]])[] = [
    [[], ["h1", "h2", "o1", "o2"]],
    [["-relay-factor=2"], ["h1", "h2", "o1", "o2"]],
    [["-node=o2", "-node=h1"], ["h1", "o2"]],
    [["-tag", "role=^data(?i:BASE)$"], ["h1", "o1"]],
    [["-tag", "role=("], []],
    [["-tag", "role=a", "-node=o1"], ["o1"]],
  ];
  for (const agent of cluster.agents.slice(0, 2)) {
    for (const [args, acks] of cases) {
      const text = await cluster.by("ours", agent, "query", "-format=json", "-timeout=1s", ...args, "load");
      deepEqual(((JSON.parse(text).Acks ?? []) as string[]).sort(), acks, `${agent.name} ${args}: ${text}`);
    }
  }
}

async function keysRotate(cluster: Cluster): Promise<void> {
  const [h1, o1, h2, o2] = cluster.agents as [RunningAgent, RunningAgent, RunningAgent, RunningAgent];
  const rounds: readonly (readonly [program: keyof Programs, RunningAgent, flag: string, end: string])[] = [
    ["theirs", o1, `-install=${NEW}`, "==> Successfully installed key!\n"],
    ["ours", h1, `-use=${NEW}`, "==> Successfully changed primary key!\n"],
    ["ours", o2, `-remove=${OLD}`, "==> Successfully removed key!\n"],
  ];
  for (const [program, agent, flag, end] of rounds) {
    const said = await cluster.by(program, agent, "keys", flag);
    ok(said.endsWith(end), said);
  }
  for (const agent of [h2, o1]) {
    const listed = await cluster.by("theirs", agent, "keys", "-list");
    ok(listed.includes(`${NEW}  [4/4]`) && !listed.includes(OLD), listed);
  }
  await sleep(2000);
  for (const { rpc } of cluster.agents) {
    const rows = await membersOf(cluster.programs.ours, rpc);
    deepEqual(rows.map(({ status }) => status), ["alive", "alive", "alive", "alive"]);
  }
}

/** Each program's impostor is voted out, and the four stay. */
async function impostorsQuit(cluster: Cluster): Promise<void> {
  const impostors = await Promise.all([
    cluster.run("o2", 20, `-encrypt=${NEW}`, `-join=${NETWORK}.10`),
    cluster.start({
      binary: cluster.programs.ours,
      name: "h1",
      host: `${NETWORK}.21`,
      args: [`-encrypt=${NEW}`, `-join=${NETWORK}.13`],
    }),
  ]);
  for (const impostor of impostors) {
    equal(await impostor.ended(), 0);
    ok(impostor.output.includes("[WARN] agent: Serf shutdown detected, quitting"), impostor.output);
  }
  for (const agent of cluster.agents) {
    const rows = await membersOf(cluster.programs.ours, agent.rpc);
    deepEqual(rows.map(({ name }) => name), ["h1", "h2", "o1", "o2"]);
  }
}

testBoth(
  "interop: user events, queries, keys and the vote about a name",
  (ours, theirs) =>
    withAgents(async (start) => {
      const cluster = new Cluster({ ours, theirs }, start);
      await cluster.form();
      await eventsReachAll(cluster);
      await queriesReachThoseMeant(cluster);
      await keysRotate(cluster);
      await impostorsQuit(cluster);
    }),
);
