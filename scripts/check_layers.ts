/**
 * Holds the code to the picture of the layers: imports point down only and never in a circle, the core is synchronous
 * and ambient-free, files stay small. Prints each breach as `file:line: what is wrong, and what to do instead`; exit 1
 * if there is any.
 */
const ROOT = new URL("../", import.meta.url).pathname;

/** What each layer may import, besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  wire: ["base"],
  coordinate: ["base", "wire"],
  memberlist: ["base", "wire"],
  serf: ["base", "wire", "memberlist", "coordinate"],
  sim: ["base", "wire", "memberlist", "coordinate", "serf"],
  platform: ["base"],
  agent: ["base", "wire", "memberlist", "coordinate", "serf"],
  rpc: ["base", "wire", "memberlist", "coordinate", "serf", "agent"],
  cli: ["base", "wire", "memberlist", "coordinate", "serf", "agent", "rpc"],
};

/** Everybody above the core may name the platform's types, and only those. */
const PLATFORM_TYPES = "lib/platform/platform.ts";

/** The one command that runs a cluster of its own; loaded when it is called, like every command. */
const SIMULATING_COMMAND = "lib/cli/commands/sim.ts";

/** Layers that decide: no promise, no clock, no randomness, no runtime. */
const CORE = ["base", "wire", "coordinate", "memberlist", "serf", "sim"];

const BANNED_IN_CORE: readonly (readonly [RegExp, string])[] = [
  [/\basync\b|\bawait\b|\bPromise\b/, "the core is synchronous: take a callback"],
  [/\bDeno\./, "the core does not know the runtime: use a port"],
  [/\bDate\b/, "take the time from Clock"],
  [/\bMath\.random\b|\bcrypto\.getRandomValues\b/, "take randomness from Random"],
  [/\bperformance\b/, "take the time from Clock"],
  [/\bsetTimeout\b|\bsetInterval\b|\bqueueMicrotask\b/, "arm a Timer"],
  [/\bconsole\./, "log through Logger"],
];

const BANNED_EVERYWHERE: readonly (readonly [RegExp, string])[] = [
  [/\bDeno\.exit\b/, "only main.ts ends the process"],
  [/\blocaleCompare\b|\bIntl\b|\btoLocale/, "costs 10 ms at start-up: compare with < and >"],
  [/\bas any\b/, "say the type"],
];

/** Packages, and where they may be imported. */
const PACKAGES: Readonly<Record<string, RegExp>> = {
  "@noble/ciphers": /^lib\/wire\/aes192\.ts$/,
  "@logtape/logtape": /^lib\/agent\//,
  "valibot": /^lib\/agent\//,
  "dns-packet": /^lib\/agent\//,
  "re2js": /^lib\/(rpc|agent|serf)\//,
};
const NODE_IN_CORE = /^node:(crypto|zlib|buffer)$/;

const FILE_LINES_MAX = 450;

