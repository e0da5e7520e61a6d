/** `serf leave` */
import { defineCommand, orFail } from "../command.ts";
import { RPC_FLAGS, withClient } from "../rpc_options.ts";

/** Asks the agent to leave; it answers when it has left, and then exits. */
export const leave = defineCommand({
  name: "leave",
  args: "",
  about: ["Makes the agent leave its cluster in good order, so that no one takes it for failed, and exit."],
  flags: RPC_FLAGS,
}, (context) =>
  withClient(context, async (client) => {
    await orFail("Error leaving", client.leave());
    context.platform.ui.out("Graceful leave complete\n");
    return 0;
  }));
