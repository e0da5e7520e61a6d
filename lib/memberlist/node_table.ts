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
 * What the engine asks of a table of nodes. There is one of its own per process, a {@linkcode NodeTable}; ten thousand
 * simulated nodes in one process share what they agree on, and keep only where they differ (`lib/sim/shared_nodes.ts`).
 */
export interface NodeDirectory {
  /** The n of the formulas: all nodes, the dead and left that are not yet forgotten included. */
  readonly size: number;
  /** Nodes that are alive or suspect, ourselves included. */
  readonly aliveCount: number;
  /** How many nodes have `status`. */
  countOf(status: NodeStatus): number;
  /** Whether no other node can be remembered. */
  readonly isFull: boolean;
  /** All nodes in probe order; do not keep it across calls that may change the table. */
  readonly nodes: readonly NodeState[];
  /** The node at a place of the probe order, 0 to `size - 1`. */
  at(place: number): NodeState;
  get(name: string): NodeState | undefined;
  /** Adds a node at a random place of the probe order. */
  add(node: NodeState): void;
  /** The record of `node` that may be written: to be asked for before each change, and used from there on. */
  own(node: NodeState): NodeState;
  /** For `membership.ts`, the only writer of a status: keeps the counts right. */
  onStatusChanged(from: NodeStatus, to: NodeStatus): void;
  /** Forgets every node that `isForgotten` picks. @returns how many they were. */
  removeWhere(isForgotten: (node: NodeState) => boolean): number;
  /** Shuffles the probe order for another round. */
  shuffle(): void;
  /** Picks up to `k` random nodes that `accept` likes into `picked` (emptied first); all of them when they are few. */
  sampleInto(k: number, accept: (node: NodeState) => boolean, picked: NodeState[]): void;
}

/**
 * The node table. Counts per status are kept as they change, so that no formula ever walks the table.
 *
 * bounded: {@linkcode NODES_MAX} nodes.
 */
export class NodeTable implements NodeDirectory {
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

  get size(): number {
    return this.#nodes.length;
  }

  get aliveCount(): number {
    return this.#counts[NodeStatus.alive]! + this.#counts[NodeStatus.suspect]!;
  }

  get isFull(): boolean {
    return this.#nodes.length >= this.#capacity;
  }

  get nodes(): readonly NodeState[] {
    return this.#nodes;
  }

  at(place: number): NodeState {
    return this.#nodes[place]!;
  }

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

  /** All records are ours alone. */
  own(node: NodeState): NodeState {
    return node;
  }

  onStatusChanged(from: NodeStatus, to: NodeStatus): void {
    this.#counts[from]!--;
    this.#counts[to]!++;
  }

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

  shuffle(): void {
    shuffle(this.#nodes, this.#random);
  }

  sampleInto(k: number, accept: (node: NodeState) => boolean, picked: NodeState[]): void {
    sampleInto(this.#pool, k, this.#random, accept, picked);
  }
}
