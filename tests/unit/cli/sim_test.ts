import { deepEqual, equal, match, ok } from "../../support/assert.ts";
import { runCli } from "../../../lib/cli/dispatcher.ts";
import { FakePlatform } from "./fake_platform.ts";

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const fake = new FakePlatform();
  const code = await runCli(["sim", ...args], fake.platform);
  return { code, out: fake.stdout, err: fake.stderr };
}

const SHORT = ["-nodes=8", "-duration=5s"];

Deno.test("sim prints the same for the same seed, byte for byte, in every format", async () => {
  for (const format of ["text", "json", "svg"]) {
    const args = [...SHORT, "-loss=10%", "-seed=7", `-format=${format}`];
    const first = await run(...args);
    equal(first.code, 0);
    equal(first.err, "");
    ok(first.out.length > 500);
    deepEqual(await run(...args), first);
    ok((await run(...args, "-seed=8")).out !== first.out);
  }
});

Deno.test("sim reads every flag", async () => {
  const { out } = await run(
    "-nodes=9",
    "-profile=local",
    "-loss=5%",
    "-latency=1ms:2ms",
    "-duplicate=0.01",
    "-reorder=2.5%",
    "-partition=20%:2s",
    "-slow=2:100ms:300ms",
    "-kill=2",
    "-churn=12",
    "-event=3",
    "-duration=6s",
    "-seed=-5",
    "-format=json",
  );
  deepEqual(JSON.parse(out).scenario, {
    nodes: 9,
    profile: "local",
    seed: -5,
    durationMs: 6_000,
    lossRatio: 0.05,
    duplicateRatio: 0.01,
    reorderRatio: 0.025,
    latencyMs: 1,
    jitterMs: 2,
    partitionRatio: 0.2,
    partitionMs: 2_000,
    slow: 2,
    slowBlockedMs: 100,
    slowRunningMs: 300,
    kill: 2,
    churnPerMinute: 12,
    events: 3,
  });
});

Deno.test("sim: a latency alone has no random part", async () => {
  const { out } = await run(...SHORT, "-latency=3ms", "-format=json");
  const { latencyMs, jitterMs } = JSON.parse(out).scenario;
  deepEqual([latencyMs, jitterMs], [3, 0]);
});

Deno.test("sim draws a picture", async () => {
  match(
    (await run(...SHORT, "-format=svg")).out,
    /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" .*<\/svg>\n$/s,
  );
});

Deno.test("sim says in one line what it cannot do", async () => {
  const cases: [string, string][] = [
    ["-nodes=10001", "Invalid -nodes: 10001 is not a whole number between 2 and 10000\n"],
    ["-loss=101%", "Invalid -loss: 1.01 is not between 0 and 1 (or 0% and 100%)\n"],
    ["-loss=much", "Invalid -loss: much\n"],
    ["-loss=1%:2s", "Invalid -loss: 1%:2s\n"],
    ["-latency=5", "Invalid -latency: 5\n"],
    ["-slow=1:2s:3s:4s", "Invalid -slow: 1:2s:3s:4s\n"],
    ["-slow=-1", "Invalid -slow: -1\n"],
    ["-partition=10%:", "Invalid -partition: 10%:\n"],
    ["-kill=8", "Invalid -kill: 8 is not a whole number between 0 and 7\n"],
    ["-duration=1s", "Invalid -duration: 1s is not between 5s and 24h\n"],
    ["-profile=moon", "Invalid -profile: moon is none of lan, wan and local\n"],
    ["-format=png", "Invalid -format: png is none of text, json and svg\n"],
    ["-format=toString", "Invalid -format: toString is none of text, json and svg\n"],
    ["extra", "Unexpected argument: extra\n"],
  ];
  for (const [arg, out] of cases) deepEqual(await run("-nodes=8", arg), { code: 1, out, err: "" }, arg);
});

Deno.test("sim tells standard error how far it is when it takes long", async () => {
  const fake = new FakePlatform();
  // A clock on which each look takes two seconds.
  let nowMs = 0;
  const clock = { ...fake.platform.clock, nowMs: () => nowMs += 2_000 };
  const code = await runCli(["sim", ...SHORT], { ...fake.platform, ui: fake.ui, clock });
  equal(code, 0);
  const lines = fake.stderr.split("\n").slice(0, -1);
  ok(lines.length > 10);
  for (const line of lines) match(line, /^(forming: \d+\.\d+s|running: \d+\.\d+s of 5\.0s) simulated$/);
});
