/**
 * One probe: the question whether a node is there, asked until it is answered. protocol.md C.10, Lifeguard IV-A.
 *
 * ```
 *           begin          patience ends            probeTimeout, refused            deadline, settled
 *  resting --------> asking ------------> insisting ----------------------> detouring ----------> resting: node is
 *     ^                |                      |         (or not sent)          |          suspected, score up
 *     |      ack       |        ack           |                          ack   |   (at the deadline: TCP answered)
 *     +----------------+----------------------+--------------------------------+
 *       score down (up when we were late to read it); before the detour: round-trip time to the layer above
 *
 *   asking      a ping went to the node itself (to a suspect one together with the suspicion, so that it can refute)
 *   insisting   another went over TCP, as the ack takes longer than they do of late (round_trips.ts); where that is
 *               not known, nothing did yet
 *   detouring   helpers were asked to ping it, and at the latest now a ping went over TCP; a late ack counts too
 *   refused     the TCP ping met a host where nobody listens. It is news if somebody listened there before
 *               (listeners.ts), as we know or a helper does: that is one whose nack comes early. Then the process is
 *               gone, or a firewall says so that was not there before
 *   settled     refused, which is news, and every helper has sent a nack, or had the time for an ack
 *   deadline    probeInterval * (health score + 1) after the ping
 * ```
 * A slow process never refuses a connection: its system accepts it. So nobody who is there is given less time by
 * ending early than a firewall's word makes us give, and even then the helpers have their say.
 *
 * Inputs: acks, nacks, the outcome of the TCP ping, time. Outputs: pings, a suspicion, changes of the health score.
 */
import type { Address } from "../base/address.ts";
import { LogLevel } from "../base/ports.ts";
import { Timer } from "../base/timer_heap.ts";
import { MsgpackWriter } from "../wire/msgpack_writer.ts";
import type { AckSink } from "./ack_registry.ts";
import type { Engine } from "./engine.ts";
import type { Membership } from "./membership.ts";
import {
  createIndirectPing,
  createPing,
  encodeIndirectPing,
  encodePing,
  encodeSuspect,
  fillPing,
} from "./messages.ts";
import { type NodeState, NodeStatus } from "./node_state.ts";
import type { PacketSender } from "./packet_sender.ts";
import { StreamPing } from "./stream_ping.ts";
import type { StreamFrames } from "./stream_frames.ts";

/** Helpers and targets must speak this memberlist version to know nacks. */
const NACK_VERSION = 4;
/** Targets must speak this memberlist version to answer pings over TCP. */
const TCP_PING_VERSION = 3;
/** A helper's ack comes two ways, in as much time as twice a direct one, or a little more. */
const HELPER_PATIENCES = 3;
/** A nack that comes sooner is one of who was refused where somebody listened. As a part of the probe timeout. */
const EARLY_NACK_RATIO = 0.3;

/** Where a probe stands. */
const Stage = { resting: 0, asking: 1, insisting: 2, detouring: 3 } as const;
type Stage = typeof Stage[keyof typeof Stage];

/** What a probe works with. */
export interface ProbeParts {
  readonly engine: Engine;
  readonly membership: Membership;
  readonly sender: PacketSender;
  readonly frames: StreamFrames;
}

// Encoding is synchronous and never re-entered: all probes share what they encode, and where to.
const writer = new MsgpackWriter();
const suspectWriter = new MsgpackWriter();
const indirectPing = createIndirectPing();

/** See the top of the file. Used again and again, for one target at a time. */
export class Probe implements AckSink {
  readonly #engine: Engine;
  readonly #membership: Membership;
  readonly #sender: PacketSender;
  readonly #frames: StreamFrames;
  readonly #onEnd: () => void;
  readonly #timer = new Timer(() => this.#onTimer());
  /** Bounded: `indirectChecks`. */
  readonly #helpers: NodeState[] = [];
  readonly #isHelper = (node: NodeState) =>
    node.status === NodeStatus.alive && node !== this.#engine.local && node.name !== this.#target!.name;

  #stage: Stage = Stage.resting;
  #target: NodeState | undefined;
  /** Where the target was when the probe began: who took over its name since, elsewhere, is not the one that we asked. */
  #address: Address | undefined;
  /** The target's incarnation when the probe began: what we suspect is that incarnation, not a reborn one. */
  #incarnation = 0;
  /** What is asked, over UDP and TCP. */
  readonly #ping = createPing();
  #sentMs = 0;
  /** When helpers are asked at the latest. */
  #timeoutMs = 0;
  #deadlineMs = 0;
  /** When helpers were asked. */
  #askedMs = 0;
  #nacksExpected = 0;
  #nacksReceived = 0;
  #streamPing: StreamPing | undefined;
  #isRefused = false;
  /** Whether a refusal is news. */
  #isNews = false;
  /** Whether only a refusal counts. */
  #isHearsay = false;

  /** @param onEnd told after each probe that came to an end, but not of one that was stopped. */
  constructor(parts: ProbeParts, onEnd: () => void) {
    this.#engine = parts.engine;
    this.#membership = parts.membership;
    this.#sender = parts.sender;
    this.#frames = parts.frames;
    this.#onEnd = onEnd;
  }

