import { equal, ok, throws } from "../../support/assert.ts";
import { NAMES, noSpreadVerdicts, noVerdicts, others } from "../../faults/fault_cluster.ts";
import { slopePerMinute } from "../../faults/soak.ts";
import type { Usage } from "../../faults/usage.ts";
import { median } from "../../../scripts/bench/measure.ts";

const usage = (atMs: number, residentKib: number): Usage => {
  return { atMs, residentKib, anonymousKib: 0, threads: 4, files: 20, wakeUps: 0 };
};

Deno.test("slopePerMinute() is the slope of a line, and of one through what scatters about it", () => {
  equal(slopePerMinute([usage(0, 100), usage(30_000, 150), usage(60_000, 200)], "residentKib"), 100);
  equal(slopePerMinute([usage(0, 100), usage(30_000, 180), usage(60_000, 200)], "residentKib"), 100);
  equal(slopePerMinute([usage(0, 7), usage(30_000, 8)], "files"), 0);
});

Deno.test("median() is the middle one, however they come", () => {
  equal(median([30, 4, 5]), 5);
});

Deno.test("noVerdicts() holds what the healthy say of each other against them, and nothing else", () => {
  const verdict = { by: "o01", member: "o02", line: "" };
  throws(() => noVerdicts([verdict], NAMES), /1 false/);
  noVerdicts([verdict], others(["o02"]));
  noVerdicts([verdict], others(["o01"]));
});

Deno.test("noSpreadVerdicts() lets a few be wrong about one, not more", () => {
  const by = (count: number) => NAMES.slice(0, count).map((by) => ({ by, member: "h05", line: "" }));
  noSpreadVerdicts(by(3), 3);
  throws(() => noSpreadVerdicts(by(4), 3), /h05 was declared failed by o01,o02,o03,o04/);
  ok(NAMES.length === 25);
});
