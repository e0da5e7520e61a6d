/** `serf reachability` */
import { goFixed } from "../../base/go_text.ts";
import type { RpcClient } from "../../rpc/rpc_client.ts";
import { type CommandContext, defineCommand, orFail } from "../command.ts";
import { flag } from "../flags.ts";
import { interruptible } from "../interruptible.ts";
import { RPC_FLAGS, withClient } from "../rpc_options.ts";

const FALSE_FAILURES =
  "This could mean Serf is detecting false-failures due to a misconfiguration or network issue.";
const LOST_GOSSIP =
  "This could mean Serf gossip packets are being lost due to a misconfiguration or network issue.";

const TIPS = [
  "Every agent must receive both UDP and TCP at the port that it binds, from every other one.",
  "Where agents reach each other at other addresses than they bind, they have to advertise those.",
  "A packet filter or an overloaded network device may let some packets through and drop others.",
  "Where delays are long, as between sites, the 'wan' profile waits longer before it takes a node for failed.",
  "Run this at other members too: what only one of them misses points to the network between those two.",
];

/** Asks every member for an acknowledgement and compares who answered with who is thought to be alive. */
export const reachability = defineCommand({
  name: "reachability",
  args: "[options]",
  about: [
    "Tests whether all live members can be reached by gossip, as seen by the agent, and whether others can that " +
    "are thought to be gone.",
  ],
  flags: [
    ...RPC_FLAGS,
    flag("verbose", "bool", "", "false", "Also show each answer, and how long all took."),
  ],
}, (context) => {
  const onInterrupt = () => {
    context.platform.ui.out("Test interrupted\n");
    return 1;
  };
  return interruptible(
    context.platform,
    onInterrupt,
    () => withClient(context, (client) => test(client, context)),
  );
});

async function test(client: RpcClient, { flags, platform: { ui, clock } }: CommandContext): Promise<number> {
  const members = await orFail("Error getting members", client.members());
  const live = members.filter((member) => member.status === "alive").map((member) => member.name);
  ui.out(`Total members: ${members.length}, live members: ${live.length}\n`);
  const acks = new Acks(flags.bool("verbose") ?? false, (line) => ui.out(line), () => clock.nowMs());
  const { promise: done, resolve } = Promise.withResolvers<void>();
  await orFail(
    "Error sending query",
    client.query(PING, 0n, ({ type, from }) => {
      if (type === "done") resolve();
      else if (type === "ack" && from !== "") acks.onAck(from);
    }),
  );
  acks.onBegun();
  await Promise.race([done, client.closed]);
  acks.onEnd();
  return verdict(new Set(live), acks, (line) => ui.out(`${line}\n`));
}

const PING = {
  name: "_serf_ping",
  payload: new Uint8Array(0),
  filterNodes: [],
  filterTags: new Map<string, string>(),
  requestAck: true,
  relayFactor: 0,
};

/** Who acknowledged. The first may do so together with the agent's consent: they are told of after the head. */
class Acks {
  count = 0;
  /** bounded: one for each member. */
  readonly names = new Set<string>();
  hasDuplicates = false;
  readonly #isVerbose: boolean;
  readonly #out: (line: string) => void;
  readonly #nowMs: () => number;
  #early = "";
  #hasBegun = false;
  #beginMs = 0;
  #lastMs = 0;

  constructor(isVerbose: boolean, out: (line: string) => void, nowMs: () => number) {
    this.#isVerbose = isVerbose;
    this.#out = out;
    this.#nowMs = nowMs;
    this.#beginMs = this.#lastMs = nowMs();
  }

  onAck(from: string): void {
    this.count++;
    if (this.#isVerbose) this.#say(`\tAck from '${from}'\n`);
    if (this.names.has(from)) {
      this.hasDuplicates = true;
      this.#say(`Duplicate response from '${from}'\n`);
    }
    this.names.add(from);
    this.#lastMs = this.#nowMs();
  }

  onBegun(): void {
    this.#hasBegun = true;
    this.#out(`Starting reachability test...\n${this.#early}`);
  }

  onEnd(): void {
    if (!this.#isVerbose) return;
    const seconds = (untilMs: number) => goFixed((untilMs - this.#beginMs) / 1000, 2);
    const total = seconds(this.#nowMs());
    this.#say(`Query time: ${total} sec, time to last response: ${seconds(this.#lastMs)} sec\n`);
  }

  #say(line: string): void {
    if (this.#hasBegun) this.#out(line);
    else this.#early += line;
  }
}

/** Says what it means. @returns the exit code. */
function verdict(live: ReadonlySet<string>, acks: Acks, say: (line: string) => void): number {
  if (acks.hasDuplicates) {
    say("Duplicate responses means there is a misconfiguration. Verify that node names are unique.");
  }
  if (acks.count === live.size) {
    say("Successfully contacted all live nodes");
    return acks.hasDuplicates ? 1 : 0;
  }
  const isMore = acks.count > live.size;
  say(
    isMore
      ? "Received more acks than live nodes! Acks from non-live nodes:"
      : "Received less acks than live nodes! Missing acks from:",
  );
  const [from, known] = isMore ? [acks.names, live] : [live, acks.names];
  for (const name of from) if (!known.has(name)) say(`\t${name}`);
  say(isMore ? FALSE_FAILURES : LOST_GOSSIP);
  say("\nTroubleshooting tips:");
  for (const tip of TIPS) say(`* ${tip}`);
  return 1;
}
