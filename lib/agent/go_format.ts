/** How Go's `%v` shows what a JSON file held: `map[a:x b:1.5]`, `[1 a <nil>]`, `1e+06`. */
import { compareBytewise } from "../base/go_text.ts";

/** A piece of text that is ready, or a value that is not. */
type Pending = { readonly text: string } | { readonly value: unknown };

/** @param value a value that came out of JSON, nested however deeply. */
export function goValueText(value: unknown): string {
  let text = "";
  // What is to be written yet, the next of it last: a file may nest its values deeper than calls can be.
  const left: Pending[] = [{ value }];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if ("text" in next) text += next.text;
    else if (typeof next.value === "object" && next.value !== null) {
      left.push(...piecesOf(next.value).reverse());
    } else text += scalarText(next.value);
  }
  return text;
}

function piecesOf(container: object): Pending[] {
  if (Array.isArray(container)) {
    const items = container.flatMap((value, i): Pending[] =>
      i === 0 ? [{ value }] : [{ text: " " }, { value }]
    );
    return [{ text: "[" }, ...items, { text: "]" }];
  }
  const entries = Object.entries(container).sort(([a], [b]) => compareBytewise(a, b));
  const pairs = entries.flatMap((
    [key, value],
    i,
  ): Pending[] => [{ text: `${i === 0 ? "" : " "}${key}:` }, { value }]);
  return [{ text: "map[" }, ...pairs, { text: "]" }];
}

function scalarText(value: unknown): string {
  if (value === null || value === undefined) return "<nil>";
  return typeof value === "number" ? floatText(value) : String(value);
}

/** The Go type that JSON decoding gives a value: `string`, `float64`, `bool`, `[]interface {}`, ... */
export function goTypeName(value: unknown): string {
  if (Array.isArray(value)) return "[]interface {}";
  if (typeof value === "object") return "map[string]interface {}";
  return typeof value === "number" ? "float64" : typeof value === "boolean" ? "bool" : "string";
}

/** The same in the words for what a container was expected to be: `map`, `slice`, `string`, `float64`, `bool`. */
export function goKindName(value: unknown): string {
  if (Array.isArray(value)) return "slice";
  return typeof value === "object" ? "map" : goTypeName(value);
}

/** The shortest digits; with an exponent below 0.0001 and from a million on. */
function floatText(value: number): string {
  if (Object.is(value, -0)) return "-0";
  const [mantissa, exponentText] = value.toExponential().split("e") as [string, string];
  const exponent = Number(exponentText);
  if (value === 0 || (exponent >= -4 && exponent < 6)) return value.toString();
  const digits = String(Math.abs(exponent)).padStart(2, "0");
  return `${mantissa}e${exponent < 0 ? "-" : "+"}${digits}`;
}
