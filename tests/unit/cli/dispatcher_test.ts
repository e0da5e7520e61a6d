import { deepEqual, equal, ok } from "../../support/assert.ts";
import type { Command } from "../../../lib/cli/command.ts";
import { type CommandEntry, COMMANDS } from "../../../lib/cli/command_table.ts";
import { runCli } from "../../../lib/cli/dispatcher.ts";
import { VERSION } from "../../../lib/version.ts";
import { FakePlatform } from "./fake_platform.ts";

const VERSION_TEXT = `${VERSION}\nAgent Protocol: 5 (Understands back to: 2)\n`;
const USAGE = `Usage: serf [--version] [--help] <command> [<args>]

Available commands are:
    echo         Says what it was told
    long-name    Has a long name

`;

interface Outcome {
  code: number;
  out: string;
  err: string;
}

/** A command that prints its arguments, so that a test sees what the dispatcher handed over. */
function entry(name: string, synopsis: string): CommandEntry {
  const command: Command = {
    spec: { name, args: "", about: ["x"], flags: [] },
    help: `Help of ${name}`,
    run(args, platform) {
      platform.ui.out(JSON.stringify(args));
      return Promise.resolve(7);
    },
  };
  return { name, synopsis, load: () => Promise.resolve(command) };
}

const TABLE = [entry("echo", "Says what it was told"), entry("long-name", "Has a long name")];

async function run(args: string[], table: readonly CommandEntry[] = TABLE): Promise<Outcome> {
  const fake = new FakePlatform();
  const code = await runCli(args, fake.platform, table);
  return { code, out: fake.stdout, err: fake.stderr };
}

Deno.test("runCli() gives a command everything after its name", async () => {
  deepEqual(await run(["echo", "a", "-b", "--", "-h"]), { code: 7, out: '["a","-b","--","-h"]', err: "" });
  deepEqual(await run(["", "echo", "", "echo"]), { code: 7, out: '["","echo"]', err: "" });
});

Deno.test("runCli() prints the usage and exits with 127 for no command and for an unknown one", async () => {
  for (
    const args of [[], ["zork"], ["-x"], ["--"], ["--", "echo"], ["zork", "-h"], ["-version"], [""], ["-"]]
  ) {
    deepEqual(await run(args), { code: 127, out: "", err: USAGE }, args.join(" "));
  }
});

Deno.test("runCli() prints the usage and exits with 0 when help is asked for without a command", async () => {
  for (const args of [["-h"], ["-help"], ["--help"], ["-x", "-h"], ["-h", "--", "echo"]]) {
    deepEqual(await run(args), { code: 0, out: "", err: USAGE }, args.join(" "));
  }
});

Deno.test("runCli() lists no commands below an unknown command of several words", async () => {
  const { code, err } = await run(["echo x"]);
  equal(code, 127);
  equal(err, "Usage: serf [--version] [--help] <command> [<args>]\n\nAvailable commands are:\n\n");
});

Deno.test("runCli() prints a command's help on standard error wherever help is asked for, up to --", async () => {
  for (const args of [["echo", "-h"], ["-h", "echo"], ["echo", "a", "--help"], ["-x", "echo", "-help"]]) {
    deepEqual(await run(args), { code: 0, out: "", err: "Help of echo\n" }, args.join(" "));
  }
  equal((await run(["echo", "--", "-h"])).code, 7);
  equal((await run(["echo", "-h=1"])).code, 7);
});

Deno.test("runCli() refuses flags before the command", async () => {
  const refusal = "Invalid flags before the subcommand. If these flags are for\n" +
    "the subcommand, please put them after the subcommand.\n\nHelp of echo\n";
  for (const args of [["-x", "echo"], ["--x=y", "echo"], ["-", "echo"]]) {
    deepEqual(await run(args), { code: 1, out: "", err: refusal }, args.join(" "));
  }
  equal((await run(["-version", "echo"])).code, 7, "except one that is not looked at");
});

Deno.test("runCli() is asked for the version by -v or --version anywhere", async () => {
  for (const args of [["-v"], ["--version"], ["echo", "-v"], ["echo", "--", "--version"], ["-x", "-v"]]) {
    deepEqual(await run(args, COMMANDS), { code: 0, out: VERSION_TEXT, err: "" }, args.join(" "));
  }
  deepEqual(await run(["-v", "-h"], COMMANDS), { code: 0, out: "", err: "\n" });
  equal((await run(["-v"], [])).code, 127, "it is a command like any other");
});

Deno.test("the table of commands is sorted and loads what it names", async () => {
  const names = COMMANDS.map((each) => each.name);
  deepEqual(names, names.toSorted());
  for (const each of COMMANDS) equal((await each.load()).spec.name, each.name);
  const { err } = await run([], COMMANDS);
  for (const each of COMMANDS) {
    ok(err.includes(`    ${each.name.padEnd(12)}    ${each.synopsis}\n`), each.name);
  }
});
