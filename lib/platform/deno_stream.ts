/** Byte streams for RPC: connections with one writer queue each, and their listener. */
import { joinHostPort } from "../base/address.ts";
import { TransportError } from "../base/errors.ts";
import { bindListener } from "./bind_sockets.ts";
import { dialError, dialTimeout } from "./go_errors.ts";
import type { StreamConnection, StreamListener } from "./platform.ts";
import { BlockPool, SendQueue } from "./send_queue.ts";
import { addressOf, closeQuietly } from "./stream_io.ts";

/** A read buffer starts small, as most clients send little; it doubles when a read fills it, and begins anew after a burst. */
const READ_BYTES_FIRST = 4 * 1024;
const READ_BYTES_MAX = 64 * 1024;
/** Between two attempts to accept when the system has no file descriptor left for us. */
const ACCEPT_PAUSE_MS = 50;

/**
 * {@linkcode StreamConnection} on a TCP connection.
 *
 * Deno 2.4 leaves a pending write pending when its connection is closed, until the peer reads or goes away. Only
 * `released` waits for it then; the system's connection, and the block of that one write, live as long as the peer likes.
 */
export class DenoStreamConnection implements StreamConnection {
  readonly remote: string;
  readonly #conn: Deno.TcpConn;
  readonly #queue: SendQueue;
  #readBuffer = new Uint8Array(READ_BYTES_FIRST);
  #writing = false;
  #broken = false;
  /** bounded: by the callers that wait at this moment. */
  readonly #onDrained: (() => void)[] = [];
  /** bounded: likewise. */
  readonly #onReleased: (() => void)[] = [];

  /** @param pool what it queues is kept in blocks of this pool. */
  constructor(conn: Deno.TcpConn, pool: BlockPool) {
    this.#conn = conn;
    this.#queue = new SendQueue(pool);
    this.remote = addressOf(conn.remoteAddr).toString();
    // Answers are small and somebody waits for each; and a client that vanished must be found out some day.
    conn.setNoDelay(true);
    conn.setKeepAlive(true);
  }

  get queuedBytes(): number {
    return this.#queue.length;
  }

  async read(): Promise<Uint8Array | null> {
    if (this.#broken) return null;
    try {
      const count = await this.#conn.read(this.#readBuffer);
      if (count === null) return null;
      const bytes = this.#readBuffer.subarray(0, count);
      this.#fitReadBuffer(count);
      return bytes;
    } catch {
      return null;
    }
  }

  write(bytes: Uint8Array): number {
    if (this.#broken) return 0;
    this.#queue.add(bytes);
    if (!this.#writing) {
      this.#writing = true;
      void this.#writeAll();
    }
    return this.#queue.length;
  }

  drained(): Promise<void> {
    if (this.#broken || !this.#writing) return Promise.resolve();
    return new Promise((resolve) => this.#onDrained.push(resolve));
  }

  close(): void {
    this.#breakOff();
  }

  released(): Promise<void> {
    if (this.#broken && !this.#writing) return Promise.resolve();
    return new Promise((resolve) => this.#onReleased.push(resolve));
  }

  #fitReadBuffer(count: number): void {
    const size = this.#readBuffer.length;
    if (count === size && size < READ_BYTES_MAX) this.#readBuffer = new Uint8Array(size * 2);
    else if (size > READ_BYTES_FIRST && count < size / 8) this.#readBuffer = new Uint8Array(READ_BYTES_FIRST);
  }

  async #writeAll(): Promise<void> {
    // All that is written before this turn ends goes out in one system call.
    await undefined;
    try {
      while (this.#queue.length > 0 && !this.#broken) {
        const count = await this.#conn.write(this.#queue.front());
        if (!this.#broken) this.#queue.consume(count);
      }
    } catch {
      this.#breakOff();
    }
    this.#writing = false;
    this.#settle();
  }

  #breakOff(): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#queue.clear();
    closeQuietly(this.#conn);
    this.#settle();
  }

  #settle(): void {
    for (const resolve of this.#onDrained.splice(0)) resolve();
    if (!this.#broken || this.#writing) return;
    for (const resolve of this.#onReleased.splice(0)) resolve();
  }
}

/** {@linkcode StreamListener} on a TCP listener. */
export class DenoStreamListener implements StreamListener {
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  readonly #pool = new BlockPool();
  #closed = false;

  /** @throws {TransportError} `listen tcp 127.0.0.1:7373: bind: address already in use`. */
  constructor(host: string, port: number) {
    this.#listener = bindListener(host, port).listener;
    this.port = this.#listener.addr.port;
  }

  async accept(): Promise<StreamConnection | null> {
    while (!this.#closed) {
      try {
        return new DenoStreamConnection(await this.#listener.accept(), this.#pool);
      } catch {
        if (!this.#closed) await new Promise((done) => setTimeout(done, ACCEPT_PAUSE_MS));
      }
    }
    return null;
  }

  close(): void {
    this.#closed = true;
    closeQuietly(this.#listener);
  }
}

/** What no host stands for. */
const LOOPBACK = "127.0.0.1";

/**
 * Dials the addresses of one host in order until one answers.
 *
 * @param hosts IP literals, at least one; an empty one is this host.
 * @param timeoutMs for all of them together.
 * @throws {TransportError} the first address's failure: `dial tcp 127.0.0.1:7373: connect: connection refused`.
 */
export async function dialStream(
  hosts: readonly string[],
  port: number,
  timeoutMs: number,
): Promise<StreamConnection> {
  // The runtime has words of its own about this port; the system would refuse it.
  if (port === 0) {
    throw new TransportError(
      "refused",
      `dial tcp ${joinHostPort(hosts[0]!, 0)}: connect: connection refused`,
    );
  }
  const deadline = new AbortController();
  const timeout = setTimeout(() => deadline.abort(), timeoutMs);
  let firstError: Error | undefined;
  try {
    for (const hostname of hosts) {
      const endpoint = joinHostPort(hostname, port);
      try {
        const target = { hostname: hostname === "" ? LOOPBACK : hostname, port, signal: deadline.signal };
        return new DenoStreamConnection(await Deno.connect(target), new BlockPool());
      } catch (error) {
        firstError ??= deadline.signal.aborted ? dialTimeout(endpoint) : dialError(endpoint, error);
        if (deadline.signal.aborted) break;
      }
    }
  } finally {
    clearTimeout(timeout);
  }
  throw firstError!;
}
