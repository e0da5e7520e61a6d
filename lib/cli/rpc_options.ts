/** The flags of every command that talks to an agent, and the connection that they lead to. */
import { RpcClient } from "../rpc/rpc_client.ts";
import { type CommandContext, orFail } from "./command.ts";
import { flag, type FlagSpec, offering } from "./flags.ts";

const DEFAULT_ADDRESS = "127.0.0.1:7373";

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
  { flags, platform }: CommandContext,
  use: (client: RpcClient) => Promise<number>,
): Promise<number> {
  const address = flags.text("rpc-addr") ?? (platform.env("SERF_RPC_ADDR") || DEFAULT_ADDRESS);
  const token = flags.text("rpc-auth") ?? platform.env("SERF_RPC_AUTH") ?? "";
  const client = await orFail("Error connecting to Serf agent", RpcClient.connect(platform, address, token));
  try {
    return await use(client);
  } finally {
    client.close();
  }
}
