/** Bundles the program code-split, so that a command loads only what it needs; stamps the commit; leaves out comments. */
import { stop, transform } from "esbuild";
import { BuildError, run } from "./compile.ts";

/** What stands in the sources for the commit. */
const PLACEHOLDER = "@@SERF_COMMIT@@";

/**
 * Bundles `main.ts`.
 *
 * @param root the project's directory.
 * @param directory where the bundle goes; what is there is removed first.
 * @throws {BuildError} when it cannot be bundled, or the commit's place is not in exactly one file.
 */
export async function bundle(root: string, directory: string): Promise<void> {
  await Deno.remove(directory, { recursive: true }).catch(() => {});
  const outcome = await run(root, Deno.execPath(), [
    "bundle",
    "--quiet",
    "--frozen",
    "--code-splitting",
    "--outdir",
    directory,
    `${root}/main.ts`,
  ]);
  if (!outcome.ok) throw new BuildError(`bundling failed:\n${outcome.text}`);
  const commit = await commitStamp(root);
  let stamped = 0;
  try {
    for await (const entry of Deno.readDir(directory)) {
      const path = `${directory}/${entry.name}`;
      const text = await Deno.readTextFile(path);
      if (text.includes(PLACEHOLDER)) stamped++;
      await Deno.writeTextFile(path, await condensed(text.replaceAll(PLACEHOLDER, commit)));
    }
  } finally {
    await stop();
  }
  if (stamped !== 1) {
    throw new BuildError(`the commit stamp stands in ${stamped} bundled files instead of one`);
  }
}

/**
 * The runtime keeps the text of what it has loaded, so an agent's memory pays for every blank: this saves about 1.5 MiB.
 * Names stay as they are, for stacks that can be read.
 */
async function condensed(text: string): Promise<string> {
  const result = await transform(text, {
    format: "esm",
    target: "esnext",
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
  });
  return result.code;
}

async function commitStamp(root: string): Promise<string> {
  const commit = await run(root, "git", ["rev-parse", "--short", "HEAD"]).catch(() => undefined);
  if (commit === undefined || !commit.ok) return "unknown";
  const status = await run(root, "git", ["status", "--porcelain"]);
  return commit.text.trim() + (status.text.trim() === "" ? "" : "+CHANGES");
}
