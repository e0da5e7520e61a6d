import { deepEqual, equal } from "../../support/assert.ts";
import type { AgentFlags } from "../../../lib/agent/agent_flags.ts";
import { agent, agentFlags } from "../../../lib/cli/commands/agent.ts";
import { parseFlags } from "../../../lib/cli/flags.ts";

const FLAGS = agent.spec.flags;

function parse(...args: string[]): AgentFlags {
  return agentFlags(parseFlags(FLAGS, args));
}

Deno.test("agent hands over nothing that was not given", () => {
  deepEqual(parse(), {});
  deepEqual(parse("ignored", "-node=x"), {});
});

Deno.test("agent hands over each flag under its own name, unjudged", () => {
  const cases: [string[], AgentFlags][] = [
    [["-node=n"], { node: "n" }],
    [["-bind", "1.2.3.4:5"], { bind: "1.2.3.4:5" }],
    [["-advertise=x"], { advertise: "x" }],
    [["-iface=lo"], { iface: "lo" }],
    [["-join=a", "-join", "b"], { join: ["a", "b"] }],
    [["-replay"], { replay: true }],
    [["-retry-join=a", "-retry-join=b"], { retryJoin: ["a", "b"] }],
    [["-retry-interval=abc"], { retryInterval: "abc" }],
    [["-retry-max=-3"], { retryMax: -3 }],
    [["-encrypt=??"], { encrypt: "??" }],
    [["-keyring-file=/k"], { keyringFile: "/k" }],
    [["-profile=odd"], { profile: "odd" }],
    [["-protocol=0x4"], { protocol: 4 }],
    [["-rpc-addr="], { rpcAddr: "" }],
    [["-log-level=Loud"], { logLevel: "Loud" }],
    [["-tag", "foo", "-tag=a=b"], { tag: ["foo", "a=b"] }],
    [["-tags-file=/t"], { tagsFile: "/t" }],
    [["-role=r"], { role: "r" }],
    [["-broadcast-timeout=5"], { broadcastTimeout: "5" }],
    [["-disable-compression=false"], { disableCompression: false }],
    [["-config-file=a", "-config-dir=b", "-config-file", "c"], { configPaths: ["a", "b", "c"] }],
    [["-snapshot=/s"], { snapshot: "/s" }],
    [["-rejoin"], { rejoin: true }],
    [["-event-handler=x.sh", "-event-handler", "user=y"], { eventHandler: ["x.sh", "user=y"] }],
    [["-discover=c"], { discover: "c" }],
    [["-mdns-iface=eth0"], { mdnsIface: "eth0" }],
    [["-mdns-disable-ipv4"], { mdnsDisableIpv4: true }],
    [["-mdns-disable-ipv6=t"], { mdnsDisableIpv6: true }],
    [["-syslog"], { syslog: true }],
  ];
  for (const [args, flags] of cases) deepEqual(parse(...args), flags);
  const given = new Set(cases.flatMap(([args]) => args.map((arg) => /^-([a-z0-9-]+)/.exec(arg)?.[1])));
  for (const flag of FLAGS) equal(given.has(flag.name), true, `-${flag.name} is tested`);
  deepEqual(parse(...cases.flatMap(([args]) => args)), Object.assign({}, ...cases.map(([, flags]) => flags)));
});
