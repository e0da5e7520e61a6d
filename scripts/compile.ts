/** Compiles a bundle to an executable: with Deno's own runtime where it can be downloaded, else with the fallback. */
import { obtainFallbackRuntime } from "./denort.ts";

const HOST_TARGET = "x86_64-unknown-linux-gnu";
/** The Deno that the fallback runtime belongs to. */
const FALLBACK_DENO = "2.4.2";

/** Least permissions, baked in; nothing is ever asked at run time. */
const PERMISSIONS = [
  "--no-prompt",
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-run",
  "--allow-sys=hostname,networkInterfaces,uid,systemMemoryInfo,loadavg",
];

/**
 * No code cache of Deno's: it would live under a predictable name in a world-writable directory, and a root agent would
 * execute what anybody planted there. (The executable carries one for short commands: code_cache.ts.)
 *
 * The V8 flags keep an agent small: young objects get 1 MiB (the default grows to 16), the heap is collected when it has
 * grown by a half (the default: by up to three times), and lib/agent/quiet_collector.ts may collect when nothing
 * happens. V8's own way, `--optimize-for-size`, leaves as much after a start, 5 MiB more after work, and costs the
 * engine's hot paths 20 to 40 % of their speed; compiling less (`--max-opt`) saves nothing.
 */
const COMPILE = [
  "--no-check",
  "--no-lock",
  "--no-npm",
  "--no-config",
  "--no-code-cache",
  "--unstable-net",
  "--v8-flags=--max-semi-space-size=1,--heap-growing-percent=50,--expose-gc",
];

/** A build that cannot be done, in one line. */
export class BuildError extends Error {
  override readonly name: string = "BuildError";
}

/** Nothing is wrong with the project: what a target needs cannot be had on this machine. */
export class UnreachableRuntimeError extends BuildError {
  override readonly name = "UnreachableRuntimeError";
}

/** How a command ended. */
export interface Outcome {
  readonly ok: boolean;
  readonly code: number;
  readonly text: string;
}

/** Runs a command in `cwd` to its end; both outputs together as text. @param clearEnv whether it gets `env` alone. */
export async function run(
  cwd: string,
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
  clearEnv = false,
): Promise<Outcome> {
  const result = await new Deno.Command(command, {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1", ...env },
    clearEnv,
    stdin: "null",
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { ok: result.success, code: result.code, text: decode(result.stdout) + decode(result.stderr) };
}

function compileArguments(
  entry: string,
  target: string,
  file: string,
  included: readonly string[],
): string[] {
  return [
    "compile",
    "--quiet",
    ...COMPILE,
    ...PERMISSIONS,
    ...included.flatMap((path) => ["--include", path]),
    "--target",
    target,
    "--output",
    file,
    entry,
  ];
}

/** Deno's own way first; `undefined` when it worked, else why not. */
async function compileWithOwnRuntime(root: string, args: readonly string[]): Promise<string | undefined> {
  const outcome = await run(root, Deno.execPath(), args);
  if (outcome.ok) return undefined;
  const lines = outcome.text.trim().split("\n");
  return (lines.find((line) => line.includes("error sending request")) ?? lines[0] ?? "unknown failure")
    .trim();
}

async function compileWithFallback(root: string, args: readonly string[]): Promise<void> {
  const runtime = await obtainFallbackRuntime(`${root}/.cache`);
  const outcome = await run(root, "npx", ["-y", `deno@${FALLBACK_DENO}`, ...args], {
    DENORT_BIN: runtime,
    // 2.4 trusts only its own certificate list unless told otherwise.
    DENO_TLS_CA_STORE: "system",
  });
  if (!outcome.ok) throw new BuildError(`compiling with Deno ${FALLBACK_DENO} failed:\n${outcome.text}`);
}

/**
 * Compiles one JavaScript file and what it imports.
 *
 * @param root the project's directory; the fallback runtime is kept in its `.cache`.
 * @param entry the bundle's main file.
 * @param included files that the program reads, from `import.meta.dirname`.
 * @throws {BuildError} when neither Deno's own download nor the fallback works.
 * @throws {UnreachableRuntimeError} when there is no fallback for the target.
 */
export async function compileExecutable(
  root: string,
  entry: string,
  target: string,
  file: string,
  included: readonly string[] = [],
): Promise<void> {
  const args = compileArguments(entry, target, file, included);
  const failure = await compileWithOwnRuntime(root, args);
  if (failure === undefined) return;
  if (target !== HOST_TARGET) {
    throw new UnreachableRuntimeError(
      `${target}: Deno's runtime for this target cannot be downloaded here (${failure})`,
    );
  }
  console.log(
    `Deno's own download is out of reach; compiling with Deno ${FALLBACK_DENO} and its runtime from npm`,
  );
  await compileWithFallback(root, args);
}
