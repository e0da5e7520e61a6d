import { deepEqual, equal, match, ok } from "../../support/assert.ts";
import { runCli } from "../../../lib/cli/dispatcher.ts";
import { type Answer, FakeAgent, type Request } from "./fake_agent.ts";
import { FakePlatform } from "./fake_platform.ts";

interface Outcome {
  code: number;
  out: string;
  err: string;
}

async function run(agent: FakeAgent | FakePlatform, ...args: string[]): Promise<Outcome> {
  const fake = agent instanceof FakeAgent ? agent.fake : agent;
  fake.stdout = fake.stderr = "";
  const code = await runCli(args, fake.platform);
  return { code, out: fake.stdout, err: fake.stderr };
}

/** An agent that answers one command, and the rest with plain success. */
function answering(command: string, answer: Answer | ((request: Request) => Answer)): FakeAgent {
  return new FakeAgent((request) => {
    if (request.command !== command) return undefined;
    return typeof answer === "function" ? answer(request) : answer;
  });
}

async function helpOf(command: string): Promise<string> {
  return (await run(new FakePlatform(), command, "-h")).err;
}

const CLIENT_COMMANDS: [prefix: string, ...args: string[]][] = [
  ["Error retrieving members", "members"],
  ["Error querying agent", "info"],
  ["Error joining the cluster", "join", "x"],
  ["Error leaving", "leave"],
  ["Error force leaving", "force-leave", "x"],
  ["Error setting tags", "tags", "-set", "a=b"],
  ["Error querying agent", "rtt", "x"],
  ["Error getting coordinates", "rtt", "x", "y"],
  ["Error starting stream", "monitor"],
  ["Error sending event", "event", "x"],
  ["Error sending query", "query", "x"],
  ["Error getting members", "reachability"],
];

function member(name: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    Name: name,
    Addr: Uint8Array.of(127, 0, 0, 1),
    Port: 7946,
    Tags: {},
    Status: "alive",
    ProtocolMin: 1,
    ProtocolMax: 5,
    ProtocolCur: 2,
    DelegateMin: 2,
    DelegateMax: 5,
    DelegateCur: 4,
    ...more,
  };
}

Deno.test("every client command reports a refused connection on standard output", async () => {
  for (const [, ...args] of CLIENT_COMMANDS) {
    deepEqual(await run(new FakePlatform(), ...args), {
      code: 1,
      out: "Error connecting to Serf agent: dial tcp 127.0.0.1:7373: connect: connection refused\n",
      err: "",
    }, args.join(" "));
  }
});

Deno.test("every client command reports the agent's error after its own prefix, and closes the connection", async () => {
  for (const [prefix, ...args] of CLIENT_COMMANDS) {
    const agent = new FakeAgent(({ command }) => {
      return command === "handshake" ? undefined : { error: "Authentication required" };
    });
    deepEqual(
      await run(agent, ...args),
      { code: 1, out: `${prefix}: Authentication required\n`, err: "" },
      args.join(" "),
    );
    equal(agent.closed, 1, args.join(" "));
  }
});

Deno.test("every client command reports a connection that the agent drops", async () => {
  for (const [prefix, ...args] of CLIENT_COMMANDS) {
    const agent = new FakeAgent(({ command }) => command === "handshake" ? undefined : { close: true });
    deepEqual(
      await run(agent, ...args),
      { code: 1, out: `${prefix}: client closed\n`, err: "" },
      args.join(" "),
    );
  }
});

