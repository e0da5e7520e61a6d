/** Agents that stand still, starve, cannot write, or wake up at another time of day, in a cluster of both programs. */
import { deepEqual, equal, ok } from "../support/assert.ts";
import { eventually, sleep } from "../support/agents.ts";
import { OURS } from "../support/binaries.ts";
import { CpuQuota } from "../support/cpu_quota.ts";
import { CAN_FAKE_TIME, FakeTime } from "../support/fake_time.ts";
import { CAN_MOUNT, SmallDisk } from "../support/namespaces.ts";
import { AGREE_MS, type FaultCluster, NAMES, noVerdicts, others, testFaults } from "./fault_cluster.ts";

const STOPPED = ["o05", "o17", "h03"];
/** A third. */
const STARVED = ["o11", "o12", "o13", "o14", "o15", "o16", "h04", "h05"];
/** Of one processor, for all of them and a loop that has no end: most of each second they stand still. */
const STARVED_RATIO = 0.02;
const STARVED_MS = 20_000;
/** Writes a snapshot where there is no room. */
const FULL = "o20";
/** Sixty bytes each, before the lines of the members. */
const PADDING_LINES = 50;
const WAVE = Array.from({ length: 10 }, () => "o01");
/** Lives by a clock of its own. */
const TIMELESS = "o19";
const HOUR_S = 3600;

async function stop(cluster: FaultCluster, forMs: number): Promise<void> {
  for (const name of STOPPED) cluster.agent(name).signal("SIGSTOP");
  await sleep(forMs);
  for (const name of STOPPED) {
    const stat = await Deno.readTextFile(`/proc/${cluster.agent(name).pid}/stat`);
    ok(/^\d+ \([^)]*\) T /.test(stat), `${name} stands still: ${stat}`);
    cluster.agent(name).signal("SIGCONT");
  }
}

/** @returns in how many seconds there was not enough, of all. */
async function starve(cluster: FaultCluster): Promise<{ all: number; throttled: number }> {
  using quota = new CpuQuota(`serf-faults-${Deno.pid}`);
  const greedy = new Deno.Command("/bin/sh", { args: ["-c", "while :; do :; done"] }).spawn();
  try {
    quota.limit(STARVED_RATIO);
    for (const name of STARVED) quota.add(cluster.agent(name).pid);
    quota.add(greedy.pid);
    await sleep(STARVED_MS);
    return quota.periods();
  } finally {
    greedy.kill("SIGKILL");
    await greedy.status;
  }
}

testFaults("faults: processes", 3, async (cluster, step) => {
  await cluster.start();
  await cluster.agree();

  await step("three stand still for 5 s: nobody else is declared failed", async () => {
    const healthy = others(STOPPED);
    const verdicts = await cluster.watch();
    const stopped = stop(cluster, 5_000);
    await cluster.spread(["o01", "h01"], healthy);
    await stopped;
    await cluster.agree();
    await cluster.spread(STOPPED, NAMES);
    noVerdicts(await verdicts(), healthy);
  });

  await step("three stand still for 30 s: they are declared failed, alone, and come back", async () => {
    const healthy = others(STOPPED);
    const verdicts = await cluster.watch();
    await stop(cluster, 30_000);
    const found = new Set((await verdicts()).map(({ member }) => member));
    deepEqual([...found].filter((name) => STOPPED.includes(name)).sort(), [...STOPPED].sort());
    await cluster.agree();
    await cluster.spread(STOPPED, NAMES);
    noVerdicts(await verdicts(), healthy);
  });

  await step("a third get next to no processor time: nobody else is declared failed", async () => {
    const healthy = others(STARVED);
    const verdicts = await cluster.watch();
    const starving = starve(cluster);
    await cluster.spread(["o01", "h01"], healthy);
    const { all, throttled } = await starving;
    ok(all > 15 && throttled > 0.8 * all, `starved in ${throttled} of ${all} seconds`);
    await cluster.agree();
    const wrong = await verdicts();
    console.log(
      `starved in ${throttled} of ${all} seconds; ${wrong.length} verdicts, ${
        wrong.filter(({ member }) => healthy.includes(member)).length
      } of them about the healthy`,
    );
    noVerdicts(wrong, healthy);
    await cluster.spread(["o12", "h05"], NAMES);
  });

  await step("a full disk under a snapshot, and room again", () => fillDisk(cluster));
  await step(
    "the wall clock steps forward and back: nothing changes",
    () => stepClock(cluster),
  );
  cluster.nothingCameTwice();
}, CAN_MOUNT && CAN_FAKE_TIME);

/** Starts a member anew, other than before. */
async function restart(
  cluster: FaultCluster,
  name: string,
  changes: Parameters<FaultCluster["start"]>[1],
): Promise<void> {
  await cluster.kill(name);
  await cluster.start([name], changes);
}

async function fillDisk(cluster: FaultCluster): Promise<void> {
  const directory = `${cluster.directory}/disk`;
  await Deno.mkdir(directory);
  await using disk = await SmallDisk.mount(directory);
  const binary = await disk.executable(`${cluster.directory}/agent`, OURS!);
  const changes = { binary, args: [`-snapshot=${directory}/snapshot`] };
  // Comments, which take most of the page that the members leave: the rest is soon written.
  await disk.write("snapshot", `# ${"-".repeat(57)}\n`.repeat(PADDING_LINES));
  await restart(cluster, FULL, changes);
  await cluster.agree();
  const verdicts = await cluster.watch();
  await disk.fill();
  await eventually("it says so", AGREE_MS, async () => {
    await cluster.spread(WAVE, [FULL]);
    return (await cluster.agent(FULL).newLog()).includes("Failed to update snapshot: write");
  });
  await disk.clear();
  // Written anew with everything, and good for a restart.
  await cluster.spread(["o01", FULL, "h01"], NAMES);
  await eventually("the snapshot knows the members", 60_000, async () => {
    const text = await disk.read("snapshot");
    return others([FULL]).every((name) => text.includes(`alive: ${name} `)) &&
      /\nevent-clock: \d+\n/.test(text);
  });
  noVerdicts(await verdicts(), NAMES);
  await restart(cluster, FULL, changes);
  await cluster.agree();
  ok((await cluster.agent(FULL).newLog()).includes("Re-joined to previously known node"));
}

async function stepClock(cluster: FaultCluster): Promise<void> {
  const time = new FakeTime(`${cluster.directory}/time`);
  await restart(cluster, TIMELESS, { env: { ...time.env, TZ: "UTC" } });
  await cluster.agree();
  const verdicts = await cluster.watch();
  for (const hours of [1, -2, 0]) {
    time.setOffset(hours * HOUR_S);
    await cluster.spread([TIMELESS, "o01"], NAMES);
    // What it logs wears its own time.
    const stamps = [...(await cluster.agent(TIMELESS).newLog()).matchAll(/^ +(\S+ \S+) \[/gm)];
    const last = Date.parse(`${stamps.at(-1)![1]!.replaceAll("/", "-").replace(" ", "T")}Z`);
    equal(Math.round((last - Date.now()) / 1000 / HOUR_S - hours) || 0, 0, stamps.at(-1)![1]);
    await sleep(5_000);
  }
  await cluster.agree(AGREE_MS, [TIMELESS, "o01", "h01"]);
  noVerdicts(await verdicts(), NAMES);
  const { pid } = cluster.agent(TIMELESS);
  await cluster.kill(TIMELESS);
  time.forget(pid);
}
