import { deepEqual, equal, match } from "../support/assert.ts";

const MAIN = new URL("../../main.ts", import.meta.url).href;

async function serf(
  permissions: string[],
  args: string[],
): Promise<{ code: number; out: string; err: string }> {
  const command = [
    "run",
    "--quiet",
    "--no-check",
    "--unstable-net",
    "--no-prompt",
    ...permissions,
    MAIN,
    ...args,
  ];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args: command }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

Deno.test("main.ts ends with the command's exit code", async () => {
  const good = await serf(["--allow-env"], ["version"]);
  deepEqual([good.code, good.err], [0, ""]);
  equal((await serf(["--allow-env"], ["no-such-command"])).code, 127);
});

Deno.test("main.ts turns an error that nobody caught into one line on standard error, and exit code 1", async () => {
  // A system that refuses what every command may rely on: here its environment.
  const { code, out, err } = await serf(["--deny-env"], ["members"]);
  equal(code, 1);
  equal(out, "");
  match(err, /^serf: internal error: NotCapable: .* at .*\n$/);
  equal(err.split("\n").length, 2);
});
