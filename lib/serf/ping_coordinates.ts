/** Network coordinates as they travel: ours in every ack, others' out of theirs. protocol.md D.12. */
import { WireError } from "../base/errors.ts";
import { type MetricsSink, NO_METRICS } from "../base/metrics.ts";
import { LogLimiter } from "../base/log_limiter.ts";
import { type Clock, type Logger, LogLevel, type Random } from "../base/ports.ts";
import { CoordinateClient } from "../coordinate/coordinate_client.ts";
import {
  COORDINATE_PAYLOAD_VERSION,
  decodeCoordinatePayload,
  encodeCoordinatePayloadInto,
} from "../coordinate/coordinate_codec.ts";
import {
  type Coordinate,
  copyCoordinate,
  copyCoordinateInto,
  createCoordinate,
  distanceSeconds,
  freshCoordinate,
} from "../coordinate/coordinate.ts";
import { resolveCoordinateOptions } from "../coordinate/options.ts";
import { MsgpackReader } from "../wire/msgpack_reader.ts";
import { MsgpackWriter } from "../wire/msgpack_writer.ts";

/** Lines about bad coordinates that may come at once, and per second in the long run. */
const LOG_BURST = 10;
const LOG_PER_SECOND = 1;

// Coding is synchronous and never re-entered: one reader, and what it reads, serves all.
const reader = new MsgpackReader();
const writer = new MsgpackWriter(160);
const received = createCoordinate();
const before = createCoordinate();

// All nodes agree on them: in a simulation they share them.
const OPTIONS = resolveCoordinateOptions();
const ORIGIN = freshCoordinate(OPTIONS);

/** The coordinate system of one node, behind the acks of memberlist's pings. */
export class PingCoordinates {
  readonly #client: CoordinateClient;
  readonly #limiter: LogLimiter;
  readonly #localName: string;
  readonly #isMember: (name: string) => boolean;
  readonly #metrics: MetricsSink;
  #payload: Uint8Array = new Uint8Array(0);
  /** Whether the payload holds the present coordinate: it changes with every probe, but is asked for at every ping. */
  #encoded = false;

  /** @param isMember whether a node's coordinate is worth keeping; it is forgotten when the member is erased. */
  constructor(
    clock: Clock,
    random: Random,
    logger: Logger,
    localName: string,
    isMember: (name: string) => boolean,
    metrics: MetricsSink = NO_METRICS,
  ) {
    this.#metrics = metrics;
    this.#client = new CoordinateClient(OPTIONS, random, ORIGIN);
    this.#limiter = new LogLimiter(clock, logger, LOG_BURST, LOG_PER_SECOND);
    this.#localName = localName;
    this.#isMember = isMember;
  }

  /** How often our own coordinate had to be thrown away. */
  get resets(): number {
    return this.#client.resets;
  }

  /** The payload for an ack. Borrowed until the next call. */
  payload(): Uint8Array {
    if (!this.#encoded) {
      writer.reset();
      encodeCoordinatePayloadInto(writer, this.#client.coordinate);
      if (this.#payload.length === writer.length) this.#payload.set(writer.view());
      else this.#payload = writer.copy();
      this.#encoded = true;
    }
    return this.#payload;
  }

  /**
   * A ping was answered.
   *
   * @param payload the ack's; borrowed. Empty: the peer has no coordinate.
   */
  onPing(node: string, rttMs: number, payload: Uint8Array): void {
    if (payload.length === 0) return;
    // Who is known here is a member still: else it would have been forgotten.
    if (!this.#client.knows(node) && !this.#isMember(node)) return;
    const version = payload[0]!;
    if (version !== COORDINATE_PAYLOAD_VERSION) {
      this.#limiter.log(LogLevel.error, `serf: Unsupported ping version: ${version}`);
      return;
    }
    try {
      const other = decodeCoordinatePayload(reader, payload, received);
      copyCoordinateInto(before, this.#client.coordinate);
      const fault = this.#client.update(node, rttMs / 1000, other);
      if (fault === undefined) this.#onMoved(rttMs);
      else this.#onRejected(node, fault);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#limiter.log(LogLevel.error, `serf: Failed to decode coordinate from ping: ${error.message}`);
    }
  }

  #onMoved(rttMs: number): void {
    this.#encoded = false;
    if (rttMs === 0) this.#metrics.counter("serf.coordinate.zero-rtt", 1);
    const movedMs = 1000 * distanceSeconds(before, this.#client.coordinate);
    this.#metrics.sample("serf.coordinate.adjustment-ms", movedMs);
  }

  #onRejected(node: string, fault: string): void {
    this.#metrics.counter("serf.coordinate.rejected", 1);
    this.#limiter.log(LogLevel.trace, `serf: Rejected coordinate from ${node}: ${fault}`);
  }

  /** The last known coordinate of a node, our own included. */
  coordinateOf(node: string): Coordinate | undefined {
    return node === this.#localName
      ? copyCoordinate(this.#client.coordinate)
      : this.#client.coordinateOf(node);
  }

  /** Drops what is kept of a node. */
  forget(node: string): void {
    this.#client.forget(node);
  }
}
