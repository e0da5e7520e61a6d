/**
 * RE2, a package of its own that is loaded when the first expression needs it, and what an expression may cost: matching
 * takes time in proportion to its compiled size, which the agent cannot spend on anything else meanwhile.
 */
import type { RE2JS } from "re2js";

/** Compiled, this many instructions take at most a millisecond to match. */
export const INSTRUCTIONS_MAX = 5_000;
/**
 * Compiling takes time before the size is known: an expression's length times its largest repeat count. So much takes
 * up to 20 ms, which a client over RPC may cost; anybody in the cluster may cost us a tenth of it.
 */
export const EXPANDED_LENGTH_MAX = { client: 50_000, stranger: 5_000 } as const;

/** What is said of an expression that costs too much. */
export const TOO_LARGE_TEXT = "error parsing regexp: expression too large";

/** Means nothing but itself, in either dialect of regular expressions: it needs no engine. */
const PLAIN = /^[\w \-:/@,=%~!"'&;<>#]*$/;

let engine: typeof RE2JS | undefined;

/** Whether an expression means nothing but itself. */
export function isPlain(expression: string): boolean {
  return PLAIN.test(expression);
}

/** Whether {@linkcode compileRe2} can be called. */
export function isRe2Loaded(): boolean {
  return engine !== undefined;
}

/** Loads the engine. */
export async function loadRe2(): Promise<void> {
  engine ??= (await import("re2js")).RE2JS;
}

/**
 * @param expression before it is anchored or otherwise wrapped into `source`.
 * @param source what is compiled; its size is the caller's to judge ({@linkcode INSTRUCTIONS_MAX}).
 * @param lengthMax one of {@linkcode EXPANDED_LENGTH_MAX}.
 * @throws {Error} `error parsing regexp: ...`, in Go's words.
 */
export function compileRe2(expression: string, source: string, lengthMax: number): RE2JS {
  if (expression.length * largestRepeat(expression) > lengthMax) throw new Error(TOO_LARGE_TEXT);
  return engine!.compile(source);
}

/** The largest number in `{n}`, `{n,}` or `{n,m}`; at least 1. */
function largestRepeat(expression: string): number {
  let largest = 1;
  for (const [, least, most] of expression.matchAll(/\{(\d+)(?:,(\d*))?\}/g)) {
    largest = Math.max(largest, Number(least), Number(most ?? 0));
  }
  return largest;
}
