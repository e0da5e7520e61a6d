/** The arguments of `deno task bench`. */

/** What was asked for. */
export interface BenchOptions {
  /** A path, or a name to look up on PATH; undefined for where Debian's package puts it. */
  readonly against: string | undefined;
  readonly isQuick: boolean;
  readonly isMarkdown: boolean;
  /** Parts of groups' names; empty for all. */
  readonly only: readonly string[];
  /** The file of an earlier run's ratios, to compare with. */
  readonly baseline: string | undefined;
  /** Where to write this run's ratios. */
  readonly writeBaseline: string | undefined;
  /** A file that collects rows of several runs. */
  readonly collect: string | undefined;
}

/** @throws {Error} for an argument that does not exist, or has no value. */
export function parseBenchOptions(args: readonly string[], defaultBaseline: string): BenchOptions {
  const values = new Map<string, string>();
  const flags = new Set<string>();
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    const next = args[i + 1];
    const hasValue = next !== undefined && !next.startsWith("-");
    if (arg === "--") continue;
    else if (arg === "--quick" || arg === "--markdown") flags.add(arg);
    else if (arg === "--baseline" || arg === "--write-baseline") {
      values.set(arg, hasValue ? args[++i]! : defaultBaseline);
    } else if (arg === "--against" || arg === "--only" || arg === "--collect") {
      if (!hasValue) throw new Error(`${arg} needs a value`);
      values.set(arg, args[++i]!);
    } else {throw new Error(
        `unknown argument ${arg}; known: --against PATH|NAME, --quick, --markdown, --only GROUP,..., ` +
          "--baseline [FILE], --write-baseline [FILE], --collect FILE",
      );}
  }
  return {
    against: values.get("--against"),
    isQuick: flags.has("--quick"),
    isMarkdown: flags.has("--markdown"),
    only: values.get("--only")?.split(",") ?? [],
    baseline: values.get("--baseline"),
    writeBaseline: values.get("--write-baseline"),
    collect: values.get("--collect"),
  };
}

/** The path of a program: as it is if it has a slash, else the first one of that name in `path`. */
export function findProgram(name: string, path: string): string | undefined {
  if (name.includes("/")) return name;
  for (const directory of path.split(":")) {
    try {
      if (Deno.statSync(`${directory}/${name}`).isFile) return `${directory}/${name}`;
    } catch {
      // Not in this one.
    }
  }
  return undefined;
}
