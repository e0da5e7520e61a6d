/**
 * The same command lines by HashiCorp's `serf` and by ours, against the same agents, HashiCorp's and ours: standard
 * output, standard error and exit code are the same, byte for byte, but for what cli_parity.ts lists.
 */
import { deepEqual, equal, ok } from "../support/assert.ts";
import { eventually, runCommand, type RunningAgent, sleep, withAgents } from "../support/agents.ts";
import { testBoth } from "../support/binaries.ts";
import { type Line, Parity } from "./cli_parity.ts";

/** An address at which nothing listens: no test uses this host. */
const NOBODY = "127.0.30.250:7373";
/** Commands of ours whose help is about more than HashiCorp's version of today. */
const COMMANDS = [
  "agent",
  "event",
  "force-leave",
  "info",
  "join",
  "keygen",
  "keys",
  "leave",
  "members",
  "monitor",
  "query",
  "reachability",
  "rtt",
  "tags",
];
/** Flags of `agent` that HashiCorp's takes without a word about it in its help, or only since 0.10.2. */
const UNDOCUMENTED_FLAGS = ["-replay", "-mdns-iface", "-mdns-disable-ipv4", "-mdns-disable-ipv6"];

function flagsOf(help: string): string[] {
  return Array.from(
    help.matchAll(/^ {2}(-[a-z0-9-]+)(=\S+| <?[a-z]+>?(?:=<?[a-z]+>?)?(?= ))?/gm),
    (match) => match[0].trim(),
  );
}

testBoth(
  "CLI parity: every command's help has the usage line and the flags that users know",
  async (ours, theirs) => {
    const parity = new Parity(ours, theirs);
    for (const command of COMMANDS) {
      const [own, their] = await parity.help(command);
      equal(own!.split("\n")[0], their!.split("\n")[0]);
      const known = flagsOf(their!);
      const shown = flagsOf(own!).filter((flag) =>
        !(command === "agent" && UNDOCUMENTED_FLAGS.includes(flag))
      );
      deepEqual(shown.sort(), known.sort(), command);
    }
  },
);

const DISPATCHER_LINES: readonly (readonly string[])[] = [
  [],
  ["-h"],
  ["-help"],
  ["--help"],
  ["zork"],
  ["zork", "-h"],
  ["members x"],
  ["-"],
  ["-x"],
  ["-x", "-h"],
  ["--"],
  ["--", "members"],
  ["-version"],
  ["-v"],
  ["--version"],
  ["-v", "-h"],
  ["members", "-v"],
  ["join", "--", "--version"],
  ["-x", "members"],
  ["-", "members"],
  ["--rpc-addr=x", "join", "y"],
  ["-h", "members"],
  ["version"],
  ["version", "x", "-y"],
  ["version", "-h"],
  ["keygen"],
  ["keygen", "-x", "y"],
  ["keygen", "-h=1"],
  ...COMMANDS.map((command) => [command, "-h"]),
];

testBoth("CLI parity: dispatcher, help and commands that need no agent", async (ours, theirs) => {
  const parity = new Parity(ours, theirs);
  await parity.compare(DISPATCHER_LINES);
  parity.finish();
});

const FLAG_LINES: readonly (readonly string[])[] = [
  ["members", "-bogus"],
  ["members", "--bogus=x"],
  ["members", "-name"],
  ["members", "---name"],
  ["members", "-=x"],
  ["members", "-detailed=maybe"],
  ["members", "-detailed="],
  ["members", "-h=1"],
  ["members", '-x"\u00e9\n=y'],
  ["info", "--help=1"],
  ["leave", "-x"],
  ["force-leave", "-prune=2", "x"],
  ["join", "-replay=yes", "x"],
  ["monitor", "-log-level"],
  ["rtt", "-rpc-addr"],
  ["tags", "-set"],
  ["tags", "-delete", "x", "-nope"],
  ["event", "-coalesce=x", "y"],
  ["query", "-timeout=5", "x"],
  ["query", "-timeout", "x"],
  ["query", "-relay-factor=x", "y"],
  ["query", "-no-ack=2", "y"],
  ["query", "-node"],
  ["keys", "-list=x"],
  ["keys", "-install"],
  ["reachability", "-x"],
  ["agent", "-zork"],
  ["agent", "-tag"],
  ["agent", "-replay=x"],
  ["agent", "-retry-max", "x"],
  ["agent", "-retry-max", "99999999999999999999"],
  ["agent", "-retry-max=0x"],
  ["agent", "-protocol="],
  ["agent", "-tag", "foo"],
  ["agent", "-h=1"],
];

