import { deepEqual, equal, match, ok, rejects } from "../../support/assert.ts";
import { Agent } from "../../../lib/agent/agent.ts";
import type { AgentFlags } from "../../../lib/agent/agent_flags.ts";
import { AgentLogger } from "../../../lib/agent/agent_logger.ts";
import { readSettings, resolveConfig } from "../../../lib/agent/config_validate.ts";
import { JoinError } from "../../../lib/base/errors.ts";
import { LogLevel } from "../../../lib/base/ports.ts";
import type { MemberEvent } from "../../../lib/serf/member.ts";
import { SimClock } from "../../../lib/sim/sim_clock.ts";
import { SimNetwork } from "../../../lib/sim/sim_network.ts";
import { FakePlatform, type FakeWorld, inTime, pass } from "./fake_platform.ts";

const KEY16 = "AAECAwQFBgcICQoLDA0ODw==";
const KEY24 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

/** An agent in a world of its own, or sharing `world.network`. */
async function create(flags: AgentFlags, world: FakeWorld = {}) {
  const platform = new FakePlatform(world);
  const config = await resolveConfig(readSettings(flags, platform, () => {}), platform, () => {});
  const logger = new AgentLogger(platform.clock, LogLevel.trace, () => {});
  const agent = await Agent.create(config, platform, logger);
  return { agent, platform, lines: linesOf(logger) };
}

/** What was logged, without times. */
function linesOf(logger: AgentLogger): string[] {
  const lines: string[] = [];
  logger.ring.subscribe(LogLevel.trace, (line) => lines.push(line.slice("2026/11/23 03:44:02 ".length)));
  return lines;
}

const A: AgentFlags = { node: "a", bind: "10.1.0.1" };
const B: AgentFlags = { node: "b", bind: "10.1.0.2" };

const SETUP = "Failed to setup the Serf agent: ";
const START = "Failed to start the Serf agent: Error creating Serf: ";
const LONG = "y".repeat(600);

/** Texts of HashiCorp's agent 0.9.4. */
const FAULTS: readonly (readonly [flags: AgentFlags, message: string, world?: FakeWorld])[] = [
  [
    { tagsFile: "/t", tag: ["a=b"], keyringFile: "/none" },
    `${SETUP}Tags config not allowed while using tag files`,
  ],
  [{ tagsFile: "/t", role: "x" }, `${SETUP}Tags config not allowed while using tag files`],
  [{ tagsFile: "/t" }, `${SETUP}Failed to decode tags file: unexpected end of JSON input`, {
    files: { "/t": "" },
  }],
  [{ keyringFile: "/k", encrypt: KEY24 }, `${SETUP}Encryption key not allowed while using a keyring`],
  [{ keyringFile: "/k" }, `${SETUP}stat /k: no such file or directory`],
  [{ keyringFile: "/k" }, `${SETUP}Keyring file contains no keys`, { files: { "/k": "[]" } }],
  [{ protocol: 1 }, `${START}Protocol version '1' too low. Must be in range: [2, 5]`],
  [{ protocol: 6 }, `${START}Protocol version '6' too high. Must be in range: [2, 5]`],
  [{ protocol: 300 }, `${START}Protocol version '44' too high. Must be in range: [2, 5]`],
  [{ configPaths: ["/c"] }, `${START}user event size limit exceeds limit of 9216 bytes`, {
    files: { "/c": '{"user_event_size_limit":9217}' },
  }],
  [{ configPaths: ["/c"] }, `${START}tombstone_timeout must not be negative`, {
    files: { "/c": '{"tombstone_timeout":"-1s"}' },
  }],
  [{ configPaths: ["/c"] }, `${START}reconnect_interval must be greater than 0`, {
    files: { "/c": '{"reconnect_interval":"-1s"}' },
  }],
  [{ tag: [`a=${LONG}`] }, `${START}Encoded length of tags exceeds limit of 512 bytes`],
  // The snapshot is judged before the key and the sockets.
  [
    { snapshot: "/none/s", encrypt: "AAAA", bind: "10.1.0.1:5" },
    `${START}Failed to setup snapshot: failed to open snapshot: open /none/s: no such file or directory`,
    { taken: ["10.1.0.1:5"] },
  ],
  [{ encrypt: "AAAA" }, `${START}Failed to create memberlist: key size must be 16, 24 or 32 bytes`],
  [
    { bind: "10.1.0.1:5" },
    `${START}Failed to create memberlist: Could not set up network transport: failed to obtain an address: ` +
    'Failed to start TCP listener on "10.1.0.1" port 5: listen tcp 10.1.0.1:5: bind: address already in use',
    { taken: ["10.1.0.1:5"] },
  ],
  [
    {},
    `${START}Failed to create memberlist: Failed to get final advertise address: ` +
    "No private IP address found, and explicit IP not provided",
  ],
  [
    { bind: "10.1.0.1", advertise: ":5" },
    `${START}Failed to create memberlist: Failed to get final advertise address: ` +
    'Failed to parse advertise address "<nil>"',
  ],
];

