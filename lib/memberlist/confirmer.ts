/**
 * Looks into the suspicions of others: whoever is told that a node is suspect may probe it at once. Where nobody listens
 * any more, it becomes another accuser, and two of them bring the suspicion down to its least time (Lifeguard IV-B); a
 * node that is well hears what is said of it, and can object.
 *
 * ```
 *  resting --hearsay, by lot--> pending --a moment later--> probing --the probe ends--> resting, or pending again
 * ```
 * Inputs: {@linkcode onHearsay}, the timer. Output: probes. Invariants: about {@linkcode PROBERS_PER_CONFIRMATION}
 * members for each confirmation that counts look into a suspicion, however large the cluster; one such probe at a time
 * beside the regular ones, at least half a probe timeout after the last.
 */
import { Timer } from "../base/timer_heap.ts";
import type { Engine } from "./engine.ts";
import { suspicionConfirmationsMax } from "./formulas.ts";
import type { NodeState } from "./node_state.ts";
import { Probe, type ProbeParts } from "./probe.ts";

/** Some will not hear of it in time, or find the target well. */
const PROBERS_PER_CONFIRMATION = 3;
/** Suspicions that wait to be looked into. When half of a cluster is gone, the regular probes will find out as well. */
const PENDING_MAX = 8;

/** See the top of the file. */
export class Confirmer {
  readonly #engine: Engine;
  readonly #probe: Probe;
  readonly #timer = new Timer(() => this.onTimer());
  /** Names, for the table's record of a node may change. Bounded: PENDING_MAX. */
  readonly #pending: string[] = [];
  #isRunning = false;

  constructor(parts: ProbeParts) {
    this.#engine = parts.engine;
    this.#probe = new Probe(parts, () => this.#armIfPending());
  }

  start(): void {
    this.#isRunning = this.#engine.options.promptProbes;
  }

  stop(): void {
    this.#isRunning = false;
    this.#pending.length = 0;
    this.#engine.clock.disarm(this.#timer);
    this.#probe.stop();
  }

  /** Others suspect `node`. */
  onHearsay(node: NodeState): void {
    if (!this.#isRunning || this.#pending.length >= PENDING_MAX || !this.#isDrawn()) return;
    this.#pending.push(node.name);
    this.#armIfPending();
  }

  /** The next suspicion, unless it was settled in the meantime. */
  onTimer(): void {
    const node = this.#engine.table.get(this.#pending.shift()!);
    if (node?.suspicion !== undefined && !node.suspicion.isConfirmed) this.#probe.beginHearsay(node);
    else this.#armIfPending();
  }

  /** So that about as many look as are needed, and not a thousand at once. */
  #isDrawn(): boolean {
    const { options, table, random } = this.#engine;
    if (!options.lifeguard.suspicion) return false;
    const wanted = PROBERS_PER_CONFIRMATION * suspicionConfirmationsMax(options.suspicionMult, table.size);
    return random.uniform() * (table.size - 2) < wanted;
  }

  /** Half to one probe timeout later: those who were drawn do not ping the suspect in the same millisecond. */
  #armIfPending(): void {
    if (this.#pending.length === 0 || this.#timer.armed || !this.#probe.isResting) return;
    const { clock, random, options } = this.#engine;
    clock.arm(this.#timer, (1 + random.uniform()) / 2 * options.probeTimeoutMs);
  }
}