Deno.test("the agent's address and token come from the flag, else from the environment, else from the default", async () => {
  const agent = new FakeAgent();
  await run(agent, "leave");
  agent.fake.environment["SERF_RPC_ADDR"] = "10.0.0.1:1";
  agent.fake.environment["SERF_RPC_AUTH"] = "from-env";
  await run(agent, "leave");
  await run(agent, "leave", "-rpc-addr=10.0.0.2:2", "-rpc-auth", "from-flag");
  await run(agent, "leave", "-rpc-auth=");
  agent.fake.environment["SERF_RPC_ADDR"] = "";
  await run(agent, "leave");
  deepEqual(agent.fake.dialled, [
    "127.0.0.1:7373",
    "10.0.0.1:1",
    "10.0.0.2:2",
    "10.0.0.1:1",
    "127.0.0.1:7373",
  ]);
  const tokens = agent.requests.filter(({ command }) => command === "auth").map(({ body }) =>
    body!["AuthKey"]
  );
  deepEqual(tokens, ["from-env", "from-flag", "from-env"], "an empty token is not sent");
});

Deno.test("a wrong token is an error of the connection", async () => {
  const agent = answering("auth", { error: "Invalid authentication token" });
  const { code, out } = await run(agent, "members", "-rpc-auth=x");
  deepEqual([code, out], [1, "Error connecting to Serf agent: Invalid authentication token\n"]);
});

Deno.test("a refused flag shows its line on standard error and the help on standard output", async () => {
  const help = await helpOf("join");
  deepEqual(await run(new FakePlatform(), "join", "-x"), {
    code: 1,
    out: help,
    err: "flag provided but not defined: -x\n",
  });
  deepEqual(await run(new FakePlatform(), "join", "-h=1"), { code: 1, out: help, err: "" });
  const agentHelp = await helpOf("agent");
  deepEqual(await run(new FakePlatform(), "agent", "-protocol=x"), {
    code: 1,
    out: `==> ${agentHelp}`,
    err: 'invalid value "x" for flag -protocol: parse error\n',
  });
});

Deno.test("arguments that a command cannot do without are missed before any connection", async () => {
  const cases: [string[], string][] = [
    [["join"], "At least one address to join must be specified.\n\n"],
    [["join", "-replay"], "At least one address to join must be specified.\n\n"],
    [["force-leave"], "A node name must be specified to force leave.\n\n"],
    [["force-leave", "a", "b"], "A node name must be specified to force leave.\n\n"],
    [["tags"], ""],
    [["tags", "a=b"], ""],
  ];
  for (const [args, message] of cases) {
    const agent = new FakeAgent();
    deepEqual(
      await run(agent, ...args),
      { code: 1, out: message + await helpOf(args[0]!), err: "" },
      args.join(" "),
    );
    deepEqual(agent.fake.dialled, []);
  }
});

Deno.test("join sends addresses and reports how many were contacted", async () => {
  const agent = answering("join", { body: { Num: 2 } });
  deepEqual(await run(agent, "join", "-replay", "a", "b:1"), {
    code: 0,
    out: "Successfully joined cluster by contacting 2 nodes.\n",
    err: "",
  });
  deepEqual(agent.bodyOf("join"), { Existing: ["a", "b:1"], Replay: true });
  const plain = answering("join", { body: { Num: 1 } });
  await run(plain, "join", "a", "-replay");
  deepEqual(plain.bodyOf("join"), { Existing: ["a", "-replay"], Replay: false });
});

Deno.test("join shows all of a failure, blank lines included", async () => {
  const error = "1 error occurred:\n\t* Failed to join 127.0.0.1:1: x\n\n";
  const { code, out } = await run(answering("join", { error, body: { Num: 0 } }), "join", "a");
  deepEqual([code, out], [1, `Error joining the cluster: ${error}\n`]);
});

Deno.test("leave and force-leave do what they say, the latter silently", async () => {
  const agent = new FakeAgent();
  deepEqual(await run(agent, "leave", "ignored"), { code: 0, out: "Graceful leave complete\n", err: "" });
  deepEqual(await run(agent, "force-leave", "x"), { code: 0, out: "", err: "" });
  deepEqual(agent.bodyOf("force-leave"), { Node: "x", Prune: false });
  const pruned = new FakeAgent();
  await run(pruned, "force-leave", "-prune", "");
  deepEqual(pruned.bodyOf("force-leave"), { Node: "", Prune: true });
});