Deno.test("Agent.create() refuses in HashiCorp's words, and leaves nothing bound", async () => {
  for (const [flags, message, world] of FAULTS) {
    const network = new SimNetwork(new SimClock(), 1);
    await rejects(
      create(flags, { ...world, network }),
      { name: "ConfigError", message },
      JSON.stringify(flags),
    );
    equal(network.clock.armedCount, 0, "no timer");
    if (flags.bind === undefined) continue;
    const { agent } = await create({ bind: "10.1.0.1:7946" }, { network });
    agent.shutdown();
  }
});

Deno.test("Agent.create() starts a cluster of one, and says so", async () => {
  const { agent, platform, lines } = await create({ ...A, bind: "10.1.0.1:0", profile: "wan" });
  deepEqual(lines, [
    "[INFO] agent: Serf agent starting",
    "[DEBUG] memberlist: Using dynamic bind port 40001",
    "[INFO] serf: EventMemberJoin: a 10.1.0.1",
  ]);
  equal(platform.tcpTimeoutMs, 30_000, "the profile's");
  const [self, ...others] = agent.members();
  equal(others.length, 0);
  deepEqual([self!.name, [...self!.ip], self!.port], ["a", [10, 1, 0, 1], 40_001]);
  equal(agent.encrypted, false);
  agent.shutdown();
});

Deno.test("Agent.create() behind the wildcard announces the private address in 16 bytes", async () => {
  const interfaces = [{ interfaceName: "eth0", host: "10.0.0.9", prefixLength: 24 }];
  const { agent, lines } = await create({ node: "a" }, { interfaces });
  deepEqual([...agent.members()[0]!.ip], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 9]);
  equal(lines.at(-1), "[INFO] serf: EventMemberJoin: a 10.0.0.9");
  agent.shutdown();
});

Deno.test("Agent.create() warns of a public address without encryption", async () => {
  const warning = "[WARN] memberlist: Binding to public address without encryption!";
  const open = await create({ ...A, advertise: "8.8.8.8" });
  ok(open.lines.includes(warning));
  const encrypted = await create({ ...A, advertise: "8.8.8.8", encrypt: KEY24 });
  ok(!encrypted.lines.includes(warning));
  for (const { agent } of [open, encrypted]) agent.shutdown();
});

Deno.test("Agent.create() restores tags and keys from their files", async () => {
  const files = { "/t": '{"dc":"east"}', "/k": `["${KEY24}"]` };
  const { agent, lines } = await create({ ...A, tagsFile: "/t", keyringFile: "/k" }, { files });
  deepEqual(lines.slice(0, 2), [
    "[INFO] agent: Restored 1 tag(s) from /t",
    "[INFO] agent: Restored keyring with 1 keys from /k",
  ]);
  deepEqual([...agent.members()[0]!.tags], [["dc", "east"]]);
  equal(agent.encrypted, true);
  agent.shutdown();
});

