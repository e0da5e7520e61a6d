/**
 * The same small cluster once of HashiCorp's agents and once of ours: the same command lines by either program to either
 * (parity/command_lines.ts), and agents started with the same flags and files (parity/starts.ts). parity_rpc_test.ts has
 * the conversations over RPC. What may differ is listed in parity/differences.ts. SURFACE.md says which test holds what.
 */
import { deepEqual, equal, ok } from "../support/assert.ts";
import { eventually, membersOf, runCommand, type RunningAgent, withAgents } from "../support/agents.ts";
import { testBoth } from "../support/binaries.ts";
import * as lines from "./parity/command_lines.ts";
import { CommandParity, inOurs, type Line } from "./parity/command_runner.ts";
import { type AgentCase, differenceOf, runAgentCase, runBoth } from "./parity/start_runner.ts";
import * as starts from "./parity/starts.ts";

/** Flags of `agent` that HashiCorp's takes without a word about it in its help, or only since 0.10.2. */
const UNDOCUMENTED_FLAGS = ["-replay", "-mdns-iface", "-mdns-disable-ipv4", "-mdns-disable-ipv6"];

testBoth(
  "parity: commands: every command's help has the usage line and the flags that users know",
  async (ours, theirs) => {
    const parity = new CommandParity({ ours, theirs });
    for (const command of lines.COMMANDS) {
      const [own, their] = await parity.help(command);
      equal(own!.split("\n")[0], their!.split("\n")[0]);
      const shown = flagsOf(own!).filter((flag) => command !== "agent" || !UNDOCUMENTED_FLAGS.includes(flag));
      deepEqual(shown.sort(), flagsOf(their!).sort(), command);
    }
  },
);

function flagsOf(help: string): string[] {
  return Array.from(
    help.matchAll(/^ {2}(-[a-z0-9-]+)(=\S+| <?[a-z]+>?(?:=<?[a-z]+>?)?(?= ))?/gm),
    (match) => match[0].trim(),
  );
}

const ALONE: readonly (readonly [what: string, list: readonly Line[]])[] = [
  ["dispatcher, help and commands that need no agent", lines.DISPATCHER_LINES],
  ["refused flags", lines.FLAG_LINES],
  ["arguments, with no agent there", lines.ARGUMENT_LINES],
  ["addresses, with no agent there", lines.ADDRESS_LINES],
];

for (const [what, list] of ALONE) {
  testBoth(`parity: commands: ${what}`, async (ours, theirs) => {
    const parity = new CommandParity({ ours, theirs });
    await parity.compare(list);
    parity.finish();
  });
}

testBoth(
  "parity: commands: members, info, rtt, join, force-leave, tags and monitor in a running cluster",
  (ours, theirs) =>
    withClusters({ ours, theirs }, async (begin) => {
      const a = await begin("a", lines.HOSTS.a, "-tag=role=web", "-tag=old=1");
      await begin(lines.ODD_NAME, lines.HOSTS.b, "-tag=role=db", `-join=${lines.HOSTS.a}`);
      await Promise.all(a.map((agent) => rttIsKnown(theirs, agent)));
      const parity = new CommandParity({ ours, theirs });
      await parity.compare(lines.CLUSTER_LINES);
      const c = await begin("c", lines.HOSTS.c, `-join=${lines.HOSTS.a}`);
      await Promise.all(c.map((agent) => agent.kill()));
      await Promise.all(a.map((agent) => isFailed(theirs, agent, "c")));
      await parity.compare(lines.FAILED_LINES);
      parity.finish();
    }),
);

testBoth(
  "parity: commands: event, query, reachability and keys in a running cluster",
  (ours, theirs) =>
    withClusters({ ours, theirs }, async (begin) => {
      const handler = "-event-handler=query:load=echo up; echo";
      await begin("a", lines.HOSTS.a, "-tag=role=web", handler);
      await begin(lines.ODD_NAME, lines.HOSTS.b, "-tag=role=db", `-join=${lines.HOSTS.a}`);
      await begin("k", lines.HOSTS.keyed, `-encrypt=${lines.KEY}`);
      const parity = new CommandParity({ ours, theirs });
      await parity.compare([...lines.QUESTION_LINES, ...lines.KEY_LINES]);
      parity.finish();
    }),
);

testBoth(
  "parity: commands: all, to an agent that asks for a token",
  (ours, theirs) =>
    withClusters({ ours, theirs }, async (begin) => {
      const config = await Deno.makeTempFile({ suffix: ".json" });
      await Deno.writeTextFile(config, '{"rpc_auth": "secret"}');
      await begin("a", lines.HOSTS.locked, `-config-file=${config}`);
      await Deno.remove(config);
      const parity = new CommandParity({ ours, theirs });
      await parity.compare(lines.TOKEN_LINES);
      parity.finish();
    }),
);

testBoth(
  "parity: commands: leave ends the agent, whoever's it is and whoever asks",
  (ours, theirs) =>
    withClusters({ ours, theirs }, async (begin) => {
      const outcomes = [];
      for (const program of [theirs, ours]) {
        for (const agent of await begin("a", lines.HOSTS.a)) {
          const result = await runCommand(program, ["leave", "ignored"], {
            env: { SERF_RPC_ADDR: agent.rpc },
          });
          outcomes.push({ ...result, agent: await agent.ended() });
        }
      }
      const wanted = { code: 0, stdout: "Graceful leave complete\n", stderr: "", agent: 0 };
      deepEqual(outcomes, [wanted, wanted, wanted, wanted]);
    }),
);

