import { deepEqual, equal, throws } from "../../support/assert.ts";
import fc from "fast-check";
import {
  formatGoDuration,
  formatGoDurationNs,
  parseGoDuration,
  parseGoDurationNs,
} from "../../../lib/base/go_duration.ts";
import { OptionError } from "../../../lib/base/errors.ts";

Deno.test("parseGoDuration() reads units, fractions, signs and sums", () => {
  const cases: [string, number][] = [
    ["0", 0],
    ["-0", 0],
    ["300ms", 300],
    ["1m30s", 90_000],
    ["1.5h", 5_400_000],
    ["-2s", -2000],
    ["+2s", 2000],
    [".5s", 500],
    ["5.s", 5000],
    ["1h1m1s1ms1us1ns", 3_661_001.001001],
    ["3\u00b5s", 0.003],
    ["3\u03bcs", 0.003],
    ["0s0ns", 0],
  ];
  for (const [text, ms] of cases) equal(parseGoDuration(text), ms, text);
});

Deno.test("parseGoDuration() refuses what Go refuses, in Go's words", () => {
  const cases: [string, string][] = [
    ["", 'time: invalid duration ""'],
    ["abc", 'time: invalid duration "abc"'],
    ["5", 'time: missing unit in duration "5"'],
    ["1.5.", 'time: missing unit in duration "1.5."'],
    ["-", 'time: invalid duration "-"'],
    [".s", 'time: invalid duration ".s"'],
    ["+-1s", 'time: invalid duration "+-1s"'],
    ["1d", 'time: unknown unit "d" in duration "1d"'],
    ["1 s", 'time: unknown unit " s" in duration "1 s"'],
    ["1S", 'time: unknown unit "S" in duration "1S"'],
    ["1s ", 'time: unknown unit "s " in duration "1s "'],
    ['1"\\', 'time: unknown unit "\\"\\\\" in duration "1\\"\\\\"'],
    ["1\u00e9\n", 'time: unknown unit "\\xc3\\xa9\\x0a" in duration "1\\xc3\\xa9\\x0a"'],
    ["9223372036854775808ns", 'time: invalid duration "9223372036854775808ns"'],
    ["9223372036854775809ns", 'time: invalid duration "9223372036854775809ns"'],
    ["3000000h", 'time: invalid duration "3000000h"'],
  ];
  for (const [text, message] of cases) {
    throws(() => parseGoDuration(text), (error: unknown) => {
      equal((error as OptionError).message, message);
      return error instanceof OptionError;
    });
  }
});

Deno.test("parseGoDurationNs() is exact up to both ends of 64 bits", () => {
  equal(parseGoDurationNs("9223372036854775807ns"), 9223372036854775807n);
  equal(parseGoDurationNs("-9223372036854775808ns"), -9223372036854775808n);
  equal(parseGoDurationNs("2562047h47m16.854775807s"), 9223372036854775807n);
  equal(
    parseGoDurationNs("0.3333333333333333333h"),
    1200000000000n,
    "a fraction is multiplied in floating point",
  );
  equal(parseGoDurationNs("0.9223372036854775807999999h"), 3320413933267n, "digits past 2^63 are dropped");
});

Deno.test("formatGoDuration() writes the largest unit that fits, and minutes and hours in full", () => {
  const cases: [number, string][] = [
    [0, "0s"],
    [0.000001, "1ns"],
    [0.0015, "1.5\u00b5s"],
    [200, "200ms"],
    [1.25, "1.25ms"],
    [1000, "1s"],
    [30_000, "30s"],
    [60_000, "1m0s"],
    [90_500, "1m30.5s"],
    [3_600_000, "1h0m0s"],
    [86_400_000, "24h0m0s"],
    [-1500, "-1.5s"],
  ];
  for (const [ms, text] of cases) equal(formatGoDuration(ms), text);
  equal(formatGoDurationNs(-9223372036854775808n), "-2562047h47m16.854775808s");
});

Deno.test("parseGoDurationNs() reads back whatever formatGoDurationNs() writes", () => {
  fc.assert(fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (ns) => {
    // Go's fraction goes through a double, so that only whole seconds' fractions are sure to survive.
    const text = formatGoDurationNs(ns);
    const back = parseGoDurationNs(text);
    const difference = back > ns ? back - ns : ns - back;
    return difference <= 1n;
  }));
});

Deno.test("parseGoDuration() either gives a number or throws an OptionError, for any text", () => {
  fc.assert(fc.property(
    fc.string({ unit: fc.constantFrom(..."0123456789.+-hmsun\u00b5 \u00e9"), maxLength: 20 }),
    (text) => {
      try {
        return Number.isFinite(parseGoDuration(text));
      } catch (error) {
        return error instanceof OptionError && error.message.startsWith("time: ");
      }
    },
  ));
});

Deno.test("parseGoDuration() sums its parts in any order", () => {
  const part = fc.record({ n: fc.nat(9999), unit: fc.constantFrom("ns", "us", "ms", "s", "m") });
  fc.assert(fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
    const text = (list: typeof parts) => list.map(({ n, unit }) => `${n}${unit}`).join("");
    deepEqual(parseGoDurationNs(text(parts)), parseGoDurationNs(text(parts.toReversed())));
  }));
});
