/** Byte streams for RPC: connections with one writer queue each, and their listener. */
import { joinHostPort } from "../base/address.ts";
import { TransportError } from "../base/errors.ts";
import { bindListener } from "./bind_sockets.ts";
import { dialError, dialTimeout } from "./go_errors.ts";
import type { StreamConnection, StreamListener } from "./platform.ts";
import { addressOf, closeQuietly } from "./stream_io.ts";

/** A read buffer starts small, as most clients send little, and doubles whenever a read fills it. */
const READ_BYTES_FIRST = 4 * 1024;
const READ_BYTES_MAX = 64 * 1024;
/** A write queue above this is given back once it is empty: one large answer must not cost memory for ever. */
const QUEUE_BYTES_KEPT = 64 * 1024;
/** Between two attempts to accept when the system has no file descriptor left for us. */
const ACCEPT_PAUSE_MS = 50;

/**
 * {@linkcode StreamConnection} on a TCP connection.
 *
 * Deno 2.4 leaves a pending write pending when its connection is closed, until the peer reads or goes away. Nobody here
 * waits for it then, but the system's connection, and the bytes of that one write, live as long as the peer likes.
 */
export class DenoStreamConnection implements StreamConnection {
  readonly remote: string;
  readonly #conn: Deno.TcpConn;
  readonly #outbox = new Outbox();
  #readBuffer = new Uint8Array(READ_BYTES_FIRST);
  #writing = false;
  #broken = false;
  /** bounded: by the callers that wait at this moment. */
  #onDrained: (() => void)[] = [];

  constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
    this.remote = addressOf(conn.remoteAddr).toString();
    // Answers are small and somebody waits for each; and a client that vanished must be found out some day.
    conn.setNoDelay(true);
    conn.setKeepAlive(true);
  }

  async read(): Promise<Uint8Array | null> {
    if (this.#broken) return null;
    try {
      const count = await this.#conn.read(this.#readBuffer);
      if (count === null) return null;
      const bytes = this.#readBuffer.subarray(0, count);
      if (count === this.#readBuffer.length && count < READ_BYTES_MAX) {
        this.#readBuffer = new Uint8Array(count * 2);
      }
      return bytes;
    } catch {
      return null;
    }
  }

  write(bytes: Uint8Array): number {
    if (this.#broken) return 0;
    this.#outbox.add(bytes);
    if (!this.#writing) {
      this.#writing = true;
      void this.#writeAll();
    }
    return this.#outbox.length;
  }

  drained(): Promise<void> {
    if (this.#broken || !this.#writing) return Promise.resolve();
    return new Promise((resolve) => this.#onDrained.push(resolve));
  }

  close(): void {
    this.#breakOff();
  }

  async #writeAll(): Promise<void> {
    // All that is written before this turn ends goes out in one system call.
    await undefined;
    try {
      while (this.#outbox.length > 0 && !this.#broken) {
        const count = await this.#conn.write(this.#outbox.front());
        this.#outbox.consume(count);
      }
    } catch {
      this.#breakOff();
    }
    this.#writing = false;
    this.#settleDrained();
  }

  #breakOff(): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#outbox.clear();
    closeQuietly(this.#conn);
    this.#settleDrained();
  }

  #settleDrained(): void {
    const waiting = this.#onDrained;
    this.#onDrained = [];
    for (const resolve of waiting) resolve();
  }
}

/**
 * Bytes on their way out, in two buffers: the front one is being written and must not move, the back one takes what is
 * added meanwhile; when the front one is empty they change places. Its bound is its caller's: `write` tells the length.
 */
class Outbox {
  #front = new Uint8Array(0);
  #frontStart = 0;
  #frontEnd = 0;
  #back = new Uint8Array(0);
  #backEnd = 0;

  /** How many bytes wait, those being written included. */
  get length(): number {
    return this.#frontEnd - this.#frontStart + this.#backEnd;
  }

  add(bytes: Uint8Array): void {
    const end = this.#backEnd + bytes.length;
    if (end > this.#back.length) {
      const grown = new Uint8Array(Math.max(end, 2 * this.#back.length, 512));
      grown.set(this.#back.subarray(0, this.#backEnd));
      this.#back = grown;
    }
    this.#back.set(bytes, this.#backEnd);
    this.#backEnd = end;
  }

  /** What to write next; it stays where it is until it is consumed. */
  front(): Uint8Array {
    if (this.#frontStart === this.#frontEnd) this.#swap();
    return this.#front.subarray(this.#frontStart, this.#frontEnd);
  }

  consume(count: number): void {
    this.#frontStart += count;
  }

  clear(): void {
    this.#frontStart = this.#frontEnd = this.#backEnd = 0;
    this.#front = this.#back = new Uint8Array(0);
  }

  #swap(): void {
    const emptied = this.#front.length > QUEUE_BYTES_KEPT ? new Uint8Array(0) : this.#front;
    this.#front = this.#back;
    this.#frontStart = 0;
    this.#frontEnd = this.#backEnd;
    this.#back = emptied;
    this.#backEnd = 0;
  }
}

/** {@linkcode StreamListener} on a TCP listener. */
export class DenoStreamListener implements StreamListener {
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  #closed = false;

  /** @throws {TransportError} `listen tcp 127.0.0.1:7373: bind: address already in use`. */
  constructor(host: string, port: number) {
    this.#listener = bindListener(host, port).listener;
    this.port = this.#listener.addr.port;
  }

  async accept(): Promise<StreamConnection | null> {
    while (!this.#closed) {
      try {
        return new DenoStreamConnection(await this.#listener.accept());
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
        return new DenoStreamConnection(await Deno.connect(target));
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
