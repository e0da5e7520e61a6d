/**
 * Flags as Go's flag package has them: one dash or two, `-f=v` or `-f v`, booleans with `=` only; parsing ends at the
 * first argument that is no flag, or after `--`. A flag is data: the parser, the help, and whatever documents the
 * commands read the same record.
 */
import { assert } from "../base/assert.ts";
import { OptionError } from "../base/errors.ts";
import { parseGoDurationNs } from "../base/go_duration.ts";
import { goQuote } from "../base/go_text.ts";
import { PARSE_ERROR, parseGoBool, parseGoInt } from "./go_number.ts";

/** How a flag's text becomes its value. `list` is repeatable text; of the others the last one given counts. */
export type FlagKind = "bool" | "int" | "duration" | "text" | "list";

/** What a flag's value can be, for shells to complete: one of some words, or a path. */
export type FlagValues = readonly string[] | "file" | "directory";

/** One flag of one command. */
export interface FlagSpec {
  /** Without dashes. */
  readonly name: string;
  readonly kind: FlagKind;
  /** What help shows after the name: `=127.0.0.1:7373`, ` key=value`; empty for a switch. */
  readonly hint: string;
  /** The effective default as text; empty when there is none. */
  readonly fallback: string;
  /** Sentences for people. */
  readonly about: string;
  /** The flag whose list this one appends to, when two flags fill one list; itself if absent. */
  readonly target?: string;
  /** Absent when a shell has nothing to offer. */
  readonly values?: FlagValues;
}

/** A {@linkcode FlagSpec} in one line. */
export function flag(
  name: string,
  kind: FlagKind,
  hint: string,
  fallback: string,
  about: string,
  target = name,
): FlagSpec {
  return { name, kind, hint, fallback, about, target };
}

/** The same flag, of whose value it is known what it can be. */
export function offering(spec: FlagSpec, values: FlagValues): FlagSpec {
  return { ...spec, values };
}

/** A command line that Go's parser refuses. `message` is the line for standard error; empty for `-h=x`. */
export class FlagError extends Error {
  override readonly name = "FlagError";
}

type FlagValue = boolean | number | bigint | string | string[];

/** The outcome of {@linkcode parseFlags}. The getters tell "not given" (undefined) from any value that was given. */
export class ParsedFlags {
  readonly #values: ReadonlyMap<string, FlagValue>;

  /** @param rest the arguments after the flags. */
  constructor(values: ReadonlyMap<string, FlagValue>, readonly rest: readonly string[]) {
    this.#values = values;
  }

  bool(name: string): boolean | undefined {
    return this.#get(name, (value) => typeof value === "boolean");
  }

  int(name: string): number | undefined {
    return this.#get(name, (value) => typeof value === "number");
  }

  /** In nanoseconds. */
  durationNs(name: string): bigint | undefined {
    return this.#get(name, (value) => typeof value === "bigint");
  }

  text(name: string): string | undefined {
    return this.#get(name, (value) => typeof value === "string");
  }

  list(name: string): readonly string[] | undefined {
    return this.#get<string[]>(name, (value) => Array.isArray(value));
  }

  #get<T extends FlagValue>(name: string, fits: (value: FlagValue) => boolean): T | undefined {
    const value = this.#values.get(name);
    assert(value === undefined || fits(value), `flag -${name} is read as what it is`);
    return value as T | undefined;
  }
}

/** @throws {FlagError} for anything that Go's parser refuses. */
export function parseFlags(specs: readonly FlagSpec[], args: readonly string[]): ParsedFlags {
  const values = new Map<string, FlagValue>();
  let index = 0;
  while (index < args.length) {
    const arg = args[index]!;
    if (arg.length < 2 || arg[0] !== "-") break;
    index++;
    if (arg === "--") break;
    const [name, inline] = splitFlag(arg);
    const spec = specs.find((each) => each.name === name);
    if (spec === undefined) throw unknownFlag(name);
    if (spec.kind === "bool") {
      setBool(values, spec, inline);
    } else {
      const text = inline ?? args[index++];
      if (text === undefined) throw new FlagError(`flag needs an argument: -${name}`);
      setValue(values, spec, text);
    }
  }
  return new ParsedFlags(values, args.slice(index));
}

function splitFlag(arg: string): [name: string, inline: string | undefined] {
  const body = arg.slice(arg[1] === "-" ? 2 : 1);
  if (body[0] === "-" || body[0] === "=") throw new FlagError(`bad flag syntax: ${arg}`);
  const equals = body.indexOf("=");
  return equals < 0 ? [body, undefined] : [body.slice(0, equals), body.slice(equals + 1)];
}

/** `-h` and `-help` alone never come here, but `-h=x` does: it asks for help, without a complaint. */
function unknownFlag(name: string): FlagError {
  return new FlagError(name === "h" || name === "help" ? "" : `flag provided but not defined: -${name}`);
}

function setBool(values: Map<string, FlagValue>, spec: FlagSpec, inline: string | undefined): void {
  const value = parseGoBool(inline ?? "true");
  if (value === undefined) {
    throw new FlagError(`invalid boolean value ${goQuote(inline ?? "")} for -${spec.name}: ${PARSE_ERROR}`);
  }
  values.set(spec.name, value);
}

function setValue(values: Map<string, FlagValue>, spec: FlagSpec, text: string): void {
  const refuse = (why: string) =>
    new FlagError(`invalid value ${goQuote(text)} for flag -${spec.name}: ${why}`);
  switch (spec.kind) {
    case "int": {
      const value = parseGoInt(text);
      if (typeof value === "string") throw refuse(value);
      values.set(spec.name, value);
      break;
    }
    case "duration":
      try {
        values.set(spec.name, parseGoDurationNs(text));
      } catch (error) {
        throw error instanceof OptionError ? refuse(PARSE_ERROR) : error;
      }
      break;
    case "list": {
      const target = spec.target ?? spec.name;
      values.set(target, [...(values.get(target) as string[] | undefined ?? []), text]);
      break;
    }
    default:
      values.set(spec.name, text);
  }
}
