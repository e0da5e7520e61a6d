/** The outbound half of the gossip transport's streams: connect, send one request, await at most one reply. */
import type { Address } from "../base/address.ts";
import { TransportError } from "../base/errors.ts";
import type { Clock, ExchangeSink } from "../base/ports.ts";
import { Timer } from "../base/timer_heap.ts";
import type { FaultHook } from "./faults.ts";
import { CLOSED_TEXT, dialError, dialTimeout, endOfStream, streamError, streamTimeout } from "./go_errors.ts";
import { closeQuietly, MessageBuffer, pathOf, writeAll } from "./stream_io.ts";
import type { StreamBudget, StreamShare } from "./transport_limits.ts";

/** Opens exchanges within a budget. */
export class ExchangeClient {
  readonly #clock: Clock;
  readonly #budget: StreamBudget;
  readonly #faults: FaultHook;
  /** bounded: by the budget's open and stranded streams. */
  readonly #exchanges = new Set<OutboundExchange>();
  #closed = false;

  constructor(clock: Clock, budget: StreamBudget, faults: FaultHook) {
    this.#clock = clock;
    this.#budget = budget;
    this.#faults = faults;
  }

  /**
   * Starts an exchange. The sink hears of its outcome exactly once, and not before this returns.
   *
   * @param timeoutMs for connecting, sending and reading together.
   */
  open(to: Address, request: Uint8Array, timeoutMs: number, sink: ExchangeSink): void {
    const share = this.#closed ? undefined : this.#budget.tryOpen(to);
    if (share === undefined || !share.admitsWrite(request.length)) {
      share?.close();
      const text = this.#closed ? CLOSED_TEXT : "too many open exchanges";
      return this.#deliverLater(() => sink.onError(new TransportError("local", `dial tcp ${to}: ${text}`)));
    }
    const exchange = new OutboundExchange(to, this.#clock, share, timeoutMs);
    this.#exchanges.add(exchange);
    void this.#run(exchange, request, sink);
  }

  /** Ends every open exchange; their sinks hear nothing more. Idempotent. */
  close(): void {
    this.#closed = true;
    for (const exchange of this.#exchanges) exchange.interrupt();
  }

  async #run(exchange: OutboundExchange, request: Uint8Array, sink: ExchangeSink): Promise<void> {
    // No result may be delivered before `open` returned, not even that of a connect that throws at once.
    await undefined;
    try {
      let reply: Uint8Array | null;
      try {
        reply = await exchange.run(request, sink);
      } catch (error) {
        if (!(error instanceof TransportError)) throw error;
        return this.#closed ? undefined : sink.onError(error);
      }
      if (!this.#closed) sink.onReply(reply);
    } catch (error) {
      this.#faults.report(error);
    } finally {
      await exchange.end();
      this.#exchanges.delete(exchange);
    }
  }

  #deliverLater(callback: () => void): void {
    queueMicrotask(() => {
      try {
        callback();
      } catch (error) {
        this.#faults.report(error);
      }
    });
  }
}

/**
 * One outbound exchange: dialing, then sending, then reading. One deadline for all of it, which ends whatever is
 * pending by aborting the dial or closing the connection.
 *
 * Where closing does not end a write, the deadline ends the waiting rather than the write: the exchange is stranded
 * (transport_limits.ts) until the write has ended.
 */
class OutboundExchange {
  readonly #to: Address;
  readonly #clock: Clock;
  readonly #share: StreamShare;
  readonly #buffer = new MessageBuffer();
  readonly #dial = new AbortController();
  readonly #deadline = new Timer(() => this.interrupt());
  readonly #interruption: Promise<never>;
  #rejectInterruption: () => void = () => {};
  #writing = false;
  #interrupted = false;
  #conn: Deno.TcpConn | undefined = undefined;
  #pending: Promise<unknown> = Promise.resolve();

  constructor(to: Address, clock: Clock, share: StreamShare, timeoutMs: number) {
    this.#to = to;
    this.#clock = clock;
    this.#share = share;
    this.#interruption = new Promise((_, reject) => this.#rejectInterruption = () => reject(INTERRUPTED));
    this.#interruption.catch(() => {});
    clock.arm(this.#deadline, Math.max(0, timeoutMs));
  }

  /** Ends it at once, as if its time were over: `run` throws. */
  interrupt(): void {
    if (this.#interrupted) return;
    this.#interrupted = true;
    this.#dial.abort();
    if (this.#conn !== undefined) closeQuietly(this.#conn);
    if (this.#writing) this.#share.strand();
    this.#rejectInterruption();
  }

  /** Gives back all that it holds. To be called when `run` is over and its result was used. */
  async end(): Promise<void> {
    this.#clock.disarm(this.#deadline);
    if (this.#conn !== undefined) closeQuietly(this.#conn);
    await this.#pending.catch(() => {});
    this.#buffer.release(this.#share);
    this.#share.close();
  }

  /**
   * @returns the reply (valid until `end`), or null when none was expected or the peer closed without one.
   * @throws {TransportError} in Go's words.
   */
  async run(request: Uint8Array, sink: ExchangeSink): Promise<Uint8Array | null> {
    const conn = await this.#connect();
    const path = pathOf(conn);
    // The system would hold the last part of a request back until the parts before it are confirmed.
    conn.setNoDelay(true);
    this.#writing = true;
    await this.#guard("write", path, writeAll(conn, request));
    this.#writing = false;
    const reader = sink.newFrameReader();
    if (reader === null) return null;
    const end = await this.#guard("read", path, this.#buffer.readFrom(conn, reader, this.#share));
    if (end === "complete") return this.#buffer.message;
    if (end === "over limit") throw new TransportError("local", `read tcp ${path}: too many buffered bytes`);
    if (this.#buffer.received === 0) return null;
    throw endOfStream();
  }

  async #connect(): Promise<Deno.TcpConn> {
    const { host: hostname, port } = this.#to;
    try {
      this.#conn = await Deno.connect({ hostname, port, signal: this.#dial.signal });
    } catch (error) {
      throw this.#interrupted ? dialTimeout(this.#to.toString()) : dialError(this.#to.toString(), error);
    }
    // Connected in the very turn in which the deadline passed; `end` closes it.
    if (this.#interrupted) throw dialTimeout(this.#to.toString());
    return this.#conn;
  }

  async #guard<T>(operation: "read" | "write", path: string, action: Promise<T>): Promise<T> {
    this.#pending = action;
    try {
      return await Promise.race([action, this.#interruption]);
    } catch (error) {
      throw this.#interrupted ? streamTimeout(operation, path) : streamError(operation, path, error);
    }
  }
}

const INTERRUPTED = new Error("interrupted");
