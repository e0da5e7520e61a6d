/**
 * The suspicions that run: how long, and what becomes of them. Rules and states: membership.ts; the time that is left:
 * suspicion.ts. Lifeguard IV-B.
 *
 * Inputs: accusations that began or confirmed one, refutations, time. Output: the node whose suspicion ran out.
 */
import { LogLevel } from "../base/ports.ts";
import { Timer } from "../base/timer_heap.ts";
import type { Engine } from "./engine.ts";
import { suspicionConfirmationsMax, suspicionMinMs } from "./formulas.ts";
import type { NodeState } from "./node_state.ts";
import { Suspicion } from "./suspicion.ts";

/** Keeps a suspicion and its timer in the record of the node that is suspected. */
export class Suspicions {
  readonly #engine: Engine;
  readonly #onRunOut: (node: NodeState) => void;

  /** @param onRunOut told of a node that did not object in time; ends the suspicion. */
  constructor(engine: Engine, onRunOut: (node: NodeState) => void) {
    this.#engine = engine;
    this.#onRunOut = onRunOut;
  }

  /**
   * Begins one; none may run.
   * @param isSentence the accuser has waited already: the accused gets the least time to object.
   */
  begin(node: NodeState, accuser: string, isSentence: boolean): void {
    const { options, table, clock } = this.#engine;
    const n = table.size;
    const minMs = suspicionMinMs(options.suspicionMult, n, options.probeIntervalMs);
    const maxMs = options.suspicionMaxTimeoutMult * minMs;
    const shortens = options.lifeguard.suspicion && !isSentence;
    const k = shortens ? suspicionConfirmationsMax(options.suspicionMult, n) : 0;
    node.suspicion = new Suspicion(accuser, k, minMs, maxMs, clock.nowMs(), isSentence);
    node.suspicionTimer ??= new Timer(() => this.#onTimeout(node));
    clock.arm(node.suspicionTimer, node.suspicion.remainingMs(clock.nowMs()));
  }

  /** The one that runs was confirmed: there is less time left. */
  onConfirmed(node: NodeState): void {
    const { clock } = this.#engine;
    clock.arm(node.suspicionTimer!, node.suspicion!.remainingMs(clock.nowMs()));
  }

  /** Ends the one that runs, if any. */
  end(node: NodeState): void {
    if (node.suspicion === undefined) return;
    node.suspicion = undefined;
    this.#engine.clock.disarm(node.suspicionTimer!);
  }

  #onTimeout(node: NodeState): void {
    const suspicion = node.suspicion!;
    const { clock, options } = this.#engine;
    const nowMs = clock.nowMs();
    // We stood still: what the accused has said meanwhile may lie in our socket, and is read first.
    const isLate = nowMs - node.suspicionTimer!.deadlineMs > options.probeTimeoutMs;
    if (isLate && suspicion.respite(nowMs + options.probeTimeoutMs)) {
      clock.arm(node.suspicionTimer!, options.probeTimeoutMs);
      return;
    }
    const { confirmations, isConfirmed } = suspicion;
    // Nobody else had the same impression in time: it may be us who hears badly.
    if (!isConfirmed) this.#engine.metrics.counter("memberlist.degraded.timeout", 1);
    this.#engine.logger.log(
      LogLevel.info,
      `memberlist: Marking ${node.name} as failed, suspect timeout reached (${confirmations} peer confirmations)`,
    );
    this.#onRunOut(node);
  }
}
