/**
 * The transmit-limited queue: each message is put into a bounded number of packets and then forgotten. Who has been
 * sent least goes first, so that news overtakes what is already known. protocol.md C.12, SWIM section 4.1.
 */
import { Slab } from "../base/slab.ts";
import { BroadcastTier, type QueuedBroadcast } from "./broadcast_tier.ts";
import type { BroadcastSink } from "./delegate.ts";
import { retransmitLimit } from "./formulas.ts";

/** What a queue needs to know. */
export interface BroadcastQueueOptions {
  /** A message is handed out `retransmitMult * ceil(log10(n + 1))` times, at least once. */
  readonly retransmitMult: number;
  /** The n of that formula, asked whenever messages are handed out. */
  readonly nodeCount: () => number;
  /** Told after every {@linkcode BroadcastQueue.queue}: somebody arms the gossip timer. */
  readonly onQueued: () => void;
}

/** Some fifty messages share a buffer; all queues of the process have one, as most of them are mostly empty. */
const slab = new Slab(4096);

/** A queued message. Its place in the order: transmits up, then length down, then age (id) down. */
class Entry implements QueuedBroadcast {
  transmits = 0;
  constructor(
    readonly message: Uint8Array,
    readonly key: string | undefined,
    readonly onFinished: (() => void) | undefined,
    readonly id: number,
  ) {}
}

/**
 * Entries are kept in tiers by number of transmissions. A packet costs as much as the messages that it takes, however
 * many wait.
 *
 * bounded: one entry per key; entries without a key by {@linkcode prune}, which their owner calls.
 */
export class BroadcastQueue {
  readonly #options: BroadcastQueueOptions;
  /** By transmissions. Bounded: by the transmit limit. */
  readonly #tiers: BroadcastTier<Entry>[] = [];
  readonly #byKey = new Map<string, Entry>();
  /** Scratch of {@linkcode fill}: an entry handed out is not to be found again by the same call. */
  readonly #taken: Entry[] = [];
  #size = 0;
  #nextId = 0;

  constructor(options: BroadcastQueueOptions) {
    this.#options = options;
  }

  /** How many messages wait. */
  get size(): number {
    return this.#size;
  }

  /**
   * Queues a message; one with the same key that still waits is dropped (and counts as finished).
   *
   * @param message copied.
   * @param key what the message is about: newer news about the same replaces it.
   * @param onFinished called once, when the message has been sent often enough or was dropped.
   * @param head a byte to stand before the message.
   */
  queue(message: Uint8Array, key?: string, onFinished?: () => void, head?: number): void {
    const replaced = key === undefined ? undefined : this.#byKey.get(key);
    if (replaced !== undefined) this.#remove(replaced);
    const entry = new Entry(slab.copy(message, head), key, onFinished, this.#nextId++);
    if (key !== undefined) this.#byKey.set(key, entry);
    this.#insert(entry);
    replaced?.onFinished?.();
    this.#options.onQueued();
  }

  /**
   * Puts messages into a packet until it is full: tier by tier, of each the longest that still fits, the newest first
   * among equals. Each costs one transmission.
   */
  fill(sink: BroadcastSink): void {
    if (this.#size === 0) return;
    for (const tier of this.#tiers) this.#fillFromTier(tier, sink);
    if (this.#taken.length > 0) this.#putBack();
  }

  /** Drops the entries that would be sent last until no more than `entriesMax` are left; they count as finished. */
  prune(entriesMax: number): void {
    const dropped: Entry[] = [];
    for (let i = this.#tiers.length - 1; i >= 0 && this.#size > entriesMax; i--) {
      const excess = this.#tiers[i]!.dropLast(this.#size - entriesMax);
      this.#size -= excess.length;
      for (const entry of excess) {
        this.#forgetKey(entry);
        dropped.push(entry);
      }
    }
    for (const entry of dropped) entry.onFinished?.();
  }

  #fillFromTier(tier: BroadcastTier<Entry>, sink: BroadcastSink): void {
    for (let room = sink.roomBytes(); room > 0; room = sink.roomBytes()) {
      const entry = tier.takeWithin(room);
      if (entry === undefined) return;
      this.#size--;
      sink.add(entry.message);
      this.#taken.push(entry);
    }
  }

  #putBack(): void {
    const limit = retransmitLimit(this.#options.retransmitMult, this.#options.nodeCount());
    let callbacks: (() => void)[] | undefined;
    for (const entry of this.#taken) {
      if (++entry.transmits < limit) this.#insert(entry);
      else {
        this.#forgetKey(entry);
        if (entry.onFinished !== undefined) (callbacks ??= []).push(entry.onFinished);
      }
    }
    this.#taken.length = 0;
    // Last: the queue is whole again, whatever they do.
    if (callbacks !== undefined) { for (const callback of callbacks) callback(); }
  }

  #insert(entry: Entry): void {
    while (this.#tiers.length <= entry.transmits) this.#tiers.push(new BroadcastTier());
    this.#tiers[entry.transmits]!.insert(entry);
    this.#size++;
  }

  #remove(entry: Entry): void {
    this.#tiers[entry.transmits]!.remove(entry);
    this.#size--;
    this.#forgetKey(entry);
  }

  #forgetKey(entry: Entry): void {
    if (entry.key !== undefined && this.#byKey.get(entry.key) === entry) this.#byKey.delete(entry.key);
  }
}