Deno.test("Agent.join() contacts others, encrypted with a 24-byte key too", async () => {
  for (const encrypt of ["", KEY24]) {
    const network = new SimNetwork(new SimClock(), 1);
    const a = await create({ ...A, encrypt }, { network }), b = await create({ ...B, encrypt }, { network });
    equal(await inTime(b.platform, b.agent.join(["10.1.0.1"], false)), 1);
    deepEqual(b.agent.members().map((member) => member.name), ["b", "a"]);
    ok(b.lines.includes("[INFO] agent: joining: [10.1.0.1] replay: false"));
    ok(b.lines.includes("[INFO] agent: joined: 1 nodes"));
    for (const { agent } of [a, b]) agent.shutdown();
  }
});

Deno.test("Agent: a key of 24 bytes can be installed later, whatever the first key was", async () => {
  const { agent, platform } = await create({ ...A, encrypt: KEY16 });
  // The library comes by itself, soon after the start.
  await import("../../../lib/wire/aes192.ts");
  await pass(platform, 0);
  const key = new Uint8Array(24).fill(7);
  agent.serf.memberlist.keyring!.install(key);
  ok(agent.serf.memberlist.keyring!.has(key));
  agent.shutdown();
});

Deno.test("Agent.join() names every failure, in the order of the addresses", async () => {
  const { agent, platform, lines } = await create(A, { hosts: { two: ["10.1.0.8", "10.1.0.9"] } });
  const texts = ["10.1.0.7:1", "/x", "two:5", "none.invalid", "n/10.1.0.6", ""];
  const error = await inTime(platform, agent.join(texts, true)).then(() => undefined, (error) => error);
  ok(error instanceof JoinError);
  deepEqual(error.failures.map(({ text }) => text.replace(/: dial.*/, "")), [
    "Failed to join 10.1.0.7:1",
    "Failed to resolve /x: empty node name provided",
    "Failed to join 10.1.0.8:5",
    "Failed to join 10.1.0.9:5",
    "Failed to resolve none.invalid: lookup none.invalid: no such host",
    "Failed to join 10.1.0.6:7946",
    "Failed to resolve : lookup : no such host",
  ]);
  match(error.message, /^7 errors occurred:\n\t\* Failed to join 10\.1\.0\.7:1: /);
  ok(lines.includes("[INFO] agent: joining: [10.1.0.7:1 /x two:5 none.invalid n/10.1.0.6 ] replay: true"));
  ok(lines.includes("[WARN] memberlist: Failed to resolve /x: empty node name provided"));
  ok(lines.at(-1)!.startsWith("[WARN] agent: error joining: 7 errors occurred:"));
  agent.shutdown();
});

Deno.test("Agent.join() takes one contact for a success, and nothing to join for no failure", async () => {
  const { agent, platform } = await create(A);
  equal(await inTime(platform, agent.join(["10.1.0.1", "/x"], false)), 1);
  equal(await inTime(platform, agent.join([], false)), 0);
  agent.shutdown();
  await rejects(agent.join(["10.1.0.1"], false), { message: "Serf can't Join after Leave or Shutdown" });
});

Deno.test("Agent delivers events coalesced, after a second of quiet", async () => {
  const network = new SimNetwork(new SimClock(), 1);
  const a = await create(A, { network }), b = await create(B, { network });
  const events: MemberEvent[] = [];
  const stop = a.agent.onEvent((event) => events.push(event as MemberEvent));
  await inTime(b.platform, b.agent.join(["10.1.0.1"], false));
  equal(events.length, 0);
  await pass(a.platform, 1_500);
  deepEqual(events.map(({ type, members }) => [type, members.map(({ name }) => name)]), [
    ["member-join", ["a", "b"]],
  ]);
  ok(a.lines.includes("[INFO] agent: Received event: member-join"));
  stop();
  b.agent.shutdown();
  await pass(a.platform, 20_000);
  equal(events.length, 1);
  ok(a.lines.includes("[INFO] agent: Received event: member-failed"));
  a.agent.shutdown();
});

