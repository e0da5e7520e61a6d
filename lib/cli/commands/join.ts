/** `serf join` */
import { defineCommand, orFail, UsageFailure } from "../command.ts";
import { flag } from "../flags.ts";
import { RPC_FLAGS, withClient } from "../rpc_options.ts";

/** Makes the agent join a cluster through any of some addresses. One that answers is enough. */
export const join = defineCommand({
  name: "join",
  args: "[options] address ...",
  about: [
    "Makes a running agent join a cluster, given the address of at least one member. An address without a " +
    "port means the port that the agent itself gossips on.",
  ],
  flags: [
    flag(
      "replay",
      "bool",
      "",
      "false",
      "Also deliver the user events that the cluster remembers from before the join.",
    ),
    ...RPC_FLAGS,
  ],
}, (context) => {
  const addresses = context.flags.rest;
  if (addresses.length === 0) throw new UsageFailure("At least one address to join must be specified.");
  const replay = context.flags.bool("replay") ?? false;
  return withClient(context, async (client) => {
    const contacted = await orFail("Error joining the cluster", client.join(addresses, replay));
    context.platform.ui.out(`Successfully joined cluster by contacting ${contacted} nodes.\n`);
    return 0;
  });
});
