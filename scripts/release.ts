/**
 * Makes `dist/release/serf-RELEASE-TARGET/` for every target: executable, manual page, completions, systemd unit (for
 * Linux), example configuration, licenses, README, changelog and SHA256SUMS.
 *
 *     deno task release [TARGET...]
 *
 * A target that cannot be built on this machine is named and left out. Exit code: 0 when all that was asked for was
 * made, 2 when something was left out, 1 when anything failed.
 */
import { RELEASE } from "../lib/version.ts";
import { run } from "./compile.ts";
import { generatedDocs } from "./docs/generated_docs.ts";
import { assembleRelease } from "./release_folder.ts";
import { executableFor, EXIT_UNREACHABLE, TARGETS } from "./targets.ts";

const ROOT = new URL("..", import.meta.url).pathname.replace(/\/$/, "");
const BINARIES = `${ROOT}/dist/targets`;
const RELEASES = `${ROOT}/dist/release`;

type Result = "made" | "left out" | "failed";

async function release(target: string): Promise<Result> {
  // A process for each: the build ends at its first failure.
  const build = await run(ROOT, Deno.execPath(), [
    "run",
    "--allow-all",
    `${ROOT}/scripts/build.ts`,
    "--target",
    target,
    "--output",
    BINARIES,
  ]);
  if (!build.ok) {
    const why = build.text.trim().split("\n").at(-1) ?? "";
    const isLeftOut = build.code === EXIT_UNREACHABLE;
    console.error(`${target}: ${isLeftOut ? "left out" : "FAILED"}: ${isLeftOut ? why : build.text.trim()}`);
    return isLeftOut ? "left out" : "failed";
  }
  const folder = `${RELEASES}/serf-${RELEASE}-${target}`;
  await assembleRelease(ROOT, target, `${BINARIES}/${target}/${executableFor(target)}`, folder);
  console.log(`${target}: ${folder}`);
  return "made";
}

async function staleDocs(): Promise<string[]> {
  const stale: string[] = [];
  for (const [path, text] of await generatedDocs()) {
    if (await Deno.readTextFile(`${ROOT}/${path}`).catch(() => "") !== text) stale.push(path);
  }
  return stale;
}

async function main(targets: readonly string[]): Promise<number> {
  const unknown = targets.filter((target) => !TARGETS.includes(target));
  if (unknown.length > 0) {
    console.error(`release: unknown target ${unknown.join(", ")}; known: ${TARGETS.join(", ")}`);
    return 1;
  }
  const stale = await staleDocs();
  if (stale.length > 0) {
    console.error(`release: ${stale.join(", ")} not up to date: run 'deno task docs'`);
    return 1;
  }
  const results: Result[] = [];
  for (const target of targets.length > 0 ? targets : TARGETS) results.push(await release(target));
  if (results.includes("failed")) return 1;
  return results.includes("left out") ? 2 : 0;
}

Deno.exit(await main(Deno.args));
