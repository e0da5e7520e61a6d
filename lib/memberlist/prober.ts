/**
 * The failure detector: asks one node after the other whether it is there. protocol.md C.10, SWIM section 4, Lifeguard IV-A.
 *
 * ```
 *             tick                 probeTimeout, or not sent                deadline
 *   resting --------> asking ---------------------------------> detouring ----------> resting: node is suspected,
 *      ^                |                                          |                  score up
 *      |    ack         |                                    ack   |   (at the deadline: TCP answered)
 *      +----------------+------------------------------------------+
 *        score down (up when we were late to read it); asking: round-trip time to the layer above
 *
 *   asking      a ping went to the node itself (to a suspect one together with the suspicion, so that it can refute)
 *   detouring   helpers were asked to ping it, and a ping went over TCP; a late ack counts too
 *   deadline    probeInterval * (health score + 1) after the ping
 * ```
 * Inputs: ticks, acks, nacks, the outcome of the TCP ping. Outputs: pings, a suspicion, changes of the health score.
 * Invariants: at most one probe at a time; every node is probed once per round of the shuffled list, so the time to the
 * first detection is bounded. Nodes that joined since may come twice or not at all in their first round.
 */
import type { Address } from "../base/address.ts";
import { LogLevel } from "../base/ports.ts";
import { Timer } from "../base/timer_heap.ts";
import { MsgpackWriter } from "../wire/msgpack_writer.ts";
import type { AckSink } from "./ack_registry.ts";
import type { Engine } from "./engine.ts";
import { isGone, type Membership } from "./membership.ts";
import { createIndirectPing, createPing, encodeIndirectPing, encodePing, encodeSuspect } from "./messages.ts";
import { type NodeState, NodeStatus } from "./node_state.ts";
import type { PacketSender } from "./packet_sender.ts";
import { StreamPing } from "./stream_ping.ts";
import type { StreamFrames } from "./stream_frames.ts";

/** Helpers and targets must speak this memberlist version to know nacks. */
const NACK_VERSION = 4;
/** Targets must speak this memberlist version to answer pings over TCP. */
const TCP_PING_VERSION = 3;

/** Where a probe stands. */
const Stage = { resting: 0, asking: 1, detouring: 2 } as const;
type Stage = typeof Stage[keyof typeof Stage];

/** See the top of the file. */
export class Prober implements AckSink {
  readonly #engine: Engine;
  readonly #membership: Membership;
  readonly #sender: PacketSender;
  readonly #frames: StreamFrames;
  readonly #tickTimer = new Timer(() => this.onTimer());
  readonly #stageTimer = new Timer(() => this.#onStageTimeout());
  readonly #writer = new MsgpackWriter();
  readonly #suspectWriter = new MsgpackWriter();
  readonly #ping = createPing();
  readonly #indirectPing = createIndirectPing();
  /** Bounded: `indirectChecks`. */
  readonly #helpers: NodeState[] = [];
  readonly #isHelper = (node: NodeState) =>
    node.status === NodeStatus.alive && node !== this.#engine.local && node.name !== this.#target!.name;

  #nextTickMs = 0;
  /** A tick came while a probe was under way: the next one begins as soon as that is over. */
  #isLate = false;
  /** Place of the next candidate in the probe order. */
  #index = 0;

  // The probe under way.
  #stage: Stage = Stage.resting;
  #target: NodeState | undefined;
  /** Where the target was when the probe began: who took over its name since, elsewhere, is not the one that we asked. */
  #address: Address | undefined;
  /** The target's incarnation when the probe began: what we suspect is that incarnation, not a reborn one. */
  #incarnation = 0;
  #seqNo = 0;
  #sentMs = 0;
  #deadlineMs = 0;
  #nacksExpected = 0;
  #nacksReceived = 0;
  #streamPing: StreamPing | undefined;

  constructor(engine: Engine, membership: Membership, sender: PacketSender, frames: StreamFrames) {
    this.#engine = engine;
    this.#membership = membership;
    this.#sender = sender;
    this.#frames = frames;
  }