Deno.test("Agent.leave() is heard as a leave, and delivers what waits", async () => {
  const network = new SimNetwork(new SimClock(), 1);
  const a = await create(A, { network }), b = await create(B, { network });
  await inTime(b.platform, b.agent.join(["10.1.0.1"], false));
  await pass(a.platform, 2_000);
  await inTime(b.platform, b.agent.leave());
  ok(b.lines.includes("[INFO] agent: requesting graceful leave from Serf"));
  ok(b.lines.includes("[INFO] agent: Received event: member-leave"));
  b.agent.shutdown();
  ok(!b.lines.some((line) => line.includes("Shutdown without a Leave")));
  await pass(a.platform, 2_000);
  ok(a.lines.includes("[INFO] agent: Received event: member-leave"));
  await rejects(b.agent.leave(), { message: "Leave called after Shutdown" });
  a.agent.shutdown();
});

Deno.test("Agent.leave(): whoever asks for a leave that is under way waits for it too", async () => {
  const network = new SimNetwork(new SimClock(), 1);
  const a = await create(A, { network }), b = await create(B, { network });
  await inTime(b.platform, b.agent.join(["10.1.0.1"], false));
  const leaves = [b.agent.leave(), b.agent.leave()];
  await inTime(b.platform, Promise.all(leaves).then(() => {}));
  equal(b.agent.serf.state, "left");
  equal(b.lines.filter((line) => line.includes("requesting graceful leave")).length, 1);
  b.agent.shutdown();
  a.agent.shutdown();
});

Deno.test("Agent.forceLeave() declares a failed member left", async () => {
  const network = new SimNetwork(new SimClock(), 1);
  const a = await create(A, { network }), b = await create(B, { network });
  await inTime(b.platform, b.agent.join(["10.1.0.1"], false));
  b.agent.shutdown();
  await pass(a.platform, 20_000);
  await inTime(a.platform, a.agent.forceLeave("b", false));
  await inTime(a.platform, a.agent.forceLeave("unknown", false));
  ok(a.lines.includes("[INFO] agent: Force leaving node: b"));
  ok(a.lines.includes("[INFO] serf: EventMemberLeave (forced): b 10.1.0.2"));
  await inTime(a.platform, a.agent.forceLeave("b", true));
  ok(a.lines.includes("[INFO] agent: Force leaving node (prune): b"));
  deepEqual(a.agent.members().map(({ name }) => name), ["a"]);
  a.agent.shutdown();
});

Deno.test("Agent.setTags() removes, then sets, and writes the file first", async () => {
  const files = { "/t": '{"a":"1","b":"2"}' };
  const { agent, platform, lines } = await create({ ...A, tagsFile: "/t" }, { files });
  await inTime(platform, agent.setTags(new Map([["c", "3"], ["a", "4"]]), ["a", "b", "none"]));
  deepEqual(agent.stats()["tags"], { a: "4", c: "3" });
  deepEqual(platform.files.writes, [{ path: "/t", text: '{\n  "a": "4",\n  "c": "3"\n}', mode: 0o600 }]);

  await rejects(agent.setTags(new Map([["x", LONG]]), []), {
    message: "Encoded length of tags exceeds limit of 512 bytes",
  });
  platform.files.unwritable.set("/t", "is a directory");
  await rejects(agent.setTags(new Map([["x", "1"]]), []), {
    message: "Failed to write tags file: open /t: is a directory",
  });
  equal(lines.at(-1), "[ERR] agent: Failed to write tags file: open /t: is a directory");
  equal(platform.files.writes.length, 1);
  deepEqual(agent.stats()["tags"], { a: "4", c: "3" });
  agent.shutdown();
});

Deno.test("Agent.setTags() keeps the other tags, also those that protocol 2 cannot tell", async () => {
  for (const protocol of [5, 2]) {
    const { agent, platform } = await create({ ...A, protocol, tag: ["role=web", "dc=east"] });
    await inTime(platform, agent.setTags(new Map([["x", "1"]]), ["role"]));
    deepEqual([...agent.serf.tags], [["dc", "east"], ["x", "1"]]);
    agent.shutdown();
  }
});

