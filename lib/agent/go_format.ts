/** How Go's `%v` shows what a JSON file held: `map[a:x b:1.5]`, `[1 a <nil>]`, `1e+06`. */
import { compareBytewise } from "../base/go_text.ts";

/** @param value a value that came out of JSON. */
export function goValueText(value: unknown): string {
  if (value === null || value === undefined) return "<nil>";
  if (typeof value === "number") return floatText(value);
  if (Array.isArray(value)) return `[${value.map(goValueText).join(" ")}]`;
  if (typeof value !== "object") return String(value);
  const entries = Object.entries(value).sort(([a], [b]) => compareBytewise(a, b));
  return `map[${entries.map(([key, inner]) => `${key}:${goValueText(inner)}`).join(" ")}]`;
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
