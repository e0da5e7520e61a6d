/** The manual and the completions say what the program says. */
import { deepEqual, equal, ok } from "../../support/assert.ts";
import { COMMANDS } from "../../../lib/cli/command_table.ts";
import { flag, offering } from "../../../lib/cli/flags.ts";
import { generatedDocs } from "../../../scripts/docs/generated_docs.ts";
import { bashCompletion } from "../../../scripts/docs/bash_completion.ts";
import { fishCompletion } from "../../../scripts/docs/fish_completion.ts";
import { manPage } from "../../../scripts/docs/man_page.ts";
import { zshCompletion } from "../../../scripts/docs/zsh_completion.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;

function has(program: string): boolean {
  return (Deno.env.get("PATH") ?? "").split(":").some((directory) => {
    try {
      return Deno.statSync(`${directory}/${program}`).isFile;
    } catch {
      return false;
    }
  });
}

async function output(
  program: string,
  args: string[],
  cwd = ROOT,
): Promise<{ text: string; errors: string }> {
  const result = await new Deno.Command(program, { args, cwd, stdin: "null" }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { text: decode(result.stdout), errors: decode(result.stderr) };
}

/** A command whose texts are full of signs that mean something to somebody. */
const AWKWARD = [{
  synopsis: 'It\'s $HOME, `id` "x"',
  spec: {
    name: "odd",
    args: "[options]",
    about: [".begins with a dot, 'quotes' \\ and $(id)"],
    flags: [
      offering(flag("level", "text", "=[a|b]", "", "One of [a] or 'b': $HOME \\n."), ["aa", "ab"]),
      flag("on", "bool", "", "false", "A switch: it's `id`."),
      flag("many", "list", " k=v", "", "Often."),
    ],
  },
}];

Deno.test("packaging/ has what the command table says; if not, run `deno task docs`", async () => {
  for (const [path, text] of await generatedDocs()) {
    equal(await Deno.readTextFile(`${ROOT}${path}`), text, `${path} is not up to date`);
  }
});

Deno.test("generatedDocs() name every command and each of its flags", async () => {
  const docs = await generatedDocs();
  const dashed = (path: string) => docs.get(path)!.replaceAll("\\-", "-");
  for (const entry of COMMANDS) {
    const { spec } = await entry.load();
    ok(dashed("packaging/serf.1").includes(`\n.SS ${spec.name}\n.B serf ${spec.name}\n`), spec.name);
    ok(docs.get("packaging/completions/_serf")!.includes(`'${spec.name}:`), spec.name);
    ok(docs.get("packaging/completions/serf.fish")!.includes(` -a ${spec.name} -d `), spec.name);
    for (const each of spec.flags) {
      ok(dashed("packaging/serf.1").includes(`\n\\fB-${each.name}\\fR`), each.name);
      ok(
        docs.get("packaging/completions/serf.fish")!.includes(`from ${spec.name}' -o ${each.name} `),
        each.name,
      );
    }
  }
});

Deno.test({
  name: "manPage() is clean roff, and shows texts as they are",
  ignore: !has("groff"),
  fn: async () => {
    const file = await Deno.makeTempFile();
    try {
      await Deno.writeTextFile(file, manPage(AWKWARD, "1.0-x"));
      const { text, errors } = await output("groff", ["-man", "-Tascii", "-P-cbou", "-ww", file]);
      equal(errors, "");
      ok(text.includes("serf odd [options]"), text);
      ok(text.includes(".begins with a dot, 'quotes' \\ and $(id)"), text);
      ok(text.includes("-level=[a|b]") && text.includes("-many k=v"), text);
      const real = await output("groff", ["-man", "-Tascii", "-ww", "-z", "packaging/serf.1"]);
      equal(real.errors, "");
    } finally {
      await Deno.remove(file);
    }
  },
});

/** What bash offers for a line whose words it has split, the last being the one under the cursor. */
async function bashOffers(script: string, words: string[], cwd?: string): Promise<string[]> {
  const program = `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _serf; ` +
    `(( \${#COMPREPLY[@]} )) && printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { text, errors } = await output("bash", ["--norc", "-u", "-c", program, script, ...words], cwd);
  equal(errors, "");
  return text.split("\n").filter((line) => line !== "");
}

Deno.test({
  name: "bash completes commands, flags with one dash or two, and values",
  ignore: !has("bash"),
  fn: async () => {
    const script = `${ROOT}packaging/completions/serf.bash`;
    const offers = (...words: string[]) => bashOffers(script, words);
    deepEqual(await offers("serf", ""), [...COMMANDS.map((each) => each.name), "--help", "--version"]);
    deepEqual(await offers("serf", "mem"), ["members"]);
    deepEqual(await offers("serf", "members", "-for"), ["-format"]);
    deepEqual(await offers("serf", "members", "--for"), ["--format"]);
    deepEqual(await offers("serf", "members", "-format", ""), ["text", "json"]);
    deepEqual(await offers("serf", "members", "--format", "j"), ["json"]);
    deepEqual(await offers("serf", "members", "-format", "="), ["text", "json"]);
    deepEqual(await offers("serf", "members", "-format", "=", "t"), ["text"]);
    deepEqual(await offers("serf", "agent", "-replay", "-log-level", "w"), ["warn"]);
    deepEqual(await offers("serf", "agent", "-node", "-lo"), [], "a flag's value is no flag");
    deepEqual(await offers("serf", "keygen", "-"), []);
    deepEqual(await offers("serf", "force-leave", "-prune", "x"), []);
    deepEqual(await offers("serf", "nonsense", "-"), []);
  },
});

Deno.test({
  name: "bash completes paths, also with spaces and stars in them",
  ignore: !has("bash"),
  fn: async () => {
    const directory = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(`${directory}/my conf.json`, "{}");
      await Deno.writeTextFile(`${directory}/my *`, "{}");
      await Deno.mkdir(`${directory}/my dir`);
      const script = `${ROOT}packaging/completions/serf.bash`;
      const files = await bashOffers(script, ["serf", "agent", "-config-file", "my"], directory);
      deepEqual(files.sort(), ["my *", "my conf.json", "my dir"]);
      deepEqual(await bashOffers(script, ["serf", "agent", "-config-dir", "=", "m"], directory), ["my dir"]);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});

Deno.test({
  name: "bash, asked as it asks itself, has a completion for serf and stays quiet about odd texts",
  ignore: !has("bash"),
  fn: async () => {
    const file = await Deno.makeTempFile();
    try {
      await Deno.writeTextFile(file, bashCompletion(AWKWARD));
      deepEqual(await output("bash", ["--norc", "-c", `source "$0"; complete -p serf`, file]), {
        text: "complete -F _serf serf\n",
        errors: "",
      });
      deepEqual(await bashOffers(file, ["serf", "odd", "-level", "a"]), ["aa", "ab"]);
    } finally {
      await Deno.remove(file);
    }
  },
});

Deno.test({
  name: "zsh completes commands, flags and values",
  ignore: !has("zsh"),
  fn: async () => {
    const directory = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(`${directory}/_serf`, zshCompletion(AWKWARD));
      for (const file of [`${directory}/_serf`, `${ROOT}packaging/completions/_serf`]) {
        deepEqual(await output("zsh", ["-f", "-n", file]), { text: "", errors: "" });
      }
      const shown = await zshShows(`${ROOT}packaging/completions`, "serf members -format=");
      ok(shown.includes("json") && shown.includes("text"), shown);
      const commands = await zshShows(`${ROOT}packaging/completions`, "serf ");
      for (const each of COMMANDS) ok(commands.includes(each.name), commands);
      const odd = await zshShows(directory, "serf odd -");
      ok(odd.includes("One of [a] or 'b': $HOME \\n."), odd);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});

/** What an interactive zsh shows below a line at the press of the tabulator key. */
async function zshShows(directory: string, line: string): Promise<string> {
  const { text } = await output("zsh", ["-f", "-c", ZSH_PROGRAM, "zsh", directory, line]);
  return text;
}

const ZSH_PROGRAM = `
zmodload zsh/zpty
zpty -b shell zsh -f -i
zpty -w shell "stty columns 200; PROMPT=; fpath=($1 \\$fpath); autoload -Uz compinit; compinit -u -D; unsetopt menucomplete; setopt autolist; LISTMAX=1000"
zpty -w shell "echo re''ady"
zpty -r shell seen '*ready*'
zpty -w -n shell "$2"$'\\t\\t'
local all= part tries
for ((tries = 0; tries < 40; tries++)); do
  sleep 0.05
  while zpty -r -t shell part; do all+=$part; tries=30; done
done
print -r -- "$all"
zpty -d shell
`;

Deno.test({
  name: "fish completes commands, flags and values",
  ignore: !has("fish"),
  fn: async () => {
    const file = await Deno.makeTempFile();
    try {
      await Deno.writeTextFile(file, fishCompletion(AWKWARD));
      const offers = async (script: string, line: string) => {
        const program = `source $argv[1]; complete -C $argv[2]`;
        const { text, errors } = await output("fish", ["--no-config", "-c", program, script, line]);
        equal(errors, "");
        return text.split("\n").filter((each) => each !== "");
      };
      const script = `${ROOT}packaging/completions/serf.fish`;
      const commands = await offers(script, "serf ");
      deepEqual(commands.map((each) => each.split("\t")[0]).sort(), COMMANDS.map((each) => each.name));
      deepEqual(
        (await offers(script, "serf members -format ")).map((each) => each.split("\t")[0]).sort(),
        ["json", "text"],
      );
      const flags = await offers(script, "serf force-leave -");
      ok(flags.some((each) => each.startsWith("-prune\t")), flags.join("\n"));
      ok((await offers(file, "serf odd -")).includes("-on\tA switch: it's `id`."));
    } finally {
      await Deno.remove(file);
    }
  },
});