Deno.test("Agent runs its handlers at its own events, shows them, and leaves them alone at its end", async () => {
  const { agent, platform, lines } = await create({
    ...A,
    tag: ["role=web"],
    eventHandler: ["member-join=x", "y"],
  });
  deepEqual(agent.stats()["event_handlers"], { "member-join:": "x", "*:": "y" });
  await pass(platform, 1_500);
  deepEqual(platform.scripts.map(({ text, input }) => [text, input]), [
    ["x", "a\t10.1.0.1\tweb\trole=web\n"],
    ["y", "a\t10.1.0.1\tweb\trole=web\n"],
  ]);
  agent.shutdown();
  platform.scripts[0]!.end("exit status 1");
  await pass(platform, 2_000);
  equal(lines.at(-1), "[INFO] agent: shutdown complete");
});

Deno.test("Agent.stats() has the sections and names that users know", async () => {
  const { agent } = await create({ ...A, tag: ["dc=east"] });
  const stats = agent.stats();
  deepEqual(Object.keys(stats).sort(), ["agent", "event_handlers", "runtime", "serf", "tags"]);
  deepEqual(stats["agent"], { name: "a" });
  deepEqual(stats["event_handlers"], {});
  deepEqual(stats["tags"], { dc: "east" });
  deepEqual(Object.keys(stats["runtime"]!).sort(), [
    "arch",
    "cpu_count",
    "goroutines",
    "max_procs",
    "os",
    "version",
  ]);
  ok(Number(stats["runtime"]!["goroutines"]) >= 1);
  deepEqual(Object.keys(stats["serf"]!).sort(), [
    "coordinate_resets",
    "encrypted",
    "event_queue",
    "event_time",
    "failed",
    "health_score",
    "intent_queue",
    "left",
    "member_time",
    "members",
    "query_queue",
    "query_time",
  ]);
  for (const section of Object.values(stats)) {
    for (const value of Object.values(section)) equal(typeof value, "string");
  }
  agent.shutdown();
});

Deno.test("Agent.stats() gives the same section again until one of its values changes", async () => {
  const { agent, platform } = await create({ ...A, tag: ["dc=east"], eventHandler: ["x"] });
  await pass(platform, 2_000);
  const before = agent.stats();
  for (const [name, section] of Object.entries(agent.stats())) equal(section, before[name]);

  agent.userEvent("deploy", new Uint8Array(0), false);
  equal(agent.stats()["serf"]!["event_time"], String(Number(before["serf"]!["event_time"]) + 1));
  await inTime(platform, agent.setTags(new Map([["dc", "west"]]), []));
  deepEqual(agent.stats()["tags"], { dc: "west" });
  agent.handlers.replace([]);
  deepEqual(agent.stats()["event_handlers"], {});
  const end = agent.onEvent(() => {});
  equal(Number(agent.stats()["runtime"]!["goroutines"]), Number(before["runtime"]!["goroutines"]) + 1);
  end();
  equal(agent.stats()["agent"], before["agent"]);
  agent.shutdown();
});

Deno.test("Agent.shutdown() ends everything, once", async () => {
  const { agent, platform, lines } = await create(A);
  let finished = 0;
  void agent.finished.then(() => finished++);
  await pass(platform, 100);
  equal(finished, 0);
  agent.shutdown();
  agent.shutdown();
  await pass(platform, 5_000);
  equal(finished, 1);
  deepEqual(lines.slice(-3), [
    "[INFO] agent: requesting serf shutdown",
    "[WARN] serf: Shutdown without a Leave",
    "[INFO] agent: shutdown complete",
  ]);
  equal(platform.simClock.armedCount, 0, "no timer is left");
  const again = await create(A, { network: platform.network });
  again.agent.shutdown();
});

Deno.test("Agent.shutdown() has the last word, whatever join it interrupts", async () => {
  const { agent, platform, lines } = await create(A);
  const joining = agent.join(["10.9.9.9"], false);
  joining.catch(() => {});
  await pass(platform, 0);
  agent.shutdown();
  await rejects(joining, { name: "JoinError" });
  equal(lines.at(-1), "[INFO] agent: shutdown complete");
});

Deno.test("Agent: what waits in the window at a shutdown is dropped", async () => {
  const { agent, lines } = await create(A);
  const events: MemberEvent[] = [];
  agent.onEvent((event) => events.push(event as MemberEvent));
  agent.shutdown();
  deepEqual(events, []);
  ok(!lines.some((line) => line.includes("Received event")));
});
