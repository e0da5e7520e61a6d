/** The whole life of `serf agent` in a simulated world. Texts and exit codes are those of HashiCorp's agent. */
import { deepEqual, equal, match, ok } from "../../support/assert.ts";
import { Agent } from "../../../lib/agent/agent.ts";
import type { AgentFlags } from "../../../lib/agent/agent_flags.ts";
import { readSettings, resolveConfig } from "../../../lib/agent/config_validate.ts";
import { runAgent } from "../../../lib/cli/agent_run.ts";
import { SimClock } from "../../../lib/sim/sim_clock.ts";
import { SimNetwork } from "../../../lib/sim/sim_network.ts";
import { FakePlatform, type FakeWorld, inTime, pass } from "../agent/fake_platform.ts";

const FLAGS: AgentFlags = { node: "a", bind: "10.1.0.1", rpcAddr: "127.0.0.1:7373" };

const BANNER = `==> Starting Serf agent...
==> Starting Serf agent RPC...
==> Serf agent running!
                      Node name: 'a'
                      Bind addr: '10.1.0.1:7946'
                       RPC addr: '127.0.0.1:7373'
                      Encrypted: false
                       Snapshot: false
                        Profile: lan
    Message Compression Enabled: true
`;
const LOG_FOLLOWS = "\n==> Log data will now stream in as it occurs:\n\n";

/** Starts an agent, and runs it for a second and a half. */
async function start(flags: AgentFlags = {}, world: FakeWorld = {}) {
  const platform = new FakePlatform(world);
  const exit = runAgent({ ...FLAGS, ...flags }, platform);
  await pass(platform, 1_500);
  return { platform, exit, mark: platform.output.length };
}

/** Output without times. */
function bare(output: string): string {
  return output.replace(/\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d/g, "T");
}

/** An agent that ends by itself. */
async function ended(flags: AgentFlags, world: FakeWorld = {}) {
  const platform = new FakePlatform(world);
  const code = await inTime(platform, runAgent({ ...FLAGS, ...flags }, platform), 60_000);
  equal(platform.simClock.armedCount, 0, "no timer is left");
  equal(platform.openListeners, 0, "no listener is left");
  return { code, output: bare(platform.output), platform };
}

Deno.test("runAgent() prints the banner, then the log; SIGTERM ends it with 1", async () => {
  const { platform, exit } = await start();
  equal(platform.openListeners, 1);
  equal(platform.signal("SIGTERM"), 1);
  equal(await inTime(platform, exit), 1);
  equal(
    bare(platform.output),
    `${BANNER}${LOG_FOLLOWS}    T [INFO] agent: Serf agent starting
    T [INFO] serf: EventMemberJoin: a 10.1.0.1
    T [INFO] agent: Received event: member-join
==> Caught signal: terminated
    T [INFO] agent: requesting serf shutdown
    T [WARN] serf: Shutdown without a Leave
    T [INFO] agent: shutdown complete
`,
  );
  equal(platform.openListeners, 0);
  equal(platform.simClock.armedCount, 0);
  equal(platform.signal("SIGTERM"), 1, "a late signal is heard, and changes nothing");
});

Deno.test("runAgent() outlives the signals that mean nothing to it", async () => {
  const { platform, exit, mark } = await start();
  for (const name of ["USR2", "ALRM", "VTALRM", "PROF", "IO", "PWR", "XCPU", "XFSZ"] as const) {
    equal(platform.signal(`SIG${name}`), 1, name);
  }
  await pass(platform, 1_000);
  equal(platform.output.slice(mark), "");
  platform.signal("SIGTERM");
  equal(await inTime(platform, exit), 1);
});

Deno.test("runAgent() leaves gracefully at SIGINT", async () => {
  const { platform, exit, mark } = await start();
  platform.signal("SIGINT");
  equal(await inTime(platform, exit), 0);
  equal(
    bare(platform.output.slice(mark)),
    `==> Caught signal: interrupt
==> Gracefully shutting down agent...
    T [INFO] agent: requesting graceful leave from Serf
    T [INFO] serf: EventMemberLeave: a 10.1.0.1
    T [INFO] agent: Received event: member-leave
    T [INFO] agent: requesting serf shutdown
    T [INFO] agent: shutdown complete
`,
  );
});

