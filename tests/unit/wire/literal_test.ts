import { deepEqual, equal } from "../../support/assert.ts";
import { Literal } from "../../../lib/wire/literal.ts";
import { MsgpackWriter } from "../../../lib/wire/msgpack_writer.ts";

Deno.test("Literal.isAt() compares every byte, and none behind them", () => {
  for (let length = 1; length <= 13; length++) {
    const bytes = Uint8Array.from({ length }, (_, at) => 0x7f + 11 * at);
    const literal = new Literal(bytes);
    const buffer = new Uint8Array(length + 8).fill(0xa5);
    buffer.set(bytes, 3);
    const view = new DataView(buffer.buffer);
    equal(literal.isAt(view, 3), true, `${length} bytes`);
    for (let at = 0; at < buffer.length; at++) {
      buffer[at] = buffer[at]! ^ 0x10;
      equal(literal.isAt(view, 3), at < 3 || at >= 3 + length, `${length} bytes, byte ${at} changed`);
      buffer[at] = buffer[at]! ^ 0x10;
    }
  }
});

Deno.test("MsgpackWriter.literal() writes as raw() does, also where its buffer ends", () => {
  for (let length = 1; length <= 13; length++) {
    const bytes = Uint8Array.from({ length }, (_, at) => 0xf0 + at);
    const literal = new Literal(bytes);
    const written = new MsgpackWriter(16), expected = new MsgpackWriter(16);
    for (let i = 0; i < 9; i++) {
      written.literal(literal).uint(i);
      expected.raw(bytes).uint(i);
    }
    deepEqual(written.copy(), expected.copy());
  }
});
