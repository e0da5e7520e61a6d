/** Runs agents and command lines of either program, in a clean directory with an empty environment. */
import { ok } from "./assert.ts";

/** What a finished command printed. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command line to its end. `timeoutMs` kills it, which shows as a non-zero code. */
export async function runCommand(
  binary: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string>; timeoutMs?: number } = {},
): Promise<CommandResult> {
  const child = new Deno.Command(binary, {
    args: [...args],
    cwd: options.cwd ?? "/tmp",
    clearEnv: true,
    env: options.env ?? {},
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const timer = setTimeout(() => kill(child, "SIGKILL"), options.timeoutMs ?? 30_000);
  const result = await child.output();
  clearTimeout(timer);
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code: result.code, stdout: decode(result.stdout), stderr: decode(result.stderr) };
}

/** Waits until `condition` gives something other than undefined or false; fails with `what` after `limitMs`. */
export async function eventually<T>(
  what: string,
  limitMs: number,
  condition: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const end = performance.now() + limitMs;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`);
    await sleep(100);
  }
}

/** Real time passes; for tests of whole processes only. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** How to start an agent. */
export interface AgentSpec {
  readonly binary: string;
  readonly name: string;
  /** An address of 127.0.0.0/8 that this agent has for itself, gossip and RPC on their default ports. */
  readonly host: string;
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
}

/** A running agent. */
export class RunningAgent {
  #output = "";
  readonly #child: Deno.ChildProcess;
  readonly #drained: Promise<unknown>;

  private constructor(readonly spec: AgentSpec, child: Deno.ChildProcess, readonly directory: string) {
    this.#child = child;
    this.#drained = Promise.all([this.#collect(child.stdout), this.#collect(child.stderr)]);
  }

  /** Starts an agent and waits until it says that it runs. */
  static async start(spec: AgentSpec): Promise<RunningAgent> {
    const directory = await Deno.makeTempDir({ prefix: "serf-test-" });
    const child = new Deno.Command(spec.binary, {
      args: [
        "agent",
        `-node=${spec.name}`,
        `-bind=${spec.host}`,
        `-rpc-addr=${spec.host}:7373`,
        ...spec.args ?? [],
      ],
      cwd: directory,
      clearEnv: true,
      env: spec.env ?? {},
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const agent = new RunningAgent(spec, child, directory);
    await eventually(`${spec.name} runs; it printed:\n${agent.output}`, 30_000, () => {
      return agent.output.includes("Log data will now stream in");
    }).catch(async (error) => {
      await agent.kill();
      throw new Error(`${error.message}\n${agent.output}`);
    });
    return agent;
  }

  /** Everything printed so far, both channels. */
  get output(): string {
    return this.#output;
  }

  get pid(): number {
    return this.#child.pid;
  }

  get rpc(): string {
    return `${this.spec.host}:7373`;
  }

  get name(): string {
    return this.spec.name;
  }

  /** Sends a signal and waits for the end. */
  async signal(signal: Deno.Signal): Promise<number> {
    kill(this.#child, signal);
    return await this.ended();
  }

  /** The exit code, once it ended; fails if it does not within 30 s. */
  async ended(): Promise<number> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`${this.name} does not end:\n${this.output}`)), 30_000);
    });
    const status = await Promise.race([this.#child.status, late]);
    clearTimeout(timer);
    await this.#drained;
    await Deno.remove(this.directory, { recursive: true }).catch(() => {});
    return status.code;
  }

  /** Ends it at once, without a goodbye. */
  async kill(): Promise<void> {
    await this.signal("SIGKILL");
  }

  async #collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) this.#output += decoder.decode(chunk, { stream: true });
  }
}

function kill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It has already ended.
  }
}

/** Ends every agent of a test, whatever happened in it. */
export async function withAgents(
  run: (start: (spec: AgentSpec) => Promise<RunningAgent>) => Promise<void>,
): Promise<void> {
  const running: RunningAgent[] = [];
  try {
    await run(async (spec) => {
      const agent = await RunningAgent.start(spec);
      running.push(agent);
      return agent;
    });
  } catch (error) {
    for (const agent of running) console.error(`--- ${agent.name}\n${agent.output.slice(-4000)}`);
    throw error;
  } finally {
    await Promise.all(running.map((agent) => agent.kill()));
  }
}

/** One row of `serf members -format=json`. */
export interface MemberRow {
  readonly name: string;
  readonly addr: string;
  readonly status: string;
  readonly tags: Record<string, string>;
  readonly protocol: { max: number; min: number; version: number };
}

/** The members that an agent sees, as `binary` prints them, sorted by name. */
export async function membersOf(binary: string, rpc: string): Promise<MemberRow[]> {
  const result = await runCommand(binary, ["members", "-format=json", `-rpc-addr=${rpc}`]);
  ok(result.code === 0, `members at ${rpc}: ${result.stdout}${result.stderr}`);
  const rows = (JSON.parse(result.stdout) as { members: MemberRow[] }).members;
  return rows.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Runs a command at an agent; it succeeds. @returns what it prints. */
export async function commandAt(
  binary: string,
  agent: RunningAgent,
  name: string,
  ...args: string[]
): Promise<string> {
  const { code, stdout, stderr } = await runCommand(binary, [name, `-rpc-addr=${agent.rpc}`, ...args]);
  ok(code === 0, `${name} ${args}: ${stdout}${stderr}`);
  return stdout;
}
