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
import type { CoordinateOptions } from "./options.ts";
import { PeerTable } from "./peer_table.ts";
import { moveBySample, pullToOrigin } from "./vivaldi.ts";

/** Round trips above this are no measurements of a network, in seconds. */
const RTT_SECONDS_MAX = 10;

/**
 * Learns where the local node is, one ping at a time.
 *
 * Input: the round trip and the coordinate of each answered ping. Output: the own coordinate, and the last accepted one
 * of each node. Invariant: the own coordinate is finite. Bounded: one row of the table per
 * node that is not forgotten.
 */
export class CoordinateClient {
  readonly #options: CoordinateOptions;
  readonly #random: Random;
  readonly #origin: Coordinate;
  #own: MutableCoordinate;
  #resets = 0;
  readonly #peers: PeerTable;
  /** A ring of `adjustmentWindow` differences between measured and estimated; unfilled ones are 0. */
  readonly #adjustments: number[];
  #adjustmentIndex = 0;

  /** @param origin the place that all are pulled to. */
  constructor(options: CoordinateOptions, random: Random, origin: Coordinate = freshCoordinate(options)) {
    this.#options = options;
    this.#random = random;
    this.#origin = origin;
    this.#own = freshCoordinate(options);
    this.#peers = new PeerTable(options);
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
   * @param other as the node sent it; copied.
   * @returns undefined when it was accepted, else why not; then nothing has changed.
   */
  update(node: string, rttSeconds: number, other: Coordinate): string | undefined {
    const fault = this.#faultOf(rttSeconds, other);
    if (fault !== undefined) return fault;
    const row = this.#peers.rowOf(node);
    const rtt = this.#peers.medianWith(row, rttSeconds);
    moveBySample(this.#own, other, rtt, this.#options, this.#random);
    this.#adjust(other, rtt);
    pullToOrigin(this.#own, this.#origin, this.#options, this.#random);
    if (!isFiniteCoordinate(this.#own)) {
      this.#resets++;
      this.#own = freshCoordinate(this.#options);
      // Else what broke the old one would spoil the next as well, for a whole window.
      this.#adjustments.fill(0);
    }
    this.#peers.keep(row, other);
    return undefined;
  }

  /** The last accepted coordinate of a node (as sent by it), in an object of its own, or undefined. */
  coordinateOf(node: string): Coordinate | undefined {
    return this.#peers.get(node);
  }

  /** Whether something is kept of a node. */
  knows(node: string): boolean {
    return this.#peers.has(node);
  }

  /** The estimated round trip to `other`, in seconds. */
  distanceTo(other: Coordinate): number {
    return distanceSeconds(this.#own, other);
  }

  /** Drops all that is kept of a node. */
  forget(node: string): void {
    this.#peers.forget(node);
  }

  /** How many nodes something is kept of. */
  get size(): number {
    return this.#peers.size;
  }

  #faultOf(rttSeconds: number, other: Coordinate): string | undefined {
    if (other.vec.length !== this.#own.vec.length) return "dimensions aren't compatible";
    if (!isFiniteCoordinate(other)) return "coordinate is invalid";
    if (rttSeconds >= 0 && rttSeconds <= RTT_SECONDS_MAX) return undefined;
    return `round trip time of ${rttSeconds}s is not between 0s and ${RTT_SECONDS_MAX}s`;
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
