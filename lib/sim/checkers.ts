/** What must hold at every moment of every run, whatever the faults: checked after each thing that a node handles. */
import type { Address } from "../base/address.ts";
import { AssertionError } from "../base/assert.ts";
import { type NodeState, NodeStatus } from "../memberlist/node_state.ts";
import type { SimEvent, SimLife, SimNode } from "./sim_node.ts";

/** What one node was last seen to know of another. */
interface Known {
  state: NodeState;
  status: NodeStatus;
  incarnation: number;
  address: Address;
}

/** Timers of a process that do not belong to a single peer, and are a handful in any design. */
const FIXED_TIMERS_MAX = 64;
/** As the ack registry declares it. */
const PINGS_MAX = 1024;

/**
 * The invariants of membership:
 *
 * - per observer, `(incarnation, severity)` of a node never falls, where alive < suspect < dead, left; so no
 *   resurrection without a higher incarnation, and no change between dead and left at one incarnation. The one
 *   exception: a node that left may come back from another address with any incarnation;
 * - no observer knows a higher incarnation of a node than that node has announced itself;
 * - a running node never sees itself as dead, nor as left unless it leaves, and no observer sees it as left at an
 *   incarnation at which it has not said so itself;
 * - a suspicion runs exactly while a node is suspect;
 * - join and leave events about a node alternate, and updates come in between;
 * - tables, queues and timers stay within their bounds.
 */
export class Checker<L extends SimLife> {
  readonly #nodes: SimNode<L>[];
  readonly #names: Set<string>;
  /** Per observer, what it knew. Emptied at each new life. Bounded: nodes squared. */
  readonly #known = new Map<SimNode<L>, Map<string, Known>>();
  /** The life to which the observer's knowledge belongs. */
  readonly #lives = new Map<SimNode<L>, number>();
  /** The highest incarnation that each node has given itself, over all lives. Bounded: one per node. */
  readonly #announced = new Map<string, number>();
  /** Per observer, whom it was told to be there. */
  readonly #joined = new Map<SimNode<L>, Set<string>>();
  /** Whom nodes know when their first life begins. Bounded: one per node. */
  readonly #acquainted = new Map<SimNode<L>, ReadonlySet<string>>();
  /** Nodes that have said that they leave: they may see themselves as left. */
  readonly #leaving = new Set<SimNode<L>>();
  /** The incarnations at which each node has left. Bounded: one per leave of the run. */
  readonly #farewells = new Map<string, Set<number>>();
  /** How many nodes may turn up that nobody made. */
  #strangersMax = 0;
  /** Rules of the layer above, checked after these. Bounded: a handful. */
  readonly #more: ((observer: SimNode<L>) => void)[] = [];
  #checks = 0;

  constructor(nodes: readonly SimNode<L>[]) {
    this.#nodes = [];
    this.#names = new Set();
    for (const node of nodes) this.watch(node);
  }

  /** Looks at one more node, which may have the name of another. */
  watch(node: SimNode<L>): void {
    this.#nodes.push(node);
    this.#names.add(node.name);
    this.#begin(node);
    node.onHandled = () => this.check(node);
    node.onEvent = (event) => this.#onEvent(node, event);
  }

  /** Up to so many nodes may turn up that nobody made: somebody from outside invents them. */
  allowStrangers(countMax: number): void {
    this.#strangersMax = countMax;
  }

  /** How often an observer was looked at: a run without checks proves nothing. */
  get checks(): number {
    return this.#checks;
  }

  /** Adds a rule, which throws when it is broken. */
  also(rule: (observer: SimNode<L>) => void): void {
    this.#more.push(rule);
  }

  /** The node is about to leave. */
  expectLeave(node: SimNode<L>): void {
    this.#leaving.add(node);
  }

  /** These nodes are about to start, at incarnation 1, and know each other from the first moment. */
  expectAcquaintance(nodes: readonly SimNode<L>[]): void {
    const names = new Set(nodes.map(({ name }) => name));
    for (const node of nodes) {
      this.#acquainted.set(node, names);
      this.#announced.set(node.name, 1);
    }
  }