testBoth("CLI parity: refused flags", async (ours, theirs) => {
  const parity = new Parity(ours, theirs);
  await parity.compare(FLAG_LINES);
  parity.finish();
});

const ARGUMENT_LINES: readonly Line[] = [
  ["force-leave"],
  ["force-leave", "a", "b"],
  ["force-leave", "a", "-prune"],
  ["join"],
  ["join", "-replay"],
  ["tags"],
  ["tags", "x"],
  ["members", "-tag", "x"],
  ["members", "-tag", "=x"],
  ["members", "-tag="],
  ["members", "-role=r", "-tag", "x"],
  ["event"],
  ["event", "-coalesce"],
  ["event", "a", "b", "c"],
  ["query"],
  ["query", "a", "b", "c"],
  ["query", "-tag", "x"],
  ["query", "-tag", "=x", "a", "b", "c"],
  ["query", "-relay-factor=256", "x"],
  ["query", "-relay-factor=-1", "x", "y"],
  ["query", "-relay-factor=256"],
  ["keys"],
  ["keys", "x"],
  ["keys", "-list=false"],
  ["keys", "-install="],
  ["keys", "-list", "-use=x"],
  ["keys", "-install=x", "-use=x", "-remove=x"],
  // Nobody listens: arguments are looked at before or after the attempt to connect.
  ["members"],
  ["members", "--", "-h"],
  ["members", "-format=xml"],
  ["info", "-format=xml", "ignored"],
  ["join", "127.0.30.1"],
  ["leave"],
  ["force-leave", "x"],
  ["monitor"],
  ["rtt"],
  ["rtt", "a", "b", "c"],
  ["tags", "-set", "x"],
  ["event", "x"],
  ["event", "x", "-coalesce=maybe"],
  ["query", "-format=xml", "x"],
  ["keys", "-install=x", "-install=y"],
  ["reachability", "ignored"],
].map((args) => ({ args, env: { SERF_RPC_ADDR: NOBODY } }));

const ADDRESS_LINES: readonly Line[] = [
  "nohost",
  "127.0.30.250",
  "",
  ":1",
  "127.0.30.250:",
  "127.0.30.250:1",
  "127.0.30.250:99999",
  "127.0.30.250:-1",
  "127.0.30.250:bogus",
  "::1:7373",
  "[::1]:1",
  "[::1]",
  "[::1:1",
].map((address) => ({ args: ["members", `-rpc-addr=${address}`], env: { SERF_RPC_ADDR: NOBODY } }));

testBoth("CLI parity: arguments and addresses, with no agent there", async (ours, theirs) => {
  const parity = new Parity(ours, theirs);
  await parity.compare(ARGUMENT_LINES);
  await parity.compare(ADDRESS_LINES);
  await parity.compare([{ args: ["members"], env: { SERF_RPC_ADDR: "nohost" } }]);
  parity.finish();
});

