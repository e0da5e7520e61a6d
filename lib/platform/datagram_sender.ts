/** Datagrams to one place, for whoever does not care what becomes of them. */
import { joinHostPort } from "../base/address.ts";
import { systemErrorText } from "./go_errors.ts";
import { TransportError } from "../base/errors.ts";
import type { DatagramSender } from "./platform.ts";
import { closeQuietly, writeAll } from "./stream_io.ts";

/** Datagrams that may wait; what comes then is dropped. */
const WAITING_MAX = 1_024;

/** What carries one message after the other. */
interface Carrier {
  /** Called again when the promise has settled. */
  send(bytes: Uint8Array): Promise<unknown>;
  close(): void;
}

/** {@linkcode DatagramSender} over whatever carries messages. */
class QueuedSender implements DatagramSender {
  readonly #carrier: Carrier;
  // bounded: WAITING_MAX
  readonly #waiting: Uint8Array[] = [];
  #isSending = false;
  #sent: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(carrier: Carrier) {
    this.#carrier = carrier;
  }

  send(bytes: Uint8Array): void {
    if (this.#closed || this.#waiting.length >= WAITING_MAX) return;
    this.#waiting.push(bytes);
    if (!this.#isSending) this.#sent = this.#sendAll();
  }

  drained(): Promise<void> {
    return this.#sent;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting.length = 0;
    this.#carrier.close();
  }

  /** One after the other: a Unix socket of the runtime refuses a datagram while it sends another. */
  async #sendAll(): Promise<void> {
    this.#isSending = true;
    for (let bytes = this.#waiting.shift(); bytes !== undefined; bytes = this.#waiting.shift()) {
      try {
        await this.#carrier.send(bytes);
      } catch {
        // Nobody listens at the moment, or never.
      }
    }
    this.#isSending = false;
  }
}

function carrierOf(socket: Deno.DatagramConn, to: Deno.Addr): Carrier {
  return { send: (bytes) => socket.send(bytes, to), close: () => socket.close() };
}

/** Messages one behind the other on a stream, which is opened anew for the next message when it has ended. */
class StreamCarrier implements Carrier {
  readonly #path: string;
  #conn: Deno.Conn | undefined;

  constructor(path: string, conn: Deno.Conn) {
    this.#path = path;
    this.#conn = conn;
  }

  async send(bytes: Uint8Array): Promise<void> {
    try {
      return await this.#write(bytes);
    } catch {
      // The daemon was started anew since the last message.
    }
    await this.#write(bytes);
  }

  close(): void {
    if (this.#conn !== undefined) closeQuietly(this.#conn);
    this.#conn = undefined;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    try {
      this.#conn ??= await Deno.connect({ transport: "unix", path: this.#path });
      await writeAll(this.#conn, bytes);
    } catch (error) {
      this.close();
      throw error;
    }
  }
}

/** To a UDP port. @param host an IP literal. @throws {TransportError} when there is no socket. */
export function openDatagrams(host: string, port: number): DatagramSender {
  const hostname = host.includes(":") ? "::" : "0.0.0.0";
  try {
    const socket = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
    return new QueuedSender(carrierOf(socket, { transport: "udp", hostname: host, port }));
  } catch (cause) {
    const text = `dial udp ${joinHostPort(host, port)}: ${systemErrorText(cause)}`;
    throw new TransportError("local", text, { cause });
  }
}

/**
 * To a Unix socket's path. Where a stream is listened for instead of datagrams, as some system logs do, messages follow
 * one another on one.
 * @throws {TransportError} when nobody listens there.
 */
export async function openUnixDatagrams(path: string): Promise<DatagramSender> {
  try {
    if (Deno.statSync(path).isSocket !== true) throw new Error("not a socket");
    return new QueuedSender(await openStream(path) ?? openUnixSocket(path));
  } catch (cause) {
    throw new TransportError("local", `dial unixgram ${path}: ${systemErrorText(cause)}`, { cause });
  }
}

/** @returns undefined when datagrams are expected there. */
async function openStream(path: string): Promise<Carrier | undefined> {
  try {
    return new StreamCarrier(path, await Deno.connect({ transport: "unix", path }));
  } catch (error) {
    // The one code for which the runtime has neither a class nor a name.
    if (error instanceof Error && /wrong type for socket/i.test(error.message)) return undefined;
    throw error;
  }
}

function openUnixSocket(path: string): Carrier {
  // The runtime's sockets have to be bound to a path. Nobody answers there: it need not outlive the call.
  const folder = Deno.makeTempDirSync({ prefix: "serf-" });
  try {
    const socket = Deno.listenDatagram({ transport: "unixpacket", path: `${folder}/socket` });
    return carrierOf(socket, { transport: "unixpacket", path });
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}
