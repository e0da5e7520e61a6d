/**
 * The composition root: builds the platform, runs the command, and ends the program with its code. Nothing else names a
 * concrete platform, and nothing else calls `Deno.exit`.
 */
import { runCli } from "./lib/cli/dispatcher.ts";
import { createPlatform } from "./lib/platform/deno_platform.ts";

const platform = createPlatform();

let isDying = false;

/** A bug, or a system that refuses what every command needs: one line that can be reported, and an end. */
async function die(error: unknown): Promise<void> {
  if (isDying) return;
  isDying = true;
  const text = error instanceof Error ? error.stack ?? error.message : String(error);
  const oneLine = text.replace(/\s*\n\s*/g, " ");
  platform.ui.err(`serf: internal error: ${oneLine}\n`);
  // What came before it says how.
  await platform.ui.flush();
  Deno.exit(1);
}

addEventListener("error", (event) => {
  event.preventDefault();
  die(event.error);
});
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  die(event.reason);
});

/** No top-level await: the commands' program is compiled as a script, whose code the executable carries (scripts/bundle.ts). */
async function main(): Promise<void> {
  const code = await runCli(Deno.args, platform);
  await platform.ui.flush();
  Deno.exit(platform.ui.exitCode(code));
}

main().catch(die);
