/** The local node's coordinate, and what it has heard of others'. protocol.md D.12. */
import type { Random } from "../base/ports.ts";
import {
  type Coordinate,
  distanceSeconds,
  freshCoordinate,
  isFiniteCoordinate,
  type MutableCoordinate,
  rawDistanceSeconds,
} from "./coordinate.ts";
import { LatencyFilter } from "./latency_filter.ts";
import type { CoordinateOptions } from "./options.ts";
import { moveBySample, pullToOrigin } from "./vivaldi.ts";

/** Round trips above this are no measurements of a network, in seconds. */
const RTT_SECONDS_MAX = 10;

/**
 * Learns where the local node is, one ping at a time.
 *
 * Input: the round trip and the coordinate of each answered ping. Output: the own coordinate, and the last accepted one
 * of each node. Invariant: the own coordinate is finite. Bounded: one filter and one coordinate per node that is
 * not forgotten.
 */
export class CoordinateClient {
  readonly #options: CoordinateOptions;
  readonly #random: Random;
  readonly #origin: Coordinate;
  #own: MutableCoordinate;
  #resets = 0;
  // Bounded: one entry per known node; forget() removes it.
  readonly #filters = new Map<string, LatencyFilter>();
  // Bounded: one entry per known node; forget() removes it.
  readonly #others = new Map<string, Coordinate>();
  /** A ring of `adjustmentWindow` differences between measured and estimated; unfilled ones are 0. */
  readonly #adjustments: number[];
  #adjustmentIndex = 0;

  constructor(options: CoordinateOptions, random: Random) {
    this.#options = options;
    this.#random = random;
    this.#origin = freshCoordinate(options);
    this.#own = freshCoordinate(options);
    this.#adjustments = new Array<number>(options.adjustmentWindow).fill(0);
  }

  /** The local node's coordinate, live: it changes with each update. */
  get coordinate(): Coordinate {
    return this.#own;
  }

  /** How often the own coordinate was thrown away because it had become infinite or no number. */
  get resets(): number {
    return this.#resets;
  }

  /**
   * Learns from an answered ping.
   *
   * @param rttSeconds 0 to 10.
   * @param other as the node sent it; kept from then on.
   * @returns undefined when it was accepted, else why not; then nothing has changed.
   */
  update(node: string, rttSeconds: number, other: Coordinate): string | undefined {
    const fault = this.#faultOf(rttSeconds, other);
    if (fault !== undefined) return fault;
    const rtt = this.#filterOf(node).add(rttSeconds);
    moveBySample(this.#own, other, rtt, this.#options, this.#random);
    this.#adjust(other, rtt);
    pullToOrigin(this.#own, this.#origin, this.#options, this.#random);
    if (!isFiniteCoordinate(this.#own)) {
      this.#resets++;
      this.#own = freshCoordinate(this.#options);
      // Else what broke the old one would spoil the next as well, for a whole window.
      this.#adjustments.fill(0);
    }
    this.#others.set(node, other);
    return undefined;
  }

  /** The last accepted coordinate of a node (as sent by it), or undefined. */
  coordinateOf(node: string): Coordinate | undefined {
    return this.#others.get(node);
  }

  /** The estimated round trip to `other`, in seconds. */
  distanceTo(other: Coordinate): number {
    return distanceSeconds(this.#own, other);
  }

  /** Drops all that is kept of a node. */
  forget(node: string): void {
    this.#filters.delete(node);
    this.#others.delete(node);
  }

  /** How many nodes something is kept of. */
  get size(): number {
    return this.#filters.size;
  }

  #faultOf(rttSeconds: number, other: Coordinate): string | undefined {
    if (other.vec.length !== this.#own.vec.length) return "dimensions aren't compatible";
    if (!isFiniteCoordinate(other)) return "coordinate is invalid";
    if (rttSeconds >= 0 && rttSeconds <= RTT_SECONDS_MAX) return undefined;
    return `round trip time of ${rttSeconds}s is not between 0s and ${RTT_SECONDS_MAX}s`;
  }

  #filterOf(node: string): LatencyFilter {
    let filter = this.#filters.get(node);
    if (filter === undefined) {
      filter = new LatencyFilter(this.#options.latencyFilterSize);
      this.#filters.set(node, filter);
    }
    return filter;
  }

  #adjust(other: Coordinate, rttSeconds: number): void {
    const ring = this.#adjustments;
    if (ring.length === 0) return;
    ring[this.#adjustmentIndex] = rttSeconds - rawDistanceSeconds(this.#own, other);
    this.#adjustmentIndex = (this.#adjustmentIndex + 1) % ring.length;
    let sum = 0;
    for (const difference of ring) sum += difference;
    this.#own.adjustment = sum / (2 * ring.length);
  }
}