Deno.test("runAgent() leaves at SIGTERM, or not at SIGINT, if so configured", async () => {
  const cases: readonly (readonly [config: string, signal: "SIGINT" | "SIGTERM", code: number])[] = [
    ['{"leave_on_terminate":true}', "SIGTERM", 0],
    ['{"skip_leave_on_interrupt":true}', "SIGINT", 1],
    ['{"leave_on_terminate":true,"skip_leave_on_interrupt":true}', "SIGINT", 1],
  ];
  for (const [config, signal, code] of cases) {
    const { platform, exit, mark } = await start({ configPaths: ["/c"] }, { files: { "/c": config } });
    platform.signal(signal);
    equal(await inTime(platform, exit), code, config);
    equal(platform.output.slice(mark).includes("Gracefully shutting down agent..."), code === 0);
  }
});

Deno.test("runAgent(): a second signal ends a graceful leave with 1", async () => {
  for (const second of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    const { platform, exit, mark } = await start();
    platform.signal("SIGINT");
    await pass(platform, 200);
    platform.signal(second);
    equal(await inTime(platform, exit, 50), 1, second);
    equal(bare(platform.output.slice(mark)).match(/Caught signal/g)?.length, 1);
    ok(!platform.output.includes("Error:"));
    ok(platform.output.includes("[WARN] serf: Shutdown without a Leave"));
  }
});

Deno.test("runAgent(): a graceful leave has three seconds", async () => {
  const network = new SimNetwork(new SimClock(), 1);
  // Gossip of this profile takes two seconds for each of the two announcements.
  const a = await start({ profile: "wan" }, { network });
  const b = await start({ node: "b", bind: "10.1.0.2", profile: "wan", join: ["10.1.0.1"] }, { network });
  b.platform.signal("SIGINT");
  const startMs = network.clock.nowMs();
  equal(await inTime(b.platform, b.exit), 1);
  const tookMs = network.clock.nowMs() - startMs;
  ok(tookMs >= 3_000 && tookMs <= 3_050, `${tookMs} ms`);
  a.platform.signal("SIGTERM");
  await inTime(a.platform, a.exit);
});

Deno.test("runAgent() joins before it shows its log", async () => {
  const network = new SimNetwork(new SimClock(), 1);
  const a = await start({}, { network });
  const b = await start({ node: "b", bind: "10.1.0.2", join: ["10.1.0.1", "/x"], replay: true }, { network });
  match(
    b.platform.output,
    /true\n==> Joining cluster\.\.\.\(replay: true\)\n {4}Join completed\. Synced with 1 initial agents\n\n==> Log data will/,
  );
  for (const { platform, exit } of [a, b]) {
    platform.signal("SIGTERM");
    await inTime(platform, exit);
  }
});

Deno.test("runAgent() shows its metrics at SIGUSR1, also while it still joins", async () => {
  const platform = new FakePlatform();
  const exit = runAgent({ ...FLAGS, join: ["10.9.9.9"] }, platform);
  await pass(platform, 0);
  ok(platform.output.endsWith("==> Joining cluster...(replay: false)\n"), platform.output);
  equal(platform.signal("SIGUSR1"), 1);
  equal(platform.signal("SIGINT"), 0, "the system's default holds until the start is over");
  equal(await inTime(platform, exit), 1);
});

Deno.test("runAgent() fails when nobody can be joined, and shows no log", async () => {
  const { code, output } = await ended({ join: ["/x", "10.1.0.1:99999"] });
  equal(code, 1);
  equal(
    output,
    `${BANNER}==> Joining cluster...(replay: false)
==> 2 errors occurred:
	* Failed to resolve /x: empty node name provided
	* Failed to resolve 10.1.0.1:99999: strconv.ParseUint: parsing "99999": value out of range


`,
  );
});

