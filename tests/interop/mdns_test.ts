/**
 * mDNS discovery with HashiCorp's agents: two hosts (network namespaces) and a cable between them (a veth pair), made
 * by each test for itself. Only root can do that.
 */
import { equal, ok } from "../support/assert.ts";
import { runCommand } from "../support/agents.ts";
import { OURS, THEIRS } from "../support/binaries.ts";
import { RunningChild } from "../support/running_child.ts";

const IP = ["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip"].find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});
const CANNOT = OURS === undefined || THEIRS === undefined || IP === undefined || Deno.uid() !== 0;

async function ip(line: string): Promise<void> {
  const { code, stderr } = await runCommand(IP!, line.split(" "));
  equal(code, 0, `ip ${line}: ${stderr}`);
}

async function sees(agent: RunningChild, text: string, limitMs: number): Promise<void> {
  ok(await agent.until(text, limitMs), `it ended without ${text}:\n${agent.stdout}${agent.stderr}`);
}

/** Two hosts, 10.106.0.1 and 10.106.0.2, that hear each other. */
class Cable {
  readonly #id = Math.random().toString(36).slice(2, 7);
  readonly #agents: RunningChild[] = [];
  readonly directory = Deno.makeTempDirSync({ prefix: "serf-test-" });

  host(number: number): string {
    return `serf-${this.#id}-${number}`;
  }

  interfaceOf(number: number): string {
    return `v${this.#id}${number}`;
  }

  async lay(): Promise<void> {
    for (const number of [1, 2]) await ip(`netns add ${this.host(number)}`);
    await ip(
      `link add ${this.interfaceOf(1)} netns ${this.host(1)} type veth peer name ${
        this.interfaceOf(2)
      } netns ` +
        this.host(2),
    );
    for (const number of [1, 2]) {
      const [host, cable] = [this.host(number), this.interfaceOf(number)];
      await ip(`-n ${host} addr add 10.106.0.${number}/24 dev ${cable}`);
      await ip(`-n ${host} addr add fd06::${number}/64 dev ${cable} nodad`);
      await ip(`-n ${host} link set lo up`);
      await ip(`-n ${host} link set ${cable} up`);
      // HashiCorp's agents end in a panic where no route leads to the group.
      await ip(`-n ${host} route add default dev ${cable}`);
    }
  }

  /** Starts an agent that looks for `cluster`. */
  async agent(binary: string, number: number, name: string, args: string[], bind = `10.106.0.${number}`) {
    const line = [
      "netns",
      "exec",
      this.host(number),
      binary,
      "agent",
      `-node=${name}`,
      `-bind=${bind}`,
      ...args,
    ];
    const agent = new RunningChild(IP!, line, this.directory);
    this.#agents.push(agent);
    await sees(agent, "Serf agent running!", 15_000);
    return agent;
  }

  async cut(): Promise<void> {
    for (const agent of this.#agents) await agent.kill();
    for (const number of [1, 2]) await runCommand(IP!, ["netns", "del", this.host(number)]);
    await Deno.remove(this.directory, { recursive: true });
  }
}

function testCable(name: string, run: (cable: Cable) => Promise<void>): void {
  Deno.test({
    name,
    ignore: CANNOT,
    fn: async () => {
      const cable = new Cable();
      try {
        await cable.lay();
        await run(cable);
      } finally {
        await cable.cut();
      }
    },
  });
}

testCable("mDNS: our agent finds HashiCorp's, and itself", async (cable) => {
  const theirs = await cable.agent(THEIRS!, 1, "theirs", ["-discover=clu", `-iface=${cable.interfaceOf(1)}`]);
  await sees(theirs, "agent.mdns: Joined 1 hosts", 10_000);
  const ours = await cable.agent(OURS!, 2, "ours", ["-discover=clu", `-iface=${cable.interfaceOf(2)}`]);
  await sees(ours, "                   mDNS cluster: clu\n", 5_000);
  await sees(ours, "[INFO] agent.mdns: Joined 2 hosts", 10_000);
  await sees(ours, "EventMemberJoin: theirs 10.106.0.1", 5_000);
  await sees(theirs, "EventMemberJoin: ours 10.106.0.2", 5_000);
});

testCable("mDNS: HashiCorp's agent finds ours", async (cable) => {
  const ours = await cable.agent(OURS!, 2, "ours", ["-discover=clu"]);
  await sees(ours, "[INFO] agent.mdns: Joined 1 hosts", 10_000);
  const theirs = await cable.agent(THEIRS!, 1, "theirs", ["-discover=clu", `-iface=${cable.interfaceOf(1)}`]);
  await sees(theirs, "agent.mdns: Joined 2 hosts", 10_000);
  await sees(ours, "EventMemberJoin: theirs 10.106.0.1", 5_000);
});

testCable("mDNS: another cluster's name is another cluster", async (cable) => {
  const ours = await cable.agent(OURS!, 2, "ours", ["-discover=one"]);
  const theirs = await cable.agent(THEIRS!, 1, "theirs", ["-discover=two", `-iface=${cable.interfaceOf(1)}`]);
  await sees(theirs, "agent.mdns: Joined 1 hosts", 10_000);
  await sees(ours, "agent.mdns: Joined 1 hosts", 10_000);
  equal(ours.stdout.includes("theirs"), false);
});

testCable("mDNS: two of ours on one host find each other, and over IPv6 alone too", async (cable) => {
  const own = `-mdns-iface=${cable.interfaceOf(1)}`;
  const first = await cable.agent(OURS!, 1, "first", ["-discover=clu", own]);
  await sees(first, "agent.mdns: Joined 1 hosts", 10_000);
  const second = await cable.agent(
    OURS!,
    1,
    "second",
    ["-discover=clu", own, "-mdns-disable-ipv4", "-rpc-addr=127.0.0.1:7374"],
    "10.106.0.1:7947",
  );
  await sees(second, "agent.mdns: Joined 2 hosts", 10_000);
  const third = await cable.agent(OURS!, 2, "third", ["-discover=clu", "-mdns-disable-ipv4"], "[fd06::2]");
  await sees(third, "agent.mdns: Joined 3 hosts", 10_000);
  await sees(third, "EventMemberJoin: first 10.106.0.1", 5_000);
});

Deno.test({
  name: "mDNS: what cannot be is refused in a line",
  ignore: OURS === undefined,
  fn: async () => {
    const cases: [args: string[], line: string][] = [
      [["-mdns-iface=lo"], "mDNS interface specified without enabling mDNS discovery"],
      [
        ["-discover=c", "-mdns-iface=nope0"],
        "Invalid mDNS network interface: route ip+net: no such network interface",
      ],
      [
        ["-discover=c", "-mdns-disable-ipv4", "-mdns-disable-ipv6"],
        "Invalid mDNS configuration: both IPv4 and IPv6 are disabled",
      ],
      [
        [`-discover=${"x".repeat(70)}`],
        `Error starting mDNS listener: the name of the cluster does not fit into a DNS name: ${
          "x".repeat(70)
        }`,
      ],
    ];
    for (const [args, line] of cases) {
      const { code, stdout } = await runCommand(OURS!, ["agent", "-bind=127.0.106.9:0", ...args]);
      equal(code, 1, line);
      equal(stdout.trim().split("\n").at(-1), `==> ${line}`);
    }
  },
});
