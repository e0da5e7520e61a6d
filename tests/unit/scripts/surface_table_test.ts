/** tests/interop/SURFACE.md names tests that exist, differences that users are told of, and no item is missing. */
import { deepEqual, equal, ok } from "../../support/assert.ts";

const TESTS = new URL("../../", import.meta.url);
const table = await Deno.readTextFile(new URL("interop/SURFACE.md", TESTS));
const readme = (await Deno.readTextFile(new URL("../README.md", TESTS))).replace(/\s+/g, " ");

interface Row {
  readonly section: string;
  readonly item: string;
  readonly heldBy: string;
}

const ROWS: readonly Row[] = rowsOf(table);

Deno.test("SURFACE.md has every section of the checklist, and as many items in each as the checklist", () => {
  const announced = /^Sections \(items\): (.*)\.$/m.exec(table)![1]!.split(", ").map((each) => {
    const [, section, items] = /^(\S+) \((\d+)\)$/.exec(each)!;
    return [section, Number(items)];
  });
  const found = new Map<string, number>();
  for (const { section } of ROWS) found.set(section, (found.get(section) ?? 0) + 1);
  deepEqual([...found], announced);
  ok(ROWS.length >= 270, `${ROWS.length}`);
});

Deno.test("SURFACE.md: each item is held by a test, or is a difference that users are told of", () => {
  for (const { section, item, heldBy } of ROWS) {
    ok(
      referencesIn(heldBy).length + differencesIn(heldBy).length > 0,
      `${section} ${item}: nothing holds it`,
    );
  }
});

Deno.test("SURFACE.md: each test that it names exists", async () => {
  const files = new Map<string, TestFile>();
  const missing: string[] = [];
  for (const { section, item, heldBy } of ROWS) {
    for (const { path, title } of referencesIn(heldBy)) {
      let file = files.get(path);
      if (file === undefined) files.set(path, file = await TestFile.read(path));
      if (!file.has(title)) missing.push(`${section} ${item}: ${path}: ${title}`);
    }
  }
  deepEqual(missing, []);
});

Deno.test("SURFACE.md: each difference that it quotes is in the README", () => {
  for (const { section, item, heldBy } of ROWS) {
    for (const quote of differencesIn(heldBy)) ok(readme.includes(quote), `${section} ${item}: ${quote}`);
  }
});

Deno.test("SURFACE.md: a title that no test has is noticed", async () => {
  const file = await TestFile.read("golden/rpc_conversations_test.ts");
  equal(file.has("golden: rpc: handshake (open)"), true);
  equal(file.has("golden: rpc: handclasp (open)"), false);
  equal((await TestFile.read("unit/none_test.ts")).has(""), false);
});

function rowsOf(text: string): Row[] {
  const rows: Row[] = [];
  let section = "";
  for (const line of text.split("\n")) {
    section = /^### (\S+) /.exec(line)?.[1] ?? section;
    const [, item, heldBy] = /^\| (.+?) \| (.+) \|$/.exec(line) ?? [];
    if (item === undefined || item === "item" || item === "---") continue;
    rows.push({ section, item, heldBy: heldBy! });
  }
  return rows;
}

/** `path` "title", "title"; ... */
function referencesIn(cell: string): { path: string; title: string }[] {
  return Array.from(
    cell.matchAll(/`([a-z0-9_/]+\.ts)` ("(?:[^"]|"(?!, "|;|$))*"(?:, "(?:[^"]|"(?!, "|;|$))*")*)/g),
  )
    .flatMap(([, path, titles]) =>
      titles!.slice(1, -1).split('", "').map((title) => ({
        path: path!,
        title: title.replaceAll("\\|", "|"),
      }))
    );
}

/** README "words". */
function differencesIn(cell: string): string[] {
  return Array.from(cell.matchAll(/README "([^"]+)"/g), (match) => match[1]!);
}

/** The titles in a test file; those that it makes of lists stand for what the lists and their files have in quotes. */
class TestFile {
  readonly #titles: RegExp[];

  private constructor(source: string, readonly words: string) {
    const calls = source.matchAll(
      /(?:Deno\.test|test[A-Z]\w*)\(\s*(?:\{\s*name:\s*)?(["`])((?:(?!\1).)+)\1/g,
    );
    this.#titles = Array.from(calls, ([, , title]) => {
      const parts = title!.split(/\$\{[^}]*\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
      return new RegExp(`^${parts.join("(.+?)")}$`);
    });
  }

  static async read(path: string): Promise<TestFile> {
    const url = new URL(path, TESTS);
    const source = await Deno.readTextFile(url).catch(() => "");
    let words = source;
    for (const [, imported] of source.matchAll(/from "(\.[^"]+)"/g)) {
      words += await Deno.readTextFile(new URL(imported!, url));
    }
    return new TestFile(source, words);
  }

  has(title: string): boolean {
    return this.#titles.some((pattern) => {
      const made = pattern.exec(title)?.slice(1);
      return made !== undefined && made.every((part) => this.words.includes(`"${part}"`));
    });
  }
}
