/** The inbound half of the gossip transport's streams: one request, at most one reply, and then the end. */
import type { Address } from "../base/address.ts";
import { TransportError } from "../base/errors.ts";
import type { Clock, TransportSink } from "../base/ports.ts";
import { Timer } from "../base/timer_heap.ts";
import type { FaultHook } from "./faults.ts";
import { endOfStream, streamError, streamTimeout } from "./go_errors.ts";
import type { TransportCounters } from "./platform.ts";
import { addressOf, closeQuietly, MessageBuffer, pathOf, writeAll } from "./stream_io.ts";
import type { StreamBudget, StreamShare } from "./transport_limits.ts";

/** Between two attempts to accept when the system has no file descriptor left for us. */
const ACCEPT_PAUSE_MS = 50;
/** How long we wait, after the reply, for the peer to close first; and how much of what it still sends we swallow. */
const LINGER_MS_MAX = 1000;
const LINGER_BYTES_MAX = 256 * 1024;

/** What an inbound stream needs from its server. */
interface ServerContext {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly sink: TransportSink;
  readonly counters: TransportCounters;
  readonly faults: FaultHook;
}

/** Accepts streams within a budget and answers each from the sink. */
export class ExchangeServer {
  readonly #listener: Deno.Listener;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #budget: StreamBudget;
  readonly #counters: TransportCounters;
  readonly #faults: FaultHook;
  /** bounded: by the budget's open and stranded streams. */
  readonly #streams = new Set<InboundStream>();
  #closed = false;

  /** @param timeoutMs from accept to the end of the request, and again for the reply. */
  constructor(
    listener: Deno.Listener,
    clock: Clock,
    timeoutMs: number,
    budget: StreamBudget,
    counters: TransportCounters,
    faults: FaultHook,
  ) {
    this.#listener = listener;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#budget = budget;
    this.#counters = counters;
    this.#faults = faults;
  }

  /** Starts accepting. What the sink throws is reported as a fault; the stream is closed then. */
  start(sink: TransportSink): void {
    const context: ServerContext = {
      clock: this.#clock,
      timeoutMs: this.#timeoutMs,
      sink,
      counters: this.#counters,
      faults: this.#faults,
    };
    void this.#acceptAll(context);
  }

  /** Closes the listener and every open stream; the sink hears no more. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeQuietly(this.#listener);
    for (const stream of this.#streams) stream.close();
  }

  async #acceptAll(context: ServerContext): Promise<void> {
    while (!this.#closed) {
      let conn: Deno.Conn;
      try {
        conn = await this.#listener.accept();
      } catch {
        if (this.#closed) return;
        await new Promise((done) => setTimeout(done, ACCEPT_PAUSE_MS));
        continue;
      }
      this.#admit(conn, context);
    }
  }

  #admit(conn: Deno.Conn, context: ServerContext): void {
    if (this.#closed) return closeQuietly(conn);
    this.#counters.streamsAccepted++;
    const from = addressOf(conn.remoteAddr);
    const share = this.#budget.tryOpen(from);
    if (share === undefined) {
      this.#counters.streamsRefused++;
      return closeQuietly(conn);
    }
    const stream = new InboundStream(conn, from, share, context);
    this.#streams.add(stream);
    void stream.run().finally(() => this.#streams.delete(stream));
  }
}

/**
 * One inbound stream.
 *
 *     reading --request complete--> answering --reply written--> lingering --> closed
 *        |                              |
 *        +-- deadline, error, limit ----+--> closed
 *
 * One deadline per state; closing the connection ends what is pending. Where it does not end a write, the stream is
 * stranded (transport_limits.ts) until that has ended.
 */
class InboundStream {
  readonly #conn: Deno.Conn;
  readonly #from: Address;
  readonly #share: StreamShare;
  readonly #context: ServerContext;
  readonly #buffer = new MessageBuffer();
  readonly #deadline = new Timer(() => this.#onDeadline());
  #writing = false;
  #expired = false;
  #closed = false;

  constructor(conn: Deno.Conn, from: Address, share: StreamShare, context: ServerContext) {
    this.#conn = conn;
    this.#from = from;
    this.#share = share;
    this.#context = context;
  }

  /** Serves the stream to its end. Never rejects. */
  async run(): Promise<void> {
    try {
      if (await this.#readRequest()) await this.#answer();
    } catch (error) {
      this.#context.faults.report(error);
    } finally {
      this.close();
    }
  }

  /** Ends it at once, silently. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#context.clock.disarm(this.#deadline);
    this.#buffer.release(this.#share);
    this.#share.close();
    closeQuietly(this.#conn);
  }

  async #readRequest(): Promise<boolean> {
    const { clock, counters, sink, timeoutMs } = this.#context;
    const reader = sink.newFrameReader();
    clock.arm(this.#deadline, timeoutMs);
    // The path cannot be asked of a connection that the deadline has closed.
    const path = pathOf(this.#conn);
    let failure: TransportError;
    try {
      const end = await this.#buffer.readFrom(this.#conn, reader, this.#share);
      if (this.#closed) return false;
      if (end === "complete") return true;
      if (end === "over limit") {
        counters.streamsRefused++;
        return false;
      }
      failure = endOfStream();
    } catch (error) {
      if (this.#closed) return false;
      failure = this.#expired ? streamTimeout("read", path) : streamError("read", path, error);
    }
    counters.streamsFailed++;
    sink.onExchangeFailed(this.#from, this.#buffer.received, failure);
    return false;
  }

  async #answer(): Promise<void> {
    const { clock, counters, sink, timeoutMs } = this.#context;
    const reply = sink.onExchange(this.#from, this.#buffer.message);
    this.#buffer.release(this.#share);
    if (reply === null || this.#closed) return;
    // Peers that ask and then do not read could otherwise make us hold a thousand copies of our state.
    if (!this.#share.admitsWrite(reply.length) || !this.#share.resize(reply.length)) {
      counters.streamsRefused++;
      return;
    }
    clock.arm(this.#deadline, timeoutMs);
    try {
      this.#writing = true;
      await writeAll(this.#conn, reply);
      this.#writing = false;
      await this.#linger();
    } catch {
      // The peer went away or did not read in time: it has no reply, as it will notice itself.
    }
  }

  /**
   * Waits a moment for the peer to close. Closing over unread bytes would make the system send a reset, which can
   * overtake the reply and destroy it: a peer that sends more than its one message would never see our answer.
   */
  async #linger(): Promise<void> {
    const { clock, timeoutMs } = this.#context;
    await (this.#conn as Deno.TcpConn).closeWrite();
    this.#share.resize(0);
    clock.arm(this.#deadline, Math.min(timeoutMs, LINGER_MS_MAX));
    const scratch = new Uint8Array(4096);
    for (let swallowed = 0; swallowed < LINGER_BYTES_MAX;) {
      const count = await this.#conn.read(scratch);
      if (count === null) return;
      swallowed += count;
    }
  }

  #onDeadline(): void {
    this.#expired = true;
    closeQuietly(this.#conn);
    if (this.#writing) this.#share.strand();
  }
}
