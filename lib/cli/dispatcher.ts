/** From the program's arguments to one command's exit code. */
import type { Platform, Ui } from "../platform/platform.ts";
import type { Command } from "./command.ts";
import { type CommandEntry, COMMANDS } from "./command_table.ts";

/** The exit code for a command that does not exist, and for none at all. */
const UNKNOWN_COMMAND = 127;

interface Invocation {
  /** The first argument that is no flag; empty when there is none. */
  readonly name: string;
  /** All arguments after it. */
  readonly args: readonly string[];
  readonly wantsHelp: boolean;
  /** Whether flags stand before the command, which has no use for them. */
  readonly hasLeadingFlags: boolean;
}

/**
 * Runs one command line. Usage and help go to standard error; what the command says is its own affair.
 *
 * @param args the program's arguments, without the program.
 * @param commands sorted by name.
 * @returns the exit code.
 */
export async function runCli(
  args: readonly string[],
  platform: Platform,
  commands: readonly CommandEntry[] = COMMANDS,
): Promise<number> {
  const asksVersion = args.includes("-v") || args.includes("--version");
  const invocation = readInvocation(asksVersion ? ["version", ...args] : args);
  const entry = commands.find((each) => each.name === invocation.name);
  if (entry === undefined) {
    platform.ui.err(usage(visibleCommands(invocation.name, commands)));
    return invocation.wantsHelp && invocation.name === "" ? 0 : UNKNOWN_COMMAND;
  }
  return await runCommand(await entry.load(), invocation, platform);
}

async function runCommand(command: Command, invocation: Invocation, platform: Platform): Promise<number> {
  if (invocation.wantsHelp) {
    printHelp(platform.ui, command);
    return 0;
  }
  if (invocation.hasLeadingFlags) {
    platform.ui.err(
      "Invalid flags before the subcommand. If these flags are for\n" +
        "the subcommand, please put them after the subcommand.\n\n",
    );
    printHelp(platform.ui, command);
    return 1;
  }
  return await command.run(invocation.args, platform);
}

/** Help is asked for anywhere before `--`, even after the command; `-version` alone among flags may stand before it. */
function readInvocation(args: readonly string[]): Invocation {
  let nameIndex = -1;
  let wantsHelp = false, hasLeadingFlags = false;
  for (let i = 0; i < args.length && args[i] !== "--"; i++) {
    const arg = args[i]!;
    if (arg === "-h" || arg === "-help" || arg === "--help") wantsHelp = true;
    else if (nameIndex >= 0 || arg === "" || arg === "-version") continue;
    else if (arg.startsWith("-")) hasLeadingFlags = true;
    else nameIndex = i;
  }
  return {
    name: args[nameIndex] ?? "",
    args: nameIndex < 0 ? [] : args.slice(nameIndex + 1),
    wantsHelp,
    hasLeadingFlags,
  };
}

/** An unknown command of several words lists what is below its first words: nothing, as no command is nested. */
function visibleCommands(name: string, commands: readonly CommandEntry[]): readonly CommandEntry[] {
  return name.includes(" ") ? [] : commands;
}

function usage(commands: readonly CommandEntry[]): string {
  const width = Math.max(0, ...commands.map((each) => each.name.length));
  const lines = commands.map((each) => `    ${each.name.padEnd(width)}    ${each.synopsis}\n`);
  return `Usage: serf [--version] [--help] <command> [<args>]\n\nAvailable commands are:\n${
    lines.join("")
  }\n`;
}

function printHelp(ui: Ui, command: Command): void {
  ui.err(command.help + "\n");
}
