/** `event`, `query`, `keys` and `reachability` against an agent of the test's choosing. */
import { deepEqual, equal, ok } from "../../support/assert.ts";
import { runCli } from "../../../lib/cli/dispatcher.ts";
import { type Answer, FakeAgent } from "./fake_agent.ts";
import type { FakePlatform } from "./fake_platform.ts";

interface Outcome {
  code: number;
  out: string;
  err: string;
}

async function run(agent: FakeAgent, ...args: string[]): Promise<Outcome> {
  agent.fake.stdout = agent.fake.stderr = "";
  const code = await runCli(args, agent.fake.platform);
  return { code, out: agent.fake.stdout, err: agent.fake.stderr };
}

function answering(command: string, answer: Answer): FakeAgent {
  return new FakeAgent((request) => request.command === command ? answer : undefined);
}

const bytes = (text: string) => new TextEncoder().encode(text);
const ack = (from: string) => ({ Type: "ack", From: from, Payload: null });
const response = (from: string, payload: string | Uint8Array) => ({
  Type: "response",
  From: from,
  Payload: typeof payload === "string" ? bytes(payload) : payload,
});
const DONE = { Type: "done", From: "", Payload: null };

Deno.test("serf event sends name and payload, coalescing unless told otherwise", async () => {
  const agent = new FakeAgent();
  deepEqual(await run(agent, "event", "deploy", "a=b"), {
    code: 0,
    out: "Event 'deploy' dispatched! Coalescing enabled: true\n",
    err: "",
  });
  deepEqual(agent.bodyOf("event"), { Coalesce: true, Name: "deploy", Payload: bytes("a=b") });
  const other = new FakeAgent();
  equal(
    (await run(other, "event", "-coalesce=false", "")).out,
    "Event '' dispatched! Coalescing enabled: false\n",
  );
  deepEqual(other.bodyOf("event"), { Coalesce: false, Name: "", Payload: bytes("") });
});

Deno.test("serf event sends the bytes of arguments that are not UTF-8", async () => {
  const agent = new FakeAgent();
  await run(agent, "event", "x", "a\udcff");
  deepEqual(agent.bodyOf("event")?.["Payload"], Uint8Array.of(0x61, 0xff));
});

Deno.test("serf event and serf query want one name and at most one payload, and say so before they connect", async () => {
  for (const [command, article] of [["event", "An"], ["query", "A"]] as const) {
    const agent = new FakeAgent();
    const help = (await run(agent, command, "-h")).err;
    deepEqual(await run(agent, command), {
      code: 1,
      out: `${article} ${command} name must be specified.\n\n${help}`,
      err: "",
    });
    deepEqual(await run(agent, command, "a", "b", "c"), {
      code: 1,
      out: `Too many command line arguments. Only a name and payload must be specified.\n\n${help}`,
      err: "",
    });
    deepEqual(agent.fake.dialled, []);
  }
});

Deno.test("serf event reports what the agent refuses", async () => {
  deepEqual(await run(answering("event", { error: "too big" }), "event", "x"), {
    code: 1,
    out: "Error sending event: too big\n",
    err: "",
  });
});

Deno.test("serf query shows acks and responses as they come, without one newline at the end", async () => {
  const records = [
    ack("a"),
    response("b", "two\n\n"),
    ack(""),
    response("", "from nobody"),
    response("a", Uint8Array.of(0xff)),
    DONE,
  ];
  const agent = answering("query", { records });
  const flags = ["-node=a", "-node=b", "-tag", "role=w.*", "-timeout=1m", "-relay-factor=3"];
  deepEqual(await run(agent, "query", ...flags, "load", "now"), {
    code: 0,
    out: "Query 'load' dispatched\nAck from 'a'\nResponse from 'b': two\n\nResponse from 'a': \udcff\n" +
      "Total Acks: 1\nTotal Responses: 2\n",
    err: "",
  });
  deepEqual(agent.bodyOf("query"), {
    FilterNodes: ["a", "b"],
    FilterTags: { role: "w.*" },
    Name: "load",
    Payload: bytes("now"),
    RelayFactor: 3,
    RequestAck: true,
    Timeout: 60_000_000_000,
  });
  equal(agent.closed, 1);
});

Deno.test("serf query -no-ack asks for none, and counts none", async () => {
  const agent = answering("query", { records: [response("a", "x"), DONE] });
  equal(
    (await run(agent, "query", "-no-ack", "-timeout=-1s", "load")).out,
    "Query 'load' dispatched\nResponse from 'a': x\nTotal Responses: 1\n",
  );
  equal(agent.bodyOf("query")!["RequestAck"], false);
  equal(agent.bodyOf("query")!["Timeout"], -1e9);
});