  /** Looks at one observer. @throws {AssertionError} naming what is broken. */
  check(observer: SimNode<L>): void {
    if (!observer.running || observer.life.quit) return;
    if (this.#lives.get(observer) !== observer.lives) this.#begin(observer);
    this.#checks++;
    const { memberlist } = observer;
    this.#checkSelf(observer);
    for (const state of memberlist.nodes) this.#checkState(observer, state);
    this.#checkBounds(observer);
    for (const rule of this.#more) rule(observer);
  }

  /** Looks at all observers. */
  checkAll(): void {
    for (const node of this.#nodes) this.check(node);
  }

  #begin(observer: SimNode<L>): void {
    this.#lives.set(observer, observer.lives);
    this.#known.set(observer, new Map());
    this.#leaving.delete(observer);
  }

  #checkSelf(observer: SimNode<L>): void {
    const { local } = observer.memberlist;
    if (local.status === NodeStatus.left) this.#noteFarewell(local);
    const announced = this.#announced.get(observer.name) ?? 0;
    if (local.incarnation > announced) this.#announced.set(observer.name, local.incarnation);
    const gone = local.status === NodeStatus.dead || local.status === NodeStatus.left;
    if (local.status === NodeStatus.suspect || (gone && !this.#leaving.has(observer))) {
      this.#fail(observer, `sees itself with status ${local.status}`);
    }
  }

  #noteFarewell({ name, incarnation }: NodeState): void {
    const farewells = this.#farewells.get(name);
    if (farewells === undefined) this.#farewells.set(name, new Set([incarnation]));
    else farewells.add(incarnation);
  }

  #checkState(observer: SimNode<L>, state: NodeState): void {
    if ((state.status === NodeStatus.suspect) !== (state.suspicion !== undefined)) {
      this.#fail(observer, `has a suspicion of ${state.name}, whose status is ${state.status}, or lacks one`);
    }
    const known = this.#known.get(observer)!;
    const before = known.get(state.name);
    if (before !== undefined && before.state === state) {
      if (before.status === state.status && before.incarnation === state.incarnation) return;
      this.#checkTransition(observer, before, state);
    }
    this.#checkTruth(observer, state);
    // Also unknown ones, and those who were forgotten and learnt again.
    const { name, status, incarnation, address } = state;
    known.set(name, { state, status, incarnation, address });
  }

  /** What is new about a node must be what it has once said itself, or what others can make of its silence. */
  #checkTruth(observer: SimNode<L>, { name, status, incarnation }: NodeState): void {
    if (!this.#names.has(name)) {
      if (this.#strangersMax === 0) this.#fail(observer, `knows ${name}, whom nobody made`);
      return;
    }
    const limit = this.#announced.get(name) ?? 0;
    if (incarnation > limit) {
      this.#fail(observer, `knows ${name}@${incarnation}, which is only at ${limit} itself`);
    }
    if (status === NodeStatus.left && !this.#farewells.get(name)?.has(incarnation)) {
      this.#fail(observer, `takes ${name}@${incarnation} for one that left, which it has not said`);
    }
  }

  #checkTransition(observer: SimNode<L>, before: Known, after: NodeState): void {
    const moved = before.address !== after.address && !before.address.equals(after.address);
    if (moved && before.status === NodeStatus.left) return;
    const rises = after.incarnation > before.incarnation;
    const sameButWorse = after.incarnation === before.incarnation &&
      severity(after.status) > severity(before.status);
    if (rises || sameButWorse) return;
    const text = `${before.status}@${before.incarnation} to ${after.status}@${after.incarnation}`;
    this.#fail(observer, `changed ${after.name} from ${text}`);
  }

  #checkBounds(observer: SimNode<L>): void {
    const { memberlist, process } = observer;
    const nodes = this.#names.size + this.#strangersMax;
    if (memberlist.nodes.length > nodes) this.#fail(observer, `knows ${memberlist.nodes.length} nodes`);
    if (process.armedCount > FIXED_TIMERS_MAX + 2 * nodes) {
      this.#fail(observer, `has armed ${process.armedCount} timers`);
    }
    const { pings, news } = memberlist.sizes;
    if (pings > PINGS_MAX || news > 2 * nodes) {
      this.#fail(observer, `has ${pings} pings under way, and ${news} pieces of news`);
    }
    const score = memberlist.healthScore;
    if (!(score >= 0 && score <= 7)) this.#fail(observer, `has a health score of ${score}`);
  }

  #onEvent(observer: SimNode<L>, event: SimEvent): void {
    let joined = this.#joined.get(observer);
    // The first event of a life is about the node itself.
    if (joined === undefined || (event.type === "join" && event.subject === observer.name)) {
      joined = new Set(this.#acquainted.get(observer));
      this.#acquainted.delete(observer);
      joined.delete(observer.name);
      this.#joined.set(observer, joined);
    }
    const there = joined.has(event.subject);
    if (event.type === "join") {
      if (there) this.#fail(observer, `was told twice that ${event.subject} joined`);
      joined.add(event.subject);
    } else if (event.type === "leave" || event.type === "update") {
      if (!there) this.#fail(observer, `was told of a ${event.type} of ${event.subject}, who had not joined`);
      if (event.type === "leave") joined.delete(event.subject);
    }
  }

  #fail(observer: SimNode<L>, text: string): never {
    const log = observer.logger.lines.slice(-5).join("\n");
    throw new AssertionError(`${observer.name} at ${observer.process.nowMs()} ms: ${text}\n${log}`);
  }
}

function severity(status: NodeStatus): number {
  if (status === NodeStatus.alive) return 0;
  return status === NodeStatus.suspect ? 1 : 2;
}
