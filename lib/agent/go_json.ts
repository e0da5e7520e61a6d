/**
 * JSON as the Go agents read it from their files: the same grammar as everybody's, but with their words for what is
 * wrong, and with the choice between "the first value of a stream" (configuration) and "the whole text" (tags, keys).
 */
import { goQuote } from "../base/go_text.ts";

/** The text is not what was wanted. The message is Go's, without the name of the file. */
export class GoJsonError extends Error {
  override readonly name = "GoJsonError";
}

/** Nesting beyond this is refused, as Go does. */
const DEPTH_MAX = 10_000;

/**
 * Reads the first JSON value; whatever follows it is ignored.
 * @throws {GoJsonError} `EOF` when there is none, `unexpected EOF` when it is cut off, else what stands in its way.
 */
export function decodeFirstValue(text: string): unknown {
  const scanner = new Scanner(text);
  if (scanner.atEnd()) throw new GoJsonError("EOF");
  const value = parsed(text, scanner, "unexpected EOF");
  if (scanner.hugeNumber !== undefined) {
    throw new GoJsonError(
      `json: cannot unmarshal number ${scanner.hugeNumber} into Go value of type float64`,
    );
  }
  return value;
}

/**
 * Reads a text that is exactly one JSON value.
 * @throws {GoJsonError} `unexpected end of JSON input`, `invalid character 'x' after top-level value`, ...
 */
export function decodeWholeText(text: string): unknown {
  const scanner = new Scanner(text);
  const value = parsed(text, scanner, "unexpected end of JSON input");
  scanner.expectEnd();
  return value;
}

/** The kind of a JSON value in the words of Go's `cannot unmarshal`: `object`, `array`, `string`, `number`, `bool`. */
function jsonKind(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}

/** @throws {GoJsonError} `json: cannot unmarshal number into Go value of type string`. */
export function failUnmarshal(value: unknown, goType: string): never {
  throw new GoJsonError(`json: cannot unmarshal ${jsonKind(value)} into Go value of type ${goType}`);
}

function parsed(text: string, scanner: Scanner, cutOff: string): unknown {
  try {
    const [start, end] = scanner.scanValue();
    return JSON.parse(text.slice(start, end));
  } catch (error) {
    if (error instanceof CutOff) throw new GoJsonError(cutOff);
    throw error;
  }
}

/** The text ended inside a value. */
class CutOff extends Error {}

/** Finds the end of one value and judges every character on the way there. */
class Scanner {
  readonly #text: string;
  #at = 0;
  /** The first number literal that is too large for a float64. */
  hugeNumber: string | undefined = undefined;

  constructor(text: string) {
    this.#text = text;
  }

  /** Skips white space. @returns whether nothing else is left. */
  atEnd(): boolean {
    while (" \t\r\n".includes(this.#text[this.#at] ?? "x")) this.#at++;
    return this.#at >= this.#text.length;
  }

  expectEnd(): void {
    if (!this.atEnd()) this.#fail("after top-level value");
  }

  /** @returns where the value starts and ends. */
  scanValue(): [start: number, end: number] {
    this.atEnd();
    const start = this.#at;
    const open: string[] = []; // bounded: DEPTH_MAX
    this.#valueStart(open);
    while (open.length > 0) this.#afterValue(open);
    return [start, this.#at];
  }

  /** Reads a scalar or an empty container whole, or steps into a container as far as its first value. */
  #valueStart(open: string[]): void {
    for (;;) {
      const char = this.#peek();
      if (char !== "{" && char !== "[") return this.#scalar(char);
      if (open.length === DEPTH_MAX) this.#fail("exceeded max depth");
      this.#at++;
      const closing = char === "{" ? "}" : "]";
      if (this.#peek() === closing) {
        this.#at++;
        return;
      }
      open.push(closing);
      if (closing === "}") this.#key();
    }
  }

  /** After a value inside a container: the container ends, or its next value follows. */
  #afterValue(open: string[]): void {
    const closing = open.at(-1)!;
    const char = this.#peek();
    if (char === closing) {
      this.#at++;
      open.pop();
      return;
    }
    if (char !== ",") this.#fail(closing === "}" ? "after object key:value pair" : "after array element");
    this.#at++;
    if (closing === "}") this.#key();
    this.#valueStart(open);
  }

  #key(): void {
    if (this.#peek() !== '"') this.#fail("looking for beginning of object key string");
    this.#string();
    if (this.#peek() !== ":") this.#fail("after object key");
    this.#at++;
  }

  #scalar(char: string): void {
    if (char === '"') return this.#string();
    if (char === "t") return this.#literal("true");
    if (char === "f") return this.#literal("false");
    if (char === "n") return this.#literal("null");
    if (char === "-" || isDigit(char)) return this.#number();
    this.#fail("looking for beginning of value");
  }

  #literal(word: string): void {
    for (let i = 0; i < word.length; i++) {
      if (this.#here() !== word[i]) this.#fail(`in literal ${word} (expecting ${quoteChar(word[i]!)})`);
      this.#at++;
    }
  }

  #number(): void {
    const start = this.#at;
    if (this.#text[this.#at] === "-") this.#at++;
    if (this.#here() === "0") this.#at++;
    else this.#digits("in numeric literal");
    if (this.#text[this.#at] === ".") {
      this.#at++;
      this.#digits("after decimal point in numeric literal");
    }
    if (this.#text[this.#at] === "e" || this.#text[this.#at] === "E") {
      this.#at++;
      if (this.#here() === "+" || this.#here() === "-") this.#at++;
      this.#digits("in exponent of numeric literal");
    }
    const literal = this.#text.slice(start, this.#at);
    if (!Number.isFinite(Number(literal))) this.hugeNumber ??= literal;
  }

  /** At least one. */
  #digits(where: string): void {
    if (!isDigit(this.#here())) this.#fail(where);
    while (isDigit(this.#text[this.#at] ?? "")) this.#at++;
  }

  #string(): void {
    this.#at++;
    for (;;) {
      const char = this.#here();
      if (char < " ") this.#fail("in string literal");
      this.#at++;
      if (char === '"') return;
      if (char === "\\") this.#escape();
    }
  }

  #escape(): void {
    const char = this.#here();
    if (!'"\\/bfnrtu'.includes(char)) this.#fail("in string escape code");
    this.#at++;
    if (char !== "u") return;
    for (let i = 0; i < 4; i++) {
      if (!/[0-9a-fA-F]/.test(this.#here())) this.#fail("in \\u hexadecimal character escape");
      this.#at++;
    }
  }

  /** The next character that is not white space. */
  #peek(): string {
    this.atEnd();
    return this.#here();
  }

  #here(): string {
    const char = this.#text[this.#at];
    if (char === undefined) throw new CutOff();
    return char;
  }

  #fail(where: string): never {
    const char = this.#here() && String.fromCodePoint(this.#text.codePointAt(this.#at)!);
    throw new GoJsonError(`invalid character ${quoteChar(char)} ${where}`);
  }
}

function isDigit(char: string): boolean {
  return char >= "0" && char <= "9";
}

/** Go looks at bytes, so that a character beyond ASCII shows as its first UTF-8 byte taken for Latin-1. */
function quoteChar(char: string): string {
  if (char === "'") return "'\\''";
  if (char === '"') return "'\"'";
  const byte = new TextEncoder().encode(char)[0]!;
  return `'${goQuote(String.fromCharCode(byte)).slice(1, -1)}'`;
}