Deno.test("serf query -format=json shows all at the end", async () => {
  const some = answering("query", { records: [ack("b"), ack("a"), response("b", "x\n"), DONE] });
  equal(
    (await run(some, "query", "-format=json", "load")).out,
    '{\n  "Acks": [\n    "b",\n    "a"\n  ],\n  "Responses": {\n    "b": "x\\n"\n  }\n}\n',
  );
  const none = answering("query", { records: [DONE] });
  equal(
    (await run(none, "query", "-format=json", "load")).out,
    '{\n  "Acks": null,\n  "Responses": {}\n}\n',
  );
});

Deno.test("serf query refuses bad filters and factors before it connects, and a bad format after", async () => {
  const agent = new FakeAgent();
  equal((await run(agent, "query", "-tag=x", "-relay-factor=-1")).out, "Error: Invalid tag: 'x'\n");
  for (const factor of ["256", "-1"]) {
    const outcome = await run(agent, "query", `-relay-factor=${factor}`, "-format=xml", "x");
    deepEqual(outcome, { code: 1, out: "Relay factor must be between 0 and 255\n", err: "" });
  }
  deepEqual(agent.fake.dialled, []);
  deepEqual(await run(agent, "query", "-format=xml", "x"), {
    code: 1,
    out: "Invalid format: xml\n",
    err: "",
  });
  deepEqual(agent.commands, []);
});

Deno.test("serf query ends well when the agent goes away, and reports what it refuses", async () => {
  const gone = answering("query", { records: [ack("a")], close: true });
  deepEqual(await run(gone, "query", "load"), {
    code: 0,
    out: "Query 'load' dispatched\nAck from 'a'\nTotal Acks: 1\nTotal Responses: 0\n",
    err: "",
  });
  const refusing = answering("query", { error: "no" });
  deepEqual(await run(refusing, "query", "load"), { code: 1, out: "Error sending query: no\n", err: "" });
});

Deno.test("serf query and serf reachability end at an interrupt", async () => {
  for (
    const [command, out] of [
      ["query", "Query 'x' dispatched\n"],
      [
        "reachability",
        "Total members: 0, live members: 0\nStarting reachability test...\nTest interrupted\n",
      ],
    ] as const
  ) {
    const agent = new FakeAgent(({ command }) =>
      command === "members" ? { body: { Members: [] } } : undefined
    );
    const outcome = run(agent, command, "x");
    await until(() => agent.fake.stdout.endsWith("dispatched\n") || agent.fake.stdout.endsWith("...\n"));
    agent.fake.signal("SIGINT");
    deepEqual(await outcome, { code: 1, out, err: "" });
    ok(noListeners(agent.fake));
  }
});

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 1));
}

function noListeners(fake: FakePlatform): boolean {
  return [...fake.signalListeners.values()].every((listeners) => listeners.size === 0);
}

const KEY_REPLY = { Keys: null, Messages: {}, NumErr: 0, NumNodes: 2, NumResp: 2 };

Deno.test("serf keys wants exactly one thing to do, and says so before it connects", async () => {
  const agent = new FakeAgent();
  const help = (await run(agent, "keys", "-h")).err;
  for (const args of [[], ["-list=false"], ["-install="], ["x"]]) {
    deepEqual(await run(agent, "keys", ...args), { code: 1, out: help, err: "" });
  }
  for (const args of [["-list", "-use=x"], ["-install=x", "-remove=y"]]) {
    deepEqual(await run(agent, "keys", ...args), {
      code: 1,
      out: "Only one of -install, -use, -remove, or -list allowed\n",
      err: "",
    });
  }
  deepEqual(agent.fake.dialled, []);
});

Deno.test("serf keys changes keys and says that all members did", async () => {
  const cases = [
    ["-install=k", "install-key", "==> Installing key on all members...\n==> Successfully installed key!\n"],
    [
      "-use=k",
      "use-key",
      "==> Changing primary key on all members...\n==> Successfully changed primary key!\n",
    ],
    ["-remove=k", "remove-key", "==> Removing key on all members...\n==> Successfully removed key!\n"],
  ] as const;
  for (const [flag, verb, out] of cases) {
    const agent = answering(verb, { body: KEY_REPLY });
    deepEqual(await run(agent, "keys", flag), { code: 0, out, err: "" });
    deepEqual(agent.commands, [verb]);
    deepEqual(agent.bodyOf(verb), { Key: "k" });
  }
});

Deno.test("serf keys -list shows on how many members each key is", async () => {
  const agent = answering("list-keys", { body: { ...KEY_REPLY, Keys: { long: 2, k: 1 } } });
  deepEqual(await run(agent, "keys", "-list"), {
    code: 0,
    out: "==> Asking all members for installed keys...\n==> Keys gathered, listing cluster keys...\n\n" +
      "long  [2/2]\nk     [1/2]\n",
    err: "",
  });
});

