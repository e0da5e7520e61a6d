/**
 * Two claim one name, in a cluster of three agents of HashiCorp's Serf and three of ours: the cluster votes, the newcomer
 * goes, whichever program it and the holder of the name run.
 */
import { deepEqual, equal, match, ok } from "../support/assert.ts";
import { eventually, runCommand, type RunningAgent } from "../support/agents.ts";
import {
  ALIVE,
  type MixedCluster,
  NAMES,
  type Program,
  SPREAD_MS,
  testMixed,
} from "../support/mixed_cluster.ts";

/** Writes a line `EVENT NAME` for each member of each event. */
function writesMembersTo(file: string): string {
  return `-event-handler=member-join,member-leave,member-failed,member-reap=` +
    `while read -r name rest; do echo "$SERF_EVENT $name"; done >> ${file}`;
}

/** A claimant of `name` comes by way of `door`; it is voted out, and ends as one that was told to. */
async function isVotedOut(
  cluster: MixedCluster,
  directory: string,
  program: Program,
  name: string,
  [host, door]: readonly [number, string],
): Promise<void> {
  const file = `${directory}/claimant-${host}`;
  const holder = cluster.agent(name);
  const linesBefore = holder.output.length;
  const claimant = await cluster.start(program, name, `127.0.58.${host}`, writesMembersTo(file));
  // It may be gone before its answer.
  const said = await runCommand(cluster.theirs, ["join", `-rpc-addr=${claimant.rpc}`, cluster.hostOf(door)]);
  match(said.stdout, /^Successfully joined cluster by contacting 1 nodes\.\n$|^Error joining the cluster: /);
  equal(await claimant.ended(), 0, claimant.output);
  saysWhy(claimant, program, cluster.hostOf(name));
  const heard = (await Deno.readTextFile(file).catch(() => "")).trim().split("\n");
  ok(!heard.includes(`member-leave ${name}`) && !heard.includes(`member-failed ${name}`), heard.join());
  // Where the claimant came to the holder itself, that one asks, too, and finds itself in the majority.
  if (door !== name) return;
  await eventually(`${name} knows of the conflict`, 10_000, () => {
    const lines = holder.output.slice(linesBefore);
    return lines.includes(
      `Node name conflicts with another node at 127.0.58.${host}:7946. Names must be unique!`,
    ) &&
      /\[INFO\] serf: majority in name conflict resolution \[[1-9] \/ [1-9]\]\n/.test(lines);
  });
}

function saysWhy({ output }: RunningAgent, program: Program, holder: string): void {
  ok(
    output.includes(
      `[ERR] serf: Node name conflicts with another node at ${holder}:7946. Names must be unique! ` +
        "(Resolution enabled: true)\n",
    ),
    output,
  );
  // Debian's package corrects the spelling that scripts know.
  const word = program === "ours" ? "quiting" : "quit+ing";
  match(
    output,
    new RegExp(`\\[WARN\\] serf: minority in name conflict resolution, ${word} \\[[0-2] / [0-9]\\]\\n`),
  );
  match(output, /\[WARN\] agent: Serf shutdown detected, quitting\n/);
  match(output, /\[INFO\] agent: requesting serf shutdown\n/);
  match(output, /\[INFO\] agent: shutdown complete\n/);
  ok(!output.includes("requesting graceful leave"), output);
}

testMixed(
  "interop: of two that claim a name the newcomer goes, whichever program either runs",
  { network: "127.0.58" },
  async (cluster, directory) => {
    await cluster.form(NAMES, (name) => [writesMembersTo(`${directory}/${name}`)]);
    await Promise.all([
      isVotedOut(cluster, directory, "ours", "h1", [31, "h1"]),
      isVotedOut(cluster, directory, "theirs", "o1", [32, "o1"]),
      isVotedOut(cluster, directory, "ours", "o2", [33, "h3"]),
      isVotedOut(cluster, directory, "theirs", "h2", [34, "o3"]),
    ]);
    await cluster.agree(ALIVE, SPREAD_MS);
    for (const name of NAMES) {
      const lines = (await Deno.readTextFile(`${directory}/${name}`)).trim().split("\n");
      deepEqual(lines.filter((line) => !line.startsWith("member-join ")), [], `${name} misses nobody`);
    }
  },
);
