/** One release, ready to be packed: the executable for one target and everything that is installed with it. */
import { executableFor } from "./targets.ts";

/** What every release has, from the project's directory to the release's. */
const FILES: readonly (readonly [from: string, to: string])[] = [
  ["LICENSE", "LICENSE"],
  ["packaging/THIRD_PARTY_LICENSES", "THIRD_PARTY_LICENSES"],
  ["README.md", "README.md"],
  ["CHANGELOG.md", "CHANGELOG.md"],
  ["packaging/serf.1", "serf.1"],
  ["packaging/completions/serf.bash", "completions/serf.bash"],
  ["packaging/completions/_serf", "completions/_serf"],
  ["packaging/completions/serf.fish", "completions/serf.fish"],
  ["packaging/serf.json.example", "serf.json.example"],
];
const LINUX_FILES: readonly (readonly [from: string, to: string])[] = [
  ["packaging/serf.service", "serf.service"],
];

/** The file with a SHA-256 sum for each other file, as `sha256sum -c` reads it. */
const SUMS = "SHA256SUMS";

/**
 * Makes the folder anew.
 *
 * @param root the project's directory.
 * @param binary the executable for `target`.
 * @param folder the release; what stands there already is removed.
 */
export async function assembleRelease(
  root: string,
  target: string,
  binary: string,
  folder: string,
): Promise<void> {
  await Deno.remove(folder, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  await Deno.mkdir(`${folder}/completions`, { recursive: true });
  const executable = executableFor(target);
  await install(binary, `${folder}/${executable}`, 0o755);
  const files = target.includes("linux") ? [...FILES, ...LINUX_FILES] : FILES;
  for (const [from, to] of files) await install(`${root}/${from}`, `${folder}/${to}`, 0o644);
  const names = [executable, ...files.map(([, to]) => to)].sort();
  const sums = await Promise.all(
    names.map(async (name) => `${await sha256(`${folder}/${name}`)}  ${name}\n`),
  );
  await Deno.writeTextFile(`${folder}/${SUMS}`, sums.join(""), { mode: 0o644 });
}

/** Copies with a mode of its own: what the file had here says nothing about where it goes. */
async function install(from: string, to: string, mode: number): Promise<void> {
  await Deno.copyFile(from, to);
  if (Deno.build.os !== "windows") await Deno.chmod(to, mode);
}

async function sha256(file: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await Deno.readFile(file)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
