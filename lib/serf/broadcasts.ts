/** Serf's outgoing gossip: three transmit-limited queues that share what memberlist leaves of a packet. protocol.md C.12. */
import { type Metric, type MetricsSink, NO_METRICS } from "../base/metrics.ts";
import { type Clock, type Logger, LogLevel } from "../base/ports.ts";
import { Timer } from "../base/timer_heap.ts";
import { BroadcastQueue } from "../memberlist/broadcast_queue.ts";
import { BroadcastWait } from "../memberlist/broadcast_wait.ts";
import type { BroadcastSink } from "../memberlist/delegate.ts";
import { MessageType } from "../memberlist/message_type.ts";

/** What waits in a queue. */
export type BroadcastKind = "intent" | "query" | "event";

/** What the queues need to know. */
export interface BroadcastsOptions {
  readonly retransmitMult: number;
  /** The n of the transmit limit: members of any status. */
  readonly memberCount: () => number;
  /** Told after every message that was queued. */
  readonly onQueued: () => void;
  /** Entries that may wait in one queue. */
  readonly maxQueueDepth: number;
  /** Milliseconds between two looks at a long queue. */
  readonly queueCheckIntervalMs: number;
  /** The longest message that fits into a packet of its own, in bytes, memberlist's type byte included. */
  readonly messageBytesMax: number;
  /** Told of each message that is sent; undefined when nobody wants to know. */
  readonly metrics?: MetricsSink | undefined;
}

/** A queue of this many is worth a warning. */
const QUEUE_DEPTH_WARNING = 128;

interface NamedQueue {
  /** As the log calls it. */
  readonly name: string;
  readonly queue: BroadcastQueue;
}

/**
 * The queues, first served first: intents, queries, user events.
 *
 * bounded: each by twice `maxQueueDepth` at any moment, and by `maxQueueDepth` after each check of long queues.
 */
export class Broadcasts {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #options: BroadcastsOptions;
  readonly #queues: Readonly<Record<BroadcastKind, NamedQueue>>;
  readonly #inOrder: readonly NamedQueue[];
  // bounded: one per caller who waits for a broadcast.
  readonly #waits = new Map<BroadcastWait, (sent: boolean) => void>();
  readonly #checkTimer: Timer;
  readonly #weighing: WeighingSink;
  /** False: nothing waits. Each packet asks, and mostly that is the answer: no queue needs to be looked at. */
  #mayWait = false;

  constructor(clock: Clock, logger: Logger, options: BroadcastsOptions) {
    this.#clock = clock;
    this.#logger = logger;
    this.#options = options;
    const { retransmitMult, memberCount: nodeCount, onQueued, metrics = NO_METRICS } = options;
    this.#weighing = new WeighingSink(metrics.named("sample", "serf.msgs.sent"));
    const create = (name: string) => ({
      name,
      queue: new BroadcastQueue({ retransmitMult, nodeCount, onQueued }),
    });
    this.#queues = { intent: create("Intent"), query: create("Query"), event: create("Event") };
    this.#inOrder = [this.#queues.intent, this.#queues.query, this.#queues.event];
    this.#checkTimer = new Timer(() => this.#checkDepths());
  }

  /** Whether {@linkcode fill} would have something to give. */
  get waiting(): boolean {
    if (!this.#mayWait) return false;
    for (const { queue } of this.#inOrder) if (queue.size > 0) return true;
    this.#mayWait = false;
    return false;
  }

  /** How many messages of a kind wait. */
  depth(kind: BroadcastKind): number {
    return this.#queues[kind].queue.size;
  }

  /** Puts into a packet what fits, in the order of the queues. */
  fill(sink: BroadcastSink): void {
    if (!this.waiting) return;
    this.#weighing.sink = sink;
    for (const { queue } of this.#inOrder) queue.fill(this.#weighing);
    this.#weighing.sink = undefined;
  }

  /**
   * Queues a Serf message.
   *
   * @param message Serf's type byte and body; copied. One that no packet can hold is dropped: it would wait for ever
   *   (real agents keep it), and such an event still travels by push/pull.
   * @param onFinished called once: it has been sent as often as it is to be, or was dropped.
   */
  queue(kind: BroadcastKind, message: Uint8Array, onFinished?: () => void): void {
    if (message.length + 1 > this.#options.messageBytesMax) {
      this.#logger.log(LogLevel.debug, `serf: not gossiping a message of ${message.length} bytes: too long`);
      onFinished?.();
      return;
    }
    const { queue } = this.#queues[kind];
    this.#mayWait = true;
    queue.queue(message, undefined, onFinished, MessageType.user);
    this.#onDepth(queue);
  }

  /**
   * Queues an intent, and tells when it has been sent as often as it is to be.
   *
   * @param done called once, from a timer or from {@linkcode stop}; with false when `timeoutMs` passed first, or
   *   everything stopped.
   */
  queueAndWait(message: Uint8Array, timeoutMs: number, done: (sent: boolean) => void): void {
    const wait = new BroadcastWait(this.#clock, timeoutMs, "timeout", (error) => {
      this.#waits.delete(wait);
      done(error === undefined);
    });
    this.#waits.set(wait, done);
    this.queue("intent", message, () => wait.onSent());
  }

  /** Ends all waits. What is queued may still be sent. */
  stop(): void {
    this.#clock.disarm(this.#checkTimer);
    const waits = [...this.#waits];
    this.#waits.clear();
    for (const [wait, done] of waits) {
      wait.cancel();
      done(false);
    }
  }

  #onDepth(queue: BroadcastQueue): void {
    if (!this.#isLong(queue)) return;
    if (!this.#checkTimer.armed) this.#clock.arm(this.#checkTimer, this.#options.queueCheckIntervalMs);
    // A flood does not wait for the timer. Twice the limit, so that pruning costs little per message.
    if (queue.size > 2 * this.#options.maxQueueDepth) queue.prune(this.#options.maxQueueDepth);
  }

  /** Whether it is worth a look: a limit may be below the depth that is worth a warning. */
  #isLong(queue: BroadcastQueue): boolean {
    return queue.size >= QUEUE_DEPTH_WARNING || queue.size > this.#options.maxQueueDepth;
  }

  #checkDepths(): void {
    const limit = this.#options.maxQueueDepth;
    for (const { name, queue } of this.#inOrder) {
      if (!this.#isLong(queue)) continue;
      if (queue.size >= QUEUE_DEPTH_WARNING) {
        this.#logger.log(LogLevel.warn, `serf: ${name} queue depth: ${queue.size}`);
      }
      if (queue.size > limit) {
        const text = `${name} queue depth (${queue.size}) exceeds limit (${limit}), dropping messages!`;
        this.#logger.log(LogLevel.warn, `serf: ${text}`);
        queue.prune(limit);
      }
      if (!this.#checkTimer.armed) this.#clock.arm(this.#checkTimer, this.#options.queueCheckIntervalMs);
    }
  }
}

/** Passes on what a packet gets, and notes how long Serf's messages are. */
class WeighingSink implements BroadcastSink {
  /** The packet that is open. */
  sink: BroadcastSink | undefined = undefined;
  readonly #bytes: Metric;

  constructor(bytes: Metric) {
    this.#bytes = bytes;
  }

  roomBytes(): number {
    return this.sink!.roomBytes();
  }

  add(message: Uint8Array): void {
    // Without memberlist's type byte.
    this.#bytes.record(message.length - 1);
    this.sink!.add(message);
  }
}
