/** The buffer of user events: what was seen, so that each is delivered and passed on once. protocol.md D.4. */
import { bytesEqual, NO_BYTES } from "../base/bytes.ts";
import { type Metric, type MetricsSink, NO_METRICS } from "../base/metrics.ts";
import { Slab } from "../base/slab.ts";
import type { LamportClock } from "./lamport_clock.ts";
import { LamportRing, type RingSlot } from "./lamport_ring.ts";

/** A user event as the buffer keeps it, and as push/pull carries it. */
export interface StoredEvent {
  readonly name: string;
  /** Owned; null as well as empty when there is none. */
  readonly payload: Uint8Array | null;
}

/** What became of an event. `new`: deliver it and pass it on. `full`: the buffer's bound is reached, it is dropped, new or not. */
export type EventVerdict = "new" | "duplicate" | "old" | "ignored" | "absurd" | "full";

/**
 * Distinct events at one Lamport time: as many as nodes that happened to send in the same moment. Real agents have no
 * bound here, so that one peer can fill their memory.
 */
const EVENTS_PER_TIME_MAX = 4096;
/** All events together, in bytes of name and payload: below half of what a push/pull may weigh (20 MiB). */
const RING_BYTES_MAX = 8 * 1024 * 1024;
/** Up to this many events at one time are simply compared; more of them are looked up. */
const COMPARED_MAX = 32;
/** A call of the decoder costs as much as this many bytes one by one. */
const DECODED_MIN = 64;
/** Gives every byte a character of its own. */
const ONE_TO_ONE = new TextDecoder("windows-1252");
/** What an event weighs beyond its name and payload: its objects, and its framing in a push/pull. */
const EVENT_OVERHEAD_BYTES = 64;
/** Payloads of events that come one after the other share a buffer of this many bytes. */
const CHUNK_BYTES = 1024;

/**
 * Recognises events by (Lamport time, name, payload); whether an event may be coalesced is no part of what it is.
 */
export class UserEvents {
  // bounded: as many slots as the ring has, EVENTS_PER_TIME_MAX each, RING_BYTES_MAX together.
  readonly #ring: LamportRing<StoredEvent>;
  readonly #metrics: MetricsSink;
  readonly #recorded: Metric;
  readonly #slab = new Slab(CHUNK_BYTES);
  #bytes = 0;
  /**
   * What is in slots of more than {@linkcode COMPARED_MAX} events, by Lamport time: one push/pull may bring a million
   * events of one time. bounded: one per slot, an entry per event.
   */
  readonly #identities = new Map<number, Set<string>>();

  /** @param size how many Lamport times are remembered (512 in all real clusters: push/pull sends them all). */
  constructor(clock: LamportClock, size: number, metrics: MetricsSink = NO_METRICS) {
    this.#metrics = metrics;
    this.#recorded = metrics.named("counter", "serf.events");
    this.#ring = new LamportRing(clock, size, (slot) => this.#onDropped(slot));
  }

  /** What push/pull sends: mostly undefined. A live view. */
  get slots(): readonly (RingSlot<StoredEvent> | undefined)[] {
    return this.#ring.slots;
  }

  /** Drops events older than `lTime` from now on (a join that does not want the past). */
  ignoreBefore(lTime: number): void {
    this.#ring.ignoreBefore(lTime);
  }

  /**
   * Notes an event, and tells whether it was seen before.
   *
   * @param payload borrowed; copied when the event is new.
   */
  record(lTime: number, name: string, payload: Uint8Array | null): EventVerdict {
    const slot = this.#ring.open(lTime);
    if (typeof slot === "string") return slot;
    const weight = weightOf(name, payload);
    if (slot.entries.length >= EVENTS_PER_TIME_MAX || this.#bytes + weight > RING_BYTES_MAX) return "full";
    const isFirst = slot.entries.length === 0;
    if (!isFirst && this.#isKnown(slot, name, payload)) return "duplicate";
    this.#bytes += weight;
    const event = { name, payload: payload === null ? null : this.#slab.copy(payload) };
    // Most are alone at their time: an array that is pushed to has room for 17.
    if (isFirst) slot.entries = [event];
    else slot.entries.push(event);
    this.#identities.get(lTime)?.add(identityOf(name, payload));
    this.#recorded.record(1);
    this.#metrics.counter(`serf.events.${name}`, 1);
    return "new";
  }

  /** The payload as an event's receivers get it. @param payload borrowed. */
  copy(payload: Uint8Array | null): Uint8Array {
    return payload === null ? NO_BYTES : this.#slab.copy(payload);
  }

  #isKnown(slot: RingSlot<StoredEvent>, name: string, payload: Uint8Array | null): boolean {
    const { lTime, entries } = slot;
    if (entries.length <= COMPARED_MAX) {
      return entries.some((known) => known.name === name && isSamePayload(known.payload, payload));
    }
    let identities = this.#identities.get(lTime);
    if (identities === undefined) {
      identities = new Set(entries.map((known) => identityOf(known.name, known.payload)));
      this.#identities.set(lTime, identities);
    }
    return identities.has(identityOf(name, payload));
  }

  #onDropped(slot: RingSlot<StoredEvent>): void {
    if (this.#identities.size > 0) this.#identities.delete(slot.lTime);
    for (const event of slot.entries) this.#bytes -= weightOf(event.name, event.payload);
  }
}

function weightOf(name: string, payload: Uint8Array | null): number {
  return EVENT_OVERHEAD_BYTES + name.length + (payload?.length ?? 0);
}

/** Name and payload as one text, a character per byte of payload; no other pair has the same. */
function identityOf(name: string, payload: Uint8Array | null): string {
  let identity = `${name.length} ${name}`;
  if (payload === null) return identity;
  if (payload.length > DECODED_MIN) return identity + ONE_TO_ONE.decode(payload);
  for (const byte of payload) identity += String.fromCharCode(byte);
  return identity;
}

/** Nothing and empty are the same payload. */
function isSamePayload(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return bytesEqual(a ?? NO_BYTES, b ?? NO_BYTES);
}
