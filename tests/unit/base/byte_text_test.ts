import { equal } from "../../support/assert.ts";
import { isTextWithin } from "../../../lib/base/byte_text.ts";

Deno.test("isTextWithin() counts bytes, not characters; an escaped byte is one", () => {
  for (
    const [text, bytes] of [["", 0], ["abc", 3], ["\u00e9", 2], ["\u{1f600}", 4], ["a\udcff", 2]] as const
  ) {
    equal(isTextWithin(text, bytes), true, text);
    if (bytes > 0) equal(isTextWithin(text, bytes - 1), false, text);
  }
  equal(isTextWithin("x".repeat(512), 512), true);
  equal(isTextWithin("x".repeat(513), 512), false);
});
