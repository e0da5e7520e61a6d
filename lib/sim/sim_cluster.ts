/** A cluster of simulated nodes: building it, joining it, breaking it, and asking whether its members agree. */
import { assert } from "../base/assert.ts";
import type { Address } from "../base/address.ts";
import { bytesEqual } from "../base/bytes.ts";
import { LogLevel } from "../base/ports.ts";
import { NodeStatus } from "../memberlist/node_state.ts";
import { Checker } from "./checkers.ts";
import { MemberlistLife, type MemberlistLifeOptions } from "./memberlist_life.ts";
import { SharedTables } from "./shared_tables.ts";
import { type LifeFactory, type SimLife, SimNode } from "./sim_node.ts";
import { type AddressFamily, SimWorld } from "./sim_world.ts";

/** How a cluster is built. */
export interface SimClusterOptions {
  readonly seed: number;
  readonly size: number;
  /** @default {"ipv4"} */
  readonly family?: AddressFamily;
  /** What the nodes' loggers keep. @default {LogLevel.warn} */
  readonly logLevel?: LogLevel;
  /** Whether invariants are checked after everything that any node handles; costs O(nodes) each. @default {true} */
  readonly checked?: boolean;
  /** Whether the digest tells of every packet; without, of the nodes' events alone. @default {true} */
  readonly traced?: boolean;
}

/** How one node sees another. */
export type Sight = "alive" | "suspect" | "dead" | "left" | "unknown";

/**
 * How long news may take to reach everybody. Gossip alone needs a second or two, but each message is sent a bounded
 * number of times, and in a small cluster misses about one node in a hundred: push/pull, every 30 s, brings it there.
 */
const SETTLE_MS = 150_000;

const SIGHTS: Readonly<Record<NodeStatus, Sight>> = {
  [NodeStatus.alive]: "alive",
  [NodeStatus.suspect]: "suspect",
  [NodeStatus.dead]: "dead",
  [NodeStatus.left]: "left",
};

/** N nodes `n0` to `n<N-1>` in one world. Nothing runs before {@linkcode startAll} or a node's own `start`. */
export class SimCluster<L extends SimLife> {
  readonly world: SimWorld;
  readonly nodes: readonly SimNode<L>[];
  readonly checker: Checker<L> | undefined;
  readonly #byName: ReadonlyMap<string, SimNode<L>>;
  readonly #makeLife: LifeFactory<L>;
  readonly #logLevel: LogLevel;

  /** @param makeLife called at each start of a node. */
  constructor(options: SimClusterOptions, makeLife: LifeFactory<L>) {
    this.world = new SimWorld(options.seed, options.family, options.traced);
    const level = options.logLevel ?? LogLevel.warn;
    this.#makeLife = makeLife;
    this.#logLevel = level;
    this.nodes = Array.from(
      { length: options.size },
      (_, index) => new SimNode(this.world, `n${index}`, this.world.address(index), makeLife, level),
    );
    this.#byName = new Map(this.nodes.map((node) => [node.name, node]));
    this.checker = options.checked === false ? undefined : new Checker(this.nodes);
  }

  /** A node by its index. */
  node(index: number): SimNode<L> {
    const node = this.nodes[index];
    assert(node !== undefined, `there is no node ${index}`);
    return node;
  }

  /** A node by its name. */
  named(name: string): SimNode<L> {
    const node = this.#byName.get(name);
    assert(node !== undefined, `there is no node ${name}`);
    return node;
  }

  /** The nodes that run now. */
  get running(): readonly SimNode<L>[] {
    return this.nodes.filter((node) => node.running);
  }

  /** Starts every node that does not run. */
  startAll(): void {
    for (const node of this.nodes) if (!node.running) node.start();
  }

  /** Has `node` join through `via`. @returns what becomes of it; `contacted` is -1 until it is over. */
  join(node: SimNode<L>, ...via: SimNode<L>[]): { contacted: number; failures: string[] } {
    const result = { contacted: -1, failures: [] as string[] };
    const addresses: Address[] = via.map(({ address }) => address);
    node.life.join(addresses, (contacted, failures) => {
      result.contacted = contacted;
      result.failures = failures.map(({ text }) => text);
    });
    return result;
  }

  /**
   * Starts all, joins each through node 0, and runs until they agree.
   *
   * @param limitMs of virtual time; beyond it the cluster has failed to form.
   * @returns how long it took, in milliseconds.
   */
  form(limitMs = SETTLE_MS): number {
    const startMs = this.world.clock.nowMs();
    this.startAll();
    for (const node of this.nodes.slice(1)) this.join(node, this.node(0));
    const formed = this.runUntil(() => this.converged(), limitMs, 20);
    assert(formed, `the cluster did not form within ${limitMs} ms: ${this.describe()}`);
    return this.world.clock.nowMs() - startMs;
  }

