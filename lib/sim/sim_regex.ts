/** Regular expressions for simulated nodes. */
import type { RegexMatcher } from "../base/ports.ts";

/**
 * JavaScript's own, answering within the call. Its dialect is not RE2's; scenarios use what both understand.
 */
export const SIM_REGEX: RegexMatcher = {
  matches(expression, text, done) {
    const compiled = compile(expression);
    if (compiled === undefined) done(undefined, "no regular expression");
    else done(compiled.test(text));
  },
};

function compile(expression: string): RegExp | undefined {
  try {
    return new RegExp(expression, "u");
  } catch {
    return undefined;
  }
}
