/** Tags as people type them: `key=value`. */

/**
 * Splits at the first `=`; the value may be empty or hold more of them.
 * @returns undefined when there is no `=` or the key is empty: the caller reports `Invalid tag: 'TEXT'`.
 */
export function parseTagPair(text: string): [key: string, value: string] | undefined {
  const equals = text.indexOf("=");
  return equals > 0 ? [text.slice(0, equals), text.slice(equals + 1)] : undefined;
}

/** The first text that is not a tag pair, or else all of them as a map (same key twice: last wins). */
export function parseTagPairs(
  texts: readonly string[],
): { tags: Map<string, string>; invalid?: undefined } | { tags?: undefined; invalid: string } {
  const tags = new Map<string, string>();
  for (const text of texts) {
    const pair = parseTagPair(text);
    if (pair === undefined) return { invalid: text };
    tags.set(pair[0], pair[1]);
  }
  return { tags };
}
