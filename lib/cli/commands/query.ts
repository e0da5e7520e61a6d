/** `serf query` */
import { parseTagPairs } from "../../base/tag_pair.ts";
import type { Ui } from "../../platform/platform.ts";
import type { RpcClient } from "../../rpc/rpc_client.ts";
import { decodeText } from "../../wire/text.ts";
import { type CommandContext, CommandFailure, defineCommand, orFail } from "../command.ts";
import { flag } from "../flags.ts";
import { interruptible } from "../interruptible.ts";
import { nameAndPayload } from "../name_and_payload.ts";
import { goJson } from "../output.ts";
import { FORMAT_FLAG, RPC_FLAGS, withClient } from "../rpc_options.ts";

const RELAY_FACTOR_MAX = 255;

/** Asks the cluster a question and shows who answers what, until the time is over: others may still answer. */
export const query = defineCommand({
  name: "query",
  args: "[options] name payload",
  about: [
    "Asks all members of the cluster, or some of them, and shows their answers, which their agents' handlers give.",
  ],
  flags: [
    FORMAT_FLAG,
    flag("node", "list", "=NAME", "", "Ask only the member of this name. May be repeated, to ask several."),
    flag(
      "tag",
      "list",
      " key=regexp",
      "",
      "Ask only members whose tag 'key' the expression matches anywhere. May be repeated; then all have to match.",
    ),
    flag(
      "timeout",
      "duration",
      '="15s"',
      "",
      "How long to wait for answers. If not given, as long as gossip needs in a cluster of this size.",
    ),
    flag("no-ack", "bool", "", "false", "Do not ask members to acknowledge that they were asked."),
    flag(
      "relay-factor",
      "int",
      "",
      "0",
      "Through how many other members answers come back besides the direct way, in case some are lost. 255 at most.",
    ),
    ...RPC_FLAGS,
  ],
}, (context) => {
  const { flags, platform } = context;
  const { tags, invalid } = parseTagPairs(flags.list("tag") ?? []);
  if (tags === undefined) throw new CommandFailure(`Error: Invalid tag: '${invalid}'`);
  const { name, payload } = nameAndPayload(flags.rest, "query");
  const relayFactor = flags.int("relay-factor") ?? 0;
  if (relayFactor < 0 || relayFactor > RELAY_FACTOR_MAX) {
    throw new CommandFailure(`Relay factor must be between 0 and ${RELAY_FACTOR_MAX}`);
  }
  const question = {
    name,
    payload,
    filterNodes: flags.list("node") ?? [],
    filterTags: tags,
    requestAck: !(flags.bool("no-ack") ?? false),
    relayFactor,
  };
  const ask = () => withClient(context, (client) => show(client, question, context));
  return interruptible(platform, () => 1, ask);
});

type Question = Parameters<RpcClient["query"]>[0];

async function show(client: RpcClient, question: Question, context: CommandContext): Promise<number> {
  const { flags, platform: { ui } } = context;
  const format = flags.text("format") ?? "text";
  if (format !== "text" && format !== "json") throw new CommandFailure(`Invalid format: ${format}`);
  const answers = format === "text" ? new TextAnswers(question, ui) : new JsonAnswers(ui);
  const { promise: done, resolve } = Promise.withResolvers<void>();
  await orFail(
    "Error sending query",
    client.query(question, flags.durationNs("timeout") ?? 0n, ({ type, from, payload }) => {
      if (type === "done") return resolve();
      // Agents of HashiCorp's may send such near the end: they come from nobody.
      if (from === "") return;
      if (type === "ack") answers.onAck(from);
      else answers.onResponse(from, decodeText(payload, 0, payload.length));
      // `serf query | head -1`: nobody reads on.
      if (!ui.isOpen) resolve();
    }),
  );
  answers.onBegun();
  // An agent that goes away has nothing more to say; what it said counts.
  await Promise.race([done, client.closed]);
  answers.onEnd();
  return 0;
}

/** Line by line as they come. The first records may come together with the agent's consent: they wait for the head. */
class TextAnswers {
  #text = "";
  #hasBegun = false;
  #acks = 0;
  #responses = 0;

  constructor(readonly question: Question, readonly ui: Ui) {}

  onBegun(): void {
    this.#hasBegun = true;
    this.ui.out(`Query '${this.question.name}' dispatched\n${this.#text}`);
    this.#text = "";
  }

  onAck(from: string): void {
    this.#acks++;
    this.#say(`Ack from '${from}'\n`);
  }

  onResponse(from: string, payload: string): void {
    this.#responses++;
    this.#say(`Response from '${from}': ${payload.endsWith("\n") ? payload.slice(0, -1) : payload}\n`);
  }

  onEnd(): void {
    if (this.question.requestAck) this.#say(`Total Acks: ${this.#acks}\n`);
    this.#say(`Total Responses: ${this.#responses}\n`);
  }

  #say(line: string): void {
    if (this.#hasBegun) this.ui.out(line);
    else this.#text += line; // bounded: by what comes in one read
  }
}

/** All at once, at the end. */
class JsonAnswers {
  // bounded: one for each member.
  readonly #acks: string[] = [];
  readonly #responses = new Map<string, string>();

  constructor(readonly ui: Ui) {}

  onBegun(): void {}

  onAck(from: string): void {
    this.#acks.push(from);
  }

  onResponse(from: string, payload: string): void {
    this.#responses.set(from, payload);
  }

  onEnd(): void {
    const acks = this.#acks.length === 0 ? null : this.#acks;
    this.ui.out(goJson({ Acks: acks, Responses: this.#responses }) + "\n");
  }
}
