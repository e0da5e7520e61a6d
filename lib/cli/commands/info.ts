/** `serf info` */
import { compareBytewise, goTrim } from "../../base/go_text.ts";
import { defineCommand, orFail } from "../command.ts";
import { checkFormat, goJson } from "../output.ts";
import { FORMAT_FLAG, RPC_FLAGS, withClientAtOnce } from "../rpc_options.ts";

type Stats = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Prints what the agent tells about itself. */
export const info = defineCommand({
  name: "info",
  args: "[options]",
  about: ["Prints what a running agent tells about itself, for those who look after it."],
  flags: [FORMAT_FLAG, ...RPC_FLAGS],
}, (context) =>
  withClientAtOnce(context, async (client) => {
    const stats = await orFail("Error querying agent", client.stats());
    const format = context.flags.text("format") ?? "text";
    checkFormat(format);
    context.platform.ui.out((format === "json" ? goJson(stats) : statsText(stats)) + "\n");
    return 0;
  }));

function statsText(stats: Stats): string {
  return goTrim(
    sorted(stats).map(([section, values]) =>
      `${section}:\n` + sorted(values).map(([key, value]) => `\t${key} = ${value}\n`).join("")
    ).join(""),
  );
}

function sorted<T>(map: ReadonlyMap<string, T>): [string, T][] {
  return [...map].sort(([a], [b]) => compareBytewise(a, b));
}
