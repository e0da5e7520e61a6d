/** All files below `packaging/` that the command table decides. */
import { RELEASE } from "../../lib/version.ts";
import { bashCompletion } from "./bash_completion.ts";
import { loadCommandDocs } from "./command_docs.ts";
import { fishCompletion } from "./fish_completion.ts";
import { manPage } from "./man_page.ts";
import { zshCompletion } from "./zsh_completion.ts";

/** @returns each file's text, by its path below the project's directory. */
export async function generatedDocs(): Promise<Map<string, string>> {
  const commands = await loadCommandDocs();
  return new Map([
    ["packaging/serf.1", manPage(commands, RELEASE)],
    ["packaging/completions/serf.bash", bashCompletion(commands)],
    ["packaging/completions/_serf", zshCompletion(commands)],
    ["packaging/completions/serf.fish", fishCompletion(commands)],
  ]);
}
