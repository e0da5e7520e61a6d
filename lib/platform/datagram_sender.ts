/** Datagrams to one place, for whoever does not care what becomes of them. */
import { joinHostPort } from "../base/address.ts";
import { systemErrorText } from "./go_errors.ts";
import { TransportError } from "../base/errors.ts";
import type { DatagramSender } from "./platform.ts";

/** Datagrams that may wait; what comes then is dropped. */
const WAITING_MAX = 1_024;

/** {@linkcode DatagramSender} on a socket of its own. */
class SocketSender implements DatagramSender {
  readonly #socket: Deno.DatagramConn;
  readonly #to: Deno.Addr;
  // bounded: WAITING_MAX
  readonly #waiting: Uint8Array[] = [];
  #isSending = false;
  #sent: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(socket: Deno.DatagramConn, to: Deno.Addr) {
    this.#socket = socket;
    this.#to = to;
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
    this.#socket.close();
  }

  /** One after the other: a Unix socket of the runtime refuses a datagram while it sends another. */
  async #sendAll(): Promise<void> {
    this.#isSending = true;
    for (let bytes = this.#waiting.shift(); bytes !== undefined; bytes = this.#waiting.shift()) {
      try {
        await this.#socket.send(bytes, this.#to);
      } catch {
        // Nobody listens at the moment, or never.
      }
    }
    this.#isSending = false;
  }
}

/** To a UDP port. @param host an IP literal. @throws {TransportError} when there is no socket. */
export function openDatagrams(host: string, port: number): DatagramSender {
  const hostname = host.includes(":") ? "::" : "0.0.0.0";
  try {
    const socket = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
    return new SocketSender(socket, { transport: "udp", hostname: host, port });
  } catch (cause) {
    const text = `dial udp ${joinHostPort(host, port)}: ${systemErrorText(cause)}`;
    throw new TransportError("local", text, { cause });
  }
}

/**
 * To a Unix socket's path.
 * @throws {TransportError} when nothing is there that could listen, or there is no socket.
 */
export function openUnixDatagrams(path: string): DatagramSender {
  try {
    if (Deno.statSync(path).isSocket !== true) throw new Error("not a socket");
    // The runtime's sockets have to be bound to a path. Nobody answers there: it need not outlive the call.
    const folder = Deno.makeTempDirSync({ prefix: "serf-" });
    try {
      const socket = Deno.listenDatagram({ transport: "unixpacket", path: `${folder}/socket` });
      return new SocketSender(socket, { transport: "unixpacket", path });
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  } catch (cause) {
    throw new TransportError("local", `dial unixgram ${path}: ${systemErrorText(cause)}`, { cause });
  }
}
