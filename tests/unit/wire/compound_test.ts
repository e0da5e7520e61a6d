import { deepEqual, equal, throws } from "../../support/assert.ts";
import { AssertionError } from "../../../lib/base/assert.ts";
import { SizeLimitError, WireError } from "../../../lib/base/errors.ts";
import { decodeCompound, encodeCompound } from "../../../lib/wire/compound.ts";
import { MsgpackWriter } from "../../../lib/wire/msgpack_writer.ts";
import { fromHex, toHex } from "../../golden/sample.ts";

function partsOf(hex: string): { parts: string[]; truncated: number } {
  const bytes = fromHex(hex);
  const parts: string[] = [];
  const truncated = decodeCompound(bytes, 1, bytes.length, (start, end) => {
    parts.push(toHex(bytes.subarray(start, end)));
  });
  return { parts, truncated };
}

Deno.test("encodeCompound() writes count, lengths, messages; decodeCompound() gives them back in order", () => {
  const writer = new MsgpackWriter();
  encodeCompound(writer, [fromHex("aa"), new Uint8Array(0), fromHex("bbcc"), fromHex("dd")], 3);
  equal(toHex(writer.view()), "0703000100000002aabbcc");
  deepEqual(partsOf("0703000100000002aabbcc"), { parts: ["aa", "", "bbcc"], truncated: 0 });
});

Deno.test("decodeCompound() ignores what follows, and takes a count of 0", () => {
  deepEqual(partsOf("07010001aaffff"), { parts: ["aa"], truncated: 0 });
  deepEqual(partsOf("0700"), { parts: [], truncated: 0 });
});

Deno.test("decodeCompound() gives what comes before a cut, and counts the rest", () => {
  deepEqual(partsOf("0703000100020001aabb"), { parts: ["aa"], truncated: 2 });
  deepEqual(partsOf("07010001"), { parts: [], truncated: 1 });
});

Deno.test("decodeCompound() refuses a packet that ends within the lengths, also with 128 parts and more", () => {
  for (
    const hex of ["07", "0701", "070200010", "07ff" + "0000".repeat(254) + "00", "0780" + "0000".repeat(127)]
  ) {
    throws(() => partsOf(hex), WireError);
  }
  equal(partsOf("07ff" + "0000".repeat(255)).parts.length, 255);
});

Deno.test("encodeCompound() takes 1 to 255 messages of at most 65535 bytes", () => {
  const writer = new MsgpackWriter();
  throws(() => encodeCompound(writer, []), AssertionError);
  throws(() => encodeCompound(writer, new Array(256).fill(new Uint8Array(1))), AssertionError);
  throws(() => encodeCompound(writer, [new Uint8Array(1), new Uint8Array(65536)]), SizeLimitError);
  equal(writer.length, 0);
  encodeCompound(writer, new Array(255).fill(new Uint8Array(65535)));
  equal(partsOf(toHex(writer.view().subarray(0, 2 + 510))).truncated, 255);
});
