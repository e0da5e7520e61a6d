/** `serf agent` */
import type { AgentFlags } from "../../agent/agent_flags.ts";
import { defineCommand } from "../command.ts";
import { flag, type FlagSpec, offering, type ParsedFlags } from "../flags.ts";

const REPEATABLE = "May be repeated.";

const NETWORK_FLAGS: readonly FlagSpec[] = [
  flag(
    "bind",
    "text",
    "=0.0.0.0:7946",
    "0.0.0.0:7946",
    "Where to listen for other agents: an address, with a port if it is not 7946. An IPv6 address is written [::1] " +
      "or [::1]:7946.",
  ),
  flag(
    "iface",
    "text",
    "",
    "",
    "The network interface to listen on, when its name is known rather than its address. With -bind too, the " +
      "address has to be one of that interface's.",
  ),
  flag("advertise", "text", "=0.0.0.0", "", "The address that the other members are told to use."),
  flag(
    "rpc-addr",
    "text",
    "=127.0.0.1:7373",
    "127.0.0.1:7373",
    "Where to listen for commands. The environment has no say in this.",
  ),
  offering(
    flag(
      "profile",
      "text",
      "=[lan|wan|local]",
      "lan",
      "How patient timings are: as fits a local network, the Internet, or one machine. 'lan' if not given.",
    ),
    ["lan", "wan", "local"],
  ),
  flag(
    "protocol",
    "int",
    "=n",
    "5",
    "The protocol version to speak, 2 to 5; the latest if not given. Lower ones are for upgrading a cluster step " +
      "by step.",
  ),
  flag("disable-compression", "bool", "", "false", "Do not compress what is sent."),
  flag(
    "broadcast-timeout",
    "text",
    "=5s",
    "5s",
    "How long to wait until the cluster has heard of a leave, a forced leave, or new tags. At least 1s.",
  ),
];

const JOIN_FLAGS: readonly FlagSpec[] = [
  flag(
    "join",
    "list",
    "=addr",
    "",
    `An agent to join at start; when none can be joined, the start fails. ${REPEATABLE}`,
  ),
  flag(
    "replay",
    "bool",
    "",
    "false",
    "Also deliver the user events that the cluster remembers from before the join.",
  ),
  flag(
    "retry-join",
    "list",
    "=addr",
    "",
    `As -join, but a failure is not the end: it is tried again until it works. ${REPEATABLE}`,
  ),
  flag("retry-interval", "text", "=30s", "30s", "How long to wait between two tries. At least 1s."),
  flag(
    "retry-max",
    "int",
    "=0",
    "0",
    "How often to try again before giving up and exiting. 0 means for ever.",
  ),
];

const DISCOVERY_FLAGS: readonly FlagSpec[] = [
  flag(
    "discover",
    "text",
    "=cluster",
    "",
    "Find agents on the local network by mDNS that were given the same name, and join them.",
  ),
  flag("mdns-iface", "text", "", "", "The network interface for mDNS, if it is not the one of -iface."),
  flag("mdns-disable-ipv4", "bool", "", "false", "Do not use mDNS over IPv4."),
  flag("mdns-disable-ipv6", "bool", "", "false", "Do not use mDNS over IPv6."),
];

const IDENTITY_FLAGS: readonly FlagSpec[] = [
  flag(
    "node",
    "text",
    "=hostname",
    "",
    "The name of this node, which no other in the cluster may have. The host's name if not given.",
  ),
  flag("tag", "list", " key=value", "", `A tag of this node. ${REPEATABLE}`),
  offering(
    flag(
      "tags-file",
      "text",
      "=/path/to/file",
      "",
      "A file with the tags, kept up to date as tags change, so that the next start has the same ones. Does not go " +
        "together with tags from elsewhere.",
    ),
    "file",
  ),
  flag("role", "text", "=foo", "", "The role of this node. Deprecated: use '-tag role=foo'."),
];

const KEY_FLAGS: readonly FlagSpec[] = [
  flag(
    "encrypt",
    "text",
    "=foo",
    "",
    "The key that encrypts what agents say to each other, in base64, of 16, 24 or 32 bytes. 'serf keygen' makes one.",
  ),
  offering(
    flag(
      "keyring-file",
      "text",
      "",
      "",
      "A file with the encryption keys, kept up to date as keys change, so that the next start uses the same ones.",
    ),
    "file",
  ),
];

