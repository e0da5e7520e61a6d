/** The texts, and the order of the checks, are those of HashiCorp's agent 0.9.4. */
import { deepEqual, equal, match, rejects, throws } from "../../support/assert.ts";
import type { AgentFlags } from "../../../lib/agent/agent_flags.ts";
import { readSettings, resolveConfig } from "../../../lib/agent/config_validate.ts";
import { LogLevel } from "../../../lib/base/ports.ts";
import { FakePlatform, type FakeWorld } from "./fake_platform.ts";

const KEY = "AAECAwQFBgcICQoLDA0ODw==";

function read(flags: AgentFlags, world: FakeWorld = {}) {
  const notices: string[] = [];
  const settings = readSettings(flags, new FakePlatform(world), (line) => notices.push(line));
  return { settings, notices };
}

async function resolve(flags: AgentFlags, world: FakeWorld = {}) {
  const platform = new FakePlatform(world);
  const notices: string[] = [];
  const notice = (line: string) => void notices.push(line);
  return { config: await resolveConfig(readSettings(flags, platform, notice), platform, notice), notices };
}

const ETH = { interfaceName: "eth0", host: "10.0.0.1", prefixLength: 24 };

/** Refused before anything is resolved. */
const READ_FAULTS: readonly (readonly [flags: AgentFlags, message: string, world?: FakeWorld])[] = [
  [{ tag: ["foo"] }, "Error: Invalid tag: 'foo'"],
  [{ tag: ["a=b", "=x"] }, "Error: Invalid tag: '=x'"],
  [{ tag: ["foo"], retryInterval: "abc" }, "Error: Invalid tag: 'foo'"],
  [{ retryInterval: "abc", broadcastTimeout: "x" }, 'Error: time: invalid duration "abc"'],
  [{ retryInterval: "5" }, 'Error: time: missing unit in duration "5"'],
  [{ broadcastTimeout: "x", configPaths: ["/none"] }, 'Error: time: invalid duration "x"'],
  [{ configPaths: ["/none"] }, "Error reading '/none': open /none: no such file or directory"],
  [{}, "Error determining hostname: no name", { hostname: undefined }],
  [
    { eventHandler: ["foo=x"], configPaths: ["/none"] },
    "Error reading '/none': open /none: no such file or directory",
  ],
  [
    { eventHandler: ["ok", "foo=x y=z"], iface: "nope" },
    "Invalid event script: Event 'foo' invoking 'x y=z'",
  ],
  [{ iface: "nope" }, "Invalid network interface: route ip+net: no such network interface"],
  [{ mdnsIface: "eth0" }, "mDNS interface specified without enabling mDNS discovery"],
  [
    { discover: "c", mdnsIface: "nope" },
    "Invalid mDNS network interface: route ip+net: no such network interface",
  ],
  [
    { discover: "c", mdnsDisableIpv4: true, mdnsDisableIpv6: true },
    "Invalid mDNS configuration: both IPv4 and IPv6 are disabled",
  ],
];

/** Refused afterwards. */
const RESOLVE_FAULTS: readonly (readonly [flags: AgentFlags, message: string, world?: FakeWorld])[] = [
  [
    { logLevel: "foo", bind: "::1" },
    "Invalid log level: FOO. Valid log levels are: [TRACE DEBUG INFO WARN ERR]",
  ],
  [{ logLevel: "ERROR" }, "Invalid log level: ERROR. Valid log levels are: [TRACE DEBUG INFO WARN ERR]"],
  [{ bind: "::1", advertise: "::1" }, "Invalid bind address: address ::1: too many colons in address"],
  [{ bind: "x.invalid" }, "Invalid bind address: lookup x.invalid: no such host"],
  [{ iface: "eth0", bind: "10.0.0.2", advertise: "::1" }, "Interface 'eth0' has no '10.0.0.2' address", {
    interfaces: [ETH],
  }],
  [{ iface: "ifb0" }, "Interface 'ifb0' has no addresses", { bareInterfaces: ["ifb0"] }],
  [{ advertise: "::1", encrypt: "!!" }, "Invalid advertise address: address ::1: too many colons in address"],
  [{ encrypt: "abc", profile: "foo" }, "Invalid encryption key: illegal base64 data at input byte 0"],
  [{ profile: "foo" }, "Unknown profile: foo"],
  [{ profile: "LAN" }, "Unknown profile: LAN"],
  [{ profile: "toString" }, "Unknown profile: toString"],
];

Deno.test("readSettings() refuses in HashiCorp's words and order", () => {
  for (const [flags, message, world] of READ_FAULTS) {
    throws(() => read(flags, world), { name: "ConfigError", message }, JSON.stringify(flags));
  }
});

Deno.test("resolveConfig() refuses in HashiCorp's words and order", async () => {
  for (const [flags, message, world] of RESOLVE_FAULTS) {
    await rejects(resolve(flags, world), { name: "ConfigError", message }, JSON.stringify(flags));
  }
});

Deno.test("readSettings() takes syslog and collectors of metrics as they come", () => {
  const files = {
    "/c": '{"enable_syslog":true,"syslog_facility":"cron","statsite_addr":"x:1","statsd_addr":"foo"}',
  };
  const { enableSyslog, syslogFacility, statsiteAddr, statsdAddr } =
    read({ configPaths: ["/c"] }, { files }).settings;
  deepEqual([enableSyslog, syslogFacility, statsiteAddr, statsdAddr], [true, "cron", "x:1", "foo"]);
  const bare = read({ syslog: true }).settings;
  deepEqual([bare.enableSyslog, bare.syslogFacility, bare.statsdAddr], [true, "LOCAL0", ""]);
  equal(read({ syslog: false, configPaths: ["/c"] }, { files }).settings.enableSyslog, true);
});

