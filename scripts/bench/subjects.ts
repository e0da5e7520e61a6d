/** The programs that are compared: ours, the peer, and an empty compiled program as the floor. */
import { compileExecutable } from "../compile.ts";
import { type AgentSpec, RunningAgent } from "../../tests/support/agents.ts";

/** Paths of what is measured. */
export interface Subjects {
  readonly ours: string;
  /** HashiCorp's Serf; undefined when it is not installed. */
  readonly peer: string | undefined;
  /** An empty program, compiled as ours is. */
  readonly empty: string;
}

/** Compiles the empty program, once. */
export async function prepareSubjects(root: string, peer: string | undefined): Promise<Subjects> {
  const directory = `${root}/.cache/empty`;
  await Deno.mkdir(directory, { recursive: true });
  const source = `${directory}/main.js`;
  await Deno.writeTextFile(source, "if (Deno.args[0] === 'stay') setInterval(() => {}, 1e9);\n");
  const empty = `${directory}/empty`;
  await compileExecutable(root, source, Deno.build.target, empty);
  return { ours: `${root}/dist/serf`, peer, empty };
}

/** Runs `work` with one agent of `binary`, and ends it whatever happens. */
export async function withAgent<T>(spec: AgentSpec, work: (agent: RunningAgent) => Promise<T>): Promise<T> {
  const agent = await RunningAgent.start(spec);
  try {
    return await work(agent);
  } finally {
    await agent.kill();
  }
}