  /**
   * Starts all, as members of one cluster from the first moment: the state of one that has joined and settled, without
   * the n squared messages that this takes; and the nodes share what they agree on, so that ten thousand of them fit in
   * one process. Each still says once that it is there, as every start does, which is news to nobody.
   *
   * @param among who it is that knows each other; nobody else may run yet.
   */
  formAtOnce(among: readonly SimNode<L>[] = this.nodes): void {
    const tables = new SharedTables();
    for (const node of among) node.prepare(tables);
    tables.introduce(among.map(({ life }) => ({ local: life.memberlist.local, meta: life.meta })));
    this.checker?.expectAcquaintance(among);
    for (const node of among) node.begin();
  }

  /** Has `node` leave. @returns what becomes of it; `error` is set when it failed. */
  leave(node: SimNode<L>): { done: boolean; error: Error | undefined } {
    const result = { done: false, error: undefined as Error | undefined };
    this.checker?.expectLeave(node);
    node.life.leave((error) => {
      result.done = true;
      result.error = error;
    });
    return result;
  }

  /** Another machine, at `address`, whose program has the name of `node`. It is none of {@linkcode nodes}. */
  twinOf(node: SimNode<L>, address: Address): SimNode<L> {
    const stream = `twin of ${node.name} at ${address}`;
    const twin = new SimNode(this.world, node.name, address, this.#makeLife, this.#logLevel, stream);
    this.checker?.watch(twin);
    return twin;
  }

  /** Runs for `ms` of virtual time. */
  runFor(ms: number): void {
    this.world.clock.runFor(ms);
  }

  /** As {@linkcode SimClock.runUntil}; by default the predicate is asked every 10 ms. */
  runUntil(predicate: () => boolean, limitMs: number, checkEveryMs = 10): boolean {
    return this.world.clock.runUntil(predicate, limitMs, checkEveryMs);
  }

  /** Runs until `predicate` holds, for as long as news may take to reach everybody. @returns whether it held. */
  settles(predicate: () => boolean = () => this.converged()): boolean {
    return this.runUntil(predicate, SETTLE_MS);
  }

  /**
   * Whether all running nodes agree: each sees exactly the running ones as alive, at one incarnation and with one
   * metadata per node. Nodes outside `among` count for nothing.
   */
  converged(among: readonly SimNode<L>[] = this.running): boolean {
    for (const observer of among) {
      if (observer.memberlist.aliveCount !== among.length) return false;
    }
    return among.every((observer) => among.every((subject) => this.#seesAsItIs(observer, subject)));
  }

  /** How `observer` sees `subject`. */
  sight(observer: SimNode<L>, subject: SimNode<L>): Sight {
    const state = observer.memberlist.node(subject.name);
    return state === undefined ? "unknown" : SIGHTS[state.status];
  }

  /** Whether every running node but the subject itself sees it so. */
  allSee(subject: SimNode<L>, ...sights: Sight[]): boolean {
    return this.running.every((observer) =>
      observer === subject || sights.includes(this.sight(observer, subject))
    );
  }

  /** Splits the network; groups of node indices. Nodes not named reach everybody. */
  partition(groups: readonly (readonly number[])[], direction: "twoWay" | "oneWay" = "twoWay"): void {
    this.world.faults.partition(
      groups.map((group) => group.map((index) => this.node(index).host)),
      direction,
    );
  }

  /** How often an event of this type happened at any node, about `subject` if given. */
  countEvents(type: string, subject?: string): number {
    return this.nodes.reduce((count, node) => count + node.countEvents(type, subject), 0);
  }

  /** Forgets the events so far. */
  clearEvents(): void {
    for (const node of this.nodes) node.clearEvents();
  }

  /** The hash of everything that has happened. */
  digest(): string {
    return this.world.trace.digest();
  }

  /** Who sees whom how, for a failed assertion's message: a line per observer that differs from the truth. */
  describe(): string {
    const lines: string[] = [];
    for (const observer of this.running) {
      const odd = this.nodes.filter((subject) =>
        (this.sight(observer, subject) === "alive") !== subject.running
      );
      const seen = odd.slice(0, 8).map((subject) => `${subject.name} ${this.sight(observer, subject)}`);
      if (odd.length > 0) lines.push(`${observer.name} sees ${seen.join(", ")} (${odd.length} wrong)`);
      if (lines.length === 8) break;
    }
    return lines.length === 0 ? "all see the truth" : lines.join("; ");
  }

  #seesAsItIs(observer: SimNode<L>, subject: SimNode<L>): boolean {
    const seen = observer.memberlist.node(subject.name);
    if (seen === undefined || seen.status !== NodeStatus.alive) return false;
    const truth = subject.memberlist.local;
    return seen.incarnation === truth.incarnation && bytesEqual(seen.meta, truth.meta);
  }
}

/** A cluster that runs memberlist alone. @param choose what differs from node to node. */
export function memberlistCluster(
  options: SimClusterOptions,
  choose: (node: SimNode<MemberlistLife>) => MemberlistLifeOptions = () => ({}),
): SimCluster<MemberlistLife> {
  return new SimCluster(options, (node, ports) => new MemberlistLife(node, ports, choose(node)));
}
