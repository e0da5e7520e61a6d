/**
 * What peers may cost us in streams and memory, and the account that holds them to it.
 *
 * A stream is *stranded* when it is over for us, but a write on it is not: Deno 2.4 leaves a pending write pending when
 * its connection is closed, until the peer reads or goes away, and nothing else ends it. Such a stream gives its place
 * back, as a thousand peers that never read would otherwise block all others for ever. What it still costs (a descriptor,
 * a block of bytes, the system's buffers) is bounded by writing only what surely goes out at once to hosts that have
 * stranded too many streams already.
 */
import { type Address, isV4Mapped } from "../base/address.ts";

/** The bounds on the streams of one direction, inbound or outbound. */
export interface StreamLimits {
  /** Streams open at once. */
  readonly openMax: number;
  /** Of these, streams with one host, so that no host alone keeps the others out; hosts as for `strandedPerHostMax`. */
  readonly openPerHostMax: number;
  /** Of these, streams that hold more than `largeBytes`. */
  readonly largeMax: number;
  /** Up to here a stream's buffer is small, and not counted against `largeMax`. */
  readonly largeBytes: number;
  /** Bytes held in the buffers of all streams together. */
  readonly bufferedBytesMax: number;
  /** Streams that one host may have stranded and still be written much; of an IPv6 network (/64) all are one host. */
  readonly strandedPerHostMax: number;
  /** The same for all hosts together. */
  readonly strandedMax: number;
}

/**
 * The limits of the gossip transport. A push/pull of a large cluster is a few hundred kilobytes, and 20 MiB at the
 * very most; more than 127 of them at once the Go agents refuse as well (protocol.md B).
 */
export const STREAM_LIMITS: StreamLimits = Object.freeze({
  openMax: 1024,
  openPerHostMax: 512,
  largeMax: 128,
  largeBytes: 64 * 1024,
  bufferedBytesMax: 64 * 1024 * 1024,
  strandedPerHostMax: 8,
  strandedMax: 512,
});

/** A fresh connection takes so much at once, whether its peer reads or not: systems' send buffers begin with more. */
const SURE_WRITE_BYTES = 16 * 1024;

/**
 * The account of one direction. Inbound and outbound streams have one each, so that strangers who use up the inbound
 * one cannot keep us from our own push/pulls.
 */
export class StreamBudget {
  readonly #limits: StreamLimits;
  #open = 0;
  /** bounded: by the streams that are open. */
  readonly #openByHost = new Map<string, number>();
  #large = 0;
  #bufferedBytes = 0;
  #stranded = 0;
  /** bounded: by the streams that are stranded. */
  readonly #strandedByHost = new Map<string, number>();

  constructor(limits: StreamLimits = STREAM_LIMITS) {
    this.#limits = limits;
  }

  /** How many streams are open; stranded ones are not. */
  get open(): number {
    return this.#open;
  }

  /** How many bytes all streams hold. */
  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /** How many streams are stranded. */
  get stranded(): number {
    return this.#stranded;
  }

  /** @returns the share of a new stream with `peer`, or undefined when too many are open, with it or in all. */
  tryOpen(peer: Address): StreamShare | undefined {
    if (this.#open >= this.#limits.openMax) return undefined;
    if ((this.#openByHost.get(hostKey(peer)) ?? 0) >= this.#limits.openPerHostMax) return undefined;
    this.#moveOpen(peer, 1);
    return new StreamShare(this, peer);
  }

  /** For {@linkcode StreamShare} alone. */
  admitsWrite(peer: Address, bytes: number): boolean {
    if (bytes <= SURE_WRITE_BYTES || this.#stranded === 0) return true;
    if (this.#stranded >= this.#limits.strandedMax) return false;
    return (this.#strandedByHost.get(hostKey(peer)) ?? 0) < this.#limits.strandedPerHostMax;
  }

  /** For {@linkcode StreamShare} alone: `count` is 1 or -1. */
  moveStranded(peer: Address, count: number): void {
    this.#moveOpen(peer, -count);
    this.#stranded += count;
    addTo(this.#strandedByHost, hostKey(peer), count);
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
  closeOne(peer: Address): void {
    this.#moveOpen(peer, -1);
  }

  #moveOpen(peer: Address, count: number): void {
    this.#open += count;
    addTo(this.#openByHost, hostKey(peer), count);
  }

  #countsAsLarge(bytes: number): number {
    return bytes > this.#limits.largeBytes ? 1 : 0;
  }
}

/** Counts by key, without those that are 0. */
function addTo(counts: Map<string, number>, key: string, count: number): void {
  const sum = (counts.get(key) ?? 0) + count;
  if (sum === 0) counts.delete(key);
  else counts.set(key, sum);
}

/** Whoever has one address of an IPv6 network can have all of them. */
function hostKey({ ip, host }: Address): string {
  return ip.length === 4 || isV4Mapped(ip) ? host : ip.subarray(0, 8).join(".");
}

/** What one open stream holds of a {@linkcode StreamBudget}. */
export class StreamShare {
  readonly #budget: StreamBudget;
  readonly #peer: Address;
  #bytes = 0;
  #stranded = false;
  #closed = false;

  /** Use {@linkcode StreamBudget.tryOpen}. */
  constructor(budget: StreamBudget, peer: Address) {
    this.#budget = budget;
    this.#peer = peer;
  }

  /** Whether a message of `bytes` may be written: not one that could strand the stream when too many already are. */
  admitsWrite(bytes: number): boolean {
    return this.#budget.admitsWrite(this.#peer, bytes);
  }

  /** Says that the stream is over but for a write that goes on: it is no longer open, and holds nothing. Idempotent. */
  strand(): void {
    if (this.#closed || this.#stranded) return;
    this.resize(0);
    this.#stranded = true;
    this.#budget.moveStranded(this.#peer, 1);
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
    if (this.#stranded) this.#budget.moveStranded(this.#peer, -1);
    this.#budget.closeOne(this.#peer);
  }
}
