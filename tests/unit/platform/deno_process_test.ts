import { deepEqual, equal, match, ok, rejects } from "../../support/assert.ts";
import { runScript } from "../../../lib/platform/deno_process.ts";
import { decodeText, encodeText } from "../../../lib/wire/text.ts";

const ON_UNIX = Deno.build.os !== "windows";

/** Runs a script to its end. */
async function run(script: string, input: Uint8Array | string = "", env: Record<string, string> = {}) {
  const chunks: number[] = [];
  const result = await runScript(script, {
    env,
    input: typeof input === "string" ? encodeText(input) : input,
    onOutput: (chunk) => {
      chunks.push(...chunk);
    },
  });
  const bytes = new Uint8Array(chunks);
  return { ...result, output: decodeText(bytes, 0, bytes.length) };
}

function testShell(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: !ON_UNIX, fn });
}

testShell(
  "runScript() passes the input, and what the script prints to either channel, in its order",
  async () => {
    const script = "cat; echo one; echo two >&2; echo three; cat /dev/stdin > /dev/stdout; printf four >&2";
    deepEqual(await run(script, "in\n"), {
      output: "in\none\ntwo\nthree\nfour",
      failure: undefined,
      inputFailure: undefined,
    });
  },
);

testShell("runScript() gives the script a shell of its own without arguments", async () => {
  equal((await run('echo "$0 $#"')).output, "/bin/sh 0\n");
  match((await run("exec /nonexistent/x")).failure!, /^exit status 12[67]$/);
  match((await run("echo 'open")).failure!, /^exit status/);
});

testShell("runScript() adds to our own environment, with any bytes", async () => {
  Deno.env.set("SERF_TEST_OURS", "kept");
  Deno.env.set("SERF_TEST_BOTH", "old");
  const script = 'printf %s "$SERF_TEST_OURS|$SERF_TEST_BOTH|$SERF_TEST_RAW|$PATH"';
  const { output } = await run(script, "", {
    SERF_TEST_BOTH: "new",
    SERF_TEST_RAW: "a'\"$x\\\udcff\u00e9\n\n",
  });
  equal(output, `kept|new|a'"$x\\\udcff\u00e9\n\n|${Deno.env.get("PATH")}`);
  Deno.env.delete("SERF_TEST_OURS");
  Deno.env.delete("SERF_TEST_BOTH");
});

testShell("runScript() tells how a script failed, as Go does", async () => {
  equal((await run("exit 3")).failure, "exit status 3");
  equal((await run("kill -9 $$")).failure, "signal: killed");
  equal((await run("kill -TERM $$")).failure, "signal: terminated");
  equal((await run("exit 0")).failure, undefined);
});

testShell("runScript() tells why a script did not start, as Go does", async () => {
  await rejects(run("true", "", { A: "\0" }), { message: "exec: environment variable contains NUL" });
  await rejects(run("#".repeat(300_000)), { message: "fork/exec /bin/sh: argument list too long" });
});

testShell("runScript() does not wait for input that nobody reads", async () => {
  const { failure, inputFailure } = await run("exec <&-; exit 0", new Uint8Array(1_000_000));
  equal(failure, undefined);
  equal(inputFailure, "write |1: broken pipe");
  for (let i = 0; i < 10; i++) equal((await run("exec <&-", "a few")).inputFailure, undefined);
  equal((await run("sleep 0.2; echo done", new Uint8Array(1_000_000))).output, "done\n");
});

testShell(
  "runScript() waits for a child in the background that holds the output, not for one that does not",
  async () => {
    const start = performance.now();
    await run("sleep 30 >/dev/null 2>&1 </dev/null & echo $!").then(({ output }) =>
      Deno.kill(Number(output), "SIGKILL")
    );
    ok(performance.now() - start < 10_000);
    equal((await run("(sleep 0.3; echo late) & echo early")).output, "early\nlate\n");
  },
);

testShell("runScript() puts the script in a process group of its own", async () => {
  const { output } = await run("cut -d' ' -f1,5,6 /proc/$$/stat; echo $$");
  const [stat, pid] = output.trim().split("\n");
  deepEqual(stat!.split(" "), [pid, pid, pid], "pid, process group, session");
});

testShell("runScript() brakes a script that floods its output, and everything else goes on", async () => {
  let ticks = 0, total = 0;
  const timer = setInterval(() => ticks++, 5);
  const input = new Uint8Array(0);
  await runScript("timeout 1 yes; true", { env: {}, input, onOutput: ({ length }) => total += length });
  clearInterval(timer);
  ok(ticks > 20, `${ticks} ticks of 5 ms within a second`);
  ok(total > 1_000_000 && total < 40_000_000, `${total} bytes; without the brake they are a billion`);
});
