/** Numbers and booleans as Go's flag package reads them. */

/** What a refused value says after its colon. */
export const PARSE_ERROR = "parse error";
export const RANGE_ERROR = "value out of range";

const INT64_END = 1n << 63n;
const UINT64_END = 1n << 64n;
const BOOLEANS = new Map([
  ...["1", "t", "T", "TRUE", "true", "True"].map((text) => [text, true] as const),
  ...["0", "f", "F", "FALSE", "false", "False"].map((text) => [text, false] as const),
]);

/** @returns undefined for anything but Go's twelve spellings. */
export function parseGoBool(text: string): boolean | undefined {
  return BOOLEANS.get(text);
}

/**
 * A signed 64-bit integer with an optional sign and base prefix (`0x`, `0o`, `0b`, a leading `0`) and underscores
 * between digits. Beyond 2^53 the result is rounded.
 * @returns the number, or why not ({@linkcode PARSE_ERROR}, {@linkcode RANGE_ERROR}).
 */
export function parseGoInt(text: string): number | string {
  const negative = text.startsWith("-");
  const unsigned = negative || text.startsWith("+") ? text.slice(1) : text;
  const magnitude = parseMagnitude(unsigned);
  if (typeof magnitude === "string") return magnitude;
  if (magnitude >= INT64_END + (negative ? 1n : 0n)) return RANGE_ERROR;
  return magnitude === 0n ? 0 : Number(negative ? -magnitude : magnitude);
}

function parseMagnitude(text: string): bigint | string {
  const [base, digits] = splitBase(text);
  if (digits === "") return PARSE_ERROR;
  let value = 0n;
  for (const char of digits) {
    if (char === "_") continue;
    const digit = digitValue(char);
    if (digit >= base) return PARSE_ERROR;
    value = value * BigInt(base) + BigInt(digit);
    if (value >= UINT64_END) return RANGE_ERROR;
  }
  return digits.includes("_") && !underscoresFit(text) ? PARSE_ERROR : value;
}

function splitBase(text: string): [base: number, digits: string] {
  if (!text.startsWith("0") || text === "0") return [10, text];
  switch (text.slice(1, 2).toLowerCase()) {
    case "x":
      return [16, text.slice(2)];
    case "o":
      return [8, text.slice(2)];
    case "b":
      return [2, text.slice(2)];
    default:
      return [8, text.slice(1)];
  }
}

function digitValue(char: string): number {
  return /^[0-9a-zA-Z]$/.test(char) ? parseInt(char, 36) : Infinity;
}

/** Underscores separate digits, or a base prefix from digits; and plain decimals have none. */
function underscoresFit(text: string): boolean {
  return /^0[xX](_?[0-9a-fA-F])+$|^0[oO](_?[0-7])+$|^0[bB](_?[01])+$|^0(_?[0-7])+$|^[1-9](_?[0-9])*$/.test(
    text,
  );
}
