/** Runs one command line by both programs and compares what they print, but for differences that are listed here. */
import { type CommandResult, runCommand } from "../support/agents.ts";

/** One command line, and what is special about it. */
export interface Line {
  readonly args: readonly string[];
  readonly env?: Record<string, string>;
  /** Its rows or blocks come in any order upstream: both outputs are sorted before they are compared. */
  readonly unordered?: boolean;
}

/** Every difference between the two programs that users are told about, undone. */
export class Parity {
  readonly #helps = new Map<string, string[]>();
  readonly #failures: string[] = [];
  #compared = 0;

  constructor(readonly ours: string, readonly theirs: string) {}

  /** How many lines were compared. */
  get compared(): number {
    return this.#compared;
  }

  /** Both programs' help texts, ours first. Their words are their own; usage line and flags are the same. */
  async help(command: string): Promise<string[]> {
    let helps = this.#helps.get(command);
    if (helps === undefined) {
      const texts = [this.ours, this.theirs].map((program) => runCommand(program, [command, "-h"]));
      helps = (await Promise.all(texts)).map((result) => result.stderr.trimEnd());
      this.#helps.set(command, helps);
    }
    return helps;
  }

  /**
   * Runs each line by both programs, one after the other, and remembers what differs: three times in a row, as an answer
   * to a query that is gossiped for a moment only may be missed by whoever asks, HashiCorp's program too.
   */
  async compare(lines: readonly (Line | readonly string[])[]): Promise<void> {
    for (const each of lines) {
      const line: Line = "args" in each ? each : { args: each };
      this.#compared++;
      let difference = await this.#differenceAt(line);
      for (let again = 0; again < 2 && difference !== undefined; again++) {
        difference = await this.#differenceAt(line);
      }
      if (difference !== undefined) this.#failures.push(difference);
    }
  }

  async #differenceAt(line: Line): Promise<string | undefined> {
    const options = { env: line.env ?? {}, timeoutMs: 20_000 };
    const theirs = await this.normal(await runCommand(this.theirs, line.args, options), line);
    const ours = await this.normal(await runCommand(this.ours, line.args, options), line);
    if (ours === theirs) return undefined;
    const words = line.args.map((arg) => JSON.stringify(arg)).join(" ");
    return `serf ${words}\n--- HashiCorp's\n${theirs}\n--- ours\n${ours}`;
  }

  /** Adds a comparison made elsewhere. */
  note(what: string, ours: string, theirs: string): void {
    this.#compared++;
    if (ours !== theirs) this.#failures.push(`${what}\n--- HashiCorp's\n${theirs}\n--- ours\n${ours}`);
  }

  /** Fails with everything that differed. */
  finish(): void {
    if (this.#failures.length === 0) return;
    throw new Error(
      `${this.#failures.length} of ${this.#compared} differ:\n\n${this.#failures.join("\n\n")}`,
    );
  }

  /** All that a finished command showed, as one comparable text. */
  async normal(result: CommandResult, line: Line): Promise<string> {
    const channels = [];
    for (const [name, text] of [["stdout", result.stdout], ["stderr", result.stderr]] as const) {
      channels.push(`${name}: ${await this.#normalText(text, line)}`);
    }
    return `exit code ${result.code}\n${channels.join("\n")}`;
  }

  async #normalText(text: string, line: Line): Promise<string> {
    let normal = text;
    const usage = /Usage: serf ([a-z-]+)/.exec(normal)?.[1];
    if (usage !== undefined) {
      for (const help of await this.help(usage)) normal = normal.replace(help, `<help of ${usage}>`);
    }
    normal = normal
      // Each build has a version of its own.
      .replace(/^\S+( \([0-9a-f]+(\+CHANGES)?\))?\n(?=Agent Protocol: )/, "<version>\n")
      // Random by nature.
      .replace(/^[A-Za-z0-9+/]{43}=\n$/, "<key>\n")
      // Go names the server that it asked; which one the system asks is not for us to know.
      .replace(/(lookup \S+) on \S+:53: /g, "$1: ")
      // Values that change from one moment to the next.
      .replace(/((?:goroutines|[a-z]+_queue|[a-z]+_time|health_score)"?(?: =|:) "?)[0-9]+/g, "$1<n>")
      .replace(/rtt: [0-9.]+ ms/, "rtt: <n> ms")
      .replace(/(Query time|last response): [0-9]+\.[0-9]{2} sec/g, "$1: <n> sec");
    return line.unordered === true ? sortedBlocks(normal) : normal;
  }
}

/** Sorts JSON's members by name, the rows of a table, and the tags within a row. */
function sortedBlocks(text: string): string {
  if (text.startsWith("{")) {
    const value = JSON.parse(text) as { members: { name: string }[] };
    value.members.sort((a, b) => (a.name < b.name ? -1 : 1));
    return JSON.stringify(value, null, 2);
  }
  return text.trimEnd().split("\n").map((row) => row.split(/ +/).map(sortedTags).join("  ")).sort().join(
    "\n",
  );
}

function sortedTags(cell: string): string {
  return cell.split(",").sort().join(",");
}