  /** Whether none is under way. */
  get isResting(): boolean {
    return this.#stage === Stage.resting;
  }

  /** Gives up the probe under way, if any. */
  stop(): void {
    const { clock, acks } = this.#engine;
    clock.disarm(this.#timer);
    if (this.#stage !== Stage.resting) acks.release(this.#ping.seqNo);
    this.#stage = Stage.resting;
    this.#streamPing = undefined;
  }

  /**
   * Looks into what others say of `target`; none may be under way. Only a refusal confirms it: to be slow oneself must
   * not. A target that neither answers nor refuses is left to the regular probes. The health score stays as it is.
   */
  beginHearsay(target: NodeState): void {
    this.#begin(target, true);
  }

  /** Begins to probe `target`; none may be under way. */
  begin(target: NodeState): void {
    this.#begin(target, false);
  }

  #begin(target: NodeState, isHearsay: boolean): void {
    const { clock, awareness, options, acks, counters, metrics, local } = this.#engine;
    counters.probes++;
    this.#target = target;
    this.#address = target.address;
    this.#incarnation = target.incarnation;
    this.#nacksExpected = 0;
    this.#nacksReceived = 0;
    this.#streamPing = undefined;
    this.#isRefused = false;
    this.#isNews = false;
    this.#isHearsay = isHearsay;
    fillPing(this.#ping, acks.register(this), target.name, local);
    this.#sentMs = clock.nowMs();
    const intervalMs = awareness.scaleMs(options.probeIntervalMs);
    if (intervalMs > options.probeIntervalMs) metrics.counter("memberlist.degraded.probe", 1);
    this.#deadlineMs = this.#sentMs + intervalMs;
    const timeoutMs = Math.min(options.probeTimeoutMs, intervalMs);
    this.#timeoutMs = this.#sentMs + timeoutMs;
    const patienceMs = options.promptProbes ? patienceWith(this.#engine) : Infinity;
    this.#stage = patienceMs < timeoutMs ? Stage.asking : Stage.insisting;
    clock.arm(this.#timer, Math.min(patienceMs, timeoutMs));
    // What cannot even be sent need not be waited for: others may have a way.
    if (!this.#sendPing(target) && !isHearsay) this.#detour(target);
  }

  /** The target answered, itself or through a helper. */
  onAck(payload: Uint8Array): void {
    const target = this.#target!;
    const { clock, delegate, listeners, roundTrips } = this.#engine;
    const nowMs = clock.nowMs();
    listeners.onHeard(this.#address!);
    // An ack that took a detour says nothing about the way to the target.
    if (this.#stage !== Stage.detouring) {
      roundTrips.onRoundTrip(nowMs - this.#sentMs);
      delegate.onPingCompleted(target, nowMs - this.#sentMs, payload);
      this.#getToKnow(target, nowMs);
    }
    // One that we read when the deadline had passed, but before we noticed, clears the target: it is us who stood still.
    this.#end(nowMs > this.#deadlineMs ? 1 : -1);
  }

  /** A helper got no answer either. */
  onNack(): void {
    const { clock, options } = this.#engine;
    // Nobody was asked yet: somebody guesses.
    if (this.#stage !== Stage.detouring) return;
    this.#nacksReceived++;
    if (clock.nowMs() - this.#askedMs < options.probeTimeoutMs * EARLY_NACK_RATIO) this.#isNews = true;
    this.#settle();
  }

  #sendPing(target: NodeState): boolean {
    const { local, options } = this.#engine;
    writer.reset();
    encodePing(writer, this.#ping);
    const message = writer.view();
    if (target.status === NodeStatus.alive || !options.lifeguard.buddy) {
      return this.#sender.sendDirect(target.address, message);
    }
    suspectWriter.reset();
    encodeSuspect(suspectWriter, target.incarnation, target.name, local.name);
    return this.#sender.sendPair(target, message, suspectWriter.view());
  }

  #onTimer(): void {
    const target = this.#target!;
    if (this.#stage === Stage.asking) this.#insist(target);
    else if (this.#stage === Stage.detouring) this.#onDetourOver(target);
    else if (this.#isHearsay) this.#end(0);
    else {
      const { logger } = this.#engine;
      if (logger.enabled(LogLevel.debug)) {
        logger.log(LogLevel.debug, `memberlist: Failed UDP ping: ${target.name} (timeout reached)`);
      }
      this.#detour(target);
    }
  }

  #insist(target: NodeState): void {
    const { clock } = this.#engine;
    const nowMs = clock.nowMs();
    this.#stage = Stage.insisting;
    clock.arm(this.#timer, Math.max(0, this.#timeoutMs - nowMs));
    this.#knock(target, nowMs);
  }

  /** Finds out, once, while all is well, whether it accepts connections: listeners.ts. */
  #getToKnow(target: NodeState, nowMs: number): void {
    const { options, listeners } = this.#engine;
    if (!options.promptProbes || this.#streamPing !== undefined || !this.#takesStreamPings(target)) return;
    if (!listeners.isToBeCalled(this.#address!, nowMs)) return;
    new StreamPing(this.#engine, this.#frames, this.#ping).open(this.#address!, options.probeIntervalMs);
  }

  #takesStreamPings(target: NodeState): boolean {
    return this.#engine.options.tcpPings && target.versions.pMax >= TCP_PING_VERSION;
  }

  /** Tries TCP, once. */
  #knock(target: NodeState, nowMs: number): void {
    const leftMs = this.#deadlineMs - nowMs;
    if (this.#streamPing !== undefined || leftMs <= 0 || !this.#takesStreamPings(target)) return;
    const streamPing = new StreamPing(this.#engine, this.#frames, this.#ping, () => {
      if (streamPing === this.#streamPing) this.#onRefused(target);
    });
    this.#streamPing = streamPing;
    streamPing.open(this.#address!, leftMs);
  }

  /** Asks helpers to ping the target, and tries TCP. */
  #detour(target: NodeState): void {
    const { clock, table, options } = this.#engine;
    const nowMs = clock.nowMs();
    this.#stage = Stage.detouring;
    this.#askedMs = nowMs;
    clock.arm(this.#timer, Math.max(0, this.#deadlineMs - nowMs));
    table.sampleInto(options.indirectChecks, this.#isHelper, this.#helpers);
    for (const helper of this.#helpers) this.#askHelper(helper, target);
    this.#knock(target, nowMs);
  }

  #askHelper(helper: NodeState, target: NodeState): void {
    const { local, options } = this.#engine;
    const indirect = indirectPing;
    indirect.seqNo = this.#ping.seqNo;
    indirect.target = target.ip;
    indirect.port = target.port;
    indirect.node = target.name;
    indirect.nack = helper.versions.pMax >= NACK_VERSION && options.lifeguard.probe;
    indirect.sourceAddr = local.ip;
    indirect.sourcePort = local.port;
    indirect.sourceNode = local.name;
    if (indirect.nack) this.#nacksExpected++;
    writer.reset();
    encodeIndirectPing(writer, indirect);
    this.#sender.sendDirect(helper.address, writer.view());
  }

  /** Nobody listens at the target's address. Whether that is news, helpers may know. */
  #onRefused(target: NodeState): void {
    const { listeners, options } = this.#engine;
    if (!options.promptProbes || this.#stage === Stage.resting) return;
    this.#isRefused = true;
    if (listeners.onRefused(this.#address!)) this.#isNews = true;
    else if (this.#isHearsay) return;
    if (this.#stage !== Stage.detouring) this.#detour(target);
    this.#settle();
  }

  /** Ends the probe when a refusal is news, and the helpers have said what they can say. */
  #settle(): void {
    if (this.#stage !== Stage.detouring || !this.#isRefused || !this.#isNews) return;
    const { clock } = this.#engine;
    const helpedMs = this.#askedMs + HELPER_PATIENCES * patienceWith(this.#engine);
    if (this.#nacksReceived >= this.#helpers.length) this.#onFailed(this.#target!);
    else clock.arm(this.#timer, Math.max(0, Math.min(helpedMs, this.#deadlineMs) - clock.nowMs()));
  }

  /** The deadline, or, after a refusal, the end of the helpers' time. */
  #onDetourOver(target: NodeState): void {
    if (this.#streamPing?.isAnswered !== true) return this.#onFailed(target);
    this.#engine.logger.log(
      LogLevel.warn,
      `memberlist: Was able to connect to ${target.name} over TCP but UDP probes failed, network may be misconfigured`,
    );
    this.#end(-1);
  }

  #onFailed(target: NodeState): void {
    const { clock, options, logger, counters, local, table } = this.#engine;
    counters.probesFailed++;
    logger.log(LogLevel.info, `memberlist: Suspect ${target.name} has failed, no acks received`);
    // The record of the table, which may be another one by now.
    if ((table.get(target.name) ?? target).address.equals(this.#address!)) {
      this.#membership.onSuspect({ incarnation: this.#incarnation, node: target.name, from: local.name });
    }
    // Helpers that stay silent as well hint that it is us who hears nothing; but not when we did not hear them out.
    const isEarly = this.#isNews && clock.nowMs() - this.#askedMs < options.probeTimeoutMs;
    const missing = isEarly ? 0 : Math.max(0, this.#nacksExpected - this.#nacksReceived);
    this.#end(this.#nacksExpected > 0 ? missing : 1);
  }

  #end(scoreDelta: number): void {
    const { clock, acks, awareness, metrics } = this.#engine;
    clock.disarm(this.#timer);
    acks.release(this.#ping.seqNo);
    if (!this.#isHearsay) awareness.apply(scoreDelta);
    metrics.sample("memberlist.probeNode", clock.nowMs() - this.#sentMs);
    this.#stage = Stage.resting;
    this.#target = undefined;
    this.#streamPing = undefined;
    this.#onEnd();
  }
}

/** How long an ack is waited for before TCP is tried, in milliseconds. Who doubts its own senses is more patient. */
export function patienceWith({ awareness, options, roundTrips }: Engine): number {
  return awareness.scaleMs(roundTrips.patienceMs(options.probeTimeoutMs));
}
