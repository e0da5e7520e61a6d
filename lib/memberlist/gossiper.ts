/** Spreads what is queued to a few random nodes at a time. protocol.md C.11. */
import { Timer } from "../base/timer_heap.ts";
import type { Engine } from "./engine.ts";
import { type NodeState, NodeStatus } from "./node_state.ts";
import type { PacketSender } from "./packet_sender.ts";

/**
 * A ticker that sleeps while nothing waits to be sent: the rounds fall where those of an ever-running one would, but
 * an idle cluster costs nothing.
 *
 * Inputs: {@linkcode onBroadcastQueued}, the timer. Output: gossip packets. Invariant: while something waits that a
 * known node could be told, the timer is armed. It may rest when there is nobody to tell, because whoever turns up is
 * news that gets queued itself; and when what waits fits into no packet, because that will not change.
 */
export class Gossiper {
  readonly #engine: Engine;
  readonly #sender: PacketSender;
  readonly #timer = new Timer(() => this.onTimer());
  /** Bounded: `gossipNodes`. */
  readonly #targets: NodeState[] = [];
  readonly #isTarget: (node: NodeState) => boolean;
  #isRunning = false;
  /** One of the moments at which rounds take place. */
  #phaseMs = 0;

  constructor(engine: Engine, sender: PacketSender) {
    this.#engine = engine;
    this.#sender = sender;
    this.#isTarget = (node) => isWorthTelling(node, engine);
  }

  start(): void {
    const { clock, random, options } = this.#engine;
    // Rounds that all nodes hold at the same moment would collide.
    this.#phaseMs = clock.nowMs() + random.uniform() * options.gossipIntervalMs;
    this.#isRunning = true;
    if (this.#isWaiting()) this.onBroadcastQueued();
  }

  stop(): void {
    this.#isRunning = false;
    this.#engine.clock.disarm(this.#timer);
  }

  /** Something was queued, here or in the layer above. */
  onBroadcastQueued(): void {
    if (this.#isRunning && !this.#timer.armed) this.#armForNextRound();
  }

  /** One round. */
  onTimer(): void {
    const { clock, table, options, metrics } = this.#engine;
    const startMs = clock.nowMs();
    table.sampleInto(options.gossipNodes, this.#isTarget, this.#targets);
    let sent = 0;
    for (const node of this.#targets) {
      if (!this.#sender.sendGossip(node)) break;
      sent++;
    }
    metrics.sample("memberlist.gossip", clock.nowMs() - startMs);
    if (sent > 0 && this.#isWaiting()) this.#armForNextRound();
  }

  #isWaiting(): boolean {
    return this.#engine.queue.size > 0 || this.#engine.delegate.hasBroadcasts();
  }

  #armForNextRound(): void {
    const { clock, options } = this.#engine;
    const nowMs = clock.nowMs();
    if (this.#phaseMs <= nowMs) {
      const intervalMs = options.gossipIntervalMs;
      this.#phaseMs += intervalMs * (Math.floor((nowMs - this.#phaseMs) / intervalMs) + 1);
    }
    clock.arm(this.#timer, this.#phaseMs - nowMs);
  }
}

/** The living, and the newly dead, that they may hear of it and object. */
function isWorthTelling(node: NodeState, engine: Engine): boolean {
  if (node === engine.local || node.status === NodeStatus.left) return false;
  return node.status !== NodeStatus.dead ||
    engine.clock.nowMs() - node.statusChangeMs <= engine.options.gossipToTheDeadMs;
}
