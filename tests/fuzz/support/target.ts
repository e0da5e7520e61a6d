/** What is fuzzed: one decoder, or one part that decoders feed, under one shape. */
import type fc from "fast-check";

/** A class of errors. */
// deno-lint-ignore no-explicit-any
export type ErrorClass = abstract new (...args: any[]) => Error;

/** What a target does with bytes. */
export interface Subject {
  /**
   * Decodes `bytes[start, end)`, which lies in the middle of a larger array whose other bytes are poison.
   *
   * @returns all that was read, of plain values, arrays, Maps, records and byte arrays; views into `bytes` are welcome,
   *   because it is checked that they stay between `start` and `end`.
   * @throws one of the target's {@linkcode Target.refusals}.
   */
  decode(bytes: Uint8Array, start: number, end: number): unknown;
  /**
   * The canonical bytes of what {@linkcode decode} returned, or undefined for what has none. Where it is there, it must
   * hold that `decode(encode(x))` is x, and that encoding that again gives the same bytes.
   */
  encode?(value: unknown): Uint8Array | undefined;
  /** After all cases of a batch: what must be true of the subject's state. */
  finish?(): void | Promise<void>;
}

/** A target of the fuzzer. */
export interface Target {
  readonly name: string;
  /** Golden bytes, from which the others are made by mutation. */
  readonly seeds: readonly Uint8Array[];
  /** What mutations sow: pieces that mean much to the format. */
  readonly words: readonly Uint8Array[];
  /** From where on seeds hold MessagePack values, for mutations that keep it well-formed; undefined for other formats. */
  readonly msgpackAt?: number;
  /** Whether the value there may as well be written in longer formats, for the same to come out. */
  readonly isWidenable?: boolean;
  /** Whether the result of one case depends on the cases before it. */
  readonly isStateful?: boolean;
  /** The errors that say "malformed"; everything else is a bug. */
  readonly refusals: readonly ErrorClass[];
  /** A subject for one batch of cases. */
  begin(): Subject;
  /** Values that {@linkcode Subject.encode} takes, to be decoded again to the same; their bytes are mutated as well. */
  readonly generated?: fc.Arbitrary<unknown>;
  /**
   * The most that may come out of `length` bytes, as {@linkcode Digest.weight} counts.
   * @default {weightMaxOf}
   */
  weightMax?(length: number): number;
}

/** Every byte may be a value of its own, and each value a field or two; a text may be quoted with four characters a byte. */
export function weightMaxOf(length: number): number {
  return 1024 + 40 * length;
}
