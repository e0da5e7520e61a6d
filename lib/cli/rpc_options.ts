/** The flags of every command that talks to an agent, and the connection that they lead to. */
import { RpcClient } from "../rpc/rpc_client.ts";
import { type CommandContext, orFail } from "./command.ts";
import { flag, type FlagSpec, offering } from "./flags.ts";

const DEFAULT_ADDRESS = "127.0.0.1:7373";

/** What stands before every reason for which there is no connection. */
const NOT_CONNECTED = "Error connecting to Serf agent";

/** `-rpc-addr` and `-rpc-auth`. */
export const RPC_FLAGS: readonly FlagSpec[] = [
  flag(
    "rpc-addr",
    "text",
    `=${DEFAULT_ADDRESS}`,
    DEFAULT_ADDRESS,
    "Where the agent answers commands. Without this flag, SERF_RPC_ADDR is used if it is set.",
  ),
  flag(
    "rpc-auth",
    "text",
    '=""',
    "",
    "The token that the agent asks for, if any. Without this flag, SERF_RPC_AUTH is used if it is set.",
  ),
];

/** `-format`, of the commands that can print JSON. */
export const FORMAT_FLAG: FlagSpec = offering(
  flag("format", "text", "", "text", "Either 'text', the default, or 'json'."),
  ["text", "json"],
);

/** Connects as the flags and the environment say, and closes the connection when `use` is done or fails. */
export async function withClient(
  context: CommandContext,
  use: (client: RpcClient) => Promise<number>,
): Promise<number> {
  return await withClientAtOnce(context, async (client) => {
    await client.accepted;
    return await use(client);
  });
}

/**
 * The same for a command that begins with a request: it leaves together with the greeting, one round trip earlier.
 * @param use prints nothing before it has an answer: until then the agent may refuse us.
 */
export async function withClientAtOnce(
  { flags, platform }: CommandContext,
  use: (client: RpcClient) => Promise<number>,
): Promise<number> {
  const address = flags.text("rpc-addr") ?? (platform.env("SERF_RPC_ADDR") || DEFAULT_ADDRESS);
  const token = flags.text("rpc-auth") ?? platform.env("SERF_RPC_AUTH") ?? "";
  const client = await orFail(NOT_CONNECTED, RpcClient.connect(platform, address, token));
  try {
    const work = use(client);
    work.catch(() => {}); // a refusal fails the work too, and is the better reason
    await orFail(NOT_CONNECTED, client.accepted);
    return await work;
  } finally {
    client.close();
  }
}
