import { deepEqual, equal, ok, rejects, throws } from "../../support/assert.ts";
import { Agent } from "../../../lib/agent/agent.ts";
import type { AgentFlags } from "../../../lib/agent/agent_flags.ts";
import { AgentLogger } from "../../../lib/agent/agent_logger.ts";
import { readSettings, resolveConfig } from "../../../lib/agent/config_validate.ts";
import { encodeText } from "../../../lib/base/byte_text.ts";
import { LogLevel } from "../../../lib/base/ports.ts";
import type { SerfEvent } from "../../../lib/serf/events.ts";
import type { KeyResult } from "../../../lib/serf/key_manager.ts";
import { QUERY_DEFAULTS } from "../../../lib/serf/query_sender.ts";
import { SimClock } from "../../../lib/sim/sim_clock.ts";
import { SimNetwork } from "../../../lib/sim/sim_network.ts";
import { decodeText } from "../../../lib/wire/text.ts";
import { FakePlatform, type FakeWorld, inTime, pass } from "./fake_platform.ts";

const KEY16 = "AAECAwQFBgcICQoLDA0ODw==";
const A: AgentFlags = { node: "a", bind: "10.1.0.1" };
const B: AgentFlags = { node: "b", bind: "10.1.0.2" };

async function create(flags: AgentFlags, world: FakeWorld = {}) {
  const platform = new FakePlatform(world);
  const config = await resolveConfig(readSettings(flags, platform, () => {}), platform, () => {});
  const logger = new AgentLogger(platform.clock, LogLevel.trace, () => {});
  const agent = await Agent.create(config, platform, logger);
  const lines: string[] = [];
  logger.ring.subscribe(LogLevel.trace, (line) => lines.push(line.slice("2026/11/23 03:44:02 ".length)));
  const heard: string[] = [];
  agent.onEvent((event) => heard.push(describe(event)));
  return { agent, platform, lines, heard };
}

function describe(event: SerfEvent): string {
  if (event.type === "user") return `user ${event.name} ${text(event.payload)}`;
  if (event.type === "query") return `query ${event.name} ${text(event.payload)}`;
  return event.type;
}

/** For a query whose answers are of no interest. */
const NOBODY = { onAck() {}, onResponse() {}, onDone() {} };

const text = (bytes: Uint8Array) => decodeText(bytes, 0, bytes.length);
const bytes = encodeText;

async function pair(flags: AgentFlags = {}, world: FakeWorld = {}) {
  const network = new SimNetwork(new SimClock(), 1);
  const a = await create({ ...A, ...flags }, { ...world, network });
  const b = await create({ ...B, ...flags }, { ...world, network });
  await inTime(b.platform, b.agent.join(["10.1.0.1"], false));
  await pass(b.platform, 2000);
  a.heard.length = b.heard.length = 0;
  const stop = () => {
    a.agent.shutdown();
    b.agent.shutdown();
  };
  return { a, b, stop };
}

Deno.test("Agent.userEvent() reaches everybody; events that may be coalesced wait for a quiet second", async () => {
  const { a, b, stop } = await pair();
  a.agent.userEvent("deploy", bytes("v1"), true);
  a.agent.userEvent("deploy", bytes("v2"), true);
  a.agent.userEvent("now", new Uint8Array(0), false);
  deepEqual(a.heard, ["user now "]);
  await pass(a.platform, 3000);
  deepEqual(a.heard, ["user now ", "user deploy v2"]);
  deepEqual(b.heard.sort(), ["user deploy v2", "user now "]);
  ok(b.lines.includes("[INFO] agent: Received event: user-event: deploy"));
  ok(
    a.lines.includes(
      '[DEBUG] agent: Requesting user event send: deploy. Coalesced: true. Payload: "v1"',
    ),
  );
  stop();
});

Deno.test("Agent.userEvent() refuses what is too long, in words for the user", async () => {
  const { agent, lines } = await create(A);
  const message = "user event exceeds configured limit of 512 bytes before encoding";
  throws(() => agent.userEvent("deploy", new Uint8Array(507), true), { message });
  throws(() => agent.userEvent("deploy", new Uint8Array(490), true), {
    message: "encoded user event exceeds configured limit of 512 bytes after encoding",
  });
  ok(lines.includes(`[WARN] agent: failed to send user event: ${message}`));
  agent.shutdown();
});