interface Breach {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

function layerOf(path: string): string | undefined {
  return path.match(/^lib\/([a-z]+)\//)?.[1];
}

/** Resolves a relative import of `file` to a path below the root. */
function resolveImport(file: string, specifier: string): string {
  return new URL(specifier, `file:///${file}`).pathname.slice(1);
}

function checkImport(file: string, specifier: string): string | undefined {
  const layer = layerOf(file);
  if (layer === undefined) return undefined;
  if (specifier.startsWith("node:")) {
    if (!CORE.includes(layer)) return undefined;
    return layer === "wire" && NODE_IN_CORE.test(specifier)
      ? undefined
      : `${specifier} is not for lib/${layer}`;
  }
  if (!specifier.startsWith(".")) {
    const name = Object.keys(PACKAGES).find((name) => specifier === name || specifier.startsWith(`${name}/`));
    return name !== undefined && PACKAGES[name]!.test(file) ? undefined : `${specifier} is not for ${file}`;
  }
  const target = resolveImport(file, specifier);
  const below = layerOf(target);
  if (below === undefined || below === layer || target === PLATFORM_TYPES && !CORE.includes(layer)) {
    return undefined;
  }
  if (below === "sim" && file === SIMULATING_COMMAND) return undefined;
  return MAY_IMPORT[layer]?.includes(below)
    ? undefined
    : `lib/${layer} does not know lib/${below}: imports point down`;
}

/** Imports of types make circles as well: who reads one file of a circle has to read them all. */
function findCircles(imports: ReadonlyMap<string, readonly string[]>): Breach[] {
  const breaches: Breach[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]) => {
    const start = path.indexOf(file);
    if (start >= 0) {
      const circle = path.slice(start).concat(file).join(" -> ");
      breaches.push({ file, line: 1, text: `imports itself, ${circle}: let one be given what it imports` });
    } else if (!done.has(file)) {
      for (const target of imports.get(file) ?? []) visit(target, [...path, file]);
      done.add(file);
    }
  };
  for (const file of imports.keys()) visit(file, []);
  return breaches;
}

/** The files that one file imports, in whatever way. */
function importsOf(file: string, source: string): string[] {
  const found = source.matchAll(/\b(?:from|import)\s*\(?\s*"(\.[^"]+)"/g);
  return Array.from(found, ([, specifier]) => resolveImport(file, specifier!));
}

function checkFile(file: string, source: string): Breach[] {
  const breaches: Breach[] = [];
  const lines = source.split("\n");
  const layer = layerOf(file);
  const banned = layer !== undefined && CORE.includes(layer)
    ? [...BANNED_IN_CORE, ...BANNED_EVERYWHERE]
    : BANNED_EVERYWHERE;
  if (lines.length > FILE_LINES_MAX) {
    breaches.push({
      file,
      line: lines.length,
      text: `longer than ${FILE_LINES_MAX} lines: one idea per file`,
    });
  }
  let inComment = false;
  lines.forEach((raw, index) => {
    const line = index + 1;
    const code = stripComments(raw, inComment);
    inComment = code.inComment;
    for (const [pattern, advice] of layer === undefined ? [] : banned) {
      if (pattern.test(code.text)) breaches.push({ file, line, text: `${pattern.source}: ${advice}` });
    }
    const specifier = raw.match(/(?:from|import)\s*\(?\s*"([^"]+)"/)?.[1];
    const problem = specifier === undefined || code.text.trim() === ""
      ? undefined
      : checkImport(file, specifier);
    if (problem !== undefined) breaches.push({ file, line, text: problem });
  });
  return breaches;
}

/** Takes comments and string contents out of one line; good enough for a project that is formatted by one tool. */
function stripComments(line: string, inComment: boolean): { text: string; inComment: boolean } {
  let text = line;
  if (inComment) {
    const end = text.indexOf("*/");
    if (end < 0) return { text: "", inComment: true };
    text = text.slice(end + 2);
  }
  text = text.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '""').replace(/\/\*.*?\*\//g, "").replace(
    /\/\/.*$/,
    "",
  );
  const start = text.indexOf("/*");
  return start < 0 ? { text, inComment: false } : { text: text.slice(0, start), inComment: true };
}

async function* sources(path: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(`${ROOT}${path}`)) {
    const child = `${path}/${entry.name}`;
    if (entry.isDirectory) yield* sources(child);
    else if (entry.name.endsWith(".ts")) yield child;
  }
}

const breaches: Breach[] = [];
const imports = new Map<string, string[]>();
for await (const file of sources("lib")) {
  const source = await Deno.readTextFile(`${ROOT}${file}`);
  imports.set(file, importsOf(file, source));
  breaches.push(...checkFile(file, source));
}
breaches.push(...findCircles(imports));
for (const breach of breaches) console.log(`${breach.file}:${breach.line}: ${breach.text}`);
console.log(`layers: ${imports.size} files, ${breaches.length} breaches`);
if (breaches.length > 0) Deno.exit(1);
