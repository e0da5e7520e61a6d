/**
 * Whose turn it is to be probed: one node after the other, a tick apart. protocol.md C.10, SWIM section 4.
 *
 * ```
 *              tick                      the probe ends
 *   waiting ----------> probing -----------------------------> waiting
 *                        |   ^   tick
 *                        +---+   the next one begins as soon as this one ends (once, however many ticks came)
 * ```
 * Inputs: ticks. Output: probes. Invariants: at most one probe at a time; every node is probed once per round of the
 * shuffled list, so the time to the first detection is bounded. Nodes that joined since may come twice or not at all in
 * their first round.
 */
import { Timer } from "../base/timer_heap.ts";
import type { Engine } from "./engine.ts";
import { isGone } from "./membership.ts";
import type { NodeState } from "./node_state.ts";
import { Probe, type ProbeParts } from "./probe.ts";

/** See the top of the file. */
export class Prober {
  readonly #engine: Engine;
  readonly #probe: Probe;
  readonly #tickTimer = new Timer(() => this.onTimer());

  #nextTickMs = 0;
  /** A tick came while a probe was under way: the next one begins as soon as that is over. */
  #isLate = false;
  /** Place of the next candidate in the probe order. */
  #index = 0;

  constructor(parts: ProbeParts) {
    this.#engine = parts.engine;
    this.#probe = new Probe(parts, () => {
      if (this.#isLate) this.#probeNext();
    });
  }

  start(): void {
    const { clock, random, options } = this.#engine;
    this.#nextTickMs = clock.nowMs() + random.uniform() * options.probeIntervalMs;
    this.#armTick();
  }

  stop(): void {
    this.#engine.clock.disarm(this.#tickTimer);
    this.#probe.stop();
  }

  /** A tick. */
  onTimer(): void {
    this.#nextTickMs += this.#engine.options.probeIntervalMs;
    this.#armTick();
    if (this.#probe.isResting) this.#probeNext();
    else this.#isLate = true;
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
    if (target !== undefined) this.#probe.begin(target);
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
}
