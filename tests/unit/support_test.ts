import strict from "node:assert/strict";
import { deepEqual, equal, notDeepEqual, notEqual } from "../support/assert.ts";

Deno.test("our assertions tell a number from its text", () => {
  strict.throws(() => equal<unknown>(1, "1"));
  strict.throws(() => deepEqual<unknown>({ a: 1 }, { a: "1" }));
  notEqual(1, "1");
  notDeepEqual([1], ["1"]);
});
