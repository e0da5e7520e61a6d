import { deepEqual, equal, notEqual } from "../../support/assert.ts";
import { Slab } from "../../../lib/base/slab.ts";

Deno.test("Slab.copy() gives copies that nothing else touches", () => {
  const slab = new Slab(64);
  const copies: Uint8Array[] = [];
  for (let i = 0; i < 100; i++) {
    const source = new Uint8Array(i % 17).fill(i);
    copies.push(slab.copy(source));
    source.fill(0xee);
  }
  copies.forEach((copy, i) => deepEqual([...copy], new Array(i % 17).fill(i)));
});

Deno.test("Slab.copy() shares buffers among small copies, and gives large ones their own", () => {
  const slab = new Slab(64);
  const [a, b] = [slab.copy(Uint8Array.of(1)), slab.copy(Uint8Array.of(2))];
  equal(a.buffer, b.buffer);
  const large = slab.copy(new Uint8Array(17));
  notEqual(large.buffer, a.buffer);
  equal(large.buffer.byteLength, 17);
  equal(slab.copy(new Uint8Array(16)).buffer, a.buffer);
});

Deno.test("Slab.copy() puts a byte before the copy, small or large", () => {
  const slab = new Slab(64);
  deepEqual([...slab.copy(Uint8Array.of(1, 2), 8)], [8, 1, 2]);
  deepEqual([...slab.copy(new Uint8Array(0), 0)], [0]);
  deepEqual([...slab.copy(new Uint8Array(20).fill(3), 9)], [9, ...new Array(20).fill(3)]);
});
