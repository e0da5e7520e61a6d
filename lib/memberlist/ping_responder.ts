/** Answers pings, and pings others on somebody's behalf. protocol.md C.10. */
import { Address, sameIp } from "../base/address.ts";
import { LogLevel } from "../base/ports.ts";
import { Timer } from "../base/timer_heap.ts";
import { MsgpackWriter } from "../wire/msgpack_writer.ts";
import type { AckSink } from "./ack_registry.ts";
import type { Engine } from "./engine.ts";
import {
  createPing,
  encodeAck,
  encodeNack,
  encodePing,
  fillPing,
  type IndirectPing,
  type Ping,
} from "./messages.ts";
import type { PacketSender } from "./packet_sender.ts";
import { PATIENCE_RATIO_MIN } from "./round_trips.ts";
import { StreamPing } from "./stream_ping.ts";
import type { StreamFrames } from "./stream_frames.ts";

/** Where an answer is wanted. */
type Source = Pick<Ping, "sourceAddr" | "sourcePort">;

/** Pings for others that may try TCP at a time. An honest cluster asks for a few. */
const KNOCKS_MAX = 16;

// Encoding is synchronous and never re-entered: all share a writer, and a ping to encode.
const writer = new MsgpackWriter();
const ownPing = createPing();

/** The answering side of the failure detector. The path from ping to ack allocates nothing of ours. */
export class PingResponder {
  readonly #engine: Engine;
  readonly #sender: PacketSender;
  readonly #frames: StreamFrames;
  // bounded: with all other pings under way by the ack registry.
  readonly #errands = new Set<Errand>();

  /** Errands under way that have tried TCP. */
  #knocks = 0;

  constructor(engine: Engine, sender: PacketSender, frames: StreamFrames) {
    this.#engine = engine;
    this.#sender = sender;
    this.#frames = frames;
  }

  /** Gives up the pings that are under way for others. */
  stop(): void {
    for (const errand of this.#errands) this.#drop(errand);
  }

  /** A ping by datagram. @param ping borrowed. */
  onPing(ping: Readonly<Ping>, from: Address): void {
    const { local, delegate } = this.#engine;
    if (ping.node !== "" && ping.node !== local.name) {
      this.#onStrayPing(ping.node, from);
      return;
    }
    const to = this.#replyAddress(ping, from);
    if (to === undefined) return;
    writer.reset();
    encodeAck(writer, ping.seqNo, delegate.ackPayload());
    this.#sender.sendDirect(to, writer.view());
  }

  /** Somebody who got no ack from a node asks us to try. @param request borrowed. */
  onIndirectPing(request: Readonly<IndirectPing>, from: Address): void {
    const { acks, counters, bindPort } = this.#engine;
    const to = this.#replyAddress(request, from);
    const target = this.#targetOf(request, request.port === 0 ? bindPort : request.port);
    if (target === undefined) this.#onMalformed(request.target, "target", from);
    if (to === undefined || target === undefined) return;
    if (acks.isFull) {
      counters.overLimit++;
      return;
    }
    const errand = new Errand(this, to, request.seqNo, request.nack, request.node, target);
    errand.ownSeqNo = acks.register(errand);
    this.#errands.add(errand);
    this.#sendOwnPing(errand);
  }

  /** For {@linkcode Errand}: the target answered. The payload is not for the asker: it did not take the way it measures. */
  onErrandAck(errand: Errand): void {
    this.#drop(errand);
    this.#engine.listeners.onHeard(errand.target);
    writer.reset();
    encodeAck(writer, errand.seqNo, null);
    this.#sender.sendDirect(errand.asker, writer.view());
  }

  /** For {@linkcode Errand}: the first time, our patience ends; the second, the target's time. */
  onErrandTimer(errand: Errand): void {
    if (errand.isAsking) this.#knock(errand);
    else this.#onErrandFailed(errand);
  }

  #onErrandFailed(errand: Errand): void {
    this.#drop(errand);
    if (!errand.wantsNack) return;
    writer.reset();
    encodeNack(writer, errand.seqNo);
    this.#sender.sendDirect(errand.asker, writer.view());
  }

