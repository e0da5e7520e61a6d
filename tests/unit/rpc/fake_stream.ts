/** Byte streams in memory, whose reader can be as slow as a test wants it. */
import type { StreamConnection, StreamListener } from "../../../lib/platform/platform.ts";

/** The server's end of a connection; the test plays the client. */
export class FakeConnection implements StreamConnection {
  isClosed = false;
  /** When false the client fetches nothing, so that what is written piles up. */
  isFetching = true;
  /** Whether the system keeps the connection after it was closed, until {@linkcode release}. */
  isStranded = false;
  /** Whether the server has read to the end; else it was the server who ended the connection. */
  sawEnd = false;
  /** How often write was called. */
  writes = 0;
  /** The most that ever waited. */
  queuedMax = 0;
  #received: Uint8Array[] = [];
  #queued: Uint8Array[] = [];
  #queuedBytes = 0;
  #input: (Uint8Array | null)[] = [];
  #onInput: (() => void) | undefined;
  #onDrained: (() => void)[] = [];
  readonly #released = Promise.withResolvers<void>();
  /** As a real connection lends its one read buffer. */
  readonly #lent = new Uint8Array(1 << 16);

  constructor(readonly remote = "127.0.0.1:50000") {}

  /** The client sends bytes, in the chunks that it is given. */
  send(...chunks: Uint8Array[]): void {
    this.#input.push(...chunks);
    this.#onInput?.();
  }

  /** The client ends its side. */
  end(): void {
    this.#input.push(null);
    this.#onInput?.();
  }

  /** What the client has fetched since it asked last. */
  fetched(): Uint8Array {
    const bytes = concat(this.#received);
    this.#received = [];
    return bytes;
  }

  /** The client fetches all that waits. */
  fetch(): void {
    this.#received.push(...this.#queued);
    this.#queued = [];
    this.#queuedBytes = 0;
    const waiting = this.#onDrained;
    this.#onDrained = [];
    for (const resolve of waiting) resolve();
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** How many chunks the server has not read. */
  get unread(): number {
    return this.#input.length;
  }

  async read(): Promise<Uint8Array | null> {
    this.#lent.fill(0xc1); // what was lent before is gone
    while (this.#input.length === 0 && !this.isClosed) {
      await new Promise<void>((resolve) => this.#onInput = resolve);
    }
    if (this.isClosed) return null;
    const chunk = this.#input[0]!;
    if (chunk === null) {
      this.sawEnd = true;
      return null;
    }
    const size = Math.min(chunk.length, this.#lent.length);
    this.#lent.set(chunk.subarray(0, size));
    if (size === chunk.length) this.#input.shift();
    else this.#input[0] = chunk.subarray(size);
    return this.#lent.subarray(0, size);
  }

  write(bytes: Uint8Array): number {
    if (this.isClosed) return 0;
    this.writes++;
    this.#queued.push(bytes.slice());
    this.#queuedBytes += bytes.length;
    this.queuedMax = Math.max(this.queuedMax, this.#queuedBytes);
    const queued = this.#queuedBytes;
    if (this.isFetching) this.fetch();
    return this.isFetching ? 0 : queued;
  }

  drained(): Promise<void> {
    if (this.#queuedBytes === 0 || this.isClosed) return Promise.resolve();
    return new Promise((resolve) => this.#onDrained.push(resolve));
  }

  close(): void {
    this.isClosed = true;
    this.fetch();
    this.#onInput?.();
    if (!this.isStranded) this.release();
  }

  released(): Promise<void> {
    return this.#released.promise;
  }

  /** The system lets it go. */
  release(): void {
    this.#released.resolve();
  }
}

/** Hands out the connections that a test gives it. */
export class FakeListener implements StreamListener {
  readonly port = 7373;
  readonly #waiting: FakeConnection[] = [];
  #onConnection: (() => void) | undefined;
  #isClosed = false;

  connect(connection: FakeConnection): FakeConnection {
    this.#waiting.push(connection);
    this.#onConnection?.();
    return connection;
  }

  async accept(): Promise<StreamConnection | null> {
    while (this.#waiting.length === 0 && !this.#isClosed) {
      await new Promise<void>((resolve) => this.#onConnection = resolve);
    }
    return this.#isClosed ? null : this.#waiting.shift()!;
  }

  close(): void {
    this.#isClosed = true;
    this.#onConnection?.();
  }
}

/** Two ends of one connection: what one writes the other reads. */
export function connectionPair(): [client: StreamConnection, server: FakeConnection] {
  const server = new FakeConnection();
  const toClient = new FakeConnection("127.0.0.1:7373");
  const write = server.write.bind(server);
  server.write = (bytes) => {
    toClient.send(bytes.slice());
    return write(bytes);
  };
  const close = server.close.bind(server);
  server.close = () => {
    close();
    toClient.end();
  };
  const client: StreamConnection = {
    remote: "127.0.0.1:7373",
    read: () => toClient.read(),
    write: (bytes) => {
      server.send(bytes.slice());
      return 0;
    },
    queuedBytes: 0,
    drained: () => Promise.resolve(),
    released: () => Promise.resolve(),
    close: () => {
      toClient.close();
      server.end();
    },
  };
  return [client, server];
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