Deno.test("runAgent() says in one line why it does not start", async () => {
  const starting = "==> Starting Serf agent...\n";
  const cases: readonly (readonly [flags: AgentFlags, output: string, world?: FakeWorld])[] = [
    [{ tag: ["foo"] }, "==> Error: Invalid tag: 'foo'\n"],
    [{ configPaths: ["/n"] }, "==> Error reading '/n': open /n: no such file or directory\n"],
    [{ bind: "::1" }, "==> Invalid bind address: address ::1: too many colons in address\n"],
    [
      { role: "x", logLevel: "foo" },
      "==> Deprecation warning: 'Role' has been replaced with 'Tags'\n" +
      "==> Invalid log level: FOO. Valid log levels are: [TRACE DEBUG INFO WARN ERR]\n",
    ],
    [
      { syslog: true, logLevel: "foo" },
      "==> Invalid log level: FOO. Valid log levels are: [TRACE DEBUG INFO WARN ERR]\n",
    ],
    [{ syslog: true, bind: "::1" }, "==> Syslog setup failed: Unix syslog delivery error\n"],
    [{ syslog: true, configPaths: ["/c"] }, "==> Syslog setup failed: invalid syslog facility: FOO\n", {
      files: { "/c": '{"syslog_facility":"foo"}' },
    }],
    [
      { snapshot: "/none/s" },
      `${starting}==> Failed to start the Serf agent: Error creating Serf: Failed to setup snapshot: ` +
      "failed to open snapshot: open /none/s: no such file or directory\n",
    ],
    [
      { keyringFile: "/k" },
      `${starting}==> Failed to setup the Serf agent: stat /k: no such file or directory\n`,
    ],
    [
      { protocol: 1 },
      `${starting}==> Failed to start the Serf agent: Error creating Serf: Protocol version '1' too low. ` +
      "Must be in range: [2, 5]\n",
    ],
    [
      {},
      `${starting}==> Error starting RPC listener: listen tcp 127.0.0.1:7373: bind: address already in use\n`,
      { taken: ["127.0.0.1:7373"] },
    ],
    [
      { rpcAddr: "bad" },
      `${starting}==> Error starting RPC listener: listen tcp: address bad: missing port in address\n`,
    ],
    [
      { rpcAddr: "127.0.0.1:abc" },
      `${starting}==> Error starting RPC listener: listen tcp: address tcp/abc: unknown port\n`,
    ],
    [
      { rpcAddr: "127.0.0.1:99999" },
      `${starting}==> Error starting RPC listener: listen tcp: address 99999: invalid port\n`,
    ],
    [
      { rpcAddr: "::1:7373" },
      `${starting}==> Error starting RPC listener: listen tcp: address ::1:7373: too many colons in address\n`,
    ],
    [
      { rpcAddr: "x.invalid:0" },
      `${starting}==> Error starting RPC listener: listen tcp: lookup x.invalid: no such host\n`,
    ],
  ];
  for (const [flags, expected, world] of cases) {
    const { code, output } = await ended(flags, world);
    deepEqual([code, output], [1, expected], JSON.stringify(flags));
  }
});

Deno.test("runAgent() gives up with 1 when retried joins are exhausted", async () => {
  const { code, output } = await ended({ retryJoin: ["/x"], retryInterval: "2s", retryMax: 1 });
  equal(code, 1);
  const failure = "1 error occurred:\n\t* Failed to resolve /x: empty node name provided\n\n";
  ok(output.includes(`    T [WARN] agent: Join failed: ${failure}, retrying in 2s\n`), output);
  equal(output.match(/Joining cluster/g)?.length, 2);
  ok(output.includes("    T [ERR] agent: maximum retry join attempts made, exiting\n"));
  ok(output.endsWith("    T [INFO] agent: shutdown complete\n"));
});

Deno.test("runAgent() shows lines of the chosen level only", async () => {
  const { platform, exit } = await start({ logLevel: "warn" });
  platform.signal("SIGTERM");
  await inTime(platform, exit);
  equal(
    bare(platform.output),
    `${BANNER}${LOG_FOLLOWS}==> Caught signal: terminated
    T [WARN] serf: Shutdown without a Leave
`,
  );
});

/** Reloads a running agent with another file. @returns what that printed, and the agent's tags. */
async function reload(
  before: string,
  after: string | undefined,
  flags: AgentFlags = {},
  files: Record<string, string> = {},
) {
  const { platform, exit, mark } = await start({ configPaths: ["/c"], ...flags }, {
    files: { "/c": before, ...files },
  });
  if (after === undefined) platform.files.delete("/c");
  else platform.files.set("/c", after);
  platform.signal("SIGHUP");
  await pass(platform, 200);
  const output = bare(platform.output.slice(mark));
  const end = async (signal: "SIGINT" | "SIGTERM") => {
    platform.signal(signal);
    return await inTime(platform, exit);
  };
  return { output, end, platform };
}

const RELOADING = "==> Caught signal: hangup\n==> Reloading configuration...\n";

Deno.test("runAgent() reloads level and leave flags at SIGHUP, and ignores what cannot change", async () => {
  const { output, end, platform } = await reload(
    '{"tags":{"x":"1"}}',
    '{"tags":{"y":"2"},"log_level":"warn","leave_on_terminate":true,"node_name":"z","bind":"nope:x","profile":"zz"}',
    { tag: ["a=b"] },
  );
  equal(output, RELOADING);
  const mark = platform.output.length;
  equal(await end("SIGTERM"), 0);
  equal(
    platform.output.slice(mark),
    "==> Caught signal: terminated\n==> Gracefully shutting down agent...\n",
  );
});