Deno.test("serf keys shows what members said when some failed", async () => {
  const Messages = { bb: "no keyring", c: "no key" };
  const error = "2/2 nodes reported failure";
  const agent = answering("remove-key", { error, body: { ...KEY_REPLY, Messages } });
  deepEqual(await run(agent, "keys", "-remove=k"), {
    code: 1,
    out: "==> Removing key on all members...\nfailed:  bb  no keyring\nfailed:  c   no key\n\n" +
      `Error removing key: ${error}\n`,
    err: "",
  });
  const silent = answering("list-keys", { error: "1/2 nodes reported success", body: KEY_REPLY });
  equal(
    (await run(silent, "keys", "-list")).out,
    "==> Asking all members for installed keys...\n\nFailed to gather member keys: 1/2 nodes reported success\n",
  );
  const locked = answering("use-key", { error: "Authentication required" });
  equal(
    (await run(locked, "keys", "-use=k")).out,
    "==> Changing primary key on all members...\n\nError changing primary key: Authentication required\n",
  );
});

function member(Name: string, Status = "alive"): Record<string, unknown> {
  const versions = {
    ProtocolMin: 1,
    ProtocolMax: 5,
    ProtocolCur: 2,
    DelegateMin: 2,
    DelegateMax: 5,
    DelegateCur: 5,
  };
  return { Name, Addr: Uint8Array.of(127, 0, 0, 1), Port: 7946, Tags: {}, Status, ...versions };
}

function pinged(names: readonly string[]): FakeAgent {
  return new FakeAgent(({ command }) => {
    if (command === "members") {
      return { body: { Members: [member("a"), member("b"), member("c", "failed")] } };
    }
    return command === "query" ? { records: [...names.map(ack), DONE] } : undefined;
  });
}

const HEAD = "Total members: 3, live members: 2\nStarting reachability test...\n";

Deno.test("serf reachability is content when as many members answer as are alive", async () => {
  const agent = pinged(["b", "a"]);
  deepEqual(await run(agent, "reachability"), {
    code: 0,
    out: HEAD + "Successfully contacted all live nodes\n",
    err: "",
  });
  deepEqual(agent.bodyOf("query"), {
    FilterNodes: [],
    FilterTags: {},
    Name: "_serf_ping",
    Payload: null,
    RelayFactor: 0,
    RequestAck: true,
    Timeout: 0,
  });
  equal(
    (await run(pinged(["a", "b"]), "reachability", "-verbose")).out,
    HEAD + "\tAck from 'a'\n\tAck from 'b'\n" +
      "Query time: 0.00 sec, time to last response: 0.00 sec\nSuccessfully contacted all live nodes\n",
  );
});

Deno.test("serf reachability names who is missing, who should not be there, and who is there twice", async () => {
  const tips = /^\nTroubleshooting tips:\n(\* .+\n){5}$/;
  const less = await run(pinged(["b"]), "reachability");
  equal(less.code, 1);
  const [about, hints] = halves(less.out);
  equal(
    about,
    HEAD + "Received less acks than live nodes! Missing acks from:\n\ta\n" +
      "This could mean Serf gossip packets are being lost due to a misconfiguration or network issue.\n",
  );
  ok(tips.test(hints), hints);
  const more = await run(pinged(["a", "b", "c"]), "reachability");
  equal(more.code, 1);
  equal(
    halves(more.out)[0],
    HEAD + "Received more acks than live nodes! Acks from non-live nodes:\n\tc\n" +
      "This could mean Serf is detecting false-failures due to a misconfiguration or network issue.\n",
  );
  deepEqual(await run(pinged(["a", "a"]), "reachability"), {
    code: 1,
    out: HEAD + "Duplicate response from 'a'\nDuplicate responses means there is a misconfiguration. " +
      "Verify that node names are unique.\nSuccessfully contacted all live nodes\n",
    err: "",
  });
});

function halves(text: string): [string, string] {
  const at = text.indexOf("\nTroubleshooting");
  return [text.slice(0, at), text.slice(at)];
}

Deno.test("serf reachability reports what the agent refuses", async () => {
  const deaf = answering("members", { error: "no", body: { Members: null } });
  equal((await run(deaf, "reachability")).out, "Error getting members: no\n");
  const mute = new FakeAgent(({ command }) => {
    if (command === "members") return { body: { Members: [] } };
    return command === "query" ? { error: "no" } : undefined;
  });
  deepEqual(await run(mute, "reachability"), {
    code: 1,
    out: "Total members: 0, live members: 0\nError sending query: no\n",
    err: "",
  });
});
