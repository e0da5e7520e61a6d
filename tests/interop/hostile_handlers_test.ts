/** Scripts that nobody should write, and a host that has no shell for them. */
import { deepEqual, equal, match, ok } from "../support/assert.ts";
import { commandAt, eventually, membersOf, runCommand, sleep, withAgents } from "../support/agents.ts";
import { OURS, testOurs, THEIRS } from "../support/binaries.ts";
import { encodeAlive } from "../../lib/memberlist/state_messages.ts";
import { encodeTags } from "../../lib/serf/tags.ts";
import { MsgpackWriter } from "../../lib/wire/msgpack_writer.ts";
import { CAN_MOUNT } from "../support/namespaces.ts";

const NET = "127.0.104";
const PATH = "/usr/local/bin:/usr/bin:/bin";

Deno.test({
  name: "handlers: without a usable shell both say so, and go on",
  ignore: OURS === undefined || THEIRS === undefined || !CAN_MOUNT,
  fn: async () => {
    const shell = await Deno.realPath("/bin/sh");
    await Promise.all([THEIRS!, OURS!].map(async (binary, index) => {
      const host = `${NET}.${31 + index}`;
      const agent = `exec "$0" agent -node=a -bind=${host} -rpc-addr=${host}:7373 -event-handler=x`;
      const bash = await Deno.realPath("/bin/bash");
      const hidden = ["-m", bash, "-c", `mount --bind /dev/null ${shell} && ${agent}`, binary];
      const { stdout, code } = await runCommand("/usr/bin/unshare", hidden, {
        env: { PATH },
        timeoutMs: 5_000,
      });
      equal(code, 137, `it ran until it was killed: ${stdout}`);
      match(stdout, /\[ERR\] agent: Error invoking script 'x': fork\/exec \/bin\/sh: permission denied\n/);
    }));
  },
});

testOurs("handlers: scripts that hang, flood, die or do not listen hold up nothing", async (ours) => {
  await withAgents(async (start) => {
    const a = await start({
      binary: ours,
      name: "a",
      host: `${NET}.41`,
      args: [
        "-profile=local",
        "-log-level=debug",
        "-event-handler=sleep 1000",
        "-event-handler=member-join=exec yes",
        "-event-handler=user=exec <&-; exit 0",
        "-event-handler=user=kill -SEGV $$",
        "-event-handler=user=echo still here",
        "-event-handler=user=/nonexistent/handler",
      ],
      env: { PATH },
    });
    await eventually(
      "the first handlers are slow",
      10_000,
      () => a.output.includes("slow, execution exceeding 1s"),
    );
    const b = await start({
      binary: ours,
      name: "b",
      host: `${NET}.42`,
      args: ["-profile=local", `-join=${NET}.41`],
    });
    const began = performance.now();
    for (let i = 0; i < 20; i++) equal((await membersOf(ours, a.rpc)).length, 2);
    ok(performance.now() - began < 20_000, "it answers");
    await commandAt(ours, b, "event", "-coalesce=false", "e", "x".repeat(300));
    await eventually("the others run", 10_000, () => a.output.includes("script output: still here\n"));
    await eventually("deaths are reported", 10_000, () => {
      return a.output.includes("Error invoking script 'kill -SEGV $$': signal: segmentation fault") &&
        a.output.includes("Error invoking script '/nonexistent/handler': exit status 127");
    });
    await sleep(5_000);
    deepEqual((await membersOf(ours, b.rpc)).map(({ status }) => status), ["alive", "alive"]);
    ok(!b.output.includes("EventMemberFailed"), b.output);
    // Each is the first of a process group.
    for (const pid of await childrenOf(a.pid)) Deno.kill(-pid, "SIGKILL");
  });
});

/** Tells an agent of members that do not exist, whose lines in a handler's input have some 500 bytes each. */
async function announce(host: string, count: number): Promise<void> {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const meta = encodeTags(new Map([["role", "ghost"], ["text", "x".repeat(460)]]), 5);
  const writer = new MsgpackWriter(2_048);
  for (let i = 0; i < count; i++) {
    writer.reset();
    encodeAlive(writer, {
      incarnation: 1,
      node: `ghost-${i}`,
      addr: new Uint8Array([127, 0, 104, 250]),
      port: 10_000 + i,
      meta,
      vsn: new Uint8Array([1, 5, 2, 2, 5, 5]),
    });
    await socket.send(writer.view(), { transport: "udp", hostname: host, port: 7946 });
    // The kernel drops what the agent does not read in time.
    if (i % 20 === 0) await sleep(5);
  }
  socket.close();
}

testOurs(
  "handlers: input that is more than a pipe holds, and is not read, holds up nothing",
  async (ours) => {
    await withAgents(async (start) => {
      const a = await start({
        binary: ours,
        name: "a",
        host: `${NET}.45`,
        args: [
          "-log-level=debug",
          "-event-handler=member-join=exec sleep 1000",
          "-event-handler=member-join=exit 7",
          "-event-handler=member-join=echo read $(wc -c) bytes",
          "-event-handler=user=echo still here",
          "-event-handler=query:load=echo here too",
        ],
        env: { PATH },
      });
      await eventually(
        "the sleeper is slow",
        10_000,
        () => a.output.includes("slow, execution exceeding 1s"),
      );
      const [sleeper] = await childrenOf(a.pid);
      // It gets nothing more as long as it sleeps: only then is there a second one.
      Deno.kill(sleeper!, "SIGKILL");
      await announce(a.spec.host, 250);
      await eventually("who reads gets it all", 20_000, () => {
        return [...a.output.matchAll(/script output: read (\d+) bytes/g)].some(([, count]) =>
          Number(count) > 70_000
        );
      });
      const failures = () => a.output.split("Error invoking script 'exit 7': exit status 7\n").length - 1;
      await eventually("who does not read ends", 10_000, () => failures() >= 2);
      await eventually("another sleeps", 10_000, async () => (await childrenOf(a.pid)).length === 1);

      ok((await membersOf(ours, a.rpc)).length > 140);
      await commandAt(ours, a, "event", "-coalesce=false", "e");
      await eventually("events run", 10_000, () => a.output.includes("script output: still here\n"));
      const answer = await commandAt(ours, a, "query", "-timeout=1s", "-format=json", "-node=a", "load");
      deepEqual(JSON.parse(answer).Responses, { a: "here too\n" });
      for (const pid of await childrenOf(a.pid)) Deno.kill(-pid, "SIGKILL");
    });
  },
);

/** The processes that an agent started. */
async function childrenOf(pid: number): Promise<number[]> {
  const { stdout } = await runCommand("/usr/bin/pgrep", ["-P", String(pid)]);
  return stdout.trim().split("\n").filter((line) => line !== "").map(Number);
}
