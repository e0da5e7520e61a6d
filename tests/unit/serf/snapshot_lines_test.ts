import fc from "fast-check";
import { deepEqual, equal, ok } from "../../support/assert.ts";
import { Address } from "../../../lib/base/address.ts";
import {
  aliveLine,
  compactText,
  isRecordable,
  replaySnapshot,
  type SnapshotState,
} from "../../../lib/serf/snapshot_lines.ts";
import { encodeText } from "../../../lib/wire/text.ts";

function replay(text: string | Uint8Array, rejoinAfterLeave = false) {
  const warnings: string[] = [];
  let ignored = 0;
  const bytes = typeof text === "string" ? encodeText(text) : text;
  const { state, isClean } = replaySnapshot(bytes, {
    rejoinAfterLeave,
    warn: (line) => warnings.push(line),
    onLeaveIgnored: () => ignored++,
  });
  const alive = [...state.alive].map(([name, address]) => `${name}=${address}`);
  const clocks = [state.clock, state.eventClock, state.queryClock];
  return { alive, clocks, warnings, ignored, isClean, state };
}

Deno.test("replaySnapshot() reads every kind of line", () => {
  const { alive, clocks, warnings, isClean } = replay(
    "alive: d 127.0.0.14:20004\nalive: b 127.0.0.12:20002\nalive: a b  c 10.0.0.1:7946\n" +
      "alive: six [fd00::1]:7946\nnot-alive: b\nclock: 72\nevent-clock: 16\nquery-clock: 3\n" +
      "coordinate: {}\n# a comment\n",
  );
  deepEqual(alive, ["d=127.0.0.14:20004", "a b  c=10.0.0.1:7946", "six=[fd00::1]:7946"]);
  deepEqual(clocks, [72, 16, 3]);
  deepEqual(warnings, []);
  ok(isClean);
});

Deno.test("replaySnapshot() forgets all at a leave, but not what was written after it", () => {
  const text = "alive: a 10.0.0.1:7946\nclock: 7\nevent-clock: 5\nquery-clock: 6\nleave\nclock: 8\n";
  const obeyed = replay(text);
  deepEqual([obeyed.alive, obeyed.clocks, obeyed.ignored], [[], [8, 0, 0], 0]);
  const ignored = replay(`${text}leave\n`, true);
  deepEqual([ignored.alive, ignored.clocks, ignored.ignored], [["a=10.0.0.1:7946"], [8, 5, 6], 2]);
  deepEqual(replay("clock: 7\nleave \nleaves\n").clocks, [7, 0, 0]);
});

Deno.test("replaySnapshot() warns of lines that mean nothing, in Serf's words, and goes on", () => {
  const { alive, clocks, warnings } = replay(
    "alive: nospace\nalive: x 1.2.3.4:99999\nalive: x host:1\nalive: x 1.2.3.4:p\nclock: x\nclock: 7\nevent-clock: -1\n" +
      "query-clock: 99999999999999999999999\nbogus line\n\nclock:8\nalive: y 1.2.3.4:5\n",
  );
  deepEqual(alive, ["y=1.2.3.4:5"]);
  deepEqual(clocks, [7, 0, 0]);
  deepEqual(warnings, [
    "Failed to parse address: alive: nospace",
    "Failed to parse address: alive: x 1.2.3.4:99999",
    "Failed to parse address: alive: x host:1",
    "Failed to parse address: alive: x 1.2.3.4:p",
    'Failed to convert clock time: strconv.ParseUint: parsing "x": invalid syntax',
    'Failed to convert event clock time: strconv.ParseUint: parsing "-1": invalid syntax',
    'Failed to convert query clock time: strconv.ParseUint: parsing "99999999999999999999999": value out of range',
    "Unrecognized snapshot line: bogus line",
    "Unrecognized snapshot line: ",
    "Unrecognized snapshot line: clock:8",
  ]);
});

Deno.test("replaySnapshot() takes times in decimal digits, up to the last one there can be", () => {
  deepEqual(replay("clock: 9007199254740990\nevent-clock: 007\n").clocks, [9007199254740990, 7, 0]);
  for (const time of ["9007199254740991", "", "1e3", "0x10", " 5", "5 ", "+5", "1.0", "Infinity"]) {
    const { clocks, warnings } = replay(`query-clock: 4\nquery-clock: ${time}\n`);
    deepEqual([clocks, warnings.length], [[0, 0, 4], 1], time);
  }
});

Deno.test("replaySnapshot() takes ports up to 65535, in digits", () => {
  deepEqual(replay("alive: x 1.2.3.4:65535\n").alive, ["x=1.2.3.4:65535"]);
  for (const port of ["65536", "", "0x1", "-1", "1e3", "000001"]) {
    const { alive, warnings } = replay(`alive: x 1.2.3.4:${port}\n`);
    deepEqual([alive, warnings], [[], [`Failed to parse address: alive: x 1.2.3.4:${port}`]]);
  }
});

Deno.test("replaySnapshot() keeps the order of the newest lines, which is that of rejoining", () => {
  const { alive } = replay("alive: a 1.2.3.4:1\nalive: b 1.2.3.4:2\nalive: a 1.2.3.4:3\n");
  deepEqual(alive, ["b=1.2.3.4:2", "a=1.2.3.4:3"]);
});

Deno.test("replaySnapshot() ignores a torn last line and NULs, and says that nothing can follow them", () => {
  const torn = replay("clock: 12\nalive: a 10.0.0.1:79");
  deepEqual([torn.alive, torn.clocks, torn.warnings, torn.isClean], [[], [12, 0, 0], [], false]);
  const hole = replay("clock: 12\n\0\0\0\0clock: 13\nevent-\0\0clock: 4\nquery-clock: 2\n");
  deepEqual([hole.clocks, hole.warnings, hole.isClean], [[13, 0, 2], [], false]);
  equal(replay("clock: 12\n\0\0\0").isClean, false);
  equal(replay("").isClean, true);
});

Deno.test("A compacted snapshot tells the same, whatever the names", () => {
  const name = fc.uint8Array({ maxLength: 12 }).map((bytes) => String.fromCharCode(...bytes))
    .filter(isRecordable);
  const ip = fc.constantFrom("10.0.0.1", "fd00::7", "::", "255.255.255.255");
  const node = fc.tuple(name, ip, fc.nat(65_535));
  const time = fc.nat(Number.MAX_SAFE_INTEGER - 1);
  fc.assert(fc.property(fc.array(node), time, time, time, (nodes, clock, eventClock, queryClock) => {
    const alive = new Map(nodes.map(([key, host, port]) => [key, Address.fromHost(host, port)]));
    const state: SnapshotState = { alive, clock, eventClock, queryClock };
    const read = replay(compactText(state, false));
    deepEqual(read.warnings, []);
    deepEqual(read.alive, [...alive].map(([key, address]) => `${key}=${address}`));
    deepEqual(read.clocks, [clock, eventClock, queryClock]);
    deepEqual(replay(compactText(state, true)).alive, []);
  }));
});

Deno.test("Names that are no UTF-8 come back as they were; those that no line can hold are not recorded", () => {
  const odd = "a\udcff b";
  const line = encodeText(aliveLine(odd, Address.fromHost("10.0.0.1", 1)));
  ok(line.includes(0xff));
  deepEqual([...replay(line).state.alive.keys()], [odd]);
  ok(!isRecordable("evil\nleave"));
  ok(!isRecordable("nul\0"));
  ok(isRecordable(" tab\t and space "));
});

Deno.test("replaySnapshot() takes any bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    replay(bytes);
  }));
});
