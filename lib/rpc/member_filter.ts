/**
 * What `members-filtered` lets through. Expressions are RE2, matched in linear time, between a `^` and a `$` that are
 * put around them without grouping: `a|b` means "begins with a, or ends with b". Scripts rely on that.
 *
 * The engine is a package of its own and is loaded when the first expression needs it: plain words, which most are,
 * are compared as they are.
 */
import type { RE2JS } from "re2js";
import { type Member, MEMBER_STATUS_NAMES } from "../serf/member.ts";
import type { MembersFilter } from "./messages.ts";
import { RpcError } from "./rpc_error.ts";

/**
 * Matching takes time in proportion to the compiled size, which the agent cannot spend on anything else meanwhile:
 * this many instructions, all expressions of a request together, take at most a millisecond for a member.
 */
const INSTRUCTIONS_MAX = 5_000;
/** Compiling takes time before the size is known: expressions' length times their largest repeat count. */
const EXPANDED_LENGTH_MAX = 50_000;

/** What means nothing but itself, in either dialect of regular expressions. */
const PLAIN = /^[\w \-:/@,=%~!"'&;<>#]*$/;

type Matcher = (text: string) => boolean;
type Engine = typeof RE2JS;

let engine: Engine | undefined;

/** A compiled request. Valid for that request: it is not kept. */
export class MemberFilter {
  readonly #tags: [name: string, matches: Matcher][] = []; // bounded: by the size of a request
  readonly #status: Matcher | undefined;
  readonly #name: Matcher | undefined;
  #instructions = 0;

  /**
   * Call it when {@linkcode isReadyFor} says so.
   * @throws {RpcError} `Failed to compile regex: error parsing regexp: ...`.
   */
  constructor(request: MembersFilter) {
    for (const [name, expression] of request.tags) this.#tags.push([name, this.#compile(expression)]);
    this.#status = request.status === "" ? undefined : this.#compile(request.status);
    this.#name = request.name === "" ? undefined : this.#compile(request.name);
  }

  /** Whether `request` can be compiled now. If not: {@linkcode load} first. */
  static isReadyFor(request: MembersFilter): boolean {
    if (engine !== undefined) return true;
    for (const expression of request.tags.values()) if (!PLAIN.test(expression)) return false;
    return PLAIN.test(request.status) && PLAIN.test(request.name);
  }

  /** Loads the engine. */
  static async load(): Promise<void> {
    engine ??= (await import("re2js")).RE2JS;
  }

  /** Whether the member passes all the expressions. */
  accepts(member: Member): boolean {
    for (const [name, matches] of this.#tags) if (!matches(member.tags.get(name) ?? "")) return false;
    if (this.#status !== undefined && !this.#status(MEMBER_STATUS_NAMES[member.status])) return false;
    return this.#name === undefined || this.#name(member.name);
  }

  #compile(expression: string): Matcher {
    if (PLAIN.test(expression)) return (text) => text === expression;
    if (expression.length * largestRepeat(expression) > EXPANDED_LENGTH_MAX) throw tooLarge();
    const compiled = compile(`^${expression}$`);
    this.#instructions += compiled.programSize();
    if (this.#instructions > INSTRUCTIONS_MAX) throw tooLarge();
    return (text) => compiled.test(text);
  }
}

function compile(expression: string): RE2JS {
  try {
    return engine!.compile(expression);
  } catch (error) {
    throw failure(error instanceof Error ? error.message : String(error));
  }
}

/** The largest number in `{n}`, `{n,}` or `{n,m}`; at least 1. */
function largestRepeat(expression: string): number {
  let largest = 1;
  for (const [, least, most] of expression.matchAll(/\{(\d+)(?:,(\d*))?\}/g)) {
    largest = Math.max(largest, Number(least), Number(most ?? 0));
  }
  return largest;
}

function tooLarge(): RpcError {
  return failure("error parsing regexp: expression too large");
}

function failure(cause: string): RpcError {
  return new RpcError(`Failed to compile regex: ${cause}`);
}
