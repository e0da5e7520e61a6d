/**
 * The assertions of `node:assert/strict`, strict in deed: Deno's named exports `equal` and `deepEqual` of that module
 * compare loosely (`equal(1, "1")` passes on 2.4 and 2.9), those of its default export do not.
 */
import strict from "node:assert/strict";

export const deepEqual: typeof strict.deepStrictEqual = strict.deepStrictEqual;
export const equal: typeof strict.strictEqual = strict.strictEqual;
export const notDeepEqual: typeof strict.notDeepStrictEqual = strict.notDeepStrictEqual;
export const notEqual: typeof strict.notStrictEqual = strict.notStrictEqual;
export { doesNotThrow, match, ok, rejects, throws } from "node:assert/strict";
