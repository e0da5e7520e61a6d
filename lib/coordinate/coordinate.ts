/** A network coordinate, and the distance between two. protocol.md D.12. */
import type { CoordinateOptions } from "./options.ts";

/** Where a node is, in seconds of round-trip time. */
export interface Coordinate {
  /** The Euclidean part. */
  readonly vec: readonly number[];
  /** How wrong the node thinks it is: an average relative error. */
  readonly error: number;
  /** An offset learnt from recent samples, for what the geometry cannot express. May be negative. */
  readonly adjustment: number;
  /** The access link: the part of every distance that no position can shorten. */
  readonly height: number;
}

/** The same, while it is being moved by its owner. */
export interface MutableCoordinate extends Coordinate {
  readonly vec: number[];
  error: number;
  adjustment: number;
  height: number;
}

/** The origin, with the largest error and the least height. */
export function freshCoordinate(options: CoordinateOptions): MutableCoordinate {
  return {
    vec: new Array<number>(options.dimensions).fill(0),
    error: options.errorMax,
    adjustment: 0,
    height: options.heightMin,
  };
}

/** An independent copy. */
export function copyCoordinate({ vec, error, adjustment, height }: Coordinate): MutableCoordinate {
  return { vec: vec.slice(), error, adjustment, height };
}

/** As {@linkcode copyCoordinate}, into one that there is. */
export function copyCoordinateInto(target: MutableCoordinate, source: Coordinate): void {
  const { vec } = source;
  for (let i = 0; i < vec.length; i++) target.vec[i] = vec[i]!;
  target.vec.length = vec.length;
  target.error = source.error;
  target.adjustment = source.adjustment;
  target.height = source.height;
}

/** One to copy or decode into. */
export function createCoordinate(): MutableCoordinate {
  return { vec: [], error: 0, adjustment: 0, height: 0 };
}

/** Whether every component is finite. */
export function isFiniteCoordinate(coordinate: Coordinate): boolean {
  const { vec } = coordinate;
  for (let i = 0; i < vec.length; i++) if (!Number.isFinite(vec[i])) return false;
  return Number.isFinite(coordinate.error) && Number.isFinite(coordinate.adjustment) &&
    Number.isFinite(coordinate.height);
}

/** Distance without the adjustment terms: `|a - b| + heightA + heightB`. Both have the same dimension. */
export function rawDistanceSeconds(a: Coordinate, b: Coordinate): number {
  return vectorDistance(a.vec, b.vec) + a.height + b.height;
}

/**
 * The estimated round-trip time between two nodes, in seconds, cut to whole nanoseconds as Go's durations are.
 * `raw + adjustmentA + adjustmentB`, or raw alone where that is not positive.
 */
export function distanceSeconds(a: Coordinate, b: Coordinate): number {
  const raw = rawDistanceSeconds(a, b);
  const adjusted = raw + a.adjustment + b.adjustment;
  return Math.trunc((adjusted > 0 ? adjusted : raw) * 1e9) / 1e9;
}

/** Euclidean distance. */
export function vectorDistance(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = a[i]! - b[i]!;
    sum += difference * difference;
  }
  return Math.sqrt(sum);
}