/** Starts the same agent in HashiCorp's cluster and in ours. */
type Begin = (name: string, host: string, ...args: string[]) => Promise<RunningAgent[]>;

function withClusters(
  programs: { ours: string; theirs: string },
  run: (begin: Begin) => Promise<void>,
): Promise<void> {
  return withAgents((start) =>
    run((name, host, ...args) => {
      const all = ["-profile=local", ...args];
      return Promise.all([
        start({ binary: programs.theirs, name, host, args: all }),
        start({ binary: programs.ours, name, host: inOurs(host), args: all.map(inOurs) }),
      ]);
    })
  );
}

async function rttIsKnown(theirs: string, agent: RunningAgent): Promise<void> {
  await eventually("the agent has a coordinate of its own", 10_000, async () => {
    return (await runCommand(theirs, ["rtt", `-rpc-addr=${agent.rpc}`, agent.name])).code === 0;
  });
}

async function isFailed(theirs: string, agent: RunningAgent, name: string): Promise<void> {
  await eventually(`${name} has failed`, 20_000, async () => {
    return (await membersOf(theirs, agent.rpc)).find((member) => member.name === name)?.status === "failed";
  });
}

/** How many agents run at once. */
const PARALLEL = 3;

const STARTS: readonly (readonly [what: string, firstHost: number, cases: readonly AgentCase[]])[] = [
  ["bad flags", 10, starts.BAD_FLAGS],
  ["bad files", 60, starts.BAD_FILES],
  ["banner, log and merged configuration", 130, starts.GOOD],
  ["signals and reloads", 170, starts.SIGNALS],
  ["the tags file", 190, starts.TAG_FILES],
];

for (const [what, firstHost, cases] of STARTS) {
  testBoth(`parity: starts: ${what}`, (ours, theirs) => compareStarts(theirs, ours, firstHost, cases));
}

/** Runs all cases by both programs, each at an address of its own, and fails with every difference. */
async function compareStarts(
  theirs: string,
  ours: string,
  firstHost: number,
  cases: readonly AgentCase[],
): Promise<void> {
  const differences: string[] = [];
  let next = 0;
  const work = async () => {
    for (let index = next++; index < cases.length; index = next++) {
      const difference = await differenceOf(theirs, ours, `127.0.40.${firstHost + index}`, cases[index]!);
      if (difference !== undefined) differences.push(difference);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  const text = `${differences.length} of ${cases.length} differ:\n${differences.join("\n=====\n")}`;
  ok(differences.length === 0, text);
}

testBoth("parity: starts: busy ports", async (ours, theirs) => {
  const tcp = Deno.listen({ hostname: "127.0.40.200", port: 0 });
  const udp = Deno.listenDatagram({ transport: "udp", hostname: "127.0.40.201", port: 0 });
  try {
    await compareStarts(theirs, ours, 200, [
      starts.flags(`-bind=HOST:${tcp.addr.port}`),
      starts.flags(`-bind=HOST:${(udp.addr as Deno.NetAddr).port}`),
    ]);
    await compareStarts(theirs, ours, 200, [starts.flags(`-rpc-addr=HOST:${tcp.addr.port}`)]);
  } finally {
    tcp.close();
    udp.close();
  }
});

testBoth("parity: starts: differences on purpose", async (ours, theirs) => {
  for (const [index, [why, agentCase, output]] of starts.ON_PURPOSE.entries()) {
    const outcome = await runAgentCase(ours, theirs, `127.0.40.${210 + index}`, agentCase);
    deepEqual(outcome, { code: 1, output: `==> ${output}\n` }, why);
  }
});

testBoth("parity: starts: a reload leaves the tags of a tags file alone", async (ours, theirs) => {
  // HashiCorp's takes "no tags configured" for "no tags", and empties the file.
  const agentCase: AgentCase = {
    args: [...starts.PLACE, "-tags-file=t"],
    files: { t: '{"q":"1"}' },
    steps: [starts.HUP, starts.A_MOMENT],
    compare: ["t"],
  };
  const outcome = await runBoth(theirs, ours, "127.0.40.220", agentCase);
  deepEqual(
    [outcome.theirs, outcome.ours].map(({ output }) => output.slice(output.indexOf("--- t"))),
    ["--- t\n{}\n", '--- t\n{"q":"1"}\n'],
  );
});

testBoth("parity: starts: the agent reads no variable", async (ours, theirs) => {
  const env = { SERF_RPC_ADDR: "nohost", SERF_RPC_AUTH: "secret" };
  for (const binary of [theirs, ours]) {
    await withAgents(async (start) => {
      // An empty address is the default.
      const args = ["-rpc-addr=", "-profile=local"];
      const agent = await start({ binary, name: "a", host: "127.0.40.230", args, env });
      ok(agent.output.includes("RPC addr: '127.0.0.1:7373'"), agent.output);
      const result = await runCommand(theirs, ["members"]);
      ok(result.code === 0, result.stdout);
    });
  }
});

Deno.test("parity: at least 150 command lines and 40 starts are compared", () => {
  const commandLines = [
    ...ALONE.map(([, list]) => list),
    lines.CLUSTER_LINES,
    lines.FAILED_LINES,
    lines.QUESTION_LINES,
    lines.KEY_LINES,
    lines.TOKEN_LINES,
  ].flat().length;
  const startCount = STARTS.flatMap(([, , cases]) => cases).length;
  console.log(`parity: ${commandLines} command lines, ${startCount} starts`);
  ok(commandLines >= 150, `${commandLines}`);
  ok(startCount >= 40, `${startCount}`);
});
