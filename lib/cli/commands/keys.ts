/** `serf keys` */
import type { KeyAnswer, RpcClient } from "../../rpc/rpc_client.ts";
import { CommandFailure, defineCommand, orFail, UsageFailure } from "../command.ts";
import { flag } from "../flags.ts";
import { columnize } from "../output.ts";
import { RPC_FLAGS, withClient } from "../rpc_options.ts";

/** One of the things that can be done with keys, and what is said about it. */
interface Operation {
  readonly begun: string;
  readonly done: string;
  readonly failed: string;
  ask(client: RpcClient, key: string): Promise<KeyAnswer>;
}

const LIST: Operation = {
  begun: "Asking all members for installed keys...",
  done: "Keys gathered, listing cluster keys...",
  failed: "Failed to gather member keys",
  ask: (client) => client.listKeys(),
};

/** By their flags. */
const CHANGES: Readonly<Record<string, Operation>> = {
  install: {
    begun: "Installing key on all members...",
    done: "Successfully installed key!",
    failed: "Error installing key",
    ask: (client, key) => client.installKey(key),
  },
  use: {
    begun: "Changing primary key on all members...",
    done: "Successfully changed primary key!",
    failed: "Error changing primary key",
    ask: (client, key) => client.useKey(key),
  },
  remove: {
    begun: "Removing key on all members...",
    done: "Successfully removed key!",
    failed: "Error removing key",
    ask: (client, key) => client.removeKey(key),
  },
};

/** Changes or lists the encryption keys of the whole cluster. */
export const keys = defineCommand({
  name: "keys",
  args: "[options]...",
  about: [
    "Changes the encryption keys of all members while they run, or lists them. Each agent keeps a ring of keys: it " +
    "understands what is encrypted with any of them, and encrypts with one, the primary key.",
    "To replace a key, install the new one, use it, then remove the old one. Each step may be repeated safely, and " +
    "should be until it succeeds: it does when every member has answered and none has failed.",
    "More than one key costs time for every packet, so that none should stay without need.",
  ],
  flags: [
    flag("install", "text", "=<key>", "", "Add a key to all rings. It encrypts nothing yet."),
    flag("use", "text", "=<key>", "", "Make a key the primary one. All members must have it."),
    flag("remove", "text", "=<key>", "", "Remove a key from all rings. It must not be the primary one."),
    flag("list", "bool", "", "false", "Show all keys, each with the number of members that have it."),
    ...RPC_FLAGS,
  ],
}, (context) => {
  const { flags, platform: { ui } } = context;
  const wanted = Object.keys(CHANGES).filter((name) => (flags.text(name) ?? "") !== "");
  const isListing = flags.bool("list") ?? false;
  if (wanted.length === 0 && !isListing) throw new UsageFailure("");
  if (wanted.length + (isListing ? 1 : 0) > 1) {
    throw new CommandFailure("Only one of -install, -use, -remove, or -list allowed");
  }
  const key = isListing ? "" : flags.text(wanted[0]!)!;
  const operation = isListing ? LIST : CHANGES[wanted[0]!]!;
  return withClient(context, async (client) => {
    ui.out(`==> ${operation.begun}\n`);
    // An empty line parts whatever members said from what came of it.
    const answer = await orFail(`\n${operation.failed}`, operation.ask(client, key));
    if (answer.error !== "") {
      if (answer.messages.size > 0) ui.out(`${failures(answer)}\n`);
      throw new CommandFailure(`\n${operation.failed}: ${answer.error}`);
    }
    ui.out(`==> ${operation.done}\n`);
    if (isListing) ui.out(`\n${listing(answer)}\n`);
    return 0;
  });
});

function failures({ messages }: KeyAnswer): string {
  return columnize(Array.from(messages, ([node, message]) => `failed: | ${node} | ${message}`));
}

function listing({ keys, nodeCount }: KeyAnswer): string {
  return columnize(Array.from(keys, ([key, count]) => `${key} | [${count}/${nodeCount}]`));
}
