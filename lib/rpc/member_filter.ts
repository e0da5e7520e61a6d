/**
 * What `members-filtered` lets through. Expressions are RE2, matched in linear time, between a `^` and a `$` that are
 * put around them without grouping: `a|b` means "begins with a, or ends with b". Scripts rely on that.
 *
 * The engine is a package of its own and is loaded when the first expression needs it: plain words, which most are,
 * are compared as they are.
 */
import type { RE2JS } from "re2js";
import {
  compileRe2,
  EXPANDED_LENGTH_MAX,
  INSTRUCTIONS_MAX,
  isPlain,
  isRe2Loaded,
  loadRe2,
  TOO_LARGE_TEXT,
} from "../agent/re2_engine.ts";
import { type Member, MEMBER_STATUS_NAMES } from "../serf/member.ts";
import type { MembersFilter } from "./messages.ts";
import { RpcError } from "./rpc_error.ts";

type Matcher = (text: string) => boolean;

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
    if (isRe2Loaded()) return true;
    for (const expression of request.tags.values()) if (!isPlain(expression)) return false;
    return isPlain(request.status) && isPlain(request.name);
  }

  /** Loads the engine. */
  static async load(): Promise<void> {
    await loadRe2();
  }

  /** Whether the member passes all the expressions. */
  accepts(member: Member): boolean {
    if (this.#tags.length > 0) {
      const tags = member.tags;
      for (const [name, matches] of this.#tags) if (!matches(tags.get(name) ?? "")) return false;
    }
    if (this.#status !== undefined && !this.#status(MEMBER_STATUS_NAMES[member.status])) return false;
    return this.#name === undefined || this.#name(member.name);
  }

  #compile(expression: string): Matcher {
    if (isPlain(expression)) return (text) => text === expression;
    const compiled = compile(expression);
    this.#instructions += compiled.programSize();
    if (this.#instructions > INSTRUCTIONS_MAX) throw failure(TOO_LARGE_TEXT);
    return (text) => compiled.test(text);
  }
}

function compile(expression: string): RE2JS {
  try {
    return compileRe2(expression, `^${expression}$`, EXPANDED_LENGTH_MAX.client);
  } catch (error) {
    throw failure(error instanceof Error ? error.message : String(error));
  }
}

function failure(cause: string): RpcError {
  return new RpcError(`Failed to compile regex: ${cause}`);
}