Deno.test("Agent: a negative limit refuses all events and queries", async () => {
  const files = { "/c": '{"user_event_size_limit":-1,"query_size_limit":-1}' };
  const { agent } = await create({ ...A, configPaths: ["/c"] }, { files });
  throws(() => agent.userEvent("", new Uint8Array(0), true), {
    message: "user event exceeds configured limit of -1 bytes before encoding",
  });
  throws(() => agent.query("q", new Uint8Array(0), QUERY_DEFAULTS, NOBODY), {
    message: "query exceeds limit of -1 bytes",
  });
  agent.shutdown();
});

Deno.test("Agent.query() asks everybody, and tells acks, answers and the end", async () => {
  const { a, b, stop } = await pair();
  b.agent.onEvent((event) => {
    if (event.type === "query") event.respond(bytes(`${text(event.payload)} from b`));
  });
  const results: string[] = [];
  a.agent.query("load", bytes("x"), { ...QUERY_DEFAULTS, requestAck: true, timeoutMs: 500 }, {
    onAck: (from) => results.push(`ack ${from}`),
    onResponse: (from, payload) => results.push(`${from}: ${text(payload)}`),
    onDone: () => results.push("done"),
  });
  deepEqual(results, []);
  await pass(a.platform, 499);
  deepEqual(results.slice().sort(), ["ack a", "ack b", "b: x from b"]);
  await pass(a.platform, 1);
  equal(results.at(-1), "done");
  deepEqual(a.heard, ["query load x"]);
  ok(b.lines.includes("[INFO] agent: Received event: query: load"));
  ok(a.lines.includes('[DEBUG] agent: Requesting query send: load. Payload: "x"'));
  stop();
});

Deno.test("Agent.query() and Agent.forceLeave() warn of what they could not do", async () => {
  const { a, stop } = await pair();
  throws(() => a.agent.query("q", new Uint8Array(1100), QUERY_DEFAULTS, NOBODY), {
    message: "query exceeds limit of 1024 bytes",
  });
  ok(a.lines.includes("[WARN] agent: failed to start user query: query exceeds limit of 1024 bytes"));
  const message = "timed out broadcasting node removal";
  const removals = [false, true].map((prune) => rejects(a.agent.forceLeave("zork", prune), { message }));
  stop();
  await Promise.all(removals);
  for (const suffix of ["", " (prune)"]) {
    ok(a.lines.includes(`[WARN] agent: failed to remove node${suffix}: ${message}`));
  }
});

Deno.test("Agent.query() is no feature of protocol 3: its peers know no queries", async () => {
  for (
    const [protocol, message] of [[2, "Feature not supported"], [3, "Feature not supported"], [
      4,
      "",
    ]] as const
  ) {
    const { agent } = await create({ ...A, protocol });
    let refusal = "";
    try {
      agent.query("load", new Uint8Array(0), QUERY_DEFAULTS, NOBODY);
    } catch (error) {
      refusal = (error as Error).message;
    }
    equal(refusal, message, `protocol ${protocol}`);
    agent.shutdown();
  }
});

Deno.test("Agent.query() keeps Serf's own names for Serf, a ping without payload excepted", async () => {
  const { agent, platform, heard } = await create(A);
  const acks: string[] = [];
  const sink = { onAck: (from: string) => acks.push(from), onResponse: () => {}, onDone: () => {} };
  const params = { ...QUERY_DEFAULTS, requestAck: true };
  const message = "Queries cannot contain the '_serf_' prefix";
  throws(() => agent.query("_serf_x", new Uint8Array(0), params, sink), { message });
  throws(() => agent.query("_serf_ping", bytes("x"), params, sink), { message });
  agent.query("_serf_ping", new Uint8Array(0), params, sink);
  await pass(platform, 100);
  deepEqual(acks, ["a"]);
  deepEqual(heard, []);
  agent.shutdown();
});

