/** An agent whose log nobody reads any more: `serf agent | less`, and nobody scrolls. */
import { equal, ok } from "../support/assert.ts";
import { eventually, runCommand, withAgents } from "../support/agents.ts";
import { testOurs } from "../support/binaries.ts";
import { createPlatform } from "../../lib/platform/deno_platform.ts";
import { RpcClient } from "../../lib/rpc/rpc_client.ts";

const RPC = "127.0.78.1:7373";
/** More lines than a pipe and the queue behind it take: each has 400 bytes and more. */
const EVENTS = 8_000;

testOurs(
  "e2e: a reader of the log who stands still stops no agent; the log goes on, and says what it left out",
  (ours) =>
    withAgents(async (start) => {
      const child = new Deno.Command(ours, {
        args: ["agent", "-node=stalled", "-bind=127.0.78.1", `-rpc-addr=${RPC}`, "-profile=local"],
        cwd: "/tmp",
        clearEnv: true,
        stdin: "null",
        stdout: "piped",
        stderr: "null",
      }).spawn();
      // An agent that stands still is not waited for.
      const guard = setTimeout(() => child.kill("SIGKILL"), 60_000);
      try {
        await eventually("it answers", 30_000, async () => {
          return (await runCommand(ours, ["members", `-rpc-addr=${RPC}`])).code === 0;
        });
        const client = await RpcClient.connect(createPlatform(), RPC, "");
        for (let i = 0; i < EVENTS; i++) {
          const name = `${i}-${"x".repeat(400)}`;
          await client.event({ name, payload: new Uint8Array(0), coalesce: false });
        }
        const other = await start({
          binary: ours,
          name: "other",
          host: "127.0.78.2",
          args: ["-profile=local", "-join=127.0.78.1"],
        });
        // A member who does not answer is suspected within two seconds, and declared failed five later.
        await new Promise((resolve) => setTimeout(resolve, 8_000));
        ok(!/Suspect stalled|Marking stalled/.test(other.output), other.output);
        equal((await client.members()).length, 2);
        child.kill("SIGINT");
        const log = await new Response(child.stdout).text();
        const expected = [
          /^==> [0-9]+ lines were dropped: nobody read them in time$/m,
          /Received event: user-event: 0-x+\n/,
          /agent: shutdown complete\n$/,
        ];
        for (const part of expected) ok(part.test(log), `${part}: ${log.slice(-2_000)}`);
        equal((await child.status).code, 0);
        await client.closed;
      } finally {
        clearTimeout(guard);
        try {
          child.kill("SIGKILL");
        } catch {
          // It has ended.
        }
        await child.status;
      }
    }),
);
