import { deepEqual, equal, throws } from "../../support/assert.ts";
import fc from "fast-check";
import { CommandFailure } from "../../../lib/cli/command.ts";
import { checkFormat, columnize, goJson, type JsonValue } from "../../../lib/cli/output.ts";

Deno.test("columnize() aligns columns two spaces apart, counting code points", () => {
  equal(
    columnize(["a|127.0.0.1:1|alive", "b\u00e9 \u{1f600}|[::1]:17946|failed"]),
    "a     127.0.0.1:1  alive\nb\u00e9 \u{1f600}  [::1]:17946  failed",
  );
});

Deno.test("columnize() trims cells, and starts a column at every bar", () => {
  equal(columnize(["  x  | y\u00a0|z|w", "long|b|c|d"]), "x     y  z  w\nlong  b  c  d");
});

Deno.test("columnize() keeps the spaces before an empty last cell, except at the very end", () => {
  equal(columnize(["a|b|", "c|dd|e", "f|g|"]), "a  b   \nc  dd  e\nf  g");
});

Deno.test("columnize() ends rows that are shorter than others, without padding", () => {
  equal(columnize(["a", "bbb|c", "d|e|f"]), "a\nbbb  c\nd    e  f");
  equal(columnize(["wide cell", "b|c"]), "wide cell\nb          c");
});

Deno.test("columnize() trims the whole, and makes nothing of nothing", () => {
  equal(columnize(["|b", "c|d"]), "b\nc  d");
  equal(columnize([]), "");
  equal(columnize(["||"]), "");
});

Deno.test("goJson() indents by two, sorts maps by bytes and leaves the order of objects", () => {
  const value = {
    b: [1, 2.5, true, null],
    a: new Map<string, JsonValue>([["\u{10000}", "x"], ["\uffff", "y"], ["B", "z"], ["a", new Map()]]),
    none: [],
    empty: {},
  };
  equal(
    goJson(value),
    `{
  "b": [
    1,
    2.5,
    true,
    null
  ],
  "a": {
    "B": "z",
    "a": {},
    "\uffff": "y",
    "\u{10000}": "x"
  },
  "none": [],
  "empty": {}
}`,
  );
});

Deno.test("goJson() escapes what Go escapes, and bytes that were not UTF-8", () => {
  equal(
    goJson('<>&"\\/\n\r\t\b\f\x00\x1f\x7f\u2028\u2029\udcff\ufffd\u00e9\u{1f600}\u{1f4ff}'),
    '"\\u003c\\u003e\\u0026\\"\\\\/\\n\\r\\t\\u0008\\u000c\\u0000\\u001f\x7f\\u2028\\u2029\\ufffd\ufffd\u00e9\u{1f600}\u{1f4ff}"',
  );
});

Deno.test("goJson() writes what JSON.parse() reads back", () => {
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constant(null),
      fc.boolean(),
      fc.integer(),
      fc.string({ unit: "grapheme" }),
      fc.array(tie("value")),
      fc.dictionary(fc.string(), tie("value"), { noNullPrototype: true }),
    ),
  }));
  fc.assert(fc.property(value, (any) => deepEqual(JSON.parse(goJson(any as JsonValue)), any)));
});

Deno.test("checkFormat() knows text and json, and shows anything else as it was given", () => {
  checkFormat("text");
  checkFormat("json");
  for (const format of ["xml", "JSON", "", 'x"y']) {
    throws(() => checkFormat(format), {
      name: "CommandFailure",
      message: `Encoding error: Invalid output format "${format}"`,
    });
  }
  equal(new CommandFailure("x") instanceof Error, true);
});
