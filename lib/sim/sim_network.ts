/** The simulated network: one transport per address, packets and connections as timers of the virtual clock. */
import type { Address } from "../base/address.ts";
import { StateError, TransportError } from "../base/errors.ts";
import type { ExchangeSink, Transport, TransportSink } from "../base/ports.ts";
import { SeededRandom } from "../base/seeded_random.ts";
import { Timer } from "../base/timer_heap.ts";
import { CutKind, Faults } from "./faults.ts";
import { NetworkCounters } from "./network_counters.ts";
import type { SimClock } from "./sim_clock.ts";
import { type ExchangeWorld, SimExchange } from "./sim_exchange.ts";
import { type Listener, SimHost } from "./sim_host.ts";
import { SimProcess } from "./sim_process.ts";
import { StreamDice } from "./stream_dice.ts";
import type { TraceHash } from "./trace_hash.ts";

/** The largest UDP payload over IPv4. */
const DATAGRAM_BYTES_MAX = 65_507;
/** How many datagrams wait for a blocked process: about what Linux' default receive buffer holds of small ones. */
const WAITING_PACKETS_MAX = 256;

/** A network on which every packet is at the mercy of {@linkcode Faults}. */
export class SimNetwork implements ExchangeWorld {
  readonly clock: SimClock;
  readonly faults: Faults;
  readonly counters = new NetworkCounters();
  readonly dice: StreamDice;
  readonly trace: TraceHash | undefined;
  // Bounded: one entry per address that ever was used.
  readonly #hosts = new Map<string, SimHost>();
  readonly #random: SeededRandom;
  // Bounded: the most packets that ever were in flight at once.
  readonly #pool: PacketInFlight[] = [];

  /** @param trace when given, every delivery is mixed into it. */
  constructor(clock: SimClock, seed: number, faults = new Faults(), trace?: TraceHash) {
    this.clock = clock;
    this.faults = faults;
    this.trace = trace;
    this.#random = new SeededRandom(seed, "faults");
    this.dice = new StreamDice(seed);
  }

  /**
   * Opens sockets at `address`. Nothing is delivered before `start`.
   *
   * @param process the process that owns them; by default one of its own.
   * @throws {StateError} when a living process holds the address.
   */
  attach(address: Address, process = new SimProcess(this.clock)): SimTransport {
    const host = this.host(address);
    const old = host.listener;
    if (old !== undefined && old.process.alive) {
      throw new StateError(`listen tcp ${address}: bind: address already in use`);
    }
    const transport = new SimTransport(this, host, process);
    host.listener = transport;
    host.waitingPackets = 0;
    return transport;
  }

  /** The host at an address; made at first sight. */
  host(address: Address): SimHost {
    const text = address.toString();
    let host = this.#hosts.get(text);
    if (host === undefined) {
      host = new SimHost(address, this.faults.indexOf(text));
      this.#hosts.set(text, host);
    }
    return host;
  }

  /**
   * Rolls the same six dice for every packet, whatever the faults in force, and sends it on its way.
   * @param heldMs how long the sender's own system keeps it before.
   */
  transmit(from: SimHost, to: SimHost, bytes: Uint8Array, heldMs = 0): void {
    const random = this.#random;
    const lossDie = random.uniform(), duplicateDie = random.uniform(), holdDie = random.uniform();
    const jitterDie = random.uniform(), holdTimeDie = random.uniform(), copyJitterDie = random.uniform();
    const counters = this.counters;
    counters.packetsSent++;
    counters.packetBytesSent += bytes.length;
    if (this.faults.isCut(from.index, to.index, CutKind.datagrams)) {
      counters.packetsCut++;
      return;
    }
    const link = this.faults.conditions(from.index, to.index);
    if (lossDie < link.lossRatio) {
      counters.packetsLost++;
      if (this.faults.isOwn(link)) counters.packetsLostOnBadLinks++;
      return;
    }
    let delayMs = heldMs + link.latencyMs + jitterDie * link.jitterMs;
    if (holdDie < link.reorderRatio) {
      counters.packetsHeldBack++;
      delayMs += holdTimeDie * link.reorderDelayMs;
    }
    this.#launch(from, to, bytes, delayMs);
    if (duplicateDie < link.duplicateRatio) {
      counters.packetsDuplicated++;
      const copyDelayMs = heldMs + link.latencyMs + copyJitterDie * (link.jitterMs + link.reorderDelayMs);
      this.#launch(from, to, bytes, copyDelayMs);
    }
  }