Deno.test("tags sends what to set and what to delete, and looks at pairs only once connected", async () => {
  const agent = new FakeAgent();
  deepEqual(await run(agent, "tags", "-set", "a=b=c", "-set=d=", "-delete", "x", "-delete=y"), {
    code: 0,
    out: "Successfully updated agent tags\n",
    err: "",
  });
  deepEqual(agent.bodyOf("tags"), { Tags: { a: "b=c", d: "" }, DeleteTags: ["x", "y"] });
  const invalid = new FakeAgent();
  deepEqual(await run(invalid, "tags", "-set", "x"), { code: 1, out: "Error: Invalid tag: 'x'\n", err: "" });
  deepEqual(invalid.commands, []);
  equal(invalid.closed, 1);
});

Deno.test("members prints a table", async () => {
  const agent = answering("members-filtered", {
    body: {
      Members: [
        member("a", { Tags: { role: "web", dc: "x" } }),
        member("long name", { Addr: new Uint8Array(16).fill(1, 15), Status: "failed" }),
        member("c|d", { Addr: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 1), Port: 1 }),
        member("none", { Addr: null }),
      ],
    },
  });
  const { code, out } = await run(agent, "members");
  equal(code, 0);
  equal(
    out,
    `a          127.0.0.1:7946  alive       role=web,dc=x
long name  [::1]:7946      failed      
c          d               10.0.0.1:1  alive          
none       :7946           alive
`,
  );
});

Deno.test("members -detailed adds Serf's protocol versions", async () => {
  const agent = answering("members-filtered", { body: { Members: [member("a")] } });
  const { out } = await run(agent, "members", "-detailed");
  equal(out, "a  127.0.0.1:7946  alive    Protocol Version: 4  Available Protocol Range: [2, 5]\n");
});

Deno.test("members -format=json prints all fields in order, tags sorted", async () => {
  const body = { Members: [member("<a>", { Tags: { role: "web", dc: "x" } })] };
  const { out } = await run(
    answering("members-filtered", { body }),
    "members",
    "-format",
    "json",
    "-detailed",
  );
  equal(
    out,
    `{
  "members": [
    {
      "name": "\\u003ca\\u003e",
      "addr": "127.0.0.1:7946",
      "port": 7946,
      "tags": {
        "dc": "x",
        "role": "web"
      },
      "status": "alive",
      "protocol": {
        "max": 5,
        "min": 2,
        "version": 4
      }
    }
  ]
}
`,
  );
});

Deno.test("members prints an empty line, or null, when there are none", async () => {
  const agent = answering("members-filtered", { body: { Members: [] } });
  deepEqual(await run(agent, "members"), { code: 0, out: "\n", err: "" });
  equal((await run(agent, "members", "-format=json")).out, '{\n  "members": null\n}\n');
});

Deno.test("members sends its filters, and -role as a tag after a warning", async () => {
  const agent = answering("members-filtered", { body: { Members: [] } });
  const { out } = await run(
    agent,
    "members",
    "-name=n",
    "-status",
    "s",
    "-tag",
    "a=b=c",
    "-tag=d=",
    "-role",
    "r.*",
  );
  equal(out, "Deprecation warning: 'Role' has been replaced with 'Tags'\n\n");
  deepEqual(agent.bodyOf("members-filtered"), {
    Tags: { a: "b=c", d: "", role: "r.*" },
    Status: "s",
    Name: "n",
  });
  equal((await run(agent, "members", "-role=")).out, "\n", "an empty role is none");
});

Deno.test("members refuses a bad tag before it connects, and a bad format after", async () => {
  const agent = answering("members-filtered", { body: { Members: [] } });
  deepEqual(await run(agent, "members", "-role=x", "-tag", "x"), {
    code: 1,
    out: "Deprecation warning: 'Role' has been replaced with 'Tags'\nError: Invalid tag: 'x'\n",
    err: "",
  });
  deepEqual(agent.fake.dialled, []);
  const { code, out } = await run(agent, "members", "-format=xml");
  deepEqual([code, out], [1, 'Encoding error: Invalid output format "xml"\n']);
  deepEqual(agent.commands, ["members-filtered"]);
});

