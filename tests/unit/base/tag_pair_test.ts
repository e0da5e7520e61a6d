import { deepEqual, equal } from "../../support/assert.ts";
import { parseTagPair, parseTagPairs } from "../../../lib/base/tag_pair.ts";

Deno.test("parseTagPair() splits at the first equals sign and allows an empty value", () => {
  deepEqual(parseTagPair("a=b=c"), ["a", "b=c"]);
  deepEqual(parseTagPair("a="), ["a", ""]);
  equal(parseTagPair("a"), undefined);
  equal(parseTagPair("=a"), undefined);
  equal(parseTagPair(""), undefined);
});

Deno.test("parseTagPairs() lets the last of a key win and names the first that is invalid", () => {
  deepEqual([...parseTagPairs(["a=1", "b=2", "a=3"]).tags!], [["a", "3"], ["b", "2"]]);
  equal(parseTagPairs(["a=1", "x", "y"]).invalid, "x");
  equal(parseTagPairs([""]).invalid, "");
});
