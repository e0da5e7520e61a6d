/** `serf tags` */
import { parseTagPairs } from "../../base/tag_pair.ts";
import { CommandFailure, defineCommand, orFail, UsageFailure } from "../command.ts";
import { flag } from "../flags.ts";
import { RPC_FLAGS, withClient } from "../rpc_options.ts";

/** Changes the agent's own tags: deletes first, then sets, so that a tag named in both is set. */
export const tags = defineCommand({
  name: "tags",
  args: "[options] ...",
  about: ["Changes the tags of a running agent, which then tells the cluster."],
  flags: [
    ...RPC_FLAGS,
    flag("set", "list", " key=value", "", "Add a tag, or give it another value. May be repeated."),
    flag("delete", "list", " key", "", "Remove a tag, if there is one of that name. May be repeated."),
  ],
}, (context) => {
  const pairs = context.flags.list("set") ?? [];
  const removed = context.flags.list("delete") ?? [];
  if (pairs.length === 0 && removed.length === 0) throw new UsageFailure("");
  return withClient(context, async (client) => {
    const { tags, invalid } = parseTagPairs(pairs);
    if (tags === undefined) throw new CommandFailure(`Error: Invalid tag: '${invalid}'`);
    await orFail("Error setting tags", client.setTags(tags, removed));
    context.platform.ui.out("Successfully updated agent tags\n");
    return 0;
  });
});
