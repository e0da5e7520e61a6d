/** Pipelined RPC requests over one connection. surface.md 3.1. */
const DEPTH = 64;

const encoder = new TextEncoder();

/** Bodies of the commands that have one. */
const BODIES: Readonly<Record<string, readonly number[]>> = {
  // {Name: "bench", Payload: "x", Coalesce: false}
  event: [
    0x83,
    ...text("Coalesce"),
    0xc2,
    ...text("Name"),
    ...text("bench"),
    ...text("Payload"),
    0xc4,
    1,
    0x78,
  ],
};

/** A short text in MessagePack. */
function text(value: string): readonly number[] {
  return [0xa0 | value.length, ...encoder.encode(value)];
}

/** A request with a fixed Seq, so that every reply has the same length. */
function request(command: string): Uint8Array {
  return new Uint8Array([
    0x82,
    ...text("Command"),
    ...text(command),
    ...text("Seq"),
    7,
    ...BODIES[command] ?? [],
  ]);
}

const HANDSHAKE = new Uint8Array([
  ...request("handshake"),
  0x81,
  ...text("Version"),
  1,
]);
/** `{Error: "", Seq: 7}`, as every agent writes it. */
const OK_HEADER = new Uint8Array([
  0x82,
  ...text("Error"),
  ...text(""),
  ...text("Seq"),
  7,
]);

/** A client that knows nothing of the replies but their length. */
export class RpcFlood {
  readonly #buffer = new Uint8Array(1 << 20);
  #replyBytes = 0;

  private constructor(readonly conn: Deno.TcpConn, readonly command: string) {}

  /** Connects to `host:7373`, shakes hands, and learns how long a reply to `command` is. */
  static async connect(host: string, command: string): Promise<RpcFlood> {
    const conn = await Deno.connect({ hostname: host, port: 7373 });
    conn.setNoDelay(true);
    const flood = new RpcFlood(conn, command);
    await writeAll(conn, HANDSHAKE);
    await flood.#read(OK_HEADER.length);
    await writeAll(conn, request(command));
    flood.#replyBytes = await flood.#readUntilQuiet();
    return flood;
  }

  get replyBytes(): number {
    return this.#replyBytes;
  }

  /** Sends `count` requests, up to 64 at once, and reads all replies. */
  async run(count: number): Promise<void> {
    const one = request(this.command);
    for (let done = 0; done < count; done += DEPTH) {
      const depth = Math.min(DEPTH, count - done);
      const batch = new Uint8Array(one.length * depth);
      for (let i = 0; i < depth; i++) batch.set(one, i * one.length);
      const writing = writeAll(this.conn, batch);
      await this.#read(this.#replyBytes * depth);
      await writing;
    }
  }

  close(): void {
    this.conn.close();
  }

  async #read(bytes: number): Promise<void> {
    for (let left = bytes; left > 0;) {
      const n = await this.conn.read(
        left < this.#buffer.length ? this.#buffer.subarray(0, left) : this.#buffer,
      );
      if (n === null) throw new Error(`the agent closed the connection with ${left} bytes to come`);
      left -= n;
    }
  }

  async #readUntilQuiet(): Promise<number> {
    let total = 0;
    let pending = this.conn.read(this.#buffer);
    for (;;) {
      const quiet = new Promise<"quiet">((resolve) => setTimeout(() => resolve("quiet"), 500));
      const got = await Promise.race([pending, quiet]);
      if (got === "quiet") {
        // The read stays pending; a last request would feed it, so the connection is renewed instead.
        return await this.#renew(total);
      }
      if (got === null) throw new Error("the agent closed the connection");
      total += got;
      pending = this.conn.read(this.#buffer);
    }
  }

  async #renew(replyBytes: number): Promise<number> {
    const remote = this.conn.remoteAddr as Deno.NetAddr;
    this.conn.close();
    const conn = await Deno.connect({ hostname: remote.hostname, port: remote.port });
    conn.setNoDelay(true);
    Object.assign(this, { conn });
    await writeAll(conn, HANDSHAKE);
    await this.#read(OK_HEADER.length);
    return replyBytes;
  }
}

async function writeAll(conn: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length;) offset += await conn.write(bytes.subarray(offset));
}
