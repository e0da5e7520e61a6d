/** `serf event` */
import { defineCommand, orFail } from "../command.ts";
import { flag } from "../flags.ts";
import { nameAndPayload } from "../name_and_payload.ts";
import { RPC_FLAGS, withClient } from "../rpc_options.ts";

/** Sends a user event. It is on its way when the command ends; nobody says who received it. */
export const event = defineCommand({
  name: "event",
  args: "[options] name payload",
  about: [
    "Sends an event of your own to all members of the cluster, whose agents run the handlers that they have for it.",
  ],
  flags: [
    flag(
      "coalesce",
      "bool",
      "=true/false",
      "true",
      "Whether of several events of this name within a short time only the last one matters. True if not given.",
    ),
    ...RPC_FLAGS,
  ],
}, (context) => {
  const { flags, platform: { ui } } = context;
  const { name, payload } = nameAndPayload(flags.rest, "event");
  const coalesce = flags.bool("coalesce") ?? true;
  return withClient(context, async (client) => {
    await orFail("Error sending event", client.event({ name, payload, coalesce }));
    ui.out(`Event '${name}' dispatched! Coalescing enabled: ${coalesce}\n`);
    return 0;
  });
});
