/** `serf force-leave` */
import { defineCommand, orFail, UsageFailure } from "../command.ts";
import { flag } from "../flags.ts";
import { RPC_FLAGS, withClient } from "../rpc_options.ts";

/** Declares a member gone. Says nothing when that worked, even if no such member is known. */
export const forceLeave = defineCommand({
  name: "force-leave",
  args: "[options] name",
  about: [
    'Moves a failed member to the "left" state, so that agents stop trying to reach it. A member that is ' +
    "alive after all will object and be alive again.",
  ],
  flags: [...RPC_FLAGS, flag("prune", "bool", "", "false", "Also erase the member from every agent's list.")],
}, (context) => {
  const [node, ...others] = context.flags.rest;
  if (node === undefined || others.length > 0) {
    throw new UsageFailure("A node name must be specified to force leave.");
  }
  const prune = context.flags.bool("prune") ?? false;
  return withClient(context, async (client) => {
    await orFail("Error force leaving", client.forceLeave(node, prune));
    return 0;
  });
});
