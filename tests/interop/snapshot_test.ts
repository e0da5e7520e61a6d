/** Snapshots are interchangeable: what one program has written, the other goes on with. */
import { deepEqual, equal, ok } from "../support/assert.ts";
import {
  eventually,
  membersOf,
  runCommand,
  type RunningAgent,
  sleep,
  withAgents,
} from "../support/agents.ts";
import { testBoth } from "../support/binaries.ts";

const REJOINED = "Re-joined to previously known node: ";

/** Runs with a file of its own for the snapshot. */
async function withFile(run: (path: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "serf-snapshot-" });
  try {
    await run(`${directory}/snapshot`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function linesOf(path: string): string[] {
  return Deno.readTextFileSync(path).split("\n").slice(0, -1);
}

function aliveLines(path: string): number {
  return linesOf(path).filter((line) => line.startsWith("alive: ")).length;
}

async function aliveAt(binary: string, agent: RunningAgent): Promise<string[]> {
  const members = await membersOf(binary, agent.rpc);
  return members.filter(({ status }) => status === "alive").map(({ name }) => name);
}

/**
 * `first` runs, joins, sees an event, and is killed; `second` takes its place with its snapshot.
 * @param block the test's addresses: 127.0.103.<block>1 and on.
 */
async function inherits(first: string, second: string, stays: string, block: number): Promise<void> {
  await withFile((path) =>
    withAgents(async (start) => {
      const host = (index: number) => `127.0.103.${block}${index}`;
      const peer = await start({ binary: stays, name: "the peer", host: host(1) });
      const args = [`-snapshot=${path}`, `-join=${host(1)}`];
      const before = await start({ binary: first, name: "x", host: host(2), args });
      ok(before.output.includes("Snapshot: true"), before.output);
      let count = 0;
      // HashiCorp's writes what waits only when something follows it.
      await eventually("the snapshot is written", 10_000, async () => {
        await runCommand(stays, ["event", `-rpc-addr=${peer.rpc}`, "-coalesce=false", `deploy-${++count}`]);
        await sleep(300);
        const lines = linesOf(path);
        return lines.includes(`alive: the peer ${host(1)}:7946`) && lines.includes("event-clock: 3");
      });
      await before.kill();

      const after = await start({ binary: second, name: "x", host: host(2), args: [`-snapshot=${path}`] });
      await eventually("it rejoins by itself", 10_000, () => after.output.includes(REJOINED));
      ok(after.output.includes(`${REJOINED}the peer: ${host(1)}:7946`), after.output);
      await eventually("both are alive for both", 10_000, async () => {
        const seen = [await aliveAt(stays, peer), await aliveAt(stays, after)];
        return seen.every((names) => names.join() === "the peer,x");
      });
      // What comes back from the past comes before what is sent now.
      await runCommand(stays, ["event", `-rpc-addr=${peer.rpc}`, "-coalesce=false", "deploy-now"]);
      await eventually("it hears of the present", 45_000, () =>
        after.output.includes("user-event: deploy-now\n"));
      for (const old of [1, 2, 3]) {
        ok(!after.output.includes(`user-event: deploy-${old}\n`), after.output);
      }
    })
  );
}

testBoth("snapshot interop: ours goes on with what HashiCorp's has written", (ours, theirs) => {
  return inherits(theirs, ours, theirs, 1);
});

testBoth("snapshot interop: HashiCorp's goes on with what ours has written", (ours, theirs) => {
  return inherits(ours, theirs, theirs, 2);
});

testBoth(
  "snapshot interop: a leave is a leave to the other, and -rejoin ignores it",
  async (ours, theirs) => {
    for (const [index, [first, second]] of [[ours, theirs], [theirs, ours]].entries()) {
      await withFile((path) =>
        withAgents(async (start) => {
          const host = (number: number) => `127.0.103.${3 + index}${number}`;
          const snapshot = `-snapshot=${path}`;
          const peer = await start({ binary: theirs, name: "peer", host: host(1) });
          const args = [snapshot, `-join=${host(1)}`];
          const before = await start({ binary: first!, name: "x", host: host(2), args });
          equal(await before.signal("SIGINT"), 0);
          const lines = linesOf(path);
          const leave = lines.indexOf("leave");
          ok(leave >= 0, lines.join("\n"));
          ok(lines.slice(leave + 1).every((line) => line.startsWith("clock: ")), lines.join("\n"));

          const away = await start({ binary: second!, name: "x", host: host(2), args: [snapshot] });
          await sleep(1500);
          ok(!away.output.includes("Attempting re-join"), away.output);
          deepEqual(await aliveAt(theirs, away), ["x"]);
          await away.kill();

          Deno.writeTextFileSync(path, lines.map((line) => `${line}\n`).join(""));
          const back = await start({
            binary: second!,
            name: "x",
            host: host(2),
            args: [snapshot, "-rejoin"],
          });
          await eventually("it rejoins", 10_000, () => back.output.includes(REJOINED));
          ok(back.output.includes("Ignoring previous leave in snapshot"), back.output);
          await eventually("both are alive again", 10_000, async () => {
            return (await aliveAt(theirs, peer)).join() === "peer,x";
          });
        })
      );
    }
  },
);

testBoth("snapshot interop: the same broken file gives the same lines in the log", async (ours, theirs) => {
  const broken =
    "alive: nospace\nclock: x\nclock: 7\nevent-clock: -1\nquery-clock: 99999999999999999999999\n" +
    "bogus line\n\n# c\ncoordinate: {}\nnot-alive: zz\n";
  const complaints: string[][] = [];
  for (const [index, binary] of [ours, theirs].entries()) {
    await withFile((path) =>
      withAgents(async (start) => {
        Deno.writeTextFileSync(path, broken);
        const host = `127.0.103.5${index}`;
        const agent = await start({ binary, name: "x", host, args: [`-snapshot=${path}`] });
        await eventually("it logs", 10_000, () => agent.output.includes("EventMemberJoin"));
        complaints.push(
          agent.output.split("\n").filter((line) => line.includes("[WARN] serf: ")).map((line) =>
            line.slice(line.indexOf("["))
          ),
        );
      })
    );
  }
  equal(complaints[0]!.length, 6);
  deepEqual(complaints[0], complaints[1]);
});

testBoth("snapshot interop: the same life is written in the same lines", async (ours, theirs) => {
  const files: string[] = [];
  for (const binary of [ours, theirs]) {
    await withFile((path) =>
      withAgents(async (start) => {
        const args = [`-snapshot=${path}`];
        const agent = await start({ binary, name: "x y", host: "127.0.103.91", args });
        const call = (...words: string[]) =>
          runCommand(theirs, [words[0]!, `-rpc-addr=${agent.rpc}`, ...words.slice(1)]);
        for (const name of ["a", "b"]) await call("event", "-coalesce=false", name);
        await call("query", "-timeout=100ms", "q");
        await call("reachability");
        equal(await agent.signal("SIGINT"), 0);
        files.push(Deno.readTextFileSync(path));
      })
    );
  }
  equal(
    files[0],
    "alive: x y 127.0.103.91:7946\nevent-clock: 1\nevent-clock: 2\nquery-clock: 1\nquery-clock: 2\nleave\nclock: 1\n",
  );
  equal(files[0], files[1]);
});

testBoth("snapshot interop: what cannot be opened is the same error", async (ours, theirs) => {
  for (const args of [["-snapshot=/none/s"], ["-snapshot=/tmp"], ["-snapshot=/none/s", "-rejoin"]]) {
    const run = (binary: string) =>
      runCommand(binary, ["agent", "-node=x", "-bind=127.0.103.60", "-rpc-addr=127.0.103.60:7373", ...args]);
    const [own, their] = [await run(ours), await run(theirs)];
    equal(own.stdout, their.stdout);
    equal(own.code, their.code);
  }
});

testBoth(
  "snapshot interop: a full outage, ours and HashiCorp's mixed, heals without any -join",
  async (ours, theirs) => {
    const directory = await Deno.makeTempDir({ prefix: "serf-snapshot-" });
    try {
      const specs = [ours, theirs, ours, theirs].map((binary, i) => ({
        binary,
        name: `n${i}`,
        host: `127.0.103.7${i}`,
        args: [`-snapshot=${directory}/${i}`],
      }));
      const all = "n0,n1,n2,n3";
      const allAlive = async (agents: RunningAgent[]) => {
        for (const agent of agents) if ((await aliveAt(theirs, agent)).join() !== all) return false;
        return true;
      };
      await withAgents(async (start) => {
        const agents: RunningAgent[] = [];
        for (const spec of specs) {
          const args = [...spec.args, ...agents.slice(0, 1).map(({ spec }) => `-join=${spec.host}`)];
          agents.push(await start({ ...spec, args }));
        }
        await eventually("the cluster forms", 20_000, () => allAlive(agents));
        await eventually("all snapshots know all", 10_000, async () => {
          await runCommand(theirs, ["event", `-rpc-addr=${agents[0]!.rpc}`, "tick"]);
          return specs.every((_, i) => aliveLines(`${directory}/${i}`) >= 4);
        });
      });
      await withAgents(async (start) => {
        const agents: RunningAgent[] = [];
        for (const spec of [...specs].reverse()) {
          agents.push(await start(spec));
        }
        await eventually("the cluster is whole again", 60_000, () => allAlive(agents));
      });
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
);