const FILE_FLAGS: readonly FlagSpec[] = [
  offering(
    flag(
      "config-file",
      "list",
      "=foo",
      "",
      `A JSON file with settings, which flags override. ${REPEATABLE}`,
      "config-paths",
    ),
    "file",
  ),
  offering(
    flag(
      "config-dir",
      "list",
      "=foo",
      "",
      `A directory with such files: those named *.json are read, in alphabetical order. ${REPEATABLE}`,
      "config-paths",
    ),
    "directory",
  ),
  offering(
    flag(
      "log-level",
      "text",
      "=info",
      "info",
      "The lowest level of what is logged: trace, debug, info, warn or err.",
    ),
    ["trace", "debug", "info", "warn", "err"],
  ),
  flag(
    "syslog",
    "bool",
    "",
    "false",
    "Log to the system's log as well. The facility is LOCAL0, or what 'syslog_facility' in a configuration file says.",
  ),
];

const HANDLER_FLAGS: readonly FlagSpec[] = [
  flag(
    "event-handler",
    "list",
    "=foo",
    "",
    "A script to run at events: [FILTERS=]SCRIPT. The filters are a comma list of member-join, member-leave, " +
      "member-failed, member-update, member-reap, user, user:NAME, query, query:NAME and *; without them it runs at " +
      `every event. ${REPEATABLE}`,
  ),
];

const SNAPSHOT_FLAGS: readonly FlagSpec[] = [
  offering(
    flag(
      "snapshot",
      "text",
      "=path/to/file",
      "",
      "A file that remembers who was alive and which events were seen, so that a restarted agent rejoins its " +
        "cluster by itself, and no event comes twice.",
    ),
    "file",
  ),
  flag(
    "rejoin",
    "bool",
    "",
    "false",
    "Rejoin as the snapshot says even if this node has left before. Without -snapshot it does nothing.",
  ),
];

/** Runs an agent until it is told to stop. What the flags' values mean is the agent's affair. */
export const agent = defineCommand(
  {
    name: "agent",
    args: "[options]",
    about: [
      "Runs an agent, which is one member of a cluster, until it is interrupted or told to leave. An interrupt " +
      "makes it leave the cluster first.",
    ],
    flags: [
      ...NETWORK_FLAGS,
      ...JOIN_FLAGS,
      ...DISCOVERY_FLAGS,
      ...IDENTITY_FLAGS,
      ...KEY_FLAGS,
      ...FILE_FLAGS,
      ...HANDLER_FLAGS,
      ...SNAPSHOT_FLAGS,
    ],
  },
  async ({ flags, platform }) => {
    const { runAgent } = await import("../agent_run.ts");
    return await runAgent(agentFlags(flags), platform);
  },
  { outputPrefix: "==> " },
);

/** The flags that were given, and only those. */
export function agentFlags(flags: ParsedFlags): AgentFlags {
  const all: { [Key in keyof AgentFlags]-?: AgentFlags[Key] | undefined } = {
    node: flags.text("node"),
    bind: flags.text("bind"),
    advertise: flags.text("advertise"),
    iface: flags.text("iface"),
    join: flags.list("join"),
    replay: flags.bool("replay"),
    retryJoin: flags.list("retry-join"),
    retryInterval: flags.text("retry-interval"),
    retryMax: flags.int("retry-max"),
    encrypt: flags.text("encrypt"),
    keyringFile: flags.text("keyring-file"),
    profile: flags.text("profile"),
    protocol: flags.int("protocol"),
    rpcAddr: flags.text("rpc-addr"),
    logLevel: flags.text("log-level"),
    tag: flags.list("tag"),
    tagsFile: flags.text("tags-file"),
    role: flags.text("role"),
    broadcastTimeout: flags.text("broadcast-timeout"),
    disableCompression: flags.bool("disable-compression"),
    configPaths: flags.list("config-paths"),
    snapshot: flags.text("snapshot"),
    rejoin: flags.bool("rejoin"),
    eventHandler: flags.list("event-handler"),
    discover: flags.text("discover"),
    mdnsIface: flags.text("mdns-iface"),
    mdnsDisableIpv4: flags.bool("mdns-disable-ipv4"),
    mdnsDisableIpv6: flags.bool("mdns-disable-ipv6"),
    syslog: flags.bool("syslog"),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as AgentFlags;
}
