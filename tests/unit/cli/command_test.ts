import { deepEqual, equal, rejects } from "../../support/assert.ts";
import { AssertionError } from "../../../lib/base/assert.ts";
import { CommandFailure, defineCommand, orFail, UsageFailure } from "../../../lib/cli/command.ts";
import { flag } from "../../../lib/cli/flags.ts";
import { FakePlatform } from "./fake_platform.ts";

const SPEC = {
  name: "x",
  args: "[options]",
  about: ["Does x."],
  flags: [flag("on", "bool", "", "false", "On.")],
};
const HELP = "Usage: serf x [options]\n\n  Does x.\n\nOptions:\n\n  -on                       On.";

/** Runs a command that ends by throwing `error`. */
async function outcome(
  error: Error,
  args: string[] = [],
  outputPrefix = "",
): Promise<[number, string, string]> {
  const fake = new FakePlatform();
  const command = defineCommand(SPEC, () => Promise.reject(error), { outputPrefix });
  const code = await command.run(args, fake.platform);
  return [code, fake.stdout, fake.stderr];
}

Deno.test("a command's failure goes to standard output, after the command's prefix", async () => {
  deepEqual(await outcome(new CommandFailure("no")), [1, "no\n", ""]);
  deepEqual(await outcome(new CommandFailure("no"), [], "==> "), [1, "==> no\n", ""]);
});

Deno.test("a usage failure is followed by the help; without a message the help stands alone", async () => {
  deepEqual(await outcome(new UsageFailure("no")), [1, `no\n\n${HELP}\n`, ""]);
  deepEqual(await outcome(new UsageFailure("")), [1, `${HELP}\n`, ""]);
});

Deno.test("a refused flag is never seen by the command", async () => {
  const refused = await outcome(new AssertionError("the command ran"), ["-off"], "==> ");
  deepEqual(refused, [1, `==> ${HELP}\n`, "flag provided but not defined: -off\n"]);
});

Deno.test("a command gets its parsed flags, and its result is the exit code", async () => {
  const fake = new FakePlatform();
  const command = defineCommand(SPEC, ({ flags }) => Promise.resolve(flags.bool("on") === true ? 5 : 6));
  equal(await command.run(["-on"], fake.platform), 5);
  equal(await command.run([], fake.platform), 6);
  equal(command.help, HELP);
});

Deno.test("bugs are not told as failures of a command", async () => {
  for (const bug of [new AssertionError("a"), new TypeError("b"), new ReferenceError("c")]) {
    await rejects(outcome(bug), bug);
    await rejects(orFail("Error", Promise.reject(bug)), bug);
  }
});

Deno.test("orFail() passes results on, and puts the prefix before the world's errors", async () => {
  equal(await orFail("Error", Promise.resolve(3)), 3);
  await rejects(orFail("Error x", Promise.reject(new Error("y"))), {
    name: "CommandFailure",
    message: "Error x: y",
  });
});
