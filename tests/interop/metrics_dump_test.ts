/** SIGUSR1: both agents print the metrics of their finished intervals to standard error, in one form. */
import { deepEqual, ok } from "../support/assert.ts";
import { sleep } from "../support/agents.ts";
import { testBoth } from "../support/binaries.ts";
import { RunningChild } from "../support/running_child.ts";

/** An interval lasts ten seconds, and the one under way is not shown. */
const INTERVAL_MS = 10_500;
const LIMIT_MS = 20_000;
/** What only a Go program knows of itself. */
const OF_GO = /runtime\.(free_count|malloc_count|heap_objects|total_gc_pause_ns|total_gc_runs|gc_pause_ns)'/;
/** Whether the first half second lies in one interval, and a first probe of nobody, are a matter of luck. */
const LUCK = /memberlist\.(gossip|probeNode|degraded)|serf\.snapshot/;

/** The kinds of lines, with all numbers taken out. Samples come in a short form too, when all are alike. */
function kindsIn(text: string): string[] {
  const lines = text.split("\n").filter((line) => line !== "" && !OF_GO.test(line) && !LUCK.test(line));
  const kinds = lines.map((line) =>
    line.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? \+0000 UTC( m=\+\d+\.\d{9})?/g, "TIME")
      .replace(/Count: .* Sum: -?\d+\.\d{3} /, "COUNT ")
      .replace(/: -?\d+\.\d{3}$/, ": VALUE")
  );
  return [...new Set(kinds)].sort();
}

testBoth("metrics: SIGUSR1 shows the same names in the same form", async (ours, theirs) => {
  const directory = await Deno.makeTempDir();
  const agents = [theirs, ours].map((program, i) => {
    const host = `127.0.108.${i + 1}`;
    const args = ["agent", "-node=a", "-profile=local", `-bind=${host}`, `-rpc-addr=${host}:7373`];
    return new RunningChild(program, args, directory);
  });
  try {
    for (const agent of agents) await agent.until("Log data will now stream in", LIMIT_MS);
    for (const agent of agents) agent.signal("SIGUSR1"); // at once: it is heard from the first moment
    await sleep(INTERVAL_MS);
    deepEqual(agents.map(({ stderr }) => stderr), ["", ""], "no interval was over");
    for (const agent of agents) agent.signal("SIGUSR1");
    await sleep(1_000); // what it prints is not announced
    const [wanted, shown] = agents.map(({ stderr }) => kindsIn(stderr));
    ok(wanted!.some((line) => line.includes("serf-agent.serf.member.join")), wanted!.join("\n"));
    deepEqual(shown, wanted);
  } finally {
    for (const agent of agents) await agent.kill();
    await Deno.remove(directory, { recursive: true });
  }
});
