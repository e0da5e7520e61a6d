/** Regular expressions of RE2 for the filters of queries. */
import type { RegexMatcher } from "../base/ports.ts";
import { errorText } from "../base/error_text.ts";
import {
  compileRe2,
  EXPANDED_LENGTH_MAX,
  INSTRUCTIONS_MAX,
  isPlain,
  isRe2Loaded,
  loadRe2,
  TOO_LARGE_TEXT,
} from "./re2_engine.ts";

type Done = (matched: boolean | undefined, fault?: string) => void;

/** Plain words are looked for as they are; an expression that costs too much counts as none. */
export class Re2Matcher implements RegexMatcher {
  matches(expression: string, text: string, done: Done): void {
    if (isPlain(expression)) return done(text.includes(expression));
    if (isRe2Loaded()) return match(expression, text, done);
    loadRe2().then(
      () => match(expression, text, done),
      (error) => done(undefined, errorText(error)),
    );
  }
}

function match(expression: string, text: string, done: Done): void {
  let matched: boolean;
  try {
    const compiled = compileRe2(expression, expression, EXPANDED_LENGTH_MAX.stranger);
    if (compiled.programSize() > INSTRUCTIONS_MAX) throw new Error(TOO_LARGE_TEXT);
    matched = compiled.matcher(text).find();
  } catch (error) {
    return done(undefined, errorText(error));
  }
  done(matched);
}