const STATS = {
  serf: { members: "1", failed: "0" },
  agent: { name: "a<" },
  tags: {},
};

Deno.test("info prints sections and their values sorted", async () => {
  const agent = answering("stats", { body: STATS });
  deepEqual(await run(agent, "info", "ignored"), {
    code: 0,
    out: "agent:\n\tname = a<\nserf:\n\tfailed = 0\n\tmembers = 1\ntags:\n",
    err: "",
  });
  equal(
    (await run(agent, "info", "-format=json")).out,
    `{
  "agent": {
    "name": "a\\u003c"
  },
  "serf": {
    "failed": "0",
    "members": "1"
  },
  "tags": {}
}
`,
  );
  const { code, out } = await run(agent, "info", "-format=");
  deepEqual([code, out], [1, 'Encoding error: Invalid output format ""\n']);
});

function coordinate(x: number, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { Coord: { Vec: [x, 0, 0], Height: 0.001, Adjustment: 0, Error: 0.5, ...more }, Ok: true };
}

function coordinates(known: Record<string, unknown>): FakeAgent {
  return new FakeAgent(({ command, body }) => {
    if (command === "stats") return { body: STATS };
    if (command !== "get-coordinate") return undefined;
    const missing = { Coord: { Vec: null, Height: 0, Adjustment: 0, Error: 0 }, Ok: false };
    return { body: known[body!["Node"] as string] ?? missing };
  });
}

Deno.test("rtt adds distance, heights and adjustments", async () => {
  const agent = coordinates({ x: coordinate(0.003), y: coordinate(0.001, { Adjustment: 0.0005 }) });
  deepEqual(await run(agent, "rtt", "x", "y"), {
    code: 0,
    out: "Estimated x <-> y rtt: 4.500 ms\n",
    err: "",
  });
});

Deno.test("rtt leaves out adjustments that would make time negative", async () => {
  const agent = coordinates({ x: coordinate(0.003, { Adjustment: -1 }), y: coordinate(0.001) });
  equal((await run(agent, "rtt", "x", "y")).out, "Estimated x <-> y rtt: 4.000 ms\n");
});

Deno.test("rtt takes the agent's own node when one name is given", async () => {
  const agent = coordinates({ x: coordinate(0), "a<": coordinate(0) });
  equal((await run(agent, "rtt", "x")).out, "Estimated x <-> a< rtt: 2.000 ms\n");
});

Deno.test("rtt names the node whose coordinate is missing, quoted", async () => {
  const agent = coordinates({ x: coordinate(0) });
  deepEqual(await run(agent, "rtt", "x", 'z"\t'), {
    code: 1,
    out: 'Could not find a coordinate for node "z\\"\\t"\n',
    err: "",
  });
});

Deno.test("rtt refuses coordinates of different dimensions", async () => {
  const agent = coordinates({ x: coordinate(0), y: coordinate(0, { Vec: [1] }) });
  const { code, out } = await run(agent, "rtt", "x", "y");
  deepEqual([code, out], [1, "Error getting coordinates: coordinate dimensionality does not match\n"]);
});

Deno.test("rtt connects before it counts its arguments", async () => {
  for (const args of [[], ["a", "b", "c"]]) {
    const agent = new FakeAgent();
    const { code, out } = await run(agent, "rtt", ...args);
    deepEqual([code, out], [1, "One or two node names must be specified\n\n" + await helpOf("rtt")]);
    equal(agent.closed, 1);
  }
});

Deno.test("keygen prints 32 random bytes, different each time, whatever its arguments", async () => {
  const fake = new FakePlatform();
  const first = (await run(fake, "keygen")).out, second = (await run(fake, "keygen", "-x", "y")).out;
  match(first, /^[A-Za-z0-9+/]{43}=\n$/);
  equal(atob(first.trim()).length, 32);
  ok(first !== second && second.length === first.length);
});
