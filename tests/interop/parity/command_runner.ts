/** Runs one command line by both programs against both clusters, and compares what they show. */
import { type CommandResult, runCommand } from "../../support/agents.ts";
import { comparableCommand } from "./differences.ts";

/** One command line, and what is special about it. */
export interface Line {
  readonly args: readonly string[];
  /** Its environment. A line without one needs no agent. */
  readonly env?: Record<string, string>;
  /** Its rows or blocks come in any order upstream: outputs are sorted before they are compared. */
  readonly unordered?: boolean;
}

/** The two programs. */
interface Programs {
  readonly ours: string;
  readonly theirs: string;
}

/** How often a difference must show to count: gossip may miss whom it asks, HashiCorp's too. */
const ATTEMPTS = 3;
const LIMIT_MS = 20_000;
/** HashiCorp's cluster is where the lines say; ours is at the same addresses of the next network. */
const THEIR_NET = "127.0.30.", OUR_NET = "127.0.31.";

/** An address of HashiCorp's cluster in ours. */
export function inOurs(text: string): string {
  return text.replaceAll(THEIR_NET, OUR_NET);
}

/** Compares command lines, and remembers what differs. */
export class CommandParity {
  readonly #helps = new Map<string, string[]>();
  readonly #failures: string[] = [];
  #compared = 0;

  constructor(readonly programs: Programs) {}

  /** How many lines were compared. */
  get compared(): number {
    return this.#compared;
  }

  /** Both programs' help texts, ours first. Their words are their own; usage line and flags are the same. */
  async help(command: string): Promise<string[]> {
    let helps = this.#helps.get(command);
    if (helps === undefined) {
      const { ours, theirs } = this.programs;
      const texts = await Promise.all([ours, theirs].map((program) => runCommand(program, [command, "-h"])));
      helps = texts.map((result) => result.stderr.trimEnd());
      this.#helps.set(command, helps);
    }
    return helps;
  }

  /** Runs each line, one after another, so that each finds what those before it left. */
  async compare(lines: readonly Line[]): Promise<void> {
    for (const line of lines) {
      this.#compared++;
      let difference = await this.#differenceOf(line);
      for (let again = 1; again < ATTEMPTS && difference !== undefined; again++) {
        difference = await this.#differenceOf(line);
      }
      if (difference !== undefined) this.#failures.push(difference);
    }
  }

  /** Fails with everything that differed. */
  finish(): void {
    if (this.#failures.length === 0) return;
    throw new Error(
      `${this.#failures.length} of ${this.#compared} differ:\n\n${this.#failures.join("\n\n")}`,
    );
  }

  /** HashiCorp's program in HashiCorp's cluster is right; the three other combinations show the same. */
  async #differenceOf(line: Line): Promise<string | undefined> {
    const places = [{ args: line.args, env: line.env ?? {} }];
    if (line.env !== undefined) places.push({ args: line.args.map(inOurs), env: mapped(line.env, inOurs) });
    const all = await Promise.all(places.map((place) => this.#byBoth(place, line)));
    const [right, ...others] = all.flat();
    const names = [
      "our program, HashiCorp's agents",
      "HashiCorp's program, our agents",
      "our program, our agents",
    ];
    const different = others.flatMap((shown, i) => shown === right ? [] : [`--- ${names[i]}\n${shown}`]);
    if (different.length === 0) return undefined;
    const words = line.args.map((arg) => JSON.stringify(arg)).join(" ");
    return [`serf ${words}`, `--- HashiCorp's program and agents\n${right}`, ...different].join("\n");
  }

  async #byBoth(
    where: { args: readonly string[]; env: Record<string, string> },
    line: Line,
  ): Promise<string[]> {
    const shown = [];
    for (const program of [this.programs.theirs, this.programs.ours]) {
      const result = await runCommand(program, where.args, { env: where.env, timeoutMs: LIMIT_MS });
      shown.push(await this.#comparable(result, line));
    }
    return shown;
  }

  /** All that a finished command showed, as one comparable text. */
  async #comparable(result: CommandResult, line: Line): Promise<string> {
    const channels = [];
    for (const [name, text] of [["stdout", result.stdout], ["stderr", result.stderr]] as const) {
      const comparable = comparableCommand(await this.#withoutHelp(text));
      channels.push(`${name}: ${line.unordered === true ? sortedBlocks(comparable) : comparable}`);
    }
    return `exit code ${result.code}\n${channels.join("\n")}`;
  }

  async #withoutHelp(text: string): Promise<string> {
    const usage = /Usage: serf ([a-z-]+)/.exec(text)?.[1];
    if (usage === undefined) return text;
    return (await this.help(usage)).reduce((rest, help) => rest.replace(help, `<help of ${usage}>`), text);
  }
}

function mapped(
  record: Readonly<Record<string, string>>,
  change: (value: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

/** Sorts JSON's members by name, the rows of a table, and the tags within a row. */
function sortedBlocks(text: string): string {
  if (text.startsWith("{")) {
    const value = JSON.parse(text) as { members: { name: string }[] };
    value.members.sort((a, b) => (a.name < b.name ? -1 : 1));
    return JSON.stringify(value, null, 2);
  }
  const rows = text.trimEnd().split("\n").map((row) => row.split(/ +/).map(sortedTags).join("  "));
  return rows.sort().join("\n");
}

function sortedTags(cell: string): string {
  return cell.split(",").sort().join(",");
}
