/** Who waits for which ack: sequence numbers of pings under way. */

/** Somebody who waits for the answer to a ping. */
export interface AckSink {
  /** The first ack came; there will be no other. @param payload borrowed; empty when the peer sent none. */
  onAck(payload: Uint8Array): void;
  /** A helper says that it got no ack either. May come several times. */
  onNack(): void;
}

/** Pings that we keep track of at once. A probe needs one, each ping on behalf of another node needs one. */
const PENDING_MAX = 1024;

/**
 * Pings under way, by sequence number. An entry goes with its first ack or when its owner gives up; what nobody waits
 * for is ignored, as late and duplicated acks are normal. protocol.md C.10.
 */
export class AckRegistry {
  /**
   * Who waits for the ack of `#lastSeqNo`. It is nearly always the only one, that of our own probe, and costs no map: a
   * field is read and written with what lies beside it, a map is three more places to go to.
   */
  #newest: AckSink | undefined = undefined;
  #lastSeqNo = 0;
  /** All others; made for the first of them. Bounded: PENDING_MAX. */
  #older: Map<number, AckSink> | undefined = undefined;

  /** How many pings are under way. */
  get size(): number {
    return (this.#older?.size ?? 0) + (this.#newest === undefined ? 0 : 1);
  }

  /** Whether so many are under way that a stranger's wish for another ping is refused. */
  get isFull(): boolean {
    return this.size >= PENDING_MAX;
  }

  /** Registers `sink` under a new sequence number (32 bits, wraps; numbers in use are passed over). */
  register(sink: AckSink): number {
    if (this.#newest !== undefined) (this.#older ??= new Map()).set(this.#lastSeqNo, this.#newest);
    do this.#lastSeqNo = (this.#lastSeqNo + 1) >>> 0; while (this.#older?.has(this.#lastSeqNo));
    this.#newest = sink;
    return this.#lastSeqNo;
  }

  /** The owner gives up. Harmless when the ack has come. */
  release(seqNo: number): void {
    if (seqNo === this.#lastSeqNo) this.#newest = undefined;
    else this.#older?.delete(seqNo);
  }

  /** @returns whether somebody waited for it. */
  onAck(seqNo: number, payload: Uint8Array): boolean {
    const sink = this.#sinkOf(seqNo);
    if (sink === undefined) return false;
    this.release(seqNo);
    sink.onAck(payload);
    return true;
  }

  /** @returns whether somebody waits for it. */
  onNack(seqNo: number): boolean {
    const sink = this.#sinkOf(seqNo);
    sink?.onNack();
    return sink !== undefined;
  }

  #sinkOf(seqNo: number): AckSink | undefined {
    return seqNo === this.#lastSeqNo ? this.#newest : this.#older?.get(seqNo);
  }
}
