import { deepEqual, equal, notEqual } from "../../support/assert.ts";
import { SharedCopies } from "../../../lib/base/shared_copies.ts";

Deno.test("SharedCopies.copy() gives equal bytes the same copy, which is not what it was given", () => {
  const copies = new SharedCopies(16);
  const source = Uint8Array.of(1, 2, 3);
  const copy = copies.copy(source);
  notEqual(copy, source);
  source[0] = 9;
  deepEqual([...copy], [1, 2, 3]);
  equal(copies.copy(Uint8Array.of(1, 2, 3)), copy);
  deepEqual([...copies.copy(source)], [9, 2, 3]);
});

Deno.test("SharedCopies.copy() tells all bytes apart however few slots there are", () => {
  const copies = new SharedCopies(2);
  const kept: [Uint8Array, number[]][] = [];
  for (let i = 0; i < 2_000; i++) {
    const bytes = Array.from({ length: i % 400 }, (_, place) => (i * 7 + place * (i >> 5)) & 255);
    kept.push([copies.copy(Uint8Array.from(bytes)), bytes]);
  }
  for (const [copy, bytes] of kept) deepEqual([...copy], bytes);
});
