/** What peers may cost us in streams and memory, and the account that holds them to it. */

/** The bounds on the streams of one direction, inbound or outbound. */
export interface StreamLimits {
  /** Streams open at once. */
  readonly openMax: number;
  /** Of these, streams that hold more than `largeBytes`. */
  readonly largeMax: number;
  /** Up to here a stream's buffer is small, and not counted against `largeMax`. */
  readonly largeBytes: number;
  /** Bytes held in the buffers of all streams together. */
  readonly bufferedBytesMax: number;
}

/**
 * The limits of the gossip transport. A push/pull of a large cluster is a few hundred kilobytes, and 20 MiB at the
 * very most; more than 127 of them at once the Go agents refuse as well (protocol.md B).
 */
export const STREAM_LIMITS: StreamLimits = Object.freeze({
  openMax: 1024,
  largeMax: 128,
  largeBytes: 64 * 1024,
  bufferedBytesMax: 64 * 1024 * 1024,
});

/**
 * The account of one direction. Inbound and outbound streams have one each, so that strangers who use up the inbound
 * one cannot keep us from our own push/pulls.
 */
export class StreamBudget {
  readonly #limits: StreamLimits;
  #open = 0;
  #large = 0;
  #bufferedBytes = 0;

  constructor(limits: StreamLimits = STREAM_LIMITS) {
    this.#limits = limits;
  }

  /** How many streams are open. */
  get open(): number {
    return this.#open;
  }

  /** How many bytes all streams hold. */
  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /** @returns the share of a new stream, or undefined when too many are open. */
  tryOpen(): StreamShare | undefined {
    if (this.#open >= this.#limits.openMax) return undefined;
    this.#open++;
    return new StreamShare(this);
  }

  /** For {@linkcode StreamShare} alone: moves one stream from `before` to `after` bytes, if the limits allow it. */
  move(before: number, after: number): boolean {
    const bufferedBytes = this.#bufferedBytes - before + after;
    const large = this.#large - this.#countsAsLarge(before) + this.#countsAsLarge(after);
    if (after > before && (bufferedBytes > this.#limits.bufferedBytesMax || large > this.#limits.largeMax)) {
      return false;
    }
    this.#bufferedBytes = bufferedBytes;
    this.#large = large;
    return true;
  }

  /** For {@linkcode StreamShare} alone. */
  closeOne(): void {
    this.#open--;
  }

  #countsAsLarge(bytes: number): number {
    return bytes > this.#limits.largeBytes ? 1 : 0;
  }
}

/** What one open stream holds of a {@linkcode StreamBudget}. */
export class StreamShare {
  readonly #budget: StreamBudget;
  #bytes = 0;
  #closed = false;

  /** Use {@linkcode StreamBudget.tryOpen}. */
  constructor(budget: StreamBudget) {
    this.#budget = budget;
  }

  /** Says that the stream now holds `bytes`. @returns false, with nothing changed, when a limit forbids it. */
  resize(bytes: number): boolean {
    if (!this.#budget.move(this.#bytes, bytes)) return false;
    this.#bytes = bytes;
    return true;
  }

  /** Gives everything back. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.resize(0);
    this.#budget.closeOne();
  }
}
