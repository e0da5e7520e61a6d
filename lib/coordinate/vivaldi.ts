/**
 * Vivaldi (Dabek, Cox, Kaashoek, Morris: "Vivaldi: A Decentralized Network Coordinate System", SIGCOMM 2004), with the
 * height vectors of its section 5.4 and with the adjustment term and the gravity of later work, as Serf combines them.
 * protocol.md D.12. Pure arithmetic on one coordinate that it may change.
 */
import type { Random } from "../base/ports.ts";
import { type Coordinate, distanceSeconds, type MutableCoordinate, vectorDistance } from "./coordinate.ts";
import type { CoordinateOptions } from "./options.ts";

/** Below this a length in seconds counts as zero: two nodes in one place, a round trip of no time. */
const ZERO_SECONDS = 1e-6;

/**
 * One sample: moves `own` along the line to `other` by how much the estimate was wrong, weighted by who is surer.
 *
 * @param rttSeconds the measured (and filtered) round trip.
 */
export function moveBySample(
  own: MutableCoordinate,
  other: Coordinate,
  rttSeconds: number,
  options: CoordinateOptions,
  random: Random,
): void {
  const estimate = distanceSeconds(own, other);
  const rtt = Math.max(rttSeconds, ZERO_SECONDS);
  const wrongness = Math.abs(estimate - rtt) / rtt;
  const weight = own.error / Math.max(own.error + other.error, ZERO_SECONDS);
  const gain = options.errorGain * weight;
  own.error = Math.min(options.errorMax, gain * wrongness + own.error * (1 - gain));
  applyForce(own, other, options.moveGain * weight * (rtt - estimate), options, random);
}

/** Pulls `own` towards the origin, so that the cluster as a whole does not drift away. */
export function pullToOrigin(
  own: MutableCoordinate,
  origin: Coordinate,
  options: CoordinateOptions,
  random: Random,
): void {
  const pull = distanceSeconds(origin, own) / options.gravityRho;
  applyForce(own, origin, -pull * pull, options, random);
}

/** Pushes `own` away from `other` by `force` seconds (towards it when negative). */
function applyForce(
  own: MutableCoordinate,
  other: Coordinate,
  force: number,
  options: CoordinateOptions,
  random: Random,
): void {
  const vec = own.vec;
  const magnitude = vectorDistance(vec, other.vec);
  if (!(magnitude > ZERO_SECONDS)) {
    // In the same place there is no direction: any will do, and heights have no say.
    const unit = randomUnit(vec.length, random);
    for (let i = 0; i < vec.length; i++) vec[i] = vec[i]! + unit[i]! * force;
    return;
  }
  for (let i = 0; i < vec.length; i++) vec[i] = vec[i]! + (vec[i]! - other.vec[i]!) / magnitude * force;
  own.height = Math.max((own.height + other.height) * force / magnitude + own.height, options.heightMin);
}

/** A random direction; the first axis in the all but impossible case that the dice give no direction. */
function randomUnit(dimensions: number, random: Random): number[] {
  const unit = Array.from({ length: dimensions }, () => random.uniform() - 0.5);
  const magnitude = Math.hypot(...unit);
  if (magnitude > ZERO_SECONDS) return unit.map((component) => component / magnitude);
  return unit.map((_, index) => index === 0 ? 1 : 0);
}