  #launch(from: SimHost, to: SimHost, bytes: Uint8Array, delayMs: number): void {
    const packet = this.#pool.pop() ?? new PacketInFlight((arrived) => this.#onArrival(arrived));
    packet.load(from, to, bytes);
    this.clock.armFlightAt(packet.timer, this.clock.nowMs() + delayMs);
  }

  #onArrival(packet: PacketInFlight): void {
    const host = packet.to;
    const receiver = host.receiver;
    const socket = packet.socket;
    if (socket !== undefined) {
      packet.socket = undefined;
      host.waitingPackets--;
    }
    // What waits in a socket goes with it: whoever listens there since never gets it.
    if (receiver === undefined || (socket !== undefined && socket !== receiver)) {
      this.counters.packetsToNobody++;
    } else if (receiver.process.deaf) {
      if (this.#wait(packet, receiver)) return;
    } else {
      this.#deliver(packet, receiver);
    }
    this.#pool.push(packet);
  }

  /** @returns false when the socket's buffer is full: the packet is dropped. */
  #wait(packet: PacketInFlight, socket: Listener): boolean {
    if (packet.to.waitingPackets >= WAITING_PACKETS_MAX) {
      this.counters.packetsOverflowed++;
      return false;
    }
    this.counters.packetsDelayedByBlock++;
    packet.to.waitingPackets++;
    packet.socket = socket;
    this.clock.armFlightAt(packet.timer, socket.process.deafUntilMs);
    return true;
  }

  #deliver(packet: PacketInFlight, receiver: Listener): void {
    this.counters.packetsDelivered++;
    const trace = this.trace;
    if (trace !== undefined) {
      trace.float(this.clock.nowMs());
      trace.int(packet.from.index);
      trace.int(packet.to.index);
      trace.bytes(packet.buffer, packet.length);
    }
    receiver.sink!.onPacket(packet.from.address, packet.buffer.subarray(0, packet.length));
    receiver.process.onHandled();
  }
}

/** A packet on its way: a timer and a buffer, used again and again. */
class PacketInFlight {
  readonly timer: Timer;
  from!: SimHost;
  to!: SimHost;
  buffer = new Uint8Array(256);
  length = 0;
  /** In whose buffer it sits. */
  socket: Listener | undefined = undefined;

  constructor(onArrival: (packet: PacketInFlight) => void) {
    this.timer = new Timer(() => onArrival(this));
  }

  load(from: SimHost, to: SimHost, bytes: Uint8Array): void {
    this.from = from;
    this.to = to;
    this.length = bytes.length;
    if (this.buffer.length < bytes.length) this.buffer = new Uint8Array(bytes.length * 2);
    this.buffer.set(bytes);
  }
}

/** The sockets of one life of one node. */
export class SimTransport implements Transport, Listener {
  readonly #network: SimNetwork;
  readonly #host: SimHost;
  #sink: TransportSink | undefined = undefined;
  #closed = false;

  constructor(network: SimNetwork, host: SimHost, readonly process: SimProcess) {
    this.#network = network;
    this.#host = host;
  }

  /** What it is bound to. */
  get bound(): Address {
    return this.#host.address;
  }

  get sink(): TransportSink | undefined {
    return this.#sink;
  }

  /** Starts delivering. */
  start(sink: TransportSink): void {
    if (!this.#closed) this.#sink = sink;
  }

  /** Closes the sockets: nothing is delivered any more, no sink of an open exchange is called. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#sink = undefined;
    if (this.#host.listener === this) this.#host.listener = undefined;
  }

  sendPacket(to: Address, bytes: Uint8Array): boolean {
    if (this.#unusable() || bytes.length > DATAGRAM_BYTES_MAX || to.port === 0 || !this.#sameFamily(to)) {
      this.#network.counters.packetsRefused++;
      return false;
    }
    this.#network.transmit(this.#host, this.#network.host(to), bytes, this.process.holdsBackMs);
    return true;
  }

  openExchange(to: Address, request: Uint8Array, timeoutMs: number, sink: ExchangeSink): void {
    this.#network.counters.exchangesOpened++;
    if (this.#unusable()) return this.#failSoon(to, "local", "use of closed network connection", sink);
    if (!this.#sameFamily(to)) return this.#failSoon(to, "unreachable", "network is unreachable", sink);
    const ends = { opener: this, from: this.#host, to: this.#network.host(to) };
    new SimExchange(this.#network, ends, request, timeoutMs, sink);
  }

  #failSoon(to: Address, kind: "local" | "unreachable", why: string, sink: ExchangeSink): void {
    const error = new TransportError(kind, `dial tcp ${to}: connect: ${why}`);
    this.process.arm(new Timer(() => sink.onError(error)), 0);
  }

  #unusable(): boolean {
    return this.#closed || !this.process.alive;
  }

  #sameFamily(to: Address): boolean {
    return to.isIpv6 === this.bound.isIpv6;
  }
}
