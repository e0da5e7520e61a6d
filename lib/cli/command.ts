/** What a command is, and the one way in which all commands parse flags, fail and talk to an agent. */
import { AssertionError } from "../base/assert.ts";
import type { Platform } from "../platform/platform.ts";
import { FlagError, ParsedFlags, parseFlags } from "./flags.ts";
import { type CommandSpec, renderHelp } from "./help.ts";

/** A subcommand of `serf`. */
export interface Command {
  readonly spec: CommandSpec;
  /** The help text, without a trailing newline. */
  readonly help: string;
  /** @param args everything after the command's name. @returns the exit code: 0, or 1 for any failure. */
  run(args: readonly string[], platform: Platform): Promise<number>;
}

/** What a command's body gets. */
export interface CommandContext {
  readonly platform: Platform;
  readonly flags: ParsedFlags;
}

/**
 * Ends a command: its message goes to standard output (where this program's users look for errors; standard error
 * has only help and refused flags) and the exit code is 1. Nothing else is said about the state of the agent.
 */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
}

/** A {@linkcode CommandFailure} about the arguments; the command's help follows the message. No message: help alone. */
export class UsageFailure extends Error {
  override readonly name = "UsageFailure";
}

/** Options of {@linkcode defineCommand}. */
export interface CommandStyle {
  /** Put before each message of the command, as `==> ` in `serf agent`. */
  readonly outputPrefix: string;
}

/** Makes a command of its description and of what it does once its flags are parsed. */
export function defineCommand(
  spec: CommandSpec,
  body: (context: CommandContext) => Promise<number>,
  style: CommandStyle = { outputPrefix: "" },
): Command {
  const say = (platform: Platform, text: string) => platform.ui.out(`${style.outputPrefix}${text}\n`);
  return {
    spec,
    get help() {
      return renderHelp(spec);
    },
    async run(args, platform) {
      try {
        const known = [...spec.flags, ...spec.unlistedFlags ?? []];
        return await body({ platform, flags: parseFlags(known, args) });
      } catch (error) {
        if (error instanceof FlagError) {
          if (error.message !== "") platform.ui.err(error.message + "\n");
          say(platform, renderHelp(spec));
        } else if (error instanceof UsageFailure) {
          if (error.message !== "") platform.ui.out(`${error.message}\n\n`);
          say(platform, renderHelp(spec));
        } else if (error instanceof CommandFailure) {
          say(platform, error.message);
        } else {
          throw error;
        }
        return 1;
      }
    },
  };
}

/** Awaits `work`; a rejection that is the world's fault becomes a failure of the command: `PREFIX: its message`. */
export async function orFail<T>(prefix: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof Error) || isBug(error) || error instanceof CommandFailure) throw error;
    throw new CommandFailure(`${prefix}: ${error.message}`, { cause: error });
  }
}

/** What must not look like the world's fault: it ends the program with a stack that can be reported. */
function isBug(error: Error): boolean {
  return error instanceof AssertionError || error instanceof TypeError || error instanceof ReferenceError;
}
