/** Clusters of three agents of HashiCorp's Serf and three of ours, and how to ask both sides about them. */
import { equal } from "./assert.ts";
import {
  type AgentSpec,
  type CommandResult,
  eventually,
  type MemberRow,
  membersOf,
  runCommand,
  type RunningAgent,
  withPeers,
} from "./agents.ts";
import { testBoth } from "./binaries.ts";

/** The six, all well. */
export const ALIVE: Readonly<Record<string, string>> = {
  h1: "alive",
  h2: "alive",
  h3: "alive",
  o1: "alive",
  o2: "alive",
  o3: "alive",
};

/** Their names, sorted. */
export const NAMES: readonly string[] = Object.keys(ALIVE);

/**
 * Gossip is sent a bounded number of times to random peers, so now and then it misses one of six (seen with six of
 * HashiCorp's agents too). The next push/pull, every 30 s, heals that; where Lamport times have run apart, because each
 * push/pull raises those of members that left, it takes two or three.
 */
export const SPREAD_MS = 120_000;

/** Whose executable. */
export type Program = "ours" | "theirs";

/** What a cluster is made of. */
export interface MixedOptions {
  /** The first three bytes of its addresses, `127.0.50`; each test has its own. */
  readonly network: string;
  /** For every agent. */
  readonly args?: readonly string[];
}

/** Names begin with `o` for ours and `h` for HashiCorp's; the digit tells the address. */
export class MixedCluster {
  /** bounded: the six. */
  readonly agents = new Map<string, RunningAgent>();
  readonly #options: MixedOptions;
  readonly #start: (spec: AgentSpec) => Promise<RunningAgent>;

  constructor(
    readonly ours: string,
    readonly theirs: string,
    options: MixedOptions,
    start: (spec: AgentSpec) => Promise<RunningAgent>,
  ) {
    this.#options = options;
    this.#start = start;
  }

  /** Starts one agent; it joins nobody by itself. */
  async run(name: string, ...args: string[]): Promise<RunningAgent> {
    const agent = await this.start(programOf(name), name, this.hostOf(name), ...args);
    this.agents.set(name, agent);
    return agent;
  }

  /** Starts an agent that is none of the six, or pretends to be one. */
  start(program: Program, name: string, host: string, ...args: string[]): Promise<RunningAgent> {
    return this.#start({
      binary: this[program],
      name,
      host,
      args: [...this.#options.args ?? [], ...args],
      env: { PATH: "/usr/bin:/bin" }, // for handlers
    });
  }

  /** Starts agents side by side and makes them one cluster, without the help of gossip. */
  async form(names: readonly string[] = NAMES, argsOf: (name: string) => string[] = () => []): Promise<void> {
    await Promise.all(names.map((name) => this.run(name, ...argsOf(name))));
    await this.meet(names);
    const expected = Object.fromEntries(names.map((name) => [name, "alive"]));
    await this.agree(expected, SPREAD_MS);
  }

  /** One joins all others, twice: at first it learns of all, then all learn what it knows. */
  async meet(names: readonly string[]): Promise<void> {
    const others = names.slice(1).map((name) => this.hostOf(name));
    const said = `Successfully joined cluster by contacting ${others.length} nodes.\n`;
    for (let round = 0; round < 2; round++) {
      equal((await this.by("ours", names[0]!, "join", ...others)).stdout, said);
    }
  }

  hostOf(name: string): string {
    return `${this.#options.network}.${(name.startsWith("o") ? 10 : 20) + Number(name[1])}`;
  }

  agent(name: string): RunningAgent {
    return this.agents.get(name)!;
  }

  /** Runs a command line of one program against an agent. */
  by(program: Program, agent: string, command: string, ...args: string[]): Promise<CommandResult> {
    return runCommand(this[program], [command, `-rpc-addr=${this.agent(agent).rpc}`, ...args]);
  }

  /** Runs a command line of both programs against one agent; they must agree. */
  async ask(agent: string, command: string, ...args: string[]): Promise<string> {
    const own = await this.by("ours", agent, command, ...args);
    const their = await this.by("theirs", agent, command, ...args);
    equal(own.code, their.code, `${command} ${args} at ${agent}: ${own.stdout} / ${their.stdout}`);
    return own.stdout;
  }

  /** Waits until every running agent shows `expected` (name to status), by both programs' `members`. */
  async agree(expected: Readonly<Record<string, string>>, limitMs: number): Promise<void> {
    const wanted = JSON.stringify(Object.entries(expected).sort());
    for (const agent of this.agents.values()) {
      let seen: MemberRow[] = [];
      let areAlike = false;
      await eventually(`${agent.name} sees ${wanted}`, limitMs, async () => {
        seen = await membersOf(this.ours, agent.rpc);
        if (JSON.stringify(seen.map((row) => [row.name, row.status])) !== wanted) return false;
        // What changes between the two is read again.
        return areAlike = JSON.stringify(await membersOf(this.theirs, agent.rpc)) === JSON.stringify(seen);
      }).catch((error: Error) => {
        const rows = JSON.stringify(seen.map((row) => [row.name, row.status]));
        throw new Error(
          `${error.message}; it sees ${rows}${areAlike ? "" : ", and the other program something else"}`,
        );
      });
    }
  }

  /** Ends an agent without a goodbye; the others stay. */
  async kill(name: string): Promise<void> {
    await this.agent(name).kill();
    this.agents.delete(name);
  }
}

/** Which program the agent of that name runs. */
export function programOf(name: string): Program {
  return name.startsWith("o") ? "ours" : "theirs";
}

/** Registers a test that runs in a cluster of its own, with a directory of its own. */
export function testMixed(
  name: string,
  options: MixedOptions,
  run: (cluster: MixedCluster, directory: string) => Promise<void>,
): void {
  testBoth(name, async (ours, theirs) => {
    const directories: string[] = [];
    try {
      await withPeers(async (start) => {
        const directory = await Deno.makeTempDir({ prefix: "serf-mixed-" });
        directories.push(directory);
        await run(new MixedCluster(ours, theirs, options, start), directory);
      });
    } finally {
      await Promise.all(directories.map((directory) => Deno.remove(directory, { recursive: true })));
    }
  });
}
