import { deepEqual, equal } from "../../support/assert.ts";
import { Re2Matcher } from "../../../lib/agent/re2_matcher.ts";

function match(expression: string, text: string): Promise<[boolean | undefined, string | undefined]> {
  return new Promise((resolve) => {
    new Re2Matcher().matches(expression, text, (matched, fault) => resolve([matched, fault]));
  });
}

Deno.test("Re2Matcher looks for an expression anywhere in the text", async () => {
  const cases = [
    ["tab", "database", true],
    ["^tab", "database", false],
    ["t.b", "database", true],
    ["(?i)BASE$", "database", true],
    [".*", "", true],
    [".+", "", false],
    ["", "", true],
    ["\\pL", "\u00e9", true],
  ] as const;
  for (const [expression, text, expected] of cases) {
    deepEqual(await match(expression, text), [expected, undefined], expression);
  }
});

Deno.test("Re2Matcher answers plain words at once", () => {
  let matched: boolean | undefined;
  new Re2Matcher().matches("web-1", "a web-1 b", (result) => matched = result);
  equal(matched, true);
});

Deno.test("Re2Matcher names the fault, and refuses what RE2 does not know or what costs too much", async () => {
  deepEqual(await match("(", "x"), [undefined, "error parsing regexp: missing closing ): `(`"]);
  equal((await match("(a)\\1", "aa"))[0], undefined);
  const tooLarge = [undefined, "error parsing regexp: expression too large"];
  deepEqual(await match("(x{30}){999}|abcdefgh", "x"), tooLarge);
  deepEqual(await match("(?:\\pL{40}){40}{3}|", "x").then(([matched]) => matched), undefined);
});
