/** Targets that read a text. */
import fc from "fast-check";
import type { ErrorClass, Target } from "../support/target.ts";

/** The bytes of a text. */
export const utf8 = (text: string) => new TextEncoder().encode(text);
/** As files are read: what is no UTF-8 becomes U+FFFD. */
const textOf = (bytes: Uint8Array, start: number, end: number) =>
  new TextDecoder().decode(bytes.subarray(start, end));

/** A target that reads a text. */
export function textTarget<T>(
  name: string,
  seeds: readonly string[],
  words: readonly string[],
  refusals: readonly ErrorClass[],
  decode: (text: string) => T,
  encode?: (value: T) => string | undefined,
  generated?: fc.Arbitrary<T>,
): Target {
  const write = (value: unknown) => {
    const text = encode!(value as T);
    return text === undefined ? undefined : utf8(text);
  };
  return {
    name,
    seeds: seeds.map(utf8),
    words: words.map(utf8),
    refusals,
    begin: () => ({
      decode: (bytes, start, end) => decode(textOf(bytes, start, end)),
      ...(encode !== undefined && { encode: write }),
    }),
    ...(generated !== undefined && { generated }),
  };
}
