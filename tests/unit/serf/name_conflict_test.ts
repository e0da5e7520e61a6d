import { deepEqual, equal } from "../../support/assert.ts";
import { makeNode } from "./fakes.ts";
import { partsFixture } from "./parts.ts";

Deno.test("surface 2.15: a conflict about our own name is an error in the log, and without a vote we stay", () => {
  const f = partsFixture([], { resolveNameConflicts: false });
  f.delegate.onNameConflict(makeNode("me"), Uint8Array.of(127, 0, 0, 9), 7001);
  deepEqual(f.logger.lines, [
    "ERR serf: Node name conflicts with another node at 127.0.0.9:7001. Names must be unique! " +
    "(Resolution enabled: false)",
  ]);
  deepEqual(f.view(), { me: "alive" });
});

Deno.test("surface 2.15: a conflict about another's name is a warning", () => {
  const f = partsFixture(["a"]);
  const other = new Uint8Array(16);
  other[15] = 1;
  f.delegate.onNameConflict(makeNode("a", "127.0.0.2", 7946), other, 7001);
  deepEqual(f.logger.lines, [
    "WARN serf: Name conflict for 'a' both 127.0.0.2:7946 and [::1]:7001 are claiming",
  ]);
});

Deno.test("NameConflicts logs a lasting conflict at a bounded rate", () => {
  const f = partsFixture([], { resolveNameConflicts: false });
  for (let i = 0; i < 600; i++) {
    f.clock.runFor(100);
    f.delegate.onNameConflict(makeNode("me"), Uint8Array.of(127, 0, 0, 9), 7001);
  }
  equal(f.logger.lines.length <= 10, true, `${f.logger.lines.length} lines in a minute`);
});
