/** Reading one framed message from a TCP connection, and writing one whole. */
import type { FrameReader } from "../base/ports.ts";
import { Address } from "../base/address.ts";
import type { StreamShare } from "./transport_limits.ts";

/** What a stream's buffer starts with; pings and user messages fit. */
const FIRST_BYTES = 4096;
/** What is written at a time. */
const BLOCK_BYTES = 64 * 1024;

/** How reading a message ended. */
export type ReadEnd = "complete" | "end of stream" | "over limit";

/** A growing buffer for one message, paid from the stream's share. */
export class MessageBuffer {
  #bytes: Uint8Array<ArrayBuffer> = EMPTY;
  #received = 0;
  #messageBytes = 0;

  /** How many bytes have come so far, those behind the message included. */
  get received(): number {
    return this.#received;
  }

  /** The message, valid after `readFrom` said "complete" and until `release`. */
  get message(): Uint8Array {
    return this.#bytes.subarray(0, this.#messageBytes);
  }

  /**
   * Reads until `reader` sees the end of the message. The buffer doubles, so that the copying stays linear.
   *
   * @throws what `conn.read` throws; `received` is still right then.
   */
  async readFrom(conn: Deno.Conn, reader: FrameReader, share: StreamShare): Promise<ReadEnd> {
    for (;;) {
      if (this.#received === this.#bytes.length && !this.#grow(share)) return "over limit";
      const count = await conn.read(this.#bytes.subarray(this.#received));
      if (count === null) return "end of stream";
      this.#received += count;
      this.#messageBytes = reader.scan(this.#bytes, this.#received);
      if (this.#messageBytes > 0) return "complete";
    }
  }

  /** Lets the memory go, and gives its share back. */
  release(share: StreamShare): void {
    this.#bytes = EMPTY;
    this.#messageBytes = 0;
    share.resize(0);
  }

  #grow(share: StreamShare): boolean {
    const capacity = Math.max(FIRST_BYTES, this.#bytes.length * 2);
    if (!share.resize(capacity)) return false;
    const grown = new Uint8Array(capacity);
    grown.set(this.#bytes.subarray(0, this.#received));
    this.#bytes = grown;
    return true;
  }
}

const EMPTY = new Uint8Array(0);

/**
 * Writes all of `bytes`: the system takes as much at a time as its buffer has room for. A long message goes through a
 * block, so that a write that never ends (see transport_limits.ts) does not keep all of it in memory.
 */
export async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  const block = bytes.length > BLOCK_BYTES ? new Uint8Array(BLOCK_BYTES) : undefined;
  for (let written = 0; written < bytes.length;) {
    let next = bytes.subarray(written, written + BLOCK_BYTES);
    if (block !== undefined) {
      block.set(next);
      next = block.subarray(0, next.length);
    }
    written += await conn.write(next);
  }
}

/** Closes a connection that may be closed already. */
export function closeQuietly(resource: { close(): void }): void {
  try {
    resource.close();
  } catch {
    // It was closed before, by us or with the loop that used it: all that we wanted.
  }
}

/** An endpoint as the runtime tells it; a v4-mapped one reads as plain IPv4. */
export function addressOf(addr: Deno.Addr): Address {
  const { hostname, port } = addr as Deno.NetAddr;
  return Address.fromHost(hostname, port);
}

/** `local->remote`, as Go's stream errors name a connection. */
export function pathOf(conn: Deno.Conn): string {
  return `${addressOf(conn.localAddr)}->${addressOf(conn.remoteAddr)}`;
}
