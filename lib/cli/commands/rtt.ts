/** `serf rtt` */
import { goFixed, goQuote } from "../../base/go_text.ts";
import { type Coordinate, distanceSeconds } from "../../coordinate/coordinate.ts";
import type { RpcClient } from "../../rpc/rpc_client.ts";
import { CommandFailure, defineCommand, orFail, UsageFailure } from "../command.ts";
import { RPC_FLAGS, withClient } from "../rpc_options.ts";

/** Estimates the round-trip time between two nodes, or between one and the agent's own, from their coordinates. */
export const rtt = defineCommand({
  name: "rtt",
  args: "[options] node1 [node2]",
  about: [
    "Estimates the round-trip time between two nodes from their network coordinates, without sending anything " +
    "between them.",
    "The second node is the agent's own if it is not given. Nodes go by their names, as 'serf members' shows them.",
  ],
  flags: RPC_FLAGS,
  // Connects before it looks at the names: an agent that cannot be reached is reported first.
}, (context) =>
  withClient(context, async (client) => {
    const [from, to] = await twoNames(context.flags.rest, client);
    const a = await coordinateOf(from, client);
    const b = await coordinateOf(to, client);
    if (a.vec.length !== b.vec.length) {
      throw new CommandFailure("Error getting coordinates: coordinate dimensionality does not match");
    }
    const rttMs = distanceSeconds(a, b) * 1000;
    context.platform.ui.out(`Estimated ${from} <-> ${to} rtt: ${goFixed(rttMs, 3)} ms\n`);
    return 0;
  }));

async function twoNames(names: readonly string[], client: RpcClient): Promise<[string, string]> {
  const [first, second] = names;
  if (first === undefined || names.length > 2) {
    throw new UsageFailure("One or two node names must be specified");
  }
  if (second !== undefined) return [first, second];
  const stats = await orFail("Error querying agent", client.stats());
  return [first, stats.get("agent")?.get("name") ?? ""];
}

async function coordinateOf(node: string, client: RpcClient): Promise<Coordinate> {
  const coordinate = await orFail("Error getting coordinates", client.coordinate(node));
  if (coordinate === undefined) {
    throw new CommandFailure(`Could not find a coordinate for node ${goQuote(node)}`);
  }
  return coordinate;
}
