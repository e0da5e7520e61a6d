import { deepEqual, equal } from "../../support/assert.ts";
import fc from "fast-check";
import { compareBytewise, goFixed, goQuote, goTrim } from "../../../lib/base/go_text.ts";

Deno.test("goQuote() escapes as Go's %q does", () => {
  const cases: [string, string][] = [
    ["", '""'],
    ["plain", '"plain"'],
    ['z"\u00e9\t\\', '"z\\"\u00e9\\t\\\\"'],
    ["\x00\x01\x07\b\f\n\r\v\x1b\x7f", '"\\x00\\x01\\a\\b\\f\\n\\r\\v\\x1b\\x7f"'],
    ["\u0080\u00a0\u00ad\u2028\u200b\ufeff", '"\\u0080\\u00a0\\u00ad\\u2028\\u200b\\ufeff"'],
    ["\u{1f600}\ufffd\u4e16", '"\u{1f600}\ufffd\u4e16"'],
    ["\u{e0001}", '"\\U000e0001"'],
    ["f\udcff\udc80", '"f\\xff\\x80"'],
  ];
  for (const [text, quoted] of cases) equal(goQuote(text), quoted);
});

Deno.test("goTrim() takes Unicode white space off both ends, and U+0085 but not U+FEFF", () => {
  equal(goTrim(" \t\n\v\f\r\u0085\u00a0\u2003x y\u3000\u2028"), "x y");
  equal(goTrim("\ufeffx\ufeff"), "\ufeffx\ufeff");
  equal(goTrim("x"), "x");
  equal(goTrim(" \n"), "");
  equal(goTrim("\u00e9 "), "\u00e9");
});

Deno.test("compareBytewise() orders like the UTF-8 bytes", () => {
  const encoder = new TextEncoder();
  const byBytes = (a: string, b: string) => {
    const left = encoder.encode(a), right = encoder.encode(b);
    for (let i = 0; i < Math.min(left.length, right.length); i++) {
      if (left[i] !== right[i]) return left[i]! - right[i]!;
    }
    return left.length - right.length;
  };
  const text = fc.string({
    unit: fc.constantFrom("a", "b", "\u00e9", "\ue000", "\uffff", "\u{10000}", "\u{1f600}"),
  });
  fc.assert(fc.property(text, text, (a, b) => Math.sign(compareBytewise(a, b)) === Math.sign(byBytes(a, b))));
  deepEqual(["\u{10000}", "\uffff", "b", "a", ""].sort(compareBytewise), [
    "",
    "a",
    "b",
    "\uffff",
    "\u{10000}",
  ]);
});

Deno.test("goFixed() rounds an exact tie to the even neighbour, and all else to the nearest", () => {
  equal(goFixed(0.0625, 3), "0.062");
  equal(goFixed(0.1875, 3), "0.188");
  equal(goFixed(-0.0625, 3), "-0.062");
  equal(goFixed(0.25, 1), "0.2");
  equal(goFixed(0.75, 1), "0.8");
  equal(goFixed(0.582, 3), "0.582");
  equal(goFixed(1.0005, 3), "1.000", "the double is below the tie");
  equal(goFixed(12, 3), "12.000");
});
