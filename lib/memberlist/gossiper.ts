/** Spreads what is queued to a few random nodes at a time. protocol.md C.11. */
import type { Metric } from "../base/metrics.ts";
import { Timer } from "../base/timer_heap.ts";
import type { Engine } from "./engine.ts";
import { retransmitLimit } from "./formulas.ts";
import { GossipPacer } from "./gossip_pacer.ts";
import { type NodeState, NodeStatus } from "./node_state.ts";
import type { PacketSender } from "./packet_sender.ts";

/**
 * Holds the rounds; when, its {@linkcode GossipPacer} says. While nothing waits to be sent no timer is armed: an idle
 * cluster costs nothing.
 *
 * Inputs: {@linkcode onBroadcastQueued}, the timer. Output: gossip packets. Invariant: while something waits that a
 * known node could be told, the timer is armed. It may rest when there is nobody to tell, because whoever turns up is
 * news that gets queued itself; and when what waits fits into no packet, because that will not change.
 */
export class Gossiper {
  readonly #engine: Engine;
  readonly #sender: PacketSender;
  readonly #timer = new Timer(() => this.onTimer());
  readonly #roundMs: Metric;
  /** Bounded: `gossipNodes`. */
  readonly #targets: NodeState[] = [];
  readonly #isTarget: (node: NodeState) => boolean;
  /** Present while running. */
  #pacer: GossipPacer | undefined;

  constructor(engine: Engine, sender: PacketSender) {
    this.#engine = engine;
    this.#sender = sender;
    this.#roundMs = engine.metrics.named("sample", "memberlist.gossip");
    this.#isTarget = (node) => isWorthTelling(node, engine);
  }

  start(): void {
    const { clock, random, options } = this.#engine;
    const nowMs = clock.nowMs();
    // Rounds that all nodes hold at the same moment would collide.
    const phaseMs = nowMs + random.uniform() * options.gossipIntervalMs;
    const earlyRoundsMax = () => this.#earlyRoundsMax();
    this.#pacer = new GossipPacer({ intervalMs: options.gossipIntervalMs, phaseMs, earlyRoundsMax }, nowMs);
    if (this.#isWaiting()) this.onBroadcastQueued();
  }

  stop(): void {
    this.#pacer = undefined;
    this.#engine.clock.disarm(this.#timer);
  }

  /** Something was queued, here or in the layer above. Sends nothing yet: more may follow in the same breath. */
  onBroadcastQueued(): void {
    // A round that is due takes it along.
    if (this.#pacer === undefined || this.#pacer.dueMs < Infinity) return;
    const nowMs = this.#engine.clock.nowMs();
    this.#pacer.onNews(nowMs);
    this.#arm(this.#pacer, nowMs);
  }

  /** One round. */
  onTimer(): void {
    const { clock, table, options } = this.#engine;
    const startMs = clock.nowMs();
    table.sampleInto(options.gossipNodes, this.#isTarget, this.#targets);
    let sent = 0;
    for (const node of this.#targets) {
      if (!this.#sender.sendGossip(node)) break;
      sent++;
    }
    this.#roundMs.record(clock.nowMs() - startMs);
    if (this.#pacer === undefined) return;
    this.#pacer.onRound(startMs, sent > 0 && this.#isWaiting());
    this.#arm(this.#pacer, startMs);
  }

  #isWaiting(): boolean {
    return this.#engine.queue.size > 0 || this.#engine.delegate.hasBroadcasts();
  }

  /**
   * At most half of what a message may be sent goes early: the rest bridges a moment in which packets are lost. But a
   * round in any case, on a LAN the only one up to 99 nodes.
   */
  #earlyRoundsMax(): number {
    const { options, table } = this.#engine;
    if (!options.eagerGossip) return 0;
    const limit = retransmitLimit(options.retransmitMult, table.size);
    return Math.max(1, Math.floor(limit / 2 / options.gossipNodes));
  }

  #arm(pacer: GossipPacer, nowMs: number): void {
    if (pacer.dueMs < Infinity) this.#engine.clock.arm(this.#timer, pacer.dueMs - nowMs);
  }
}

/** The living, and the newly dead, that they may hear of it and object. */
function isWorthTelling(node: NodeState, engine: Engine): boolean {
  if (node === engine.local || node.status === NodeStatus.left) return false;
  return node.status !== NodeStatus.dead ||
    engine.clock.nowMs() - node.statusChangeMs <= engine.options.gossipToTheDeadMs;
}