  #drop(errand: Errand): void {
    const { acks, clock } = this.#engine;
    this.#errands.delete(errand);
    if (errand.hasKnocked) this.#knocks--;
    acks.release(errand.ownSeqNo);
    clock.disarm(errand.timer);
  }

  #sendOwnPing(errand: Errand): void {
    const { clock, options } = this.#engine;
    const timeoutMs = options.probeTimeoutMs;
    const patienceMs = this.#mayKnock(errand) ? this.#errandPatienceMs() : timeoutMs;
    errand.isAsking = patienceMs < timeoutMs;
    errand.leftMs = timeoutMs - patienceMs;
    clock.arm(errand.timer, patienceMs);
    writer.reset();
    encodePing(writer, this.#pingOf(errand));
    this.#sender.sendDirect(errand.target, writer.view());
  }

  /** The least: that its acks take long, the asker has found already. But who doubts its own senses is more patient. */
  #errandPatienceMs(): number {
    const { awareness, options: { probeTimeoutMs } } = this.#engine;
    return Math.min(probeTimeoutMs, awareness.scaleMs(probeTimeoutMs * PATIENCE_RATIO_MIN));
  }

  /** Tries TCP: if that is refused, the asker need not wait for the nack. Whether it is answered, the asker tries itself. */
  #knock(errand: Errand): void {
    errand.isAsking = false;
    this.#engine.clock.arm(errand.timer, errand.leftMs);
    if (this.#knocks >= KNOCKS_MAX) return;
    errand.hasKnocked = true;
    this.#knocks++;
    const streamPing = new StreamPing(this.#engine, this.#frames, this.#pingOf(errand), () => {
      this.#engine.listeners.onRefused(errand.target);
      if (this.#errands.has(errand)) this.#onErrandFailed(errand);
    });
    streamPing.open(errand.target, errand.leftMs);
  }

  /** Of a member that is where the asker says, the address of its record: what is known of listeners is known by that. */
  #targetOf({ node, target }: Readonly<IndirectPing>, port: number): Address | undefined {
    const known = this.#engine.table.get(node)?.address;
    return known?.port === port && sameIp(known.ip, target) ? known : Address.fromBytes(target, port);
  }

  /** Only members, where they are known to listen: else strangers could find out by us which ports are open elsewhere. */
  #mayKnock({ node, target }: Errand): boolean {
    const { options, table, listeners } = this.#engine;
    if (!options.promptProbes || !options.tcpPings || !listeners.has(target)) return false;
    return table.get(node)?.address === target;
  }

  #pingOf({ ownSeqNo, node }: Errand): Readonly<Ping> {
    fillPing(ownPing, ownSeqNo, node, this.#engine.local);
    return ownPing;
  }

  /** What the message names as its source, if it names both address and port; else where the packet came from. */
  #replyAddress(source: Readonly<Source>, from: Address): Address | undefined {
    const { sourceAddr, sourcePort } = source;
    if (sourceAddr.length === 0 || sourcePort === 0) return from;
    if (sourcePort === from.port && sameIp(sourceAddr, from.ip)) return from;
    const address = Address.fromBytes(sourceAddr, sourcePort);
    if (address === undefined) this.#onMalformed(sourceAddr, "source", from);
    return address;
  }

  #onMalformed(ip: Uint8Array, what: string, from: Address): void {
    const { counters, strangers } = this.#engine;
    counters.malformed++;
    strangers.log(LogLevel.error, `memberlist: Got ping with a ${what} of ${ip.length} bytes from=${from}`);
  }

  #onStrayPing(name: string, from: Address): void {
    const { counters, strangers } = this.#engine;
    counters.strayPings++;
    if (strangers.admits(LogLevel.warn)) {
      strangers.log(LogLevel.warn, `memberlist: Got ping for unexpected node '${name}' from=${from}`);
    }
  }
}

/**
 * One ping on somebody's behalf.
 *
 * ```
 *  asking --our patience ends: TCP is tried--> insisting --probeTimeout, or TCP is refused--> over: nack, if wanted
 *    +-------------------------------ack---------------------------------> over: ack
 * ```
 */
class Errand implements AckSink {
  readonly timer: Timer;
  ownSeqNo = 0;
  isAsking = false;
  hasKnocked = false;
  /** What is left of the target's time when our patience ends, in milliseconds. */
  leftMs = 0;
  readonly #responder: PingResponder;

  /** @param seqNo the asker's. @param node the name of whom to ping, at `target`. */
  constructor(
    responder: PingResponder,
    readonly asker: Address,
    readonly seqNo: number,
    readonly wantsNack: boolean,
    readonly node: string,
    readonly target: Address,
  ) {
    this.#responder = responder;
    this.timer = new Timer(() => responder.onErrandTimer(this));
  }

  onAck(): void {
    this.#responder.onErrandAck(this);
  }

  onNack(): void {
    // Nobody sends one for a direct ping.
  }
}
