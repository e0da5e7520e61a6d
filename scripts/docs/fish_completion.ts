/** Completion for fish. */
import type { FlagSpec } from "../../lib/cli/flags.ts";
import { type CommandDoc, GENERATED } from "./command_docs.ts";

/** @returns the script: `serf.fish` in one of fish's completion directories. */
export function fishCompletion(commands: readonly CommandDoc[]): string {
  const lines = commands.flatMap(({ spec, synopsis }) => [
    `complete -c serf -n __fish_use_subcommand -a ${spec.name} -d ${quote(synopsis)}`,
    ...spec.flags.map((flag) =>
      `complete -c serf -n '__fish_seen_subcommand_from ${spec.name}' -o ${flag.name}${value(flag)} -d ${
        quote(flag.about)
      }`
    ),
  ]);
  return `# fish completion for serf(1). ${GENERATED}

complete -c serf -f
complete -c serf -n __fish_use_subcommand -l version -d 'Prints the Serf version'
complete -c serf -n __fish_use_subcommand -l help -d 'Lists the commands'
${lines.join("\n")}
`;
}

function value(flag: FlagSpec): string {
  if (flag.kind === "bool") return "";
  if (flag.values === undefined) return " -x";
  if (flag.values === "file") return " -r -F";
  if (flag.values === "directory") return ` -x -a ${quote("(__fish_complete_directories)")}`;
  return ` -x -a ${quote(flag.values.join(" "))}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
