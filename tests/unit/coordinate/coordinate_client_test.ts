import { deepEqual, equal, ok, throws } from "../../support/assert.ts";
import fc from "fast-check";
import { SeededRandom } from "../../../lib/base/seeded_random.ts";
import {
  type Coordinate,
  distanceSeconds,
  freshCoordinate,
  isFiniteCoordinate,
  rawDistanceSeconds,
} from "../../../lib/coordinate/coordinate.ts";
import { CoordinateClient } from "../../../lib/coordinate/coordinate_client.ts";
import { resolveCoordinateOptions } from "../../../lib/coordinate/options.ts";
import { PeerTable } from "../../../lib/coordinate/peer_table.ts";

const OPTIONS = resolveCoordinateOptions();

function at(vec: number[], height = 0, adjustment = 0, error = 1.5): Coordinate {
  return { vec: [...vec, ...new Array<number>(8 - vec.length).fill(0)], height, adjustment, error };
}

function client(seed = 1): CoordinateClient {
  return new CoordinateClient(OPTIONS, new SeededRandom(seed, "coordinate"));
}

Deno.test("freshCoordinate() is the origin with the largest error and the least height", () => {
  deepEqual(freshCoordinate(OPTIONS), {
    vec: [0, 0, 0, 0, 0, 0, 0, 0],
    error: 1.5,
    adjustment: 0,
    height: 1e-5,
  });
});

Deno.test("distanceSeconds() adds heights and adjustments, and ignores adjustments that would make it negative", () => {
  const a = at([3, 4], 1), b = at([0, 0], 2);
  equal(rawDistanceSeconds(a, b), 8);
  equal(distanceSeconds(a, b), 8);
  equal(distanceSeconds(at([3, 4], 1, 0.5), at([], 2, -0.25)), 8.25);
  equal(distanceSeconds(at([3, 4], 1, -9), b), 8);
});

Deno.test("distanceSeconds() is cut to whole nanoseconds, as in Go", () => {
  equal(distanceSeconds(at([1.2345678912]), at([])), 1.234567891);
  equal(distanceSeconds(at([0.9e-9]), at([])), 0);
});

Deno.test("PeerTable.medianWith() gives the median of the last three, and the larger of two", () => {
  const peers = new PeerTable(OPTIONS);
  const row = peers.rowOf("a");
  deepEqual([0.2, 0.4, 0.3, 0.9, 0.1].map((rtt) => peers.medianWith(row, rtt)), [0.2, 0.4, 0.3, 0.4, 0.3]);
});

Deno.test("PeerTable keeps each node's own numbers while it grows, and starts over with one that was forgotten", () => {
  const peers = new PeerTable(OPTIONS);
  const names = Array.from({ length: 50 }, (_, index) => `n${index}`);
  const sent = names.map((_, index) => at([index, -index], index / 2, index / 4, index / 8));
  names.forEach((name, index) => {
    const row = peers.rowOf(name);
    peers.medianWith(row, index);
    peers.keep(row, sent[index]!);
  });
  deepEqual(names.map((name) => peers.get(name)), sent);
  peers.forget("n7");
  peers.forget("n7");
  equal(peers.get("n7"), undefined);
  equal(peers.has("n7"), false);
  const row = peers.rowOf("new");
  equal(peers.medianWith(row, 3), 3);
  peers.keep(row, sent[1]!);
  deepEqual(["n6", "new", "n8"].map((name) => peers.get(name)), [sent[6], sent[1], sent[8]]);
  equal(peers.medianWith(peers.rowOf("n8"), 9), 9);
  equal(peers.size, 50);
});

Deno.test("PeerTable takes no more memory when nodes come and go", () => {
  const peers = new PeerTable(OPTIONS);
  for (let i = 0; i < 100; i++) {
    peers.rowOf(`n${i}`);
    if (i >= 10) peers.forget(`n${i - 10}`);
  }
  deepEqual([peers.size, peers.rowCount], [10, 11]);
});

Deno.test("CoordinateClient.update() moves towards a node that is nearer than estimated, away from a farther one", () => {
  const subject = client();
  const other = at([0.001], 0, 0, 0.1);
  equal(subject.update("far", 0.2, other), undefined);
  const away = subject.distanceTo(other);
  ok(away > 0.001 && away < 0.2, `${away}`);
  ok(subject.coordinate.vec[0]! < 0, "straight away from the other");
  for (let i = 0; i < 50; i++) subject.update("far", 0.2, other);
  ok(Math.abs(subject.distanceTo(other) - 0.2) < 0.01, `${subject.distanceTo(other)}`);
  for (let i = 0; i < 50; i++) subject.update("far", 0.05, other);
  ok(Math.abs(subject.distanceTo(other) - 0.05) < 0.01, `${subject.distanceTo(other)}`);
});

