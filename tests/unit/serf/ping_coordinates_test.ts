import { Buffer } from "node:buffer";
import { deepEqual, equal } from "../../support/assert.ts";
import { SeededRandom } from "../../../lib/base/seeded_random.ts";
import { PingCoordinates } from "../../../lib/serf/ping_coordinates.ts";
import { SimClock } from "../../../lib/sim/sim_clock.ts";
import { MsgpackWriter } from "../../../lib/wire/msgpack_writer.ts";
import { RecordingLogger } from "./fakes.ts";

function fixture() {
  const logger = new RecordingLogger();
  const members = new Set(["me", "a"]);
  const random = new SeededRandom(1);
  const coordinates = new PingCoordinates(new SimClock(), random, logger, "me", (name) => members.has(name));
  return { logger, members, coordinates };
}

/** An ack payload with the given Euclidean part. */
function payloadOf(vec: number[], version = 1): Uint8Array {
  const writer = new MsgpackWriter();
  writer.byte(version).mapHeader(4);
  writer.string("Adjustment").float64(0).string("Error").float64(1.5).string("Height").float64(1e-5);
  writer.string("Vec").arrayHeader(vec.length);
  for (const component of vec) writer.float64(component);
  return writer.copy();
}

const ORIGIN = new Array<number>(8).fill(0);

Deno.test("D.12: an ack carries version 1 and a coordinate of eight dimensions, 130 bytes", () => {
  const f = fixture();
  equal(f.coordinates.payload().length, 130);
  equal(f.coordinates.payload()[0], 1);
});

Deno.test("D.12: an answered ping moves the own coordinate, and keeps the other's", () => {
  const f = fixture();
  const before = f.coordinates.payload().slice();
  f.coordinates.onPing("a", 25, payloadOf(ORIGIN));
  deepEqual(f.logger.lines, []);
  deepEqual(f.coordinates.coordinateOf("a"), { vec: ORIGIN, error: 1.5, adjustment: 0, height: 1e-5 });
  equal(f.coordinates.coordinateOf("me")!.error < 1.5, true);
  equal(Buffer.compare(before, f.coordinates.payload()) !== 0, true);
});

Deno.test("D.12: the own coordinate that was handed out does not move", () => {
  const f = fixture();
  const mine = f.coordinates.coordinateOf("me")!;
  f.coordinates.onPing("a", 25, payloadOf(ORIGIN));
  equal(mine.error, 1.5);
});

Deno.test("D.12: nodes of one process each send their own coordinate", () => {
  const a = fixture().coordinates, b = fixture().coordinates;
  const ownOfA = a.payload().slice();
  b.onPing("a", 10, ownOfA);
  const ownOfB = b.payload().slice();
  deepEqual([...a.payload()], [...ownOfA]);
  equal(Buffer.compare(ownOfB, ownOfA) !== 0, true);
});

Deno.test("D.12: an empty payload updates nothing", () => {
  const f = fixture();
  f.coordinates.onPing("a", 25, new Uint8Array(0));
  equal(f.coordinates.coordinateOf("a"), undefined);
  equal(f.coordinates.coordinateOf("me")!.error, 1.5);
  deepEqual(f.logger.lines, []);
});

Deno.test("D.12: wrong dimension, infinity and an absurd round trip are rejected, and nothing is kept", () => {
  const bad: [number, Uint8Array][] = [
    [25, payloadOf([0, 0, 0])],
    [25, payloadOf([Infinity, 0, 0, 0, 0, 0, 0, 0])],
    [25, payloadOf([NaN, 0, 0, 0, 0, 0, 0, 0])],
    [10_001, payloadOf(ORIGIN)],
  ];
  for (const [rttMs, payload] of bad) {
    const f = fixture();
    f.coordinates.onPing("a", rttMs, payload);
    equal(f.coordinates.coordinateOf("a"), undefined);
    equal(f.coordinates.coordinateOf("me")!.error, 1.5);
    equal(f.logger.lines.length, 1);
    equal(f.logger.lines[0]!.startsWith("TRACE serf: Rejected coordinate from a: "), true);
  }
});

Deno.test("D.12: another version and broken bytes are logged as errors, and nothing is kept", () => {
  const f = fixture();
  f.coordinates.onPing("a", 25, payloadOf(ORIGIN, 2));
  f.coordinates.onPing("a", 25, payloadOf(ORIGIN).subarray(0, 40));
  equal(f.logger.lines[0], "ERR serf: Unsupported ping version: 2");
  equal(f.logger.lines[1]!.startsWith("ERR serf: Failed to decode coordinate from ping: "), true);
  equal(f.coordinates.coordinateOf("a"), undefined);
});

Deno.test("PingCoordinates logs a flood at a bounded rate", () => {
  const f = fixture();
  for (let i = 0; i < 1000; i++) f.coordinates.onPing("a", 25, payloadOf(ORIGIN, 2));
  equal(f.logger.lines.length, 10);
});

Deno.test("PingCoordinates keeps nothing of nodes that are no members, and forgets the erased", () => {
  const f = fixture();
  f.coordinates.onPing("stranger", 25, payloadOf(ORIGIN));
  equal(f.coordinates.coordinateOf("stranger"), undefined);
  f.coordinates.onPing("a", 25, payloadOf(ORIGIN));
  f.coordinates.forget("a");
  equal(f.coordinates.coordinateOf("a"), undefined);
});
