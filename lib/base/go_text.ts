/** Text as the Go programs that we stand in for write it: quoting, trimming and ordering. */

const ESCAPES = new Map<number, string>([
  [7, "\\a"],
  [8, "\\b"],
  [9, "\\t"],
  [10, "\\n"],
  [11, "\\v"],
  [12, "\\f"],
  [13, "\\r"],
  [34, '\\"'],
  [92, "\\\\"],
]);

/** What needs no escapes. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** The text in double quotes with Go's escapes, as its `%q` prints it; U+DC80..U+DCFF stand for bytes (byte_text.ts). */
export function goQuote(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  let quoted = '"';
  for (const char of text) quoted += quoteChar(char);
  return quoted + '"';
}

function quoteChar(char: string): string {
  const code = char.codePointAt(0)!;
  const escape = ESCAPES.get(code);
  if (escape !== undefined) return escape;
  if (code >= 0x20 && code < 0x7f) return char;
  if (code < 0x80) return "\\x" + code.toString(16).padStart(2, "0");
  if (code >= 0xdc80 && code <= 0xdcff) return "\\x" + (code - 0xdc00).toString(16);
  if (isPrintable(char)) return char;
  return code < 0x10000
    ? "\\u" + code.toString(16).padStart(4, "0")
    : "\\U" + code.toString(16).padStart(8, "0");
}

/** Letters, marks, numbers, punctuation and symbols; of the spaces only the ASCII one, which the caller handles. */
function isPrintable(char: string): boolean {
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(char);
}

/** What Unicode calls White_Space. Unlike `trim()`, it has U+0085 and lacks U+FEFF. */
const SPACE = "[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+";
const SPACE_ENDS = new RegExp(`^${SPACE}|${SPACE}$`, "g");

/** The text without white space at either end. */
export function goTrim(text: string): string {
  const length = text.length;
  if (length === 0 || (isInk(text.charCodeAt(0)) && isInk(text.charCodeAt(length - 1)))) return text;
  return text.replace(SPACE_ENDS, "");
}

function isInk(unit: number): boolean {
  return unit > 0x20 && unit < 0x7f;
}

/** Orders text by its UTF-8 bytes, which is the order of its code points. Negative when `a` comes first. */
export function compareBytewise(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const left = a.charCodeAt(i), right = b.charCodeAt(i);
    if (left !== right) return codePointRank(left) - codePointRank(right);
  }
  return a.length - b.length;
}

/** UTF-16 puts surrogates (code points above 0xffff) below 0xe000..0xffff; UTF-8 puts them above. */
function codePointRank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}

/** `value` with so many decimals (1 or more), as Go's `%.3f` prints it: an exact tie goes to the even neighbour. */
export function goFixed(value: number, decimals: number): string {
  const rounded = value.toFixed(decimals);
  if (!Number.isFinite(value) || !isTie(value, decimals)) return rounded;
  const cut = value.toFixed(decimals + 1).slice(0, -1);
  return Number(cut.at(-1)) % 2 === 0 ? cut : rounded;
}

/** Whether the exact binary value ends in a single 5 right after `decimals` digits. */
function isTie(value: number, decimals: number): boolean {
  const exact = value.toFixed(100);
  const point = exact.indexOf(".");
  return point >= 0 && /^50*$/.test(exact.slice(point + 1 + decimals));
}

/** Bytes as Go prints a slice of them: `[8 131 166]`. */
export function goBytes(bytes: Uint8Array): string {
  return `[${bytes.join(" ")}]`;
}