Deno.test("CoordinateClient.update() computes one step as protocol.md D.12 spells it", () => {
  // Strong gravity, so that its part can be seen.
  const options = resolveCoordinateOptions({ gravityRho: 0.5 });
  const subject = new CoordinateClient(options, new SeededRandom(1));
  const other = at([0.003, 0.004], 1e-5, 0, 0.5);
  subject.update("x", 0.02, other);
  const distance = 0.00502, gain = 0.25 * 1.5 / 2;
  const force = gain * (0.02 - distance);
  const height = (2e-5) * force / 0.005 + 1e-5;
  const error = gain * (0.02 - distance) / 0.02 + 1.5 * (1 - gain);
  const x = -0.6 * force, y = -0.8 * force;
  const raw = Math.hypot(0.003 - x, 0.004 - y) + height + 1e-5;
  const adjustment = (0.02 - raw) / 40;
  const toOrigin = Math.hypot(x, y) + height + 1e-5 + adjustment;
  const pull = -((toOrigin / 0.5) ** 2);
  // Within what cutting the distances to whole nanoseconds can do.
  const near = (actual: number, expected: number, what: string) =>
    ok(Math.abs(actual - expected) < 2e-8, `${what}: ${actual}, expected ${expected}`);
  near(subject.coordinate.error, error, "error");
  near(subject.coordinate.adjustment, adjustment, "adjustment");
  near(subject.coordinate.vec[0]!, x - 0.6 * pull, "x");
  near(subject.coordinate.vec[1]!, y - 0.8 * pull, "y");
  near(
    subject.coordinate.height,
    Math.max(1e-5, (height + 1e-5) * pull / Math.hypot(x, y) + height),
    "height",
  );
});

Deno.test("CoordinateClient.update() leaves one place in a random direction, the same for the same seed", () => {
  const [one, same, another] = [client(1), client(1), client(2)];
  for (const subject of [one, same, another]) subject.update("twin", 0.1, freshCoordinate(OPTIONS));
  ok(Math.hypot(...one.coordinate.vec) > 0.001);
  equal(one.coordinate.height, 1e-5, "heights have no say in one place");
  deepEqual(one.coordinate, same.coordinate);
  ok(one.coordinate.vec[0] !== another.coordinate.vec[0]);
});

Deno.test("CoordinateClient.update() refuses what cannot be used, and changes nothing", () => {
  const subject = client();
  const good = at([0.1]);
  const bad: [number, Coordinate, RegExp][] = [
    [0.1, { ...good, vec: [1, 2] }, /dimensions aren't compatible/],
    [0.1, { ...good, vec: [] }, /dimensions aren't compatible/],
    [0.1, at([NaN]), /coordinate is invalid/],
    [0.1, { ...good, height: Infinity }, /coordinate is invalid/],
    [0.1, { ...good, error: NaN }, /coordinate is invalid/],
    [0.1, { ...good, adjustment: -Infinity }, /coordinate is invalid/],
    [-0.001, good, /round trip time/],
    [10.001, good, /round trip time/],
    [NaN, good, /round trip time/],
  ];
  for (const [rtt, other, fault] of bad) {
    const answer = subject.update("x", rtt, other);
    ok(answer !== undefined && fault.test(answer), `${answer}`);
  }
  deepEqual(subject.coordinate, freshCoordinate(OPTIONS));
  equal(subject.coordinateOf("x"), undefined);
  equal(subject.size, 0);
  equal(subject.update("x", 0, good), undefined);
  equal(subject.update("x", 10, good), undefined);
});

Deno.test("CoordinateClient.update() filters each node by itself", () => {
  const other = at([0.01]);
  const subject = client(), steady = client();
  for (let i = 0; i < 2; i++) {
    subject.update("a", 0.01, other);
    steady.update("a", 0.01, other);
  }
  subject.update("a", 9, other);
  steady.update("a", 0.01, other);
  deepEqual(subject.coordinate, steady.coordinate);
  subject.update("b", 9, other);
  ok(subject.distanceTo(other) > 0.1, "the first sample of another node counts");
});

Deno.test("CoordinateClient.update() resets a coordinate that is finite no more", () => {
  const subject = client();
  equal(subject.update("x", 1, at([1e300], 0, 0, 1e-300)), undefined);
  equal(subject.resets, 1);
  deepEqual(subject.coordinate, freshCoordinate(OPTIONS));
  subject.update("y", 0.01, at([0.01]));
  equal(subject.resets, 1, "nothing of what broke the old one is left to break the new one");
  ok(subject.coordinate.vec[0] !== 0);
});

Deno.test("CoordinateClient stays finite whatever finite coordinates it is told", () => {
  const double = fc.double({ noNaN: true, noDefaultInfinity: true });
  const sample = fc.record({
    rtt: fc.double({ min: 0, max: 10, noNaN: true }),
    other: fc.record({
      vec: fc.array(double, { minLength: 8, maxLength: 8 }),
      error: double,
      adjustment: double,
      height: double,
    }),
  });
  fc.assert(fc.property(fc.array(sample, { maxLength: 20 }), (samples) => {
    const subject = client();
    for (const { rtt, other } of samples) {
      equal(subject.update("x", rtt, other), undefined);
      ok(isFiniteCoordinate(subject.coordinate));
    }
  }));
});

Deno.test("CoordinateClient.forget() drops the filter and the last coordinate of a node", () => {
  const subject = client();
  const other = at([0.01]);
  subject.update("x", 0.01, other);
  deepEqual(subject.coordinateOf("x"), other);
  equal(subject.size, 1);
  subject.forget("x");
  equal(subject.coordinateOf("x"), undefined);
  equal(subject.size, 0);
});

Deno.test("resolveCoordinateOptions() names the field that is out of range", () => {
  throws(() => resolveCoordinateOptions({ dimensions: 0 }), { name: "OptionError", option: "dimensions" });
  throws(() => resolveCoordinateOptions({ heightMin: 0 }), { name: "OptionError", option: "heightMin" });
  equal(resolveCoordinateOptions({ adjustmentWindow: 0 }).adjustmentWindow, 0);
});
