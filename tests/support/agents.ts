/** Runs agents and command lines of either program, in a clean directory with an empty environment. */
import { ok } from "./assert.ts";
import { THEIRS } from "./binaries.ts";

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
  #code: number | undefined = undefined;
  #isStopped = false;
  readonly #child: Deno.ChildProcess;
  readonly #drained: Promise<unknown>;

  private constructor(readonly spec: AgentSpec, child: Deno.ChildProcess, readonly directory: string) {
    this.#child = child;
    child.status.then(({ code }) => this.#code = code);
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

  /** How it ended; undefined while it runs, and when a signal of the test's ended it. */
  get obituary(): string | undefined {
    if (this.#code === undefined || this.#isStopped) return undefined;
    return `${this.name} of ${this.spec.binary} had ended with exit code ${this.#code}, its last lines:\n${
      this.#output.slice(-600)
    }`;
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
    this.#isStopped ||= this.#code === undefined;
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

/** Ends every agent of a test, whatever happened in it. One that fails names the agents that had ended, as that may be why. */
export async function withAgents(
  run: (start: (spec: AgentSpec) => Promise<RunningAgent>) => Promise<void>,
): Promise<void> {
  const failure = await failureOf(run);
  if (failure !== undefined) throw failure.error;
}

/** HashiCorp's agents fall now and then, as clients and events cross; a test that met it is begun anew so often. */
const FALLS_MAX = 2;

/**
 * As {@linkcode withAgents}, but a test in which an agent of HashiCorp's fell over itself says nothing about ours, and is
 * run again: `run` keeps nothing from one time to the next.
 *
 * @param peer the only executable of which that is forgiven.
 */
export async function withPeers(
  run: (start: (spec: AgentSpec) => Promise<RunningAgent>) => Promise<void>,
  peer: string | undefined = THEIRS,
): Promise<void> {
  for (let falls = 0;; falls++) {
    const failure = await failureOf(run);
    if (failure === undefined) return;
    const panic = failure.agents.filter(({ spec }) => spec.binary === peer).map(panicOf)
      .find((line) => line !== undefined);
    if (panic === undefined || falls === FALLS_MAX) throw failure.error;
    console.error(`HashiCorp's agent fell (${panic}); the test begins anew`);
  }
}

/** Why a test failed, and its agents, which have ended. */
interface Failure {
  readonly error: Error;
  readonly agents: readonly RunningAgent[];
}

async function failureOf(
  run: (start: (spec: AgentSpec) => Promise<RunningAgent>) => Promise<void>,
): Promise<Failure | undefined> {
  const agents: RunningAgent[] = [];
  const failure = await run(async (spec) => {
    const agent = await RunningAgent.start(spec);
    agents.push(agent);
    return agent;
  }).then(() => undefined, (error: Error) => ({ error }));
  const ends = agents.flatMap((agent) => agent.obituary ?? []);
  await Promise.all(agents.map((agent) => agent.kill()));
  if (failure === undefined) return undefined;
  for (const agent of agents) console.error(`--- ${agent.name}\n${agent.output.slice(-4000)}`);
  return { error: withObituaries(failure.error, ends), agents };
}

/**
 * The line with which a program in Go tells that its goroutines got into each other's way. Other panics may be the fault
 * of what we sent.
 */
function panicOf(agent: RunningAgent): string | undefined {
  return /^(?:panic: (?:send on|close of) closed channel|fatal error: concurrent map .*)/m.exec(agent.output)
    ?.[0];
}

function withObituaries(error: Error, ends: readonly string[]): Error {
  return ends.length === 0 ? error : new Error(`${ends.join("\n")}\n${error.message}`, { cause: error });
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
