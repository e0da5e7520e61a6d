import { deepEqual } from "../../support/assert.ts";
import fc from "fast-check";
import type { ConfigLayer } from "../../../lib/agent/config_layer.ts";
import { mergeLayers } from "../../../lib/agent/config_merge.ts";

const CASES:
  readonly (readonly [what: string, earlier: ConfigLayer, later: ConfigLayer, merged: ConfigLayer])[] = [
    ["text: the later one wins", { bind: "a" }, { bind: "b" }, { bind: "b" }],
    ["text: an empty one does not", { bind: "a" }, { bind: "" }, { bind: "a" }],
    ["flag: true stays", { replayOnJoin: true }, { replayOnJoin: false }, { replayOnJoin: true }],
    ["flag: later true", { replayOnJoin: false }, { replayOnJoin: true }, { replayOnJoin: true }],
    ["integer: 0 does not override", { retryMaxAttempts: 3 }, { retryMaxAttempts: 0 }, {
      retryMaxAttempts: 3,
    }],
    ["integer: a negative one does", { retryMaxAttempts: 3 }, { retryMaxAttempts: -1 }, {
      retryMaxAttempts: -1,
    }],
    ["protocol: only above 0", { protocol: 4 }, { protocol: -1 }, { protocol: 4 }],
    ["duration: 0 is a no-op", { retryIntervalMs: 5 }, { retryIntervalMs: 0 }, { retryIntervalMs: 5 }],
    ["duration: negative is not", { retryIntervalMs: 5 }, { retryIntervalMs: -5 }, { retryIntervalMs: -5 }],
    ["list: appended", { startJoin: ["a"] }, { startJoin: ["b", "a"] }, { startJoin: ["a", "b", "a"] }],
    [
      "map: per key",
      { tags: new Map([["a", "1"], ["b", "1"]]) },
      { tags: new Map([["b", "2"], ["c", ""]]) },
      { tags: new Map([["a", "1"], ["b", "2"], ["c", ""]]) },
    ],
    ["unset fields leave all alone", { bind: "a", protocol: 3 }, {}, { bind: "a", protocol: 3 }],
  ];

Deno.test("mergeLayers() follows the class of each field", () => {
  for (const [what, earlier, later, merged] of CASES) deepEqual(mergeLayers(earlier, later), merged, what);
});

Deno.test("mergeLayers() is associative", () => {
  const layer: fc.Arbitrary<ConfigLayer> = fc.record({
    bind: fc.constantFrom("", "a", "b"),
    replayOnJoin: fc.boolean(),
    retryMaxAttempts: fc.integer({ min: -1, max: 2 }),
    protocol: fc.integer({ min: -1, max: 2 }),
    startJoin: fc.array(fc.constantFrom("x", "y")),
    tags: fc.dictionary(fc.constantFrom("k", "l"), fc.string()).map((tags) => new Map(Object.entries(tags))),
  }, { requiredKeys: [] });
  // What is absent and what is there without an effect are the same to every reader.
  const known = (merged: ConfigLayer) =>
    Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined && value !== ""));
  const bare = (merged: ConfigLayer) => {
    const fields = known(merged);
    if (!(fields["protocol"] as number > 0)) delete fields["protocol"];
    return fields;
  };
  fc.assert(fc.property(layer, layer, layer, (a, b, c) => {
    deepEqual(bare(mergeLayers(mergeLayers(a, b), c)), bare(mergeLayers(a, mergeLayers(b, c))));
  }));
});