/** Lines about a cluster of `a` (with tags) and `b` (odd name), which change nothing that the next line would show. */
function clusterLines(a: RunningAgent, b: RunningAgent): Line[] {
  const lines: (Line | string[])[] = [
    { args: ["members"], unordered: true },
    { args: ["members", "-detailed"], unordered: true },
    { args: ["members", "-format=json"], unordered: true },
    { args: ["members", "-format", "json", "-detailed", "ignored"], unordered: true },
    { args: ["members", "-status=alive"], unordered: true },
    { args: ["members", "-role="], unordered: true },
    { args: ["members", "-role=.*"], unordered: true },
    { args: ["members", "-name=x", "-name="], unordered: true },
    { args: ["-version", "members"], unordered: true },
    { args: ["", "members", "-", "-name=a"], unordered: true },
    { args: ["members", "-name=a|b"], unordered: true },
    { args: ["members", "-tag", "dc=.*"], unordered: true },
    ["members", "-name", b.name],
    ["members", "-detailed=1", "-name", b.name],
    ["members", "--format=json", "--name", b.name],
    ["members", "-name=zork"],
    ["members", "-name=zork", "-format=json"],
    ["members", "-status=failed"],
    ["members", "-role=db"],
    ["members", "-role=db", "-format=json"],
    ["members", "-tag", "role=web", "-tag", "role=db"],
    ["members", "-tag", "x==y"],
    ["members", "-format=xml"],
    ["members", '-format=x"y'],
    ["members", "-format="],
    ["members", "-name=("],
    ["members", "-tag", "role=["],
    ["members", "-rpc-auth=wrong"],
    { args: ["members", "-name=zork"], env: { SERF_RPC_AUTH: "wrong" } },
    { args: ["members", "-name=zork", "-rpc-auth="], env: { SERF_RPC_AUTH: "wrong" } },
    ["info"],
    ["info", "-format=json", "ignored"],
    ["info", "-format=yaml"],
    ["rtt"],
    ["rtt", "a", "b", "c"],
    ["rtt", "a"],
    ["rtt", "a", "a"],
    ["rtt", "zork"],
    ["rtt", 'z"\u00e9\t\u{1f600}\u2028'],
    ["rtt", "a", ""],
    ["join", b.spec.host],
    ["join", "-replay", `${b.spec.host}:7946`, a.spec.host],
    ["join", "127.0.30.250:1"],
    ["join", "/x", "127.0.30.250:1", "["],
    ["join", b.spec.host, "127.0.30.250:1"],
    ["join", ""],
    ["force-leave", "zork"],
    ["force-leave", "-prune", "zork"],
    ["force-leave", ""],
    ["tags", "-set", "x"],
    ["tags", "-set", "=x"],
    ["tags", "-set="],
    ["tags", "-delete", "nope", "ignored"],
    ["tags", "-set", `big=${"x".repeat(600)}`],
    ["tags", "-set", "dc=a=b", "-set", "empty=", "-delete", "dc", "-delete", "old"],
    ["members", "-name=a", "-tag", "dc=a=b", "-status", "alive", "-format=json"],
    ["monitor", "-log-level=bogus"],
    ["monitor", "-log-level="],
    ["leave", "-x"],
  ];
  return lines.map((each) => {
    const line: Line = "args" in each ? each : { args: each };
    return { ...line, env: { SERF_RPC_ADDR: a.rpc, ...line.env } };
  });
}

