/** The compiled program simulates a cluster: anywhere, with no agent, always the same. */
import { deepEqual, equal, match } from "../support/assert.ts";
import { runCommand } from "../support/agents.ts";
import { testOurs } from "../support/binaries.ts";

testOurs(
  "e2e: sim prints the same twice, and what it prints is about the cluster that was asked for",
  async (ours) => {
    const args = ["sim", "-nodes=30", "-loss=10%", "-kill=2", "-event=2", "-duration=30s", "-seed=3"];
    const [first, second] = [await runCommand(ours, args), await runCommand(ours, args)];
    equal(first.code, 0);
    match(first.stderr, /^((forming|running): .* simulated\n)*$/); // progress, where the machine is slow
    match(
      first.stdout,
      /^30 members, lan profile, seed 3, 30s, 10% loss, 2 killed\n\nJoin of all 30: all knew all after /,
    );
    match(first.stdout, /\nevent-2 .* 28\/28\n/);
    deepEqual(second.stdout, first.stdout);
  },
);

testOurs("e2e: sim gives figures as JSON, and a picture", async (ours) => {
  const args = ["sim", "-nodes=60", "-duration=5s", "-kill=0"];
  const json = JSON.parse((await runCommand(ours, [...args, "-format=json"])).stdout);
  deepEqual([json.scenario.nodes, json.join.who, json.events[0].reached], [60, "one", 60]);
  match((await runCommand(ours, [...args, "-format=svg"])).stdout, /^<svg .*<\/svg>\n$/s);
});

testOurs("e2e: sim says in one line what it cannot do, and exits with 1", async (ours) => {
  const { code, stdout, stderr } = await runCommand(ours, ["sim", "-nodes=1000000"]);
  deepEqual([code, stderr], [1, ""]);
  equal(stdout, "Invalid -nodes: 1000000 is not a whole number between 2 and 10000\n");
});