  start(): void {
    const { clock, random, options } = this.#engine;
    this.#nextTickMs = clock.nowMs() + random.uniform() * options.probeIntervalMs;
    this.#armTick();
  }

  stop(): void {
    const { clock, acks } = this.#engine;
    clock.disarm(this.#tickTimer);
    clock.disarm(this.#stageTimer);
    if (this.#stage !== Stage.resting) acks.release(this.#seqNo);
    this.#stage = Stage.resting;
  }

  /** A tick. */
  onTimer(): void {
    this.#nextTickMs += this.#engine.options.probeIntervalMs;
    this.#armTick();
    if (this.#stage !== Stage.resting) this.#isLate = true;
    else this.#probeNext();
  }

  /** The target answered, itself or through a helper. */
  onAck(payload: Uint8Array): void {
    const target = this.#target!;
    const { clock, options } = this.#engine;
    const nowMs = clock.nowMs();
    // One that we read when the deadline had passed, but before we noticed: it is us who stood still.
    const isOverdue = nowMs > this.#deadlineMs;
    if (isOverdue && !options.lifeguard.lateAcks) {
      this.#onDeadline(target);
      return;
    }
    // An ack that took a detour says nothing about the way to the target.
    if (this.#stage === Stage.asking) {
      this.#engine.delegate.onPingCompleted(target, nowMs - this.#sentMs, payload);
    }
    this.#end(isOverdue ? 1 : -1);
  }

  /** A helper got no answer either. */
  onNack(): void {
    this.#nacksReceived++;
  }

  /** Keeps the rhythm; ticks that were missed (the process stood still) are not made up for. */
  #armTick(): void {
    const { clock, options } = this.#engine;
    const nowMs = clock.nowMs();
    if (this.#nextTickMs < nowMs) {
      const missed = Math.ceil((nowMs - this.#nextTickMs) / options.probeIntervalMs);
      this.#nextTickMs += missed * options.probeIntervalMs;
    }
    clock.arm(this.#tickTimer, Math.max(0, this.#nextTickMs - nowMs));
  }

  #probeNext(): void {
    this.#isLate = false;
    const target = this.#nextTarget();
    if (target !== undefined) this.#probe(target);
  }

  /** The next living node: the rest of this round, then the whole next one. */
  #nextTarget(): NodeState | undefined {
    const { table, local } = this.#engine;
    let isNewRound = false;
    for (;;) {
      if (this.#index >= table.size) {
        if (isNewRound) return undefined;
        isNewRound = true;
        this.#beginRound();
      }
      const node = table.at(this.#index++);
      if (node !== local && !isGone(node)) return node;
    }
  }

  /** Forgets the long gone, and shuffles. */
  #beginRound(): void {
    const { table, clock, options, local } = this.#engine;
    const nowMs = clock.nowMs();
    table.removeWhere((node) =>
      isGone(node) && node !== local && nowMs - node.statusChangeMs > options.gossipToTheDeadMs
    );
    table.shuffle();
    this.#index = 0;
  }

  #probe(target: NodeState): void {
    const { clock, awareness, options, acks, counters, metrics } = this.#engine;
    counters.probes++;
    this.#stage = Stage.asking;
    this.#target = target;
    this.#address = target.address;
    this.#incarnation = target.incarnation;
    this.#nacksExpected = 0;
    this.#nacksReceived = 0;
    this.#streamPing = undefined;
    this.#seqNo = acks.register(this);
    this.#sentMs = clock.nowMs();
    const intervalMs = awareness.scaleMs(options.probeIntervalMs);
    if (intervalMs > options.probeIntervalMs) metrics.counter("memberlist.degraded.probe", 1);
    this.#deadlineMs = this.#sentMs + intervalMs;
    clock.arm(this.#stageTimer, Math.min(options.probeTimeoutMs, intervalMs));
    // What cannot even be sent need not be waited for: others may have a way.
    if (!this.#sendPing(target)) this.#detour(target);
  }

  #sendPing(target: NodeState): boolean {
    const { local, options } = this.#engine;
    const ping = this.#ping;
    ping.seqNo = this.#seqNo;
    ping.node = target.name;
    ping.sourceAddr = local.ip;
    ping.sourcePort = local.port;
    ping.sourceNode = local.name;
    this.#writer.reset();
    encodePing(this.#writer, ping);
    const message = this.#writer.view();
    if (target.status === NodeStatus.alive || !options.lifeguard.buddy) {
      return this.#sender.sendDirect(target.address, message);
    }
    this.#suspectWriter.reset();
    encodeSuspect(this.#suspectWriter, target.incarnation, target.name, local.name);
    return this.#sender.sendPair(target, message, this.#suspectWriter.view());
  }

  #onStageTimeout(): void {
    const target = this.#target!;
    if (this.#stage === Stage.detouring) {
      this.#onDeadline(target);
      return;
    }
    const { logger } = this.#engine;
    if (logger.enabled(LogLevel.debug)) {
      logger.log(LogLevel.debug, `memberlist: Failed UDP ping: ${target.name} (timeout reached)`);
    }
    this.#detour(target);
  }

  /** Asks helpers to ping the target, and tries TCP. */
  #detour(target: NodeState): void {
    const { clock, table, options } = this.#engine;
    this.#stage = Stage.detouring;
    const leftMs = Math.max(0, this.#deadlineMs - clock.nowMs());
    clock.arm(this.#stageTimer, leftMs);
    table.sampleInto(options.indirectChecks, this.#isHelper, this.#helpers);
    for (const helper of this.#helpers) this.#askHelper(helper, target);
    if (options.tcpPings && target.versions.pMax >= TCP_PING_VERSION && leftMs > 0) {
      this.#streamPing = new StreamPing(this.#engine, this.#frames, this.#ping);
      this.#streamPing.open(target.address, leftMs);
    }
  }

  #askHelper(helper: NodeState, target: NodeState): void {
    const { local, options } = this.#engine;
    const indirect = this.#indirectPing;
    indirect.seqNo = this.#seqNo;
    indirect.target = target.ip;
    indirect.port = target.port;
    indirect.node = target.name;
    indirect.nack = helper.versions.pMax >= NACK_VERSION && options.lifeguard.probe;
    indirect.sourceAddr = local.ip;
    indirect.sourcePort = local.port;
    indirect.sourceNode = local.name;
    if (indirect.nack) this.#nacksExpected++;
    this.#writer.reset();
    encodeIndirectPing(this.#writer, indirect);
    this.#sender.sendDirect(helper.address, this.#writer.view());
  }

  #onDeadline(target: NodeState): void {
    const { acks, logger, counters, local, table } = this.#engine;
    acks.release(this.#seqNo);
    if (this.#streamPing?.isAnswered) {
      logger.log(
        LogLevel.warn,
        `memberlist: Was able to connect to ${target.name} over TCP but UDP probes failed, network may be misconfigured`,
      );
      this.#end(-1);
      return;
    }
    counters.probesFailed++;
    logger.log(LogLevel.info, `memberlist: Suspect ${target.name} has failed, no acks received`);
    // The record of the table, which may be another one by now.
    if ((table.get(target.name) ?? target).address.equals(this.#address!)) {
      this.#membership.onSuspect({ incarnation: this.#incarnation, node: target.name, from: local.name });
    }
    // Helpers that stay silent as well hint that it is us who hears nothing.
    const missing = Math.max(0, this.#nacksExpected - this.#nacksReceived);
    this.#end(this.#nacksExpected > 0 ? missing : 1);
  }

  #end(scoreDelta: number): void {
    const { clock, awareness, metrics } = this.#engine;
    clock.disarm(this.#stageTimer);
    awareness.apply(scoreDelta);
    metrics.sample("memberlist.probeNode", clock.nowMs() - this.#sentMs);
    this.#stage = Stage.resting;
    this.#target = undefined;
    this.#streamPing = undefined;
    if (this.#isLate) this.#probeNext();
  }
}
