/** Sockets and sinks with which the platform's parts are tested. */
import type { Address } from "../../../lib/base/address.ts";
import type { TransportError } from "../../../lib/base/errors.ts";
import type { ExchangeSink, FrameReader, TransportSink } from "../../../lib/base/ports.ts";
import { DenoClock } from "../../../lib/platform/deno_clock.ts";
import { DenoTransport } from "../../../lib/platform/deno_transport.ts";
import { FaultHook } from "../../../lib/platform/faults.ts";

/** A message whose first byte is how many thousand bytes it is long in all; 0 means that one byte. */
export class ThousandsReader implements FrameReader {
  scan(bytes: Uint8Array, length: number): number {
    const end = Math.max(1, bytes[0]! * 1000);
    return length >= end ? end : 0;
  }
}

/** A message of `thousands` for {@linkcode ThousandsReader}. */
export function message(thousands: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.max(1, thousands * 1000)).fill(7);
  bytes[0] = thousands;
  return bytes;
}

/** Keeps what it hears; answers each request with itself. */
export class EchoSink implements TransportSink {
  readonly packets: { from: Address; bytes: Uint8Array }[] = [];
  readonly requests: number[] = [];
  readonly failures: { received: number; error: TransportError }[] = [];
  answer: (request: Uint8Array) => Uint8Array | null = (request) => request.slice();
  onPacketHook: () => void = () => {};

  onPacket(from: Address, bytes: Uint8Array): void {
    this.packets.push({ from, bytes: bytes.slice() });
    this.onPacketHook();
  }

  newFrameReader(): FrameReader {
    return new ThousandsReader();
  }

  onExchange(_from: Address, request: Uint8Array): Uint8Array | null {
    this.requests.push(request.length);
    return this.answer(request);
  }

  onExchangeFailed(_from: Address, received: number, error: TransportError): void {
    this.failures.push({ received, error });
  }
}

/** Keeps the outcome of one exchange. */
export class Outcome implements ExchangeSink {
  count = 0;
  reply: number | null | undefined = undefined;
  error: TransportError | undefined = undefined;
  readonly settled: Promise<void>;
  #settle: () => void = () => {};

  constructor(readonly expectsReply = true) {
    this.settled = new Promise((resolve) => this.#settle = resolve);
  }

  newFrameReader(): FrameReader | null {
    return this.expectsReply ? new ThousandsReader() : null;
  }

  onReply(reply: Uint8Array | null): void {
    this.count++;
    this.reply = reply === null ? null : reply.length;
    this.#settle();
  }

  onError(error: TransportError): void {
    this.count++;
    this.error = error;
    this.#settle();
  }
}

/** A started transport, its sink, and the faults that it reported. */
export class World {
  readonly faults = new FaultHook();
  readonly reported: unknown[] = [];
  readonly clock = new DenoClock(this.faults);
  readonly sink = new EchoSink();
  readonly transport: DenoTransport;

  constructor(host: string, tcpTimeoutMs = 2000) {
    this.faults.listen((error) => this.reported.push(error));
    this.transport = new DenoTransport(host, 0, { tcpTimeoutMs }, this.clock, this.faults);
    this.transport.start(this.sink);
  }

  /** A plain connection to the transport. */
  dial(): Promise<Deno.TcpConn> {
    const { host, port } = this.transport.bound;
    return Deno.connect({ hostname: host === "0.0.0.0" ? "127.0.0.1" : host, port });
  }

  /** Ends it. Afterwards nothing of it is pending. */
  async close(): Promise<void> {
    this.transport.close();
    await pass(5);
  }
}

/** Lets real time pass. */
export function pass(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

/** Waits until `predicate` holds. @throws when it does not within `limitMs`. */
export async function until(predicate: () => boolean, what: string, limitMs = 5000): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!predicate()) {
    if (performance.now() > endMs) throw new Error(`not within ${limitMs} ms: ${what}`);
    await pass(2);
  }
}

/** Reads a connection to its end. @returns how many bytes came, and whether it ended by a reset. */
export async function readToEnd(conn: Deno.Conn): Promise<{ count: number; reset: boolean }> {
  const buffer = new Uint8Array(65536);
  let count = 0;
  for (;;) {
    try {
      const length = await conn.read(buffer);
      if (length === null) return { count, reset: false };
      count += length;
    } catch {
      return { count, reset: true };
    }
  }
}

/** Closes what may be closed already. */
export function closeAll(...resources: { close(): void }[]): void {
  for (const resource of resources) {
    try {
      resource.close();
    } catch {
      // Closed before.
    }
  }
}
