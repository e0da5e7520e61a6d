/** The datagram half of the gossip transport. */
import { Address } from "../base/address.ts";
import type { TransportCounters } from "./platform.ts";
import type { FaultHook } from "./faults.ts";
import { closeQuietly } from "./stream_io.ts";

/** The largest payload that UDP over IPv4 carries; IPv6 would carry a few bytes more, for which nobody has a use. */
const PAYLOAD_BYTES_MAX = 65507;
/** A datagram is never longer: one buffer of this size receives them all. */
const RECEIVE_BYTES = 64 * 1024;
/** What a send buffer holds; larger datagrams, which are rare, get a copy of their own. */
const SLOT_BYTES = 2048;
/** Sends under way at once. They settle within a turn unless the system's buffer is full: then we drop, as it would. */
const SENDS_MAX = 512;
/** Senders whose addresses are remembered at most; a power of two. Each agent pays for all; a miss costs a microsecond. */
const SENDER_SLOTS = 1024;
/** Failed receives in a row after which we rest, and for how long: a broken socket must not become a busy loop. */
const FAILURES_BEFORE_REST = 8;
const REST_MS = 100;

/** A buffer for one datagram on its way out. Its callbacks are made once, so that a packet makes no closure. */
interface SendSlot {
  readonly bytes: Uint8Array;
  readonly onSent: () => void;
  readonly onFailed: () => void;
}

/** Which destinations a socket can reach: only its own family, or both through v4-mapped addresses. */
export type UdpReach = "v4" | "v6" | "dual";

/** One UDP socket: one reused receive buffer, interned senders, sends that nobody waits for. */
export class UdpSocket {
  readonly #socket: Deno.DatagramConn;
  readonly #reach: UdpReach;
  readonly #counters: TransportCounters;
  readonly #faults: FaultHook;
  readonly #senders = new SenderCache();
  /** bounded: SENDS_MAX slots exist at most. */
  readonly #freeSlots: SendSlot[] = [];
  #slotCount = 0;
  #closed = false;

  constructor(socket: Deno.DatagramConn, reach: UdpReach, counters: TransportCounters, faults: FaultHook) {
    this.#socket = socket;
    this.#reach = reach;
    this.#counters = counters;
    this.#faults = faults;
  }

  /** Starts delivering. `bytes` is borrowed for the call; what `onPacket` throws is reported as a fault. */
  start(onPacket: (from: Address, bytes: Uint8Array) => void): void {
    void this.#receiveAll(onPacket);
  }

  /**
   * Sends a copy of `bytes`, best effort. A failure that shows only later is counted.
   *
   * @returns false when the socket is closed or can never send this to there.
   */
  send(to: Address, bytes: Uint8Array): boolean {
    const isV6 = to.host.includes(":");
    if (this.#closed || to.port === 0 || bytes.length > PAYLOAD_BYTES_MAX) return false;
    if (this.#reach === (isV6 ? "v4" : "v6")) return false;
    const slot = this.#takeSlot();
    if (slot === undefined) {
      this.#counters.packetsDropped++;
      return true;
    }
    let payload: Uint8Array;
    if (bytes.length <= SLOT_BYTES) {
      slot.bytes.set(bytes);
      payload = slot.bytes.subarray(0, bytes.length);
    } else {
      payload = bytes.slice();
    }
    const hostname = this.#reach === "dual" && !isV6 ? "::ffff:" + to.host : to.host;
    this.#socket.send(payload, { transport: "udp", hostname, port: to.port }).then(
      slot.onSent,
      slot.onFailed,
    );
    return true;
  }

  /** Ends delivery and sending. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeQuietly(this.#socket);
  }

  async #receiveAll(onPacket: (from: Address, bytes: Uint8Array) => void): Promise<void> {
    const buffer = new Uint8Array(RECEIVE_BYTES);
    let failures = 0;
    while (!this.#closed) {
      let bytes: Uint8Array, from: Deno.Addr;
      try {
        [bytes, from] = await this.#socket.receive(buffer);
      } catch {
        if (this.#closed) return;
        // Some systems report here that an earlier packet of ours did not arrive. It says nothing about the next.
        this.#counters.packetErrors++;
        if (++failures % FAILURES_BEFORE_REST === 0) await new Promise((done) => setTimeout(done, REST_MS));
        continue;
      }
      failures = 0;
      // The socket may have been closed while this packet was on its way to us.
      if (this.#closed) return;
      this.#deliver(from as Deno.NetAddr, bytes, onPacket);
    }
  }

  #deliver(
    from: Deno.NetAddr,
    bytes: Uint8Array,
    onPacket: (from: Address, bytes: Uint8Array) => void,
  ): void {
    this.#counters.packetsReceived++;
    try {
      onPacket(this.#senders.intern(from.hostname, from.port), bytes);
    } catch (error) {
      this.#faults.report(error);
    }
  }

  #takeSlot(): SendSlot | undefined {
    const free = this.#freeSlots.pop();
    if (free !== undefined || this.#slotCount === SENDS_MAX) return free;
    this.#slotCount++;
    const slot: SendSlot = {
      bytes: new Uint8Array(SLOT_BYTES),
      onSent: () => {
        this.#counters.packetsSent++;
        this.#freeSlots.push(slot);
      },
      onFailed: () => {
        if (!this.#closed) this.#counters.packetErrors++;
        this.#freeSlots.push(slot);
      },
    };
    return slot;
  }
}

/**
 * The addresses of recent senders, because parsing one costs more than all else that happens to a small packet. A
 * direct-mapped cache rather than a Map: a Map would have to hash each packet's fresh string anew, which takes longer
 * than comparing it, and would have to be emptied when forged senders flood it.
 */
class SenderCache {
  /** bounded: SENDER_SLOTS. The host as the runtime gave it, and what it means. */
  readonly #hosts = new Array<string>(SENDER_SLOTS).fill("");
  readonly #addresses = new Array<Address | undefined>(SENDER_SLOTS).fill(undefined);

  /** @param host an IP literal as the runtime gives it; a v4-mapped one becomes plain IPv4. */
  intern(host: string, port: number): Address {
    const slot = slotOf(host, port);
    const known = this.#addresses[slot];
    if (known !== undefined && known.port === port && this.#hosts[slot] === host) return known;
    this.#hosts[slot] = host;
    return this.#addresses[slot] = Address.fromHost(host, port);
  }
}

/** Mixes what differs between neighbours in one network: the last characters, and the port. */
function slotOf(host: string, port: number): number {
  let hash = port;
  for (let i = Math.max(0, host.length - 8); i < host.length; i++) {
    hash = Math.imul(hash, 31) + host.charCodeAt(i);
  }
  return (hash ^ (hash >>> 15)) & (SENDER_SLOTS - 1);
}