/** Events, queries and keys, of a cluster that is not encrypted; `a` answers the query `load`. */
function questionLines(a: RunningAgent): Line[] {
  const short = "-timeout=500ms";
  const lines: (Line | string[])[] = [
    ["event", "deploy", "abc"],
    ["event", "-coalesce=false", "deploy", "-"],
    ["event", "-coalesce=F", ""],
    ["event", "deploy", "-rpc-addr=x"],
    ["event", 'n"\u00e9', "\u{1f600}"],
    ["event", "large", "x".repeat(600)],
    ["event", "large", "x".repeat(500)],
    { args: ["query", short, "load"], unordered: true },
    { args: ["query", short, "load", "payload"], unordered: true },
    { args: ["query", short, "-relay-factor=1", "load"], unordered: true },
    ["query", short, "-no-ack", "load"],
    ["query", short, "-no-ack", "-format=json", "load"],
    ["query", short, "-format=json", "-node=a", "load"],
    ["query", short, "-format=json", "-node=zork", "load"],
    { args: ["query", short, "-node=a", "load"], unordered: true },
    { args: ["query", short, "-node=a", "-node", "b \u00e9\u{1f600}<&", "nothing"], unordered: true },
    { args: ["query", short, "-tag", "role=^w", "load"], unordered: true },
    { args: ["query", short, "-tag", "role=e", "-tag", "role=b$", "load"], unordered: true },
    ["query", short, "-tag", "role=(", "load"],
    { args: ["query", short, "-tag", "none=", "load"], unordered: true },
    { args: ["query", short, ""], unordered: true },
    ["query", "-timeout=-1s", "load"],
    { args: ["query", "_serf_ping"], unordered: true },
    ["query", "_serf_ping", "x"],
    ["query", "_serf_x"],
    ["query", "large", "x".repeat(1100)],
    ["query", "-format=xml", "x"],
    ["query", "-rpc-auth=x", "x"],
    ["reachability"],
    { args: ["reachability", "-verbose", "ignored"], unordered: true },
    { args: ["keys", "-list"], unordered: true },
    { args: ["keys", "-install=AAECAwQFBgcICQoLDA0ODw=="], unordered: true },
    { args: ["keys", "-use=zork"], unordered: true },
    { args: ["keys", "-remove=AAEC"], unordered: true },
    ["keys", "-install=!"],
  ];
  return lines.map((each) => {
    const line: Line = "args" in each ? each : { args: each };
    return { ...line, env: { SERF_RPC_ADDR: a.rpc, ...line.env } };
  });
}

/** The key of the encrypted agent, and another. */
const KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", OTHER_KEY = "AAECAwQFBgcICQoLDA0ODw==";

/** Each of them may be repeated, with the same outcome. */
const KEY_LINES: readonly Line[] = [
  ["-list"],
  ["-install=zork"],
  ["-install=AAEC"],
  ["-use=AAEC"],
  [`-use=${OTHER_KEY}`],
  [`-remove=${OTHER_KEY}`],
  [`-remove=${KEY}`],
  [`-install=${OTHER_KEY}`],
  ["-list"],
  [`-use=${OTHER_KEY}`],
  [`-remove=${OTHER_KEY}`],
  [`-use=${KEY}`],
  [`-use=${OTHER_KEY}`, "ignored"],
  [`-remove=${KEY}`],
  ["-list"],
].map((args) => ({ args: ["keys", ...args], unordered: true }));

/** Lines to an agent whose token is "secret". */
const TOKEN_LINES: readonly Line[] = [
  { args: ["members"] },
  { args: ["info"] },
  { args: ["join", "x"] },
  { args: ["leave"] },
  { args: ["force-leave", "x"] },
  { args: ["monitor"] },
  { args: ["rtt", "a"] },
  { args: ["rtt", "a", "b"] },
  { args: ["tags", "-delete=x"] },
  { args: ["event", "x"] },
  { args: ["query", "x"] },
  { args: ["keys", "-list"] },
  { args: ["keys", "-use=x"] },
  { args: ["reachability"] },
  { args: ["members", "-rpc-auth=wrong"] },
  { args: ["members", "-rpc-auth=secret"] },
  { args: ["members"], env: { SERF_RPC_AUTH: "secret" } },
  { args: ["members", "-rpc-auth=wrong"], env: { SERF_RPC_AUTH: "secret" } },
];

/** The agents that the command lines talk to: whose they are, and the last byte of their first address. */
const AGENTS = [{ whose: "HashiCorp's", lastByte: 11 }, { whose: "our", lastByte: 21 }] as const;

