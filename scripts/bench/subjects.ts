/** The programs that are compared: ours, the peer, and an empty compiled program as the floor. */
import { compileExecutable } from "../compile.ts";
import { isFresh } from "../freshness.ts";
import { RunningAgent } from "../../tests/support/agents.ts";
import type { Side } from "./meter.ts";

/** What an agent of the bench is called. */
export const AGENT_NAME = "bench";

/** Programs and their addresses: ours, the peer if there is one, an empty program compiled as ours is. */
export async function prepareSides(root: string, peer: string | undefined): Promise<Side[]> {
  const sides: Side[] = [{ role: "ours", binary: `${root}/dist/serf`, network: "127.0.60" }];
  if (peer !== undefined) sides.push({ role: "peer", binary: peer, network: "127.0.61" });
  sides.push({ role: "floor", binary: await compileEmpty(root), network: "127.0.62" });
  return sides;
}

async function compileEmpty(root: string): Promise<string> {
  const directory = `${root}/.cache/empty`;
  await Deno.mkdir(directory, { recursive: true });
  const source = `${directory}/main.js`;
  await Deno.writeTextFile(source, "if (Deno.args[0] === 'stay') setInterval(() => {}, 1e9);\n");
  const empty = `${directory}/empty`;
  const flags = await Deno.stat(`${root}/scripts/compile.ts`);
  if (await isFresh(empty, flags.mtime?.getTime() ?? Infinity)) return empty;
  await compileExecutable(root, source, Deno.build.target, empty);
  return empty;
}

/** Starts an agent of a side that says as little as it can. */
export function startAgent(side: Side, host: string, args: readonly string[] = []): Promise<RunningAgent> {
  return RunningAgent.start({
    binary: side.binary,
    name: AGENT_NAME,
    host,
    args: ["-log-level=ERR", ...args],
  });
}
