/** The texts are what HashiCorp's agent 0.9.4 printed for these files. */
import { deepEqual, equal, throws } from "../../support/assert.ts";
import fc from "fast-check";
import { decodeFirstValue, decodeWholeText, GoJsonError } from "../../../lib/agent/go_json.ts";

const FIRST_VALUE_FAULTS: readonly (readonly [text: string, message: string])[] = [
  ["", "EOF"],
  ["   ", "EOF"],
  ["{", "unexpected EOF"],
  ['{"a', "unexpected EOF"],
  ['{"a"', "unexpected EOF"],
  ['{"a":', "unexpected EOF"],
  ['{"a":1', "unexpected EOF"],
  ['{"a":1,', "unexpected EOF"],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
  ["{a:1}", "invalid character 'a' looking for beginning of object key string"],
  ["{'a':1}", "invalid character '\\'' looking for beginning of object key string"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a"\\', "invalid character '\\\\' after object key"],
  ['{"a":1 "b":2}', "invalid character '\"' after object key:value pair"],
  ["[1 2]", "invalid character '2' after array element"],
  ["[1,]", "invalid character ']' looking for beginning of value"],
  ["[1", "unexpected EOF"],
  ["nul", "unexpected EOF"],
  ["nulx", "invalid character 'x' in literal null (expecting 'l')"],
  ["tru!", "invalid character '!' in literal true (expecting 'e')"],
  ["falsE", "invalid character 'E' in literal false (expecting 'e')"],
  ["-", "unexpected EOF"],
  ["-a", "invalid character 'a' in numeric literal"],
  ["1.", "unexpected EOF"],
  ["1.x", "invalid character 'x' after decimal point in numeric literal"],
  ["1e", "unexpected EOF"],
  ["1ex", "invalid character 'x' in exponent of numeric literal"],
  ["1e+x", "invalid character 'x' in exponent of numeric literal"],
  ["}", "invalid character '}' looking for beginning of value"],
  ["abc", "invalid character 'a' looking for beginning of value"],
  ["+1", "invalid character '+' looking for beginning of value"],
  ["// c\n{}", "invalid character '/' looking for beginning of value"],
  ['{"role":"\\x"}', "invalid character 'x' in string escape code"],
  ['{"role":"\\u12g4"}', "invalid character 'g' in \\u hexadecimal character escape"],
  ['{"role":"a\nb"}', "invalid character '\\n' in string literal"],
  ['{"role":"a\tb"}', "invalid character '\\t' in string literal"],
  ['{"role":"a\x01b"}', "invalid character '\\x01' in string literal"],
  ['{"role":"\\', "unexpected EOF"],
  ['{"role":"\\u12', "unexpected EOF"],
  ["{\u00e9:1}", "invalid character '\u00c3' looking for beginning of object key string"],
  ["[1e400]", "json: cannot unmarshal number 1e400 into Go value of type float64"],
  ["[-1e400,1e401]", "json: cannot unmarshal number -1e400 into Go value of type float64"],
];

const WHOLE_TEXT_FAULTS: readonly (readonly [text: string, message: string])[] = [
  ["", "unexpected end of JSON input"],
  ["{", "unexpected end of JSON input"],
  ['{"a":"b"} x', "invalid character 'x' after top-level value"],
  ["01", "invalid character '1' after top-level value"],
];

Deno.test("decodeFirstValue() says in Go's words what is wrong", () => {
  for (const [text, message] of FIRST_VALUE_FAULTS) {
    throws(() => decodeFirstValue(text), { name: "GoJsonError", message }, JSON.stringify(text));
  }
});

Deno.test("decodeFirstValue() ignores what follows the first value", () => {
  deepEqual(decodeFirstValue(' {"a":[1,{"b":null}]}}'), { a: [1, { b: null }] });
  deepEqual(decodeFirstValue("{}/"), {});
  equal(decodeFirstValue("01"), 0);
  equal(decodeFirstValue("nulltrue"), null);
});

Deno.test("decodeWholeText() wants exactly one value", () => {
  for (const [text, message] of WHOLE_TEXT_FAULTS) {
    throws(() => decodeWholeText(text), { name: "GoJsonError", message }, JSON.stringify(text));
  }
  deepEqual(decodeWholeText(' ["x"] \n'), ["x"]);
});

Deno.test("decodeWholeText() takes the white space, the escapes and the exponents of JSON, and no others", () => {
  deepEqual(decodeWholeText('\t[\r\n 1E2 , -0.5e-1 , 0e+1 , "\\/\\b\\f\\"" ]\r'), [100, -0.05, 0, '/\b\f"']);
  for (const space of ["\v", "\f", "\u00a0", "\ufeff", "\u2028", "\0"]) {
    throws(() => decodeWholeText(`[${space}1]`), GoJsonError, JSON.stringify(space));
    throws(() => decodeWholeText(`1${space}`), GoJsonError, JSON.stringify(space));
  }
  for (const text of ["+1", ".5", "1.e2", "-", "0x1", "1e+", '"\\v"', '"\\\'"', "True", "NaN"]) {
    throws(() => decodeWholeText(text), GoJsonError, text);
  }
});

Deno.test("decodeFirstValue() refuses endless nesting, empty containers and those that are not closed included", () => {
  const nested = (depth: number, inside = "") => "[".repeat(depth) + inside + "]".repeat(depth);
  const tooDeep = (opener: string) => ({ message: `invalid character '${opener}' exceeded max depth` });
  for (const inside of ["", "1"]) {
    equal(Array.isArray(decodeFirstValue(nested(10_000, inside))), true);
    throws(() => decodeFirstValue(nested(10_001, inside)), tooDeep("["));
  }
  throws(() => decodeFirstValue(nested(10_000, "{}")), tooDeep("{"));
  throws(() => decodeFirstValue("[".repeat(20_000)), tooDeep("["));
});

Deno.test("decodeWholeText() accepts what JSON.parse accepts, and refuses the rest", () => {
  const text = fc.oneof(
    fc.json(),
    fc.string(),
    fc.json().map((json) => json.slice(0, -1)),
    fc.tuple(fc.json(), fc.nat(), fc.constantFrom(...'{}[],:"\\ 0e.-tfn')).map(([json, at, char]) => {
      const cut = at % json.length;
      return json.slice(0, cut) + char + json.slice(cut + 1);
    }),
  );
  fc.assert(
    fc.property(text, (json) => {
      let expected: unknown;
      try {
        expected = JSON.parse(json);
      } catch {
        throws(() => decodeWholeText(json), GoJsonError);
        return;
      }
      deepEqual(decodeWholeText(json), expected);
    }),
    { numRuns: 2_000 },
  );
});
