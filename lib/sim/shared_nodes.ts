/** The node table of one of ten thousand simulated nodes: two bytes per place of a list, and what differs. */
import type { Random } from "../base/ports.ts";
import { type NodeState, NodeStatus } from "../memberlist/node_state.ts";
import { type NodeDirectory, NODES_MAX } from "../memberlist/node_table.ts";
import { IdList, ObserverView, type SharedRecords } from "./shared_records.ts";

/**
 * Does what the engine's own `NodeTable` does, draw for draw, on records that it shares with the other observers of
 * its world until the engine wants to write one.
 */
export class SharedNodeTable implements NodeDirectory {
  readonly #random: Random;
  readonly #view: ObserverView<NodeState>;
  readonly #shared: SharedRecords<NodeState>;
  /** In probe order. */
  readonly #order = new IdList();
  /** The same once more, for random choice. */
  readonly #pool = new IdList();
  /** Nodes per status, indexed by it. */
  readonly #counts = [0, 0, 0, 0];

  constructor(random: Random, shared: SharedRecords<NodeState>) {
    this.#random = random;
    this.#shared = shared;
    this.#view = new ObserverView(shared);
  }

  /** Makes all that was published, who are alive, known here. Before the engine starts, on an empty table. */
  adopt(): void {
    const count = this.#shared.sharedCount;
    this.#order.reset(count);
    this.#pool.reset(count);
    this.#counts[NodeStatus.alive] = count;
    this.shuffle();
  }

  get size(): number {
    return this.#order.length;
  }

  get aliveCount(): number {
    return this.#counts[NodeStatus.alive]! + this.#counts[NodeStatus.suspect]!;
  }

  countOf(status: NodeStatus): number {
    return this.#counts[status]!;
  }

  get isFull(): boolean {
    return this.size >= NODES_MAX;
  }

  /** A new list at each call: for tests and reports. */
  get nodes(): readonly NodeState[] {
    return Array.from({ length: this.size }, (_, place) => this.at(place));
  }

  at(place: number): NodeState {
    return this.#view.at(this.#order.at(place))!;
  }

  get(name: string): NodeState | undefined {
    return this.#view.get(name);
  }

  /** A node that was adopted (ourselves, when we start) keeps its places: the record takes that of the shared one. */
  add(node: NodeState): void {
    const known = this.#view.get(node.name);
    const id = this.#view.put(node);
    this.#counts[node.status]!++;
    if (known !== undefined) {
      this.#counts[known.status]!--;
      return;
    }
    this.#pool.push(id);
    const place = this.#random.below(this.size + 1);
    this.#order.push(id);
    this.#order.swap(place, this.size - 1);
  }

  own(node: NodeState): NodeState {
    if (this.#view.owns(node)) return node;
    const copy = node.copy();
    this.#view.put(copy);
    return copy;
  }

  onStatusChanged(from: NodeStatus, to: NodeStatus): void {
    this.#counts[from]!--;
    this.#counts[to]!++;
  }

  removeWhere(isForgotten: (node: NodeState) => boolean): number {
    const isGone = (id: number) => this.#view.at(id) === undefined;
    for (let place = 0; place < this.size; place++) {
      const node = this.at(place);
      if (!isForgotten(node)) continue;
      this.#counts[node.status]!--;
      this.#view.forget(node.name);
    }
    const removed = this.#order.removeWhere(isGone);
    if (removed > 0) this.#pool.set(this.#order);
    return removed;
  }

  shuffle(): void {
    const order = this.#order;
    for (let i = order.length - 1; i > 0; i--) order.swap(i, this.#random.below(i + 1));
  }

  sampleInto(k: number, accept: (node: NodeState) => boolean, picked: NodeState[]): void {
    const pool = this.#pool;
    picked.length = 0;
    for (let i = 0; i < pool.length && picked.length < k; i++) {
      pool.swap(i, i + this.#random.below(pool.length - i));
      const node = this.#view.at(pool.at(i))!;
      if (accept(node)) picked.push(node);
    }
  }
}