for (const { whose, lastByte } of AGENTS) {
  testBoth(`CLI parity: a running cluster of ${whose} agents`, (ours, theirs) =>
    withAgents(async (start) => {
      const binary = whose === "our" ? ours : theirs;
      const begin = (name: string, byte: number, ...args: string[]) =>
        start({ binary, name, host: `127.0.30.${byte}`, args: ["-profile=local", ...args] });
      const a = await begin("a", lastByte, "-tag=role=web", "-tag=old=1");
      const b = await begin("b \u00e9\u{1f600}<&", lastByte + 1, "-tag=role=db", `-join=${a.spec.host}`);
      await rttIsKnown(theirs, a);
      const parity = new Parity(ours, theirs);
      await parity.compare(clusterLines(a, b));
      parity.finish();
    }));

  testBoth(
    `CLI parity: events, queries and keys of a cluster of ${whose} agents`,
    (ours, theirs) =>
      withAgents(async (start) => {
        const binary = whose === "our" ? ours : theirs;
        const begin = (name: string, byte: number, ...args: string[]) =>
          start({ binary, name, host: `127.0.30.${byte}`, args: ["-profile=local", ...args] });
        const a = await begin("a", lastByte + 5, "-tag=role=web", "-event-handler=query:load=echo up; echo");
        await begin("b \u00e9\u{1f600}<&", lastByte + 6, "-tag=role=db", `-join=${a.spec.host}`);
        const parity = new Parity(ours, theirs);
        await parity.compare(questionLines(a));
        const encrypted = await begin("k", lastByte + 7, `-encrypt=${KEY}`);
        const env = { SERF_RPC_ADDR: encrypted.rpc };
        await parity.compare(KEY_LINES.map((line) => ({ ...line, env })));
        parity.finish();
      }),
  );

  testBoth(
    `CLI parity: one of ${whose} agents that asks for a token`,
    (ours, theirs) =>
      withAgents(async (start) => {
        const directory = await Deno.makeTempDir();
        await Deno.writeTextFile(`${directory}/auth.json`, '{"rpc_auth": "secret"}');
        const agent = await start({
          binary: whose === "our" ? ours : theirs,
          name: "a",
          host: `127.0.30.${lastByte + 2}`,
          args: ["-profile=local", `-config-file=${directory}/auth.json`],
        });
        await Deno.remove(directory, { recursive: true });
        const parity = new Parity(ours, theirs);
        await parity.compare(TOKEN_LINES.map(({ args, env }) => ({
          args,
          env: { SERF_RPC_ADDR: agent.rpc, ...env },
        })));
        parity.finish();
      }),
  );

  testBoth(`CLI parity: leave ends ${whose} agents`, (ours, theirs) =>
    withAgents(async (start) => {
      const outcomes = [];
      for (const [i, program] of [ours, theirs].entries()) {
        const agent = await start({
          binary: whose === "our" ? ours : theirs,
          name: "a",
          host: `127.0.30.${lastByte + 3 + i}`,
          args: ["-profile=local"],
        });
        const result = await runCommand(program, ["leave", "ignored"], { env: { SERF_RPC_ADDR: agent.rpc } });
        outcomes.push({ ...result, agent: await agent.ended() });
      }
      deepEqual(outcomes[0], outcomes[1]);
      equal(outcomes[0]!.stdout, "Graceful leave complete\n");
    }));
}

async function rttIsKnown(theirs: string, agent: RunningAgent): Promise<void> {
  await eventually("the agent has a coordinate of its own", 10_000, async () => {
    return (await runCommand(theirs, ["rtt", `-rpc-addr=${agent.rpc}`, agent.name])).code === 0;
  });
}

/** A running `serf monitor`. */
class Monitor {
  readonly #child: Deno.ChildProcess;