Deno.test("readSettings() takes the snapshot from file and flags, and warns of a rejoin without one", () => {
  const files = {
    "/c": '{"snapshot_path":"/f","rejoin_after_leave":true}',
    "/r": '{"rejoin_after_leave":true}',
  };
  const warning = "Warning: 'RejoinAfterLeave' enabled without snapshot file";
  const cases: readonly (readonly [flags: AgentFlags, path: string, rejoin: boolean, notices: string[]])[] = [
    [{}, "", false, []],
    [{ configPaths: ["/c"] }, "/f", true, []],
    [{ configPaths: ["/c"], snapshot: "/g", rejoin: false }, "/g", true, []],
    [{ snapshot: "/g" }, "/g", false, []],
    [{ configPaths: ["/r"], snapshot: "/g" }, "/g", true, []],
    [{ rejoin: true }, "", true, [warning]],
    [{ configPaths: ["/r"] }, "", true, [warning]],
  ];
  for (const [flags, path, rejoin, expected] of cases) {
    const { settings, notices } = read(flags, { files });
    deepEqual([settings.snapshotPath, settings.rejoinAfterLeave, notices], [path, rejoin, expected]);
  }
});

Deno.test("readSettings() has defaults for everything", () => {
  const { settings, notices } = read({});
  deepEqual(notices, []);
  equal(settings.nodeName, "host");
  equal(settings.bind, "0.0.0.0");
  equal(settings.rpcAddr, "127.0.0.1:7373");
  equal(settings.logLevel, "INFO");
  equal(settings.protocol, 5);
  equal(settings.profile, "lan");
  equal(settings.compression, true);
  equal(settings.retryIntervalMs, 30_000);
  equal(settings.broadcastTimeoutMs, 5_000);
  equal(settings.reconnectIntervalMs, 30_000);
  equal(settings.reconnectTimeoutMs, 86_400_000);
  equal(settings.tombstoneTimeoutMs, 86_400_000);
  equal(settings.userEventSizeLimit, 512);
  deepEqual(settings.startJoin, []);
});

Deno.test("readSettings() has the handlers of the files before those of the flags", () => {
  const files = { "/c": '{"event_handlers":["one","user=two"]}' };
  const { settings } = read({ eventHandler: ["three"], configPaths: ["/c"] }, { files });
  deepEqual(settings.eventHandlers.map(({ script }) => script), ["one", "two", "three"]);
});

Deno.test("readSettings() lets flags override files, and empty values nothing", () => {
  const files = {
    "/1":
      '{"node_name":"one","protocol":4,"leave_on_terminate":true,"retry_max_attempts":3,"tags":{"a":"1","b":"1"}}',
    "/2": '{"protocol":0,"leave_on_terminate":false,"tags":{"b":"2"},"start_join":["f"],"log_level":"debug"}',
  };
  const { settings } = read({
    configPaths: ["/1", "/2"],
    protocol: -1,
    retryMax: 0,
    node: "",
    tag: ["c=3=3"],
    join: ["g"],
    disableCompression: true,
    retryInterval: "0s",
  }, { files });
  equal(settings.nodeName, "one");
  equal(settings.protocol, 4);
  equal(settings.leaveOnTerminate, true);
  equal(settings.retryMaxAttempts, 3);
  equal(settings.retryIntervalMs, 30_000);
  equal(settings.logLevel, "DEBUG");
  equal(settings.compression, false);
  deepEqual(settings.startJoin, ["f", "g"]);
  deepEqual([...settings.tags], [["a", "1"], ["b", "2"], ["c", "3=3"]]);
});

Deno.test("readSettings() warns and goes on", () => {
  const { settings, notices } = read({
    role: "web",
    tag: ["role=x"],
    retryInterval: "500us",
    broadcastTimeout: "-5s",
  });
  deepEqual(notices, [
    "Deprecation warning: 'Role' has been replaced with 'Tags'",
    "Warning: 'RetryInterval' is too low. Setting to 1s",
    "Warning: 'BroadcastTimeout' is too low. Setting to 1s",
  ]);
  equal(settings.tags.get("role"), "web");
  equal(settings.retryIntervalMs, 1_000);
  equal(settings.broadcastTimeoutMs, 1_000);
});

Deno.test("resolveConfig() resolves addresses, key, level and profile", async () => {
  const { config, notices } = await resolve({
    iface: "eth0",
    bind: "0.0.0.0:0",
    advertise: "name",
    encrypt: KEY,
    logLevel: "wArN",
    profile: "wan",
  }, { interfaces: [ETH], hosts: { name: ["fd00::1", "192.0.2.1"] } });
  deepEqual(config.bind, { host: "10.0.0.1", port: 0 });
  deepEqual(config.advertise, { host: "192.0.2.1", port: 7946 });
  equal(config.encryptKey?.length, 16);
  equal(config.logLevel, LogLevel.warn);
  equal(config.profile, "wan");
  equal(notices.length, 1);
  match(notices[0]!, /^Using interface 'eth0' address '10\.0\.0\.1'$/);
});
