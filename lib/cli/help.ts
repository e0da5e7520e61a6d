/** Renders what the commands are (data) as the help that `serf CMD -h` prints. */
import type { FlagSpec } from "./flags.ts";

/** What is said about a command, apart from its one-line synopsis (command_table.ts). */
export interface CommandSpec {
  readonly name: string;
  /** What follows `Usage: serf NAME`: `[options] name`; empty when there is nothing to add. */
  readonly args: string;
  /** Paragraphs, unwrapped. A command without any has an empty help. */
  readonly about: readonly string[];
  readonly flags: readonly FlagSpec[];
  /** Flags that are understood, but that help is silent about: what they ask for does not exist yet. */
  readonly unlistedFlags?: readonly FlagSpec[];
  /** Titled paragraphs after the options. */
  readonly notes?: readonly { readonly title: string; readonly about: readonly string[] }[];
}

const WIDTH = 79;
const INDENT = "  ";
/** Where flags' descriptions begin: `  -rpc-addr=127.0.0.1:7373  ` just fits. */
const COLUMN = 28;

/** The help without a trailing newline. */
export function renderHelp(spec: CommandSpec): string {
  if (spec.about.length === 0) return "";
  const blocks = [`Usage: serf ${spec.name} ${spec.args}`.trimEnd(), ...spec.about.map(paragraph)];
  if (spec.flags.length > 0) blocks.push("Options:", spec.flags.map(flagLines).join("\n"));
  for (const note of spec.notes ?? []) blocks.push(`${note.title}:`, ...note.about.map(paragraph));
  return blocks.join("\n\n");
}

function paragraph(text: string): string {
  return wrap(text, WIDTH - INDENT.length).map((line) => INDENT + line).join("\n");
}

function flagLines(flag: FlagSpec): string {
  const head = `${INDENT}-${flag.name}${flag.hint}`;
  const lines = wrap(flag.about, WIDTH - COLUMN).map((line) => " ".repeat(COLUMN) + line);
  if (head.length <= COLUMN - 2) lines[0] = head + lines[0]!.slice(head.length);
  else lines.unshift(head);
  return lines.join("\n");
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines;
}
