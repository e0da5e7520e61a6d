import { deepEqual, equal, ok, rejects } from "../../support/assert.ts";
import { Timer } from "../../../lib/base/timer_heap.ts";
import { createPlatform } from "../../../lib/platform/deno_platform.ts";
import { FaultHook } from "../../../lib/platform/faults.ts";
import { pass, until } from "./fakes.ts";

/** Runs a script that may import the project's modules. @returns its exit code and what it printed. */
async function runScript(
  script: string,
  readStdout: boolean,
): Promise<{ code: number; out: string; err: string }> {
  const platform = new URL("../../../lib/platform/", import.meta.url);
  const args = ["eval", "--unstable-net", "--no-lock", script.replaceAll("PLATFORM/", platform.href)];
  const process = new Deno.Command(Deno.execPath(), { args, stdout: "piped", stderr: "piped" }).spawn();
  if (!readStdout) await process.stdout.cancel();
  const [{ code }, err, out] = await Promise.all([
    process.status,
    new Response(process.stderr).text(),
    readStdout ? new Response(process.stdout).text() : "",
  ]);
  return { code, out, err };
}

Deno.test("createPlatform() binds gossip and streams, and dials by name", async () => {
  const platform = createPlatform();
  const gossip = await platform.bindGossip("127.0.10.110", 0, { tcpTimeoutMs: 1000 });
  ok(gossip.bound.port > 0);
  equal(gossip.counters.packetsReceived, 0);
  await rejects(platform.bindGossip("127.0.10.110", gossip.bound.port, { tcpTimeoutMs: 1000 }), {
    name: "TransportError",
    message: `listen tcp ${gossip.bound}: bind: address already in use`,
  });
  gossip.close();
  const listener = platform.listenStream("0.0.0.0", 0);
  const [near, far] = await Promise.all([
    platform.dialStream("localhost", listener.port, 2000),
    listener.accept(),
  ]);
  near.write(Uint8Array.of(1));
  deepEqual(await far!.read(), Uint8Array.of(1));
  near.close();
  far!.close();
  listener.close();
  await rejects(platform.dialStream("no such name", 1, 2000), {
    name: "TransportError",
    message: "dial tcp: lookup no such name: no such host",
  });
  await pass(2);
});

Deno.test("createPlatform() hands the faults of timers and sinks to one listener", async () => {
  const platform = createPlatform();
  const faults: unknown[] = [];
  platform.onFault((error) => faults.push(error));
  platform.clock.arm(
    new Timer(() => {
      throw new Error("a timer's bug");
    }),
    0,
  );
  await until(() => faults.length === 1, "the fault");
});

Deno.test("FaultHook without a listener ends the program, as an uncaught error does", async () => {
  const script = `
    import { FaultHook } from "PLATFORM/faults.ts";
    new FaultHook().report(new Error("nobody caught this"));
    await new Promise((done) => setTimeout(done, 5000));`;
  const { code, err } = await runScript(script, true);
  equal(code, 1);
  ok(err.includes("nobody caught this"));
});

Deno.test("FaultHook survives a listener that throws itself", async () => {
  const hook = new FaultHook();
  hook.listen(() => {
    throw new Error("second");
  });
  const uncaught: string[] = [];
  const onError = (event: ErrorEvent) => {
    event.preventDefault();
    uncaught.push(event.error.message);
  };
  addEventListener("error", onError);
  hook.report(new Error("first"));
  await pass(1);
  removeEventListener("error", onError);
  deepEqual(uncaught, ["second"]);
});

Deno.test("a reader that goes away ends the output, not the program", async () => {
  const script = `
    import { DenoUi } from "PLATFORM/deno_ui.ts";
    const ui = new DenoUi();
    for (let i = 0; i < 10_000; i++) ui.out("a line that nobody will read\\n");
    ui.err("reached the end");`;
  deepEqual(await runScript(script, false), { code: 0, out: "", err: "reached the end" });
});

Deno.test("a process with only an idle clock and platform ends by itself", async () => {
  const script = `
    import { createPlatform } from "PLATFORM/deno_platform.ts";
    const platform = createPlatform();
    platform.ui.out(platform.runtime.os);`;
  equal((await runScript(script, true)).out, Deno.build.os);
});
