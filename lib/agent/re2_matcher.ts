/** Regular expressions of RE2 for the filters of queries. */
import type { RE2JS } from "re2js";
import type { RegexMatcher } from "../base/ports.ts";

/** Matching takes time in proportion to the compiled size, and anybody may send a filter. */
const INSTRUCTIONS_MAX = 5_000;
/** Compiling takes time before the size is known: the expression's length times its largest repeat count. */
const EXPANDED_LENGTH_MAX = 50_000;
/** What means nothing but itself, in either dialect of regular expressions. */
const PLAIN = /^[\w \-:/@,=%~!"'&;<>#]*$/;

/**
 * The engine is a package of its own and is loaded when the first expression needs it: plain words are looked for as
 * they are. An expression that is too costly counts as none.
 */
export class Re2Matcher implements RegexMatcher {
  #engine: typeof RE2JS | undefined;

  matches(expression: string, text: string, done: (matched: boolean | undefined) => void): void {
    if (PLAIN.test(expression)) return done(text.includes(expression));
    if (this.#engine !== undefined) return done(this.#match(this.#engine, expression, text));
    this.#load().then(
      (engine) => done(this.#match(engine, expression, text)),
      () => done(undefined),
    );
  }

  async #load(): Promise<typeof RE2JS> {
    return this.#engine ??= (await import("re2js")).RE2JS;
  }

  #match(engine: typeof RE2JS, expression: string, text: string): boolean | undefined {
    if (expandedLength(expression) > EXPANDED_LENGTH_MAX) return undefined;
    try {
      const compiled = engine.compile(expression);
      return compiled.programSize() > INSTRUCTIONS_MAX ? undefined : compiled.matcher(text).find();
    } catch {
      return undefined;
    }
  }
}

function expandedLength(expression: string): number {
  let repeat = 1;
  for (const [, count] of expression.matchAll(/(\d+)\}/g)) repeat = Math.max(repeat, Number(count));
  return expression.length * repeat;
}