  constructor(program: string, rpc: string, level: string) {
    this.#child = new Deno.Command(program, {
      args: ["monitor", `-rpc-addr=${rpc}`, `-log-level=${level}`],
      clearEnv: true,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  interrupt(): void {
    this.#child.kill("SIGINT");
  }

  /** What it showed: log lines and events, in any order, as upstream's own order is random. */
  async finished(): Promise<string> {
    const { code, stdout, stderr } = await this.#child.output();
    const [text, complaint] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    const events = Array.from(text!.matchAll(/^Event Info:\n((?:\t.*\n)*)/gm), (match) => {
      return "Event Info:\n" + match[1]!.split("\n").sort().join("\n");
    });
    const lines = text!.replace(/^Event Info:\n(?:\t.*\n)*/gm, "").split("\n");
    return JSON.stringify({ code, complaint, events: events.sort(), lines: comparable(lines) }, null, 1);
  }
}

/** Without the lines about the connections of the tests' own commands. */
function comparable(lines: string[]): string[] {
  return lines.filter((line) => !line.includes("agent.ipc: Accepted client")).sort();
}

testBoth(
  "CLI parity: monitor shows log and events, and ends with the agent or by an interrupt",
  (ours, theirs) =>
    withAgents(async (start) => {
      const begin = (name: string, host: string, ...args: string[]) =>
        start({ binary: theirs, name, host, args: ["-profile=local", ...args] });
      const agent = await begin("a", "127.0.30.16");
      const other = await begin("b", "127.0.30.17", "-tag=x=1");
      await eventually(
        "the agent has told its own join",
        10_000,
        () => agent.output.includes("event: member-join"),
      );
      const watch = (level: string) =>
        [ours, theirs].map((program) => new Monitor(program, agent.rpc, level));
      const interrupted = watch("info"), ended = watch("WARN");
      await eventually("four monitors are connected", 20_000, () => {
        return agent.output.split("agent.ipc: Accepted client").length > 4;
      });
      await sleep(300); // their next requests follow at once, unseen
      await makeEvents(theirs, agent, other);
      await sleep(500); // from the agent's log to the monitors
      for (const monitor of interrupted) monitor.interrupt();
      const parity = new Parity(ours, theirs);
      const [ownEvents, theirEvents] = await Promise.all(interrupted.map((monitor) => monitor.finished()));
      for (const event of ["member-join", "member-update", "deploy", "load"]) {
        ok(theirEvents!.includes(event), event);
      }
      parity.note("monitor -log-level=info, interrupted", ownEvents!, theirEvents!);
      await agent.kill();
      const [ownEnd, theirEnd] = await Promise.all(ended.map((monitor) => monitor.finished()));
      parity.note("monitor -log-level=WARN, until the agent is gone", ownEnd!, theirEnd!);
      parity.finish();
    }),
);

/** One event of each kind that a monitor shows. */
async function makeEvents(theirs: string, agent: RunningAgent, other: RunningAgent): Promise<void> {
  const run = async (...args: string[]) => {
    const { code, stdout } = await runCommand(theirs, args, { env: { SERF_RPC_ADDR: agent.rpc } });
    equal(code, 0, stdout);
  };
  const told = (text: string) =>
    eventually(`the agent has told ${text}`, 20_000, () => agent.output.includes(text));
  await run("join", other.spec.host);
  await run("event", "deploy", "a\x01\u00e9");
  await run("event", "-coalesce=false", "empty", "");
  await run("query", "-timeout=200ms", "load", "payload");
  await told("user-event: deploy");
  // A join and an update of one member within a second would be told as one event.
  await eventually(
    "the other member is told",
    10_000,
    () => agent.output.split("event: member-join").length > 2,
  );
  await run("tags", "-set", "k=v");
  await told("event: member-update");
}

Deno.test("CLI parity: more than 150 command lines are compared", () => {
  const agent = { name: "", rpc: "", spec: { host: "" } } as RunningAgent;
  const count = DISPATCHER_LINES.length + FLAG_LINES.length + ARGUMENT_LINES.length + ADDRESS_LINES.length +
    clusterLines(agent, agent).length + questionLines(agent).length + KEY_LINES.length + TOKEN_LINES.length;
  ok(count > 150, `${count}`);
});
