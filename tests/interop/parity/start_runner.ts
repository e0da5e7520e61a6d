/** Runs one `serf agent` by both programs and compares what they print, their exit codes and the files they leave. */
import { sleep } from "../../support/agents.ts";
import { RunningChild } from "../../support/running_child.ts";
import { comparableStart } from "./differences.ts";

/** Something that happens to an agent once it runs, or stands in its way before it starts. */
export type Step =
  | { readonly signal: Deno.Signal }
  | { readonly waitMs: number }
  /** Waits until the output has this text. */
  | { readonly until: string }
  | { readonly write: string; readonly text: string }
  | { readonly remove: string }
  /** A command of HashiCorp's CLI, to the agent's RPC address. */
  | { readonly cli: readonly string[] };

/** One run of an agent. `HOST` in arguments and files stands for the run's own address of 127.0.0.0/8. */
export interface AgentCase {
  readonly args: readonly string[];
  /** Files in the directory in which it runs; a name that ends in `/` is a directory. */
  readonly files?: Readonly<Record<string, string>>;
  /** What happens once it runs. An agent that is still there afterwards is terminated. */
  readonly steps?: readonly Step[];
  /** Starts another agent of HashiCorp's at another address, which `PEER` stands for. */
  readonly peer?: boolean;
  /** Files to compare afterwards. */
  readonly compare?: readonly string[];
}

/** What an agent did. */
export interface AgentOutcome {
  readonly code: number;
  readonly output: string;
}

const READY_TEXT = "Log data will now stream in";
const END_TEXT = "agent: shutdown complete";
/** Signals are heard a moment after the log begins. */
const READY_MS = 300;
const LIMIT_MS = 20_000;

/** Runs the same agent twice, HashiCorp's first. */
export async function runBoth(
  theirs: string,
  ours: string,
  host: string,
  agentCase: AgentCase,
): Promise<{ theirs: AgentOutcome; ours: AgentOutcome }> {
  return {
    theirs: await runAgentCase(theirs, theirs, host, agentCase),
    ours: await runAgentCase(ours, theirs, host, agentCase),
  };
}

/**
 * Runs the same agent by both.
 * @returns what differs, or undefined. A busy machine reorders lines that are a second apart: what counts is a
 *   difference that shows twice.
 */
export async function differenceOf(
  theirs: string,
  ours: string,
  host: string,
  agentCase: AgentCase,
): Promise<string | undefined> {
  for (let attempt = 1;; attempt++) {
    const outcome = await runBoth(theirs, ours, host, agentCase);
    const [wanted, got] = [outcome.theirs, outcome.ours].map(({ code, output }) => `exit ${code}\n${output}`);
    if (wanted === got) return undefined;
    if (attempt === 2) {
      return `serf agent ${agentCase.args.join(" ")}\n${JSON.stringify(agentCase.files ?? {})}\n` +
        `--- HashiCorp's\n${wanted}\n--- ours\n${got}`;
    }
  }
}

/** @param theirs HashiCorp's program, for peers and for commands. */
export async function runAgentCase(
  program: string,
  theirs: string,
  host: string,
  agentCase: AgentCase,
): Promise<AgentOutcome> {
  const directory = await Deno.makeTempDir({ prefix: "serf-parity-" });
  const peerHost = neighbourOf(host);
  const fill = (text: string) => text.replaceAll("HOST", host).replaceAll("PEER", peerHost);
  let peer: RunningChild | undefined;
  try {
    for (const [name, text] of Object.entries(agentCase.files ?? {})) {
      if (name.endsWith("/")) await Deno.mkdir(`${directory}/${name}`, { recursive: true });
      else await Deno.writeTextFile(`${directory}/${name}`, fill(text));
    }
    if (agentCase.peer) {
      const args = ["agent", "-node=peer", `-bind=${peerHost}:7946`, `-rpc-addr=${peerHost}:7373`];
      peer = new RunningChild(theirs, args, directory);
      await peer.until(READY_TEXT, LIMIT_MS);
    }
    const child = new RunningChild(program, ["agent", ...agentCase.args.map(fill)], directory);
    const code = await lead(
      child,
      agentCase.steps ?? [],
      (step) => act(step, child, directory, theirs, host, fill),
    );
    let output = comparableStart(child.stdout);
    for (const name of agentCase.compare ?? []) {
      output += `--- ${name}\n${readOrNot(`${directory}/${name}`)}\n`;
    }
    return { code, output };
  } finally {
    await peer?.kill();
    await Deno.remove(directory, { recursive: true });
  }
}

/** Takes an agent from its start to its end. */
async function lead(
  child: RunningChild,
  steps: readonly Step[],
  act: (step: Step) => Promise<void>,
): Promise<number> {
  const isRunning = await child.until(READY_TEXT, LIMIT_MS);
  if (isRunning) {
    await sleep(READY_MS);
    for (const step of steps) await act(step);
    if (!child.stdout.includes(END_TEXT)) child.signal("SIGTERM");
  }
  return await child.ended(LIMIT_MS);
}

async function act(
  step: Step,
  child: RunningChild,
  directory: string,
  theirs: string,
  host: string,
  fill: (text: string) => string,
): Promise<void> {
  if ("signal" in step) child.signal(step.signal);
  else if ("waitMs" in step) await sleep(step.waitMs);
  else if ("until" in step) await child.until(step.until, LIMIT_MS);
  else if ("write" in step) await Deno.writeTextFile(`${directory}/${step.write}`, fill(step.text));
  else if ("remove" in step) await Deno.remove(`${directory}/${step.remove}`);
  else {
    const [command, ...args] = step.cli.map(fill);
    const cli = new RunningChild(theirs, [command!, `-rpc-addr=${host}:7373`, ...args], directory);
    await cli.ended(LIMIT_MS);
  }
}

/** An address of the same range that no run of the same test has. */
function neighbourOf(host: string): string {
  return host.replace(/\d+$/, (last) => String((Number(last) + 100) % 245 + 5));
}

function readOrNot(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "(none)";
  }
}
