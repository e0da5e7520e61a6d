/** `serf monitor` */
import type { EventRecord, RpcClient } from "../../rpc/rpc_client.ts";
import { type CommandContext, defineCommand, orFail } from "../command.ts";
import { flag, offering } from "../flags.ts";
import { goLiteral } from "../go_literal.ts";
import { interruptible } from "../interruptible.ts";
import { RPC_FLAGS, withClient } from "../rpc_options.ts";

/** Shows the agent's log and its events as they come, until interrupted. */
export const monitor = defineCommand(
  {
    name: "monitor",
    args: "[options]",
    about: [
      "Shows the recent log of a running agent and goes on with what it logs from then on, and with the events that " +
      "it sees. Levels that the agent itself does not print can be shown too.",
    ],
    flags: [
      offering(
        flag(
          "log-level",
          "text",
          "=info",
          "INFO",
          "The lowest level to show: trace, debug, info, warn or err.",
        ),
        ["trace", "debug", "info", "warn", "err"],
      ),
      ...RPC_FLAGS,
    ],
  },
  (context) =>
    interruptible(context.platform, () => 0, () => withClient(context, (client) => watch(client, context))),
);

async function watch(client: RpcClient, { flags, platform: { ui } }: CommandContext): Promise<number> {
  const show = (text: string) => {
    ui.out(text);
    // `serf monitor | head`: nobody reads on, so that there is nothing to wait for.
    if (!ui.isOpen) client.close();
  };
  await orFail("Error starting stream", client.stream("*", (record) => show(eventText(record))));
  const level = flags.text("log-level") ?? "INFO";
  await orFail("Error starting monitor", client.monitor(level, (line) => show(`${line}\n`)));
  await client.closed;
  ui.out(
    "\nRemote side ended the monitor! This usually means that the\nremote side has exited or crashed.\n",
  );
  return 1;
}

function eventText(record: EventRecord): string {
  return "Event Info:\n" + Array.from(record, ([key, value]) => `\t${key}: ${goLiteral(value)}\n`).join("");
}
