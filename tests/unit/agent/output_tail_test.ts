import { deepEqual, equal } from "../../support/assert.ts";
import fc from "fast-check";
import { OutputTail } from "../../../lib/agent/output_tail.ts";

Deno.test("OutputTail.bytes() is nothing before anything was written", () => {
  deepEqual(new OutputTail(4).bytes(), new Uint8Array(0));
});

Deno.test("OutputTail.bytes() is the end of all chunks together, whatever their sizes", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 10 }), (chunks) => {
    const tail = new OutputTail(7);
    for (const chunk of chunks) tail.write(chunk);
    const all = chunks.flatMap((chunk) => [...chunk]);
    equal(tail.total, all.length);
    deepEqual([...tail.bytes()], all.slice(-7));
  }));
});

Deno.test("OutputTail.bytes() is a copy of what was lent", () => {
  const tail = new OutputTail(4), chunk = new Uint8Array([1, 2]);
  tail.write(chunk);
  chunk.fill(9);
  const first = tail.bytes();
  tail.write(new Uint8Array([3, 4, 5]));
  deepEqual([...first], [1, 2]);
  deepEqual([...tail.bytes()], [2, 3, 4, 5]);
});
