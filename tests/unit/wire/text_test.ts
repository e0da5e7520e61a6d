import { equal } from "../../support/assert.ts";
import fc from "fast-check";
import { decodeText, encodeText, encodeTextInto } from "../../../lib/wire/text.ts";
import { fromHex, toHex } from "../../golden/sample.ts";
import { unicodeText } from "../../support/unicode_text.ts";

const decode = (bytes: Uint8Array) => decodeText(bytes, 0, bytes.length);

Deno.test("decodeText() of well-formed UTF-8 is what TextDecoder gives, byte order mark included", () => {
  fc.assert(fc.property(unicodeText(100), (text) => {
    equal(decode(new TextEncoder().encode(text)), text);
    equal(toHex(encodeText(text)), toHex(new TextEncoder().encode(text)));
  }));
  equal(decode(fromHex("efbbbf61")), "\ufeffa");
});

Deno.test("decodeText() gives every byte string a string of its own that encodes to the same bytes", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 80 }),
      (bytes) => equal(toHex(encodeText(decode(bytes))), toHex(bytes)),
    ),
    { numRuns: 500 },
  );
  // Overlong, surrogate, too large, cut off, stray: none is UTF-8.
  for (
    const hex of ["c080", "e08080", "eda080", "f4908080", "f08080", "e282", "80", "c3", "ff61fe", "f7bfbfbf"]
  ) {
    const text = decode(fromHex(hex));
    equal(toHex(encodeText(text)), hex);
    equal(text.isWellFormed(), false);
  }
  equal(decode(fromHex("61ffc3a9")), "a\udcff\u00e9");
});

Deno.test("decodeText() of broken text is what its pieces are, of every length of sequence", () => {
  const text = "a\u007f\u0080\u07ff\u0800\ud7ff\ue000\uffff\u{10000}\u{1f600}\u{10ffff}";
  const bytes = new TextEncoder().encode(text);
  equal(decode(Uint8Array.of(...bytes, 0xff, ...bytes)), `${text}\udcff${text}`);
  const long = new Uint8Array(20_001).fill(0x78).with(10_000, 0x80);
  equal(decode(long), "x".repeat(10_000) + "\udc80" + "x".repeat(10_000));
});

Deno.test("decodeText() of broken text does not call the decoder for each piece: strangers may send it", () => {
  const original = TextDecoder.prototype.decode;
  let calls = 0;
  TextDecoder.prototype.decode = function (...args) {
    calls++;
    return original.apply(this, args);
  };
  try {
    decode(new Uint8Array(60_000).fill(0x61).with(0, 0xff));
  } finally {
    TextDecoder.prototype.decode = original;
  }
  equal(calls, 1);
});

Deno.test("encodeText() replaces a lone surrogate that stands for no byte", () => {
  equal(toHex(encodeText("a\ud800b")), "61efbfbd62");
  equal(toHex(encodeText("\udc7f\udd00")), "efbfbdefbfbd");
});

Deno.test("decodeText() interns without ever mixing strings up", () => {
  // More names than the table has slots, twice, so that it grows, and slots are shared and replaced.
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 10_000; i++) {
      const name = `node-${i}`;
      equal(decode(new TextEncoder().encode(name)), name);
    }
  }
  for (const length of [63, 64, 65, 1000]) {
    equal(decode(new Uint8Array(length).fill(0x78)), "x".repeat(length));
  }
});

Deno.test("encodeTextInto() writes at its offset and nowhere else", () => {
  const target = new Uint8Array(12).fill(0xee);
  equal(encodeTextInto("ab\u00e9", target, 2), 4);
  equal(toHex(target), "eeee6162c3a9eeeeeeeeeeee");
});
