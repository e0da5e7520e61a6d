/** The real gossip transport: UDP and TCP on one port. */
import { Address } from "../base/address.ts";
import type { Clock, ExchangeSink, TransportSink } from "../base/ports.ts";
import { bindSockets } from "./bind_sockets.ts";
import { ExchangeClient } from "./exchange_client.ts";
import { ExchangeServer } from "./exchange_server.ts";
import type { FaultHook } from "./faults.ts";
import type { GossipOptions, GossipTransport, TransportCounters } from "./platform.ts";
import { StreamBudget } from "./transport_limits.ts";
import { UdpSocket } from "./udp_socket.ts";

/** {@linkcode GossipTransport} on the runtime's sockets. */
export class DenoTransport implements GossipTransport {
  readonly bound: Address;
  readonly counters: TransportCounters = {
    packetsReceived: 0,
    packetsSent: 0,
    packetsDropped: 0,
    packetErrors: 0,
    streamsAccepted: 0,
    streamsRefused: 0,
    streamsFailed: 0,
  };
  readonly #udp: UdpSocket;
  readonly #server: ExchangeServer;
  readonly #client: ExchangeClient;

  /**
   * Binds both sockets; nothing is delivered before `start`.
   *
   * @param host an IP literal.
   * @throws {TransportError} `listen tcp 127.0.0.1:7946: bind: address already in use`. Nothing stays bound.
   * @throws {OptionError} when `host` is not an IP literal. Nothing stays bound.
   */
  constructor(host: string, port: number, options: GossipOptions, clock: Clock, faults: FaultHook) {
    const wanted = Address.fromHost(host, port);
    const sockets = bindSockets(wanted.host, port);
    this.bound = wanted.withPort(sockets.port);
    this.#udp = new UdpSocket(sockets.datagrams, sockets.reach, this.counters, faults);
    this.#server = new ExchangeServer(
      sockets.listener,
      clock,
      options.tcpTimeoutMs,
      new StreamBudget(),
      this.counters,
      faults,
    );
    this.#client = new ExchangeClient(clock, new StreamBudget(), faults);
  }

  start(sink: TransportSink): void {
    this.#udp.start((from, bytes) => sink.onPacket(from, bytes));
    this.#server.start(sink);
  }

  sendPacket(to: Address, bytes: Uint8Array): boolean {
    return this.#udp.send(to, bytes);
  }

  openExchange(to: Address, request: Uint8Array, timeoutMs: number, sink: ExchangeSink): void {
    this.#client.open(to, request, timeoutMs, sink);
  }

  close(): void {
    this.#udp.close();
    this.#server.close();
    this.#client.close();
  }
}