Deno.test("runAgent(): after a reload the cluster sees the configured tags, and no others", async () => {
  const network = new SimNetwork(new SimClock(), 1);
  const watching = new FakePlatform({ network });
  const settings = readSettings({ node: "b", bind: "10.1.0.2" }, watching, () => {});
  const watcher = await Agent.create(await resolveConfig(settings, watching, () => {}), watching);
  const { platform, exit } = await start(
    { configPaths: ["/c"], tag: ["a=b"], join: ["10.1.0.2"] },
    { network, files: { "/c": '{"tags":{"x":"1"}}' } },
  );
  const seen = () => [...watcher.members().find(({ name }) => name === "a")!.tags];
  deepEqual(seen(), [["a", "b"], ["x", "1"]]);
  platform.files.set("/c", '{"tags":{"y":"2"}}');
  platform.signal("SIGHUP");
  await pass(platform, 2_000);
  deepEqual(seen(), [["a", "b"], ["y", "2"]]);
  platform.signal("SIGTERM");
  await inTime(platform, exit);
  watcher.shutdown();
});

Deno.test("runAgent() keeps the level when the new one is bad, and applies the rest", async () => {
  const { output, end } = await reload(
    "{}",
    '{"log_level":"bogus","skip_leave_on_interrupt":true,"tags":{"x":"1"}}',
  );
  equal(
    output,
    `${RELOADING}==> Invalid log level: BOGUS. Valid log levels are: [TRACE DEBUG INFO WARN ERR]\n` +
      "    T [INFO] serf: EventMemberUpdate: a\n",
  );
  equal(await end("SIGINT"), 1);
});

Deno.test("runAgent() takes the handlers of the new configuration, those of the flags included, or none of it", async () => {
  const flags = { eventHandler: ["flag"] };
  const good = await reload(
    '{"event_handlers":["old"]}',
    '{"event_handlers":["member-update=new"],"tags":{"x":"1"}}',
    flags,
  );
  await pass(good.platform, 1_500);
  deepEqual(good.platform.scripts.map(({ text, env }) => [text, env["SERF_EVENT"]]), [
    ["old", "member-join"],
    ["flag", "member-join"],
    ["new", "member-update"],
  ]);
  const bad = await reload(
    '{"event_handlers":["old"]}',
    '{"event_handlers":["foo=x"],"tags":{"x":"1"}}',
    flags,
  );
  equal(
    bad.output,
    `${RELOADING}==> Invalid event script: Event 'foo' invoking 'x'\n==> Failed to reload configs\n`,
  );
  for (const { end } of [good, bad]) equal(await end("SIGTERM"), 1);
});

Deno.test("runAgent() changes nothing when the configuration cannot be read", async () => {
  const cases: readonly (readonly [after: string | undefined, error: string])[] = [
    [undefined, "Error reading '/c': open /c: no such file or directory"],
    ['{"bad":1}', "Error decoding '/c': 1 error(s) decoding:\n\n* '' has invalid keys: bad"],
  ];
  for (const [after, error] of cases) {
    const { output, end } = await reload('{"leave_on_terminate":true}', after);
    equal(output, `${RELOADING}==> ${error}\n==> Failed to reload configs\n`);
    equal(await end("SIGTERM"), 0);
  }
});

Deno.test("runAgent() repeats warnings at a reload, and names tags that do not fit", async () => {
  const long = "y".repeat(600);
  const { output, end } = await reload("{}", `{"role":"r","retry_interval":"1ms","tags":{"x":"${long}"}}`);
  equal(
    output,
    `${RELOADING}==> Deprecation warning: 'Role' has been replaced with 'Tags'
==> Warning: 'RetryInterval' is too low. Setting to 1s
==> Failed to update tags: Encoded length of tags exceeds limit of 512 bytes
`,
  );
  await end("SIGTERM");
});

Deno.test("runAgent(): a reload leaves the tags of a tags file alone", async () => {
  const { output, end, platform } = await reload("{}", "{}", { tagsFile: "/t" }, { "/t": '{"q":"1"}' });
  equal(output, RELOADING);
  deepEqual(platform.files.writes, []);
  await end("SIGTERM");
});

Deno.test("runAgent() survives its own bugs, and tells of them at a bounded rate", async () => {
  const { platform, exit, mark } = await start();
  for (let i = 0; i < 100; i++) platform.fault(new Error("bug"));
  const said = platform.output.slice(mark).match(/\[ERR\] agent: internal error: Error: bug/g);
  equal(said?.length, 10);
  await pass(platform, 10_000);
  platform.fault("no error");
  ok(platform.output.includes("internal error: no error (90 more lines suppressed)"));
  platform.signal("SIGINT");
  equal(await inTime(platform, exit), 0);
});
