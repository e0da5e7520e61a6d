import { deepEqual, equal, throws } from "../../support/assert.ts";
import fc from "fast-check";
import { AssertionError } from "../../../lib/base/assert.ts";
import { flag, FlagError, type FlagSpec, parseFlags } from "../../../lib/cli/flags.ts";

const SPECS: readonly FlagSpec[] = [
  flag("name", "text", "=x", "", "A text."),
  flag("on", "bool", "", "false", "A switch."),
  flag("max", "int", "=0", "0", "A number."),
  flag("wait", "duration", "=1s", "1s", "A duration."),
  flag("tag", "list", " k=v", "", "A list."),
  flag("file", "list", "=x", "", "One list.", "paths"),
  flag("dir", "list", "=x", "", "The same list.", "paths"),
];

function refusal(...args: string[]): string {
  let message: string | undefined;
  throws(() => parseFlags(SPECS, args), (error: unknown) => {
    message = (error as Error).message;
    return error instanceof FlagError;
  });
  return message!;
}

Deno.test("parseFlags() takes one dash or two, and a value after = or as the next argument", () => {
  for (const args of [["-name=v"], ["--name=v"], ["-name", "v"], ["--name", "v"]]) {
    const parsed = parseFlags(SPECS, [...args, "rest"]);
    equal(parsed.text("name"), "v");
    deepEqual(parsed.rest, ["rest"]);
  }
});

Deno.test("parseFlags() gives a boolean a value only after =", () => {
  const parsed = parseFlags(SPECS, ["-on", "false"]);
  equal(parsed.bool("on"), true);
  deepEqual(parsed.rest, ["false"]);
  equal(parseFlags(SPECS, ["--on=F"]).bool("on"), false);
});

Deno.test("parseFlags() takes whatever comes next as a value, flags and -- included", () => {
  const parsed = parseFlags(SPECS, ["-name", "-on", "-tag", "--", "-on"]);
  equal(parsed.text("name"), "-on");
  deepEqual(parsed.list("tag"), ["--"]);
  equal(parsed.bool("on"), true);
});

Deno.test("parseFlags() ends at the first argument that is no flag, or after --", () => {
  deepEqual(parseFlags(SPECS, ["a", "-on"]).rest, ["a", "-on"]);
  deepEqual(parseFlags(SPECS, ["-on", "-", "-on"]).rest, ["-", "-on"]);
  deepEqual(parseFlags(SPECS, ["-on", "", "-on"]).rest, ["", "-on"]);
  deepEqual(parseFlags(SPECS, ["--", "--", "-on"]).rest, ["--", "-on"]);
  deepEqual(parseFlags(SPECS, []).rest, []);
});

Deno.test("parseFlags() lets the last of a repeated flag win and collects lists", () => {
  const parsed = parseFlags(SPECS, ["-name=a", "-tag=x=1", "-name=", "-tag", "y", "-on", "-on=false"]);
  equal(parsed.text("name"), "");
  equal(parsed.bool("on"), false);
  deepEqual(parsed.list("tag"), ["x=1", "y"]);
});

Deno.test("parseFlags() keeps the order of two flags that fill one list", () => {
  deepEqual(parseFlags(SPECS, ["-file=a", "-dir", "b", "-file", "c"]).list("paths"), ["a", "b", "c"]);
});

Deno.test("parseFlags() tells a flag that was not given from one that was", () => {
  const parsed = parseFlags(SPECS, []);
  equal(parsed.text("name"), undefined);
  equal(parsed.bool("on"), undefined);
  equal(parsed.int("max"), undefined);
  equal(parsed.durationNs("wait"), undefined);
  equal(parsed.list("tag"), undefined);
});

Deno.test("parseFlags() reads integers and durations as Go does", () => {
  const parsed = parseFlags(SPECS, ["-max", "0x_10", "-wait", "1.5h"]);
  equal(parsed.int("max"), 16);
  equal(parsed.durationNs("wait"), 5_400_000_000_000n);
});

Deno.test("parseFlags() refuses in Go's words", () => {
  equal(refusal("-x"), "flag provided but not defined: -x");
  equal(refusal("--x=5"), "flag provided but not defined: -x");
  equal(refusal("-name"), "flag needs an argument: -name");
  equal(refusal("---name"), "bad flag syntax: ---name");
  equal(refusal("-=x"), "bad flag syntax: -=x");
  equal(refusal("--=x"), "bad flag syntax: --=x");
  equal(refusal("-max", "five"), 'invalid value "five" for flag -max: parse error');
  equal(refusal("-max="), 'invalid value "" for flag -max: parse error');
  equal(
    refusal("-max=9223372036854775808"),
    'invalid value "9223372036854775808" for flag -max: value out of range',
  );
  equal(refusal("-wait=5"), 'invalid value "5" for flag -wait: parse error');
  equal(refusal('-wait=\t"'), 'invalid value "\\t\\"" for flag -wait: parse error');
  equal(refusal("-on=maybe"), 'invalid boolean value "maybe" for -on: parse error');
  equal(refusal("-on="), 'invalid boolean value "" for -on: parse error');
});

Deno.test("parseFlags() has no complaint about -h=x, which asks for help", () => {
  equal(refusal("-h=1"), "");
  equal(refusal("--help=1"), "");
});

Deno.test("ParsedFlags fails a command that reads a flag as what it is not", () => {
  const parsed = parseFlags(SPECS, ["-name=x"]);
  throws(() => parsed.bool("name"), AssertionError);
});

Deno.test("parseFlags() loses no argument, whatever the command line", () => {
  const argument = fc.oneof(
    fc.constantFrom("-name", "--name=v", "-on", "-on=0", "-max=3", "-tag", "-wait=1s", "--", "-", "x", ""),
    fc.string(),
  );
  fc.assert(fc.property(fc.array(argument), (args) => {
    try {
      const { rest } = parseFlags(SPECS, args);
      deepEqual(rest, args.slice(args.length - rest.length));
      return rest.length === 0 || !/^-./.test(rest[0]!) || args.at(-rest.length - 1) === "--";
    } catch (error) {
      return error instanceof FlagError;
    }
  }));
});

Deno.test("parseFlags() reads back any text written as -name=TEXT or -name TEXT", () => {
  fc.assert(fc.property(fc.string(), fc.boolean(), (text, inline) => {
    const args = inline ? [`-name=${text}`] : ["--name", text];
    return parseFlags(SPECS, args).text("name") === text;
  }));
});