Deno.test("Agent.query() matches tags with RE2, whose engine comes when it is needed", async () => {
  const { a, b, stop } = await pair({ tag: ["role=database"] });
  for (const [expr, count] of [["^data(?i:BASE)$", 2], ["(", 0], ["tab", 2], ["x{1000}{1000}", 0]] as const) {
    const acks: string[] = [];
    const params = { ...QUERY_DEFAULTS, filterTags: new Map([["role", expr]]), requestAck: true };
    a.agent.query("q", new Uint8Array(0), params, {
      onAck: (from) => acks.push(from),
      onResponse: () => {},
      onDone: () => {},
    });
    await pass(a.platform, 1500);
    // The engine is loaded in real time.
    for (let i = 0; i < 200 && acks.length < count; i++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await pass(a.platform, 1);
    }
    equal(acks.length, count, expr);
  }
  const fault = "error parsing regexp: missing closing ): `(`";
  ok(b.lines.includes(`[WARN] serf: failed to compile filter regex ((): ${fault}`));
  stop();
});

Deno.test("Agent.keys change the keyrings of all, and their files", async () => {
  const { a, b, stop } = await pair({ keyringFile: "/k" }, { files: { "/k": `["${KEY16}"]` } });
  const ask = async (start: (done: (result: KeyResult) => void) => void) => {
    let outcome: KeyResult | undefined;
    start((result) => outcome = result);
    await pass(a.platform, 2000);
    return outcome!;
  };
  const base64 = btoa("\x07".repeat(32));
  const file = () => b.platform.files.readText("/k");
  equal((await ask((done) => a.agent.keys.install(base64, done))).error, "");
  equal(file(), `[\n  "${KEY16}",\n  "${base64}"\n]`);
  equal((await ask((done) => b.agent.keys.use(base64, done))).error, "");
  equal(file(), `[\n  "${base64}",\n  "${KEY16}"\n]`);
  const { messages, errorCount, error } = await ask((done) => a.agent.keys.remove(base64, done));
  deepEqual([errorCount, error], [2, "2/2 nodes reported failure"]);
  equal(messages.get("b"), "Removing the primary key is not allowed");
  equal((await ask((done) => a.agent.keys.remove(KEY16, done))).error, "");
  const listed = await ask((done) => b.agent.keys.list(done));
  deepEqual([...listed.keys], [[base64, 2]]);
  for (const what of ["Initiating key installation", "Initiating key removal"]) {
    ok(a.lines.includes(`[INFO] agent: ${what}`));
  }
  ok(b.lines.includes("[INFO] agent: Initiating primary key change"));
  ok(b.lines.includes("[INFO] serf: Received install-key query"));
  stop();
});

Deno.test("Agent.keys announce a change also when the key is none", async () => {
  const { agent, lines } = await create(A);
  lines.length = 0;
  for (const change of ["install", "use", "remove"] as const) {
    throws(() => agent.keys[change]("!", () => {}), { message: "illegal base64 data at input byte 0" });
  }
  deepEqual(lines, [
    "[INFO] agent: Initiating key installation",
    "[INFO] agent: Initiating primary key change",
    "[INFO] agent: Initiating key removal",
  ]);
  agent.shutdown();
});

Deno.test("Agent: who loses the vote about its name quits", async () => {
  const network = new SimNetwork(new SimClock(), 1);
  const nodes = [];
  for (const [node, host] of [["a", 1], ["b", 2], ["c", 3], ["a", 4]] as const) {
    nodes.push(await create({ node, bind: `10.1.0.${host}` }, { network }));
  }
  const [first, b, c, second] = nodes as [typeof nodes[0], typeof nodes[0], typeof nodes[0], typeof nodes[0]];
  await inTime(b.platform, b.agent.join(["10.1.0.1"], false));
  await inTime(c.platform, c.agent.join(["10.1.0.1"], false));
  await pass(b.platform, 2000);
  await inTime(second.platform, second.agent.join(["10.1.0.2"], false));
  await inTime(second.platform, second.agent.finished);
  ok(second.lines.includes("[WARN] agent: Serf shutdown detected, quitting"));
  ok(
    second.lines.some((line) =>
      line.startsWith("[WARN] serf: minority in name conflict resolution, quiting [0 / ")
    ),
  );
  await pass(first.platform, 5000);
  equal(first.agent.serf.state, "alive");
  for (const { agent } of nodes) agent.shutdown();
});
