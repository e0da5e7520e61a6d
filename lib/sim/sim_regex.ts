/** Regular expressions for simulated nodes. */
import type { RegexMatcher } from "../base/ports.ts";

/**
 * JavaScript's own, answering within the call. Its dialect is not RE2's; scenarios use what both understand.
 */
export const SIM_REGEX: RegexMatcher = {
  matches(expression, text, done) {
    let matched: boolean | undefined;
    try {
      matched = new RegExp(expression, "u").test(text);
    } catch {
      matched = undefined;
    }
    done(matched);
  },
};
