/**
 * Bundles the program; stamps the commit; leaves out comments.
 *
 * ```
 * serf.js --agent, sim--> main.js and many parts: an agent's memory pays for what it loads, so it loads what it needs
 *         +-all others--> the client: one script, and the code that V8 made of it (code_cache.ts)
 * ```
 * Both are the whole program, and know nothing of each other. A short command would spend more time on compiling its
 * 70 kB than on its work; V8 takes a cache for scripts that are given to it, not for modules, hence a script.
 */
import { build, stop, transform } from "esbuild";
import { BuildError, run } from "./compile.ts";

/** What stands in the sources for the commit. */
const PLACEHOLDER = "@@SERF_COMMIT@@";

/** The executable's main file, in the bundle's directory. */
export const ENTRY = "serf.js";

/** The commands' script, as text. */
export const CLIENT = "client.txt";

/**
 * What the executable carries of it: text and code cache, both deflated, since the runtime holds every file that it
 * carries in memory, an agent's too. The cache may be empty: V8 compiles when it refuses what it gets.
 */
export const PACKED_CLIENT = { text: "client.txt.deflated", cache: "client.cache.deflated" } as const;

/** Commands that run the engine. A word too many in it costs time and nothing else. */
const ENTRY_TEXT = `if(Deno.args.includes("agent")||Deno.args.includes("sim"))await import("./main.js");
else{
const{Script}=await import("node:vm"),{inflateRawSync}=await import("node:zlib"),at=import.meta.dirname+"/";
const read=(name)=>inflateRawSync(Deno.readFileSync(at+name));
const text=read("${PACKED_CLIENT.text}").toString(),cachedData=read("${PACKED_CLIENT.cache}");
new Script(text,{filename:at+"client.js",cachedData}).runInThisContext();
}
`;

/** Parts of the code-split program that only those two commands load, by the beginnings of their names. */
const ENGINE_PARTS = [
  "agent",
  "sim",
  "deno_transport",
  "deno_storage",
  "deno_process",
  "deno_multicast",
  "datagram_sender",
];

/**
 * What the bundler writes for the one `require()` of a CommonJS library (mDNS packets), into every program that shares
 * its file of helpers: loading `node:module` costs each start 2 ms.
 */
const EAGER_REQUIRE =
  /import \{ createRequire as (\w+) \} from "node:module";\nvar __require = \1\(import\.meta\.url\);\n/;
const LAZY_REQUIRE = "var __require = (name) => process.getBuiltinModule(name);\n";

/**
 * Bundles `main.ts`.
 *
 * @param root the project's directory.
 * @param directory where the bundle goes; what is there is removed first.
 * @throws {BuildError} when it cannot be bundled, or what is to be replaced is not in exactly one file.
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
  let stamped = 0, lazy = 0;
  try {
    for await (const entry of Deno.readDir(directory)) {
      const path = `${directory}/${entry.name}`;
      const text = await Deno.readTextFile(path);
      if (text.includes(PLACEHOLDER)) stamped++;
      if (EAGER_REQUIRE.test(text)) lazy++;
      const finished = text.replace(EAGER_REQUIRE, LAZY_REQUIRE).replaceAll(PLACEHOLDER, commit);
      await Deno.writeTextFile(path, await condensed(finished));
    }
    await Deno.writeTextFile(`${directory}/${CLIENT}`, await clientOf(directory));
    await Deno.writeTextFile(`${directory}/${ENTRY}`, ENTRY_TEXT);
  } finally {
    await stop();
  }
  if (stamped !== 1) {
    throw new BuildError(`the commit stamp stands in ${stamped} bundled files instead of one`);
  }
  if (lazy !== 1) throw new BuildError(`the bundler's require() stands in ${lazy} files instead of one`);
}

/**
 * The runtime keeps the text of what it has loaded, so an agent's memory pays for every blank and every long name. In a
 * stack of the executable, methods and places are to be read; the places are those of the same commit's bundle.
 */
async function condensed(text: string): Promise<string> {
  return (await transform(text, CONDENSED)).code;
}

const CONDENSED = {
  format: "esm",
  target: "esnext",
  minify: true,
  legalComments: "none",
} as const;

/**
 * The program without the engine, as one script; each command in it is evaluated when it is called.
 *
 * @throws {BuildError} when a part of the engine has another name than it had: it would be in that file.
 */
async function clientOf(directory: string): Promise<string> {
  const missing = new Set(ENGINE_PARTS);
  const filter = new RegExp(`^\\./(${ENGINE_PARTS.join("|")})-`);
  const result = await build({
    ...CONDENSED,
    format: "iife",
    entryPoints: [`${directory}/main.js`],
    bundle: true,
    write: false,
    external: ["node:*"],
    plugins: [{
      name: "no engine",
      setup: ({ onResolve }) =>
        onResolve({ filter }, ({ path }) => {
          missing.delete(filter.exec(path)![1]!);
          return { path, external: true };
        }),
    }],
  });
  if (missing.size > 0) throw new BuildError(`no part of the bundle is called ${[...missing].join(", ")}`);
  const { text } = result.outputFiles[0]!;
  const stray = text.match(/\bimport\((?!"\.\/)[^)]*\)/);
  if (stray !== null) throw new BuildError(`the commands' script cannot import: ${stray[0]}`);
  return text;
}

async function commitStamp(root: string): Promise<string> {
  const commit = await run(root, "git", ["rev-parse", "--short", "HEAD"]).catch(() => undefined);
  if (commit === undefined || !commit.ok) return "unknown";
  const status = await run(root, "git", ["status", "--porcelain"]);
  return commit.text.trim() + (status.text.trim() === "" ? "" : "+CHANGES");
}
