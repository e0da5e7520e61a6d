/** All nodes that are known: by name, in probe order, and for random choice. */
import type { Random } from "../base/ports.ts";
import { sampleInto, shuffle } from "../base/sampling.ts";
import { type NodeState, NodeStatus } from "./node_state.ts";

/**
 * Most nodes that are remembered. Real clusters stay below a tenth of it; it bounds what a stranger who invents nodes
 * can make us remember.
 */
export const NODES_MAX = 100_000;

/**
 * The node table. Counts per status are kept as they change, so that no formula ever walks the table.
 *
 * bounded: {@linkcode NODES_MAX} nodes.
 */
export class NodeTable {
  readonly #random: Random;
  readonly #capacity: number;
  readonly #byName = new Map<string, NodeState>();
  /** In probe order. */
  #nodes: NodeState[] = [];
  /** The same nodes once more: sampling shuffles this one, and must not disturb the probe order. */
  #pool: NodeState[] = [];
  /** Nodes per status, indexed by it. */
  readonly #counts = [0, 0, 0, 0];

  /** @param capacity the most nodes that are remembered. */
  constructor(random: Random, capacity: number = NODES_MAX) {
    this.#random = random;
    this.#capacity = capacity;
  }

  /** The n of the formulas: all nodes, the dead and left that are not yet forgotten included. */
  get size(): number {
    return this.#nodes.length;
  }

  /** Nodes that are alive or suspect, ourselves included. */
  get aliveCount(): number {
    return this.#counts[NodeStatus.alive]! + this.#counts[NodeStatus.suspect]!;
  }

  /** Whether no other node can be remembered. */
  get isFull(): boolean {
    return this.#nodes.length >= this.#capacity;
  }

  /** All nodes in probe order; do not keep it across calls that may change the table. */
  get nodes(): readonly NodeState[] {
    return this.#nodes;
  }

  /** How many nodes have `status`. */
  countOf(status: NodeStatus): number {
    return this.#counts[status]!;
  }

  get(name: string): NodeState | undefined {
    return this.#byName.get(name);
  }

  /**
   * Adds a node with a new name at a random place of the probe order: appended ones would all be probed last, and the
   * bound of the first detection would suffer (SWIM section 4.3).
   */
  add(node: NodeState): void {
    this.#byName.set(node.name, node);
    this.#counts[node.status]!++;
    this.#pool.push(node);
    const nodes = this.#nodes;
    const place = this.#random.below(nodes.length + 1);
    nodes.push(node);
    nodes[nodes.length - 1] = nodes[place]!;
    nodes[place] = node;
  }

  /** For `membership.ts`, the only writer of a status: keeps the counts right. */
  onStatusChanged(from: NodeStatus, to: NodeStatus): void {
    this.#counts[from]!--;
    this.#counts[to]!++;
  }

  /** Forgets every node that `isForgotten` picks. @returns how many they were. */
  removeWhere(isForgotten: (node: NodeState) => boolean): number {
    const kept = this.#nodes.filter((node) => !isForgotten(node));
    const removed = this.#nodes.length - kept.length;
    if (removed === 0) return 0;
    this.#nodes = kept;
    this.#byName.clear();
    this.#counts.fill(0);
    for (const node of kept) {
      this.#byName.set(node.name, node);
      this.#counts[node.status]!++;
    }
    this.#pool = kept.slice();
    return removed;
  }

  /** Shuffles the probe order for another round. */
  shuffle(): void {
    shuffle(this.#nodes, this.#random);
  }

  /** Picks up to `k` random nodes that `accept` likes into `picked` (emptied first); all of them when they are few. */
  sampleInto(k: number, accept: (node: NodeState) => boolean, picked: NodeState[]): void {
    sampleInto(this.#pool, k, this.#random, accept, picked);
  }
}
