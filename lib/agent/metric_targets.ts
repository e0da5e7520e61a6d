/** The two collectors that metrics are sent to. surface.md 8. */
import { parsePort, splitHostPort } from "../base/host_port.ts";
import type { Platform, StreamConnection } from "../platform/platform.ts";
import type { MetricTarget, MetricTargetOptions } from "./metric_sender.ts";

/** What a datagram may hold on every network. */
const STATSD_PACKET_BYTES_MAX = 1_400;
/** What one write may hold. */
const STATSITE_PIECE_BYTES_MAX = 65_536;
/** What may wait for a statsite that does not read; more is dropped. */
const STATSITE_WAITING_BYTES_MAX = 1_048_576;
/** How long a statsite may take to accept us. */
const STATSITE_DIAL_MS = 5_000;

/** A statsd: UDP. @param address `host:port`. */
export function statsd(address: string, platform: Platform): MetricTargetOptions {
  return {
    name: `statsd at ${address}`,
    pieceBytesMax: STATSD_PACKET_BYTES_MAX,
    async open() {
      const { host, port } = splitHostPort(address);
      const hosts = await platform.resolveHost(host === "" ? "127.0.0.1" : host);
      const socket = await platform.openDatagrams(hosts[0]!, parsePort(port));
      return {
        isBroken: false,
        send: (bytes) => socket.send(bytes),
        close: () => void socket.drained().then(() => socket.close()),
      };
    },
  };
}

/** A statsite: TCP. @param address `host:port`. */
export function statsite(address: string, platform: Platform): MetricTargetOptions {
  return {
    name: `statsite at ${address}`,
    pieceBytesMax: STATSITE_PIECE_BYTES_MAX,
    async open() {
      const { host, port } = splitHostPort(address);
      return new StreamTarget(await platform.dialStream(host, parsePort(port), STATSITE_DIAL_MS));
    },
  };
}

/** Lines on a stream. A statsite says nothing: reading only tells that it has gone. */
class StreamTarget implements MetricTarget {
  readonly #stream: StreamConnection;
  #isBroken = false;

  constructor(stream: StreamConnection) {
    this.#stream = stream;
    void this.#watch();
  }

  get isBroken(): boolean {
    return this.#isBroken;
  }

  send(bytes: Uint8Array): void {
    if (this.#stream.queuedBytes <= STATSITE_WAITING_BYTES_MAX) this.#stream.write(bytes);
  }

  close(): void {
    void this.#stream.drained().then(() => this.#stream.close());
  }

  async #watch(): Promise<void> {
    while (await this.#stream.read() !== null);
    this.#isBroken = true;
  }
}
