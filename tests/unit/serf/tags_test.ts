import { deepEqual, equal } from "../../support/assert.ts";
import fc from "fast-check";
import { decodeTags, encodeTags } from "../../../lib/serf/tags.ts";
import { fromHex, toHex } from "../../golden/sample.ts";
import { unicodeText } from "../../support/unicode_text.ts";

const decode = (hex: string) => Object.fromEntries(decodeTags(fromHex(hex)));
const encode = (tags: Record<string, string>, protocol = 5) =>
  toHex(encodeTags(new Map(Object.entries(tags)), protocol));

Deno.test("encodeTags() writes ff and a map sorted by key", () => {
  equal(encode({}), "ff80");
  equal(encode({ role: "web", dc: "eu" }), "ff82a26463a26575a4726f6c65a3776562");
  equal(encode({ dc: "eu", role: "web" }, 3), encode({ role: "web", dc: "eu" }));
  // UTF-8 order, which is not the order of UTF-16.
  const keys = [...decodeTags(encodeTags(new Map([["\u{1f600}", "1"], ["\uff5e", "2"]]), 5)).keys()];
  deepEqual(keys, ["\uff5e", "\u{1f600}"]);
});

Deno.test("encodeTags() of protocol 2 writes the role alone", () => {
  equal(encode({ role: "web", dc: "eu" }, 2), "776562");
  equal(encode({ dc: "eu" }, 2), "");
});

Deno.test("decodeTags() takes bytes without ff as the role, and none as an empty one", () => {
  deepEqual(decode("776562"), { role: "web" });
  deepEqual(decode(""), { role: "" });
  deepEqual(decode("81a161a162"), { role: "\udc81\udca1a\udca1b" });
});

Deno.test("decodeTags() keeps what comes before a fault", () => {
  deepEqual(decode("ff80"), {});
  deepEqual(decode("ffc0"), {});
  deepEqual(decode("ff"), {});
  deepEqual(decode("ff90"), {});
  deepEqual(decode("ff82a161a162"), { a: "b" });
  deepEqual(decode("ffdfffffffffa161a162"), { a: "b" });
  deepEqual(decode("ff82a161a162c40163a164"), { a: "b" });
  deepEqual(decode("ff82a161a162a163c40164"), { a: "b" });
  deepEqual(decode("ff82a161a162a1"), { a: "b" });
  deepEqual(decode("ff82a161a162a161a163"), { a: "c" });
  // What follows the announced pairs is none of them.
  deepEqual(decode("ff81a161a162a163a164"), { a: "b" });
});

Deno.test("tags come back from their encoding", () => {
  const text = unicodeText(40);
  fc.assert(fc.property(fc.array(fc.tuple(text, text), { maxLength: 30 }), (pairs) => {
    const tags = new Map(pairs);
    const again = decodeTags(encodeTags(tags, 5));
    equal(again.size, tags.size);
    for (const [key, value] of tags) equal(again.get(key), value);
  }));
});
