import { equal } from "../../support/assert.ts";
import fc from "fast-check";
import { PARSE_ERROR, parseGoBool, parseGoInt, RANGE_ERROR } from "../../../lib/cli/go_number.ts";

// What HashiCorp's Serf 0.9.4 says to each of these as the value of `query -relay-factor`.
Deno.test("parseGoInt() reads bases, signs and underscores as Go does", () => {
  const cases: [string, number | string][] = [
    ["1_0", 10],
    ["_1", PARSE_ERROR],
    ["1_", PARSE_ERROR],
    ["1__0", PARSE_ERROR],
    ["0_1", 1],
    ["0x_1", 1],
    ["0x1_", PARSE_ERROR],
    ["0x", PARSE_ERROR],
    ["0x_", PARSE_ERROR],
    ["08", PARSE_ERROR],
    ["017", 15],
    ["0b2", PARSE_ERROR],
    ["0b1", 1],
    ["0o8", PARSE_ERROR],
    ["0o17", 15],
    ["+5", 5],
    ["-5", -5],
    ["-0", 0],
    ["+-5", PARSE_ERROR],
    ["", PARSE_ERROR],
    ["-", PARSE_ERROR],
    [" 5", PARSE_ERROR],
    ["5.0", PARSE_ERROR],
    ["1e3", PARSE_ERROR],
    ["0X1F", 31],
    ["0_x1", PARSE_ERROR],
    ["00", 0],
    ["0_0", 0],
    ["\u00e9", PARSE_ERROR],
    ["9223372036854775807", 2 ** 63],
    ["9223372036854775808", RANGE_ERROR],
    ["-9223372036854775808", -(2 ** 63)],
    ["-9223372036854775809", RANGE_ERROR],
    ["99999999999999999999x", RANGE_ERROR],
  ];
  for (const [text, expected] of cases) equal(parseGoInt(text), expected, text);
});

Deno.test("parseGoInt() reads every safe integer in every base", () => {
  fc.assert(fc.property(fc.maxSafeInteger(), fc.constantFrom(2, 8, 10, 16), (value, base) => {
    const prefix = { 2: "0b", 8: "0o", 10: "", 16: "0x" }[base];
    const text = (value < 0 ? "-" : "") + prefix + Math.abs(value).toString(base);
    return parseGoInt(text) === value;
  }));
});

Deno.test("parseGoBool() knows twelve spellings and no other", () => {
  for (const text of ["1", "t", "T", "TRUE", "true", "True"]) equal(parseGoBool(text), true);
  for (const text of ["0", "f", "F", "FALSE", "false", "False"]) equal(parseGoBool(text), false);
  for (const text of ["", "yes", "tRUE", "2", " true", "on"]) equal(parseGoBool(text), undefined);
});
