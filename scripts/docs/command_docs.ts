/** What the manual and the completions are made of: the commands, as the help knows them. */
import { COMMANDS } from "../../lib/cli/command_table.ts";
import type { CommandSpec } from "../../lib/cli/help.ts";

/** One command with everything that is said about it. */
export interface CommandDoc {
  /** One line. */
  readonly synopsis: string;
  readonly spec: CommandSpec;
}

/** A file's first line, behind its comment sign: who changes the file itself loses the change. */
export const GENERATED = "Generated from the command table by `deno task docs`.";

/** Every command there is, sorted by name. */
export function loadCommandDocs(): Promise<CommandDoc[]> {
  return Promise.all(COMMANDS.map(async (entry) => ({
    synopsis: entry.synopsis,
    spec: (await entry.load()).spec,
  })));
}
