/** What must hold of Serf at every moment of every run, beyond what holds of its memberlist. */
import { AssertionError } from "../base/assert.ts";
import { NodeStatus } from "../memberlist/node_state.ts";
import { MemberStatus } from "../serf/member.ts";
import type { SerfEvent } from "../serf/events.ts";
import type { SerfLife } from "./serf_life.ts";
import type { SimNode } from "./sim_node.ts";

/** While nothing is seen to change, the tables are compared at every so many checks only. */
const COMPARED_EVERY = 16;
/** As the intent buffer declares it: this, or twice the members. */
const RECENT_INTENTS_MAX = 4096;
/** As the query collector declares it. */
const RUNNING_QUERIES_MAX = 4096;

/** What was told of one member: nothing, that it is there, failed or left, or was forgotten. */
type Told = "absent" | "present" | "failed" | "left";

/** From where each event may come, and where it leads. */
const STEPS: ReadonlyMap<string, { readonly from: readonly Told[]; readonly to: Told }> = new Map([
  ["member-join", { from: ["absent", "failed", "left"], to: "present" }],
  ["member-leave", { from: ["present", "failed"], to: "left" }],
  ["member-failed", { from: ["present"], to: "failed" }],
  ["member-update", { from: ["present"], to: "present" }],
  ["member-reap", { from: ["present", "failed", "left"], to: "absent" }],
]);

const TOLD: Readonly<Record<MemberStatus, Told>> = {
  [MemberStatus.none]: "absent",
  [MemberStatus.alive]: "present",
  [MemberStatus.leaving]: "present",
  [MemberStatus.left]: "left",
  [MemberStatus.failed]: "failed",
};

/** What is known of one life of an observer. */
interface Seen {
  readonly life: number;
  checks: number;
  /** Of the tables: what changes with every change of interest. */
  revision: number;
  aliveCount: number;
  nodeCount: number;
  readonly times: { member: number; event: number; query: number };
  /** What was told of whom. Bounded: the names of the run. */
  readonly told: Map<string, Told>;
  /** User events and queries that were delivered. Bounded: by what a run sends. */
  readonly delivered: Set<string>;
}

/**
 * - whom memberlist has alive or suspect is alive or leaving, if it is a member at all (it may have been pruned);
 * - whom memberlist has dead or left is failed or left, or was erased;
 * - a running node is itself alive, unless it leaves;
 * - member events follow from each other, and the table shows what they told; so nobody goes from left to failed;
 * - Lamport clocks never go back within a life;
 * - no user event and no query is delivered twice in a life;
 * - every collection is within its bound.
 */
export class SerfChecker {
  readonly #names: Set<string>;
  // Bounded: one per node.
  readonly #seen = new Map<SimNode<SerfLife>, Seen>();
  /** Who may be shown as left; undefined: anybody. Bounded: the names of the run. */
  #departed: Set<string> | undefined = undefined;
  #strangersMax = 0;
  /** Nodes that know everybody when their first life begins. Bounded: one per node. */
  readonly #acquainted = new Set<SimNode<SerfLife>>();
  #queueDepthMax = Infinity;

  constructor(nodes: readonly SimNode<SerfLife>[]) {
    this.#names = new Set(nodes.map(({ name }) => name));
  }

  /** From now on only those may be shown as left of whom {@linkcode expectDeparture} was told. */
  forbidUnannouncedDepartures(): void {
    this.#departed ??= new Set();
  }

  /** A node leaves, or an operator says so. */
  expectDeparture(name: string): void {
    this.#departed?.add(name);
  }

  /** As {@linkcode Checker.expectAcquaintance}. */
  expectAcquaintance(nodes: readonly SimNode<SerfLife>[]): void {
    for (const node of nodes) this.#acquainted.add(node);
  }

  /** As {@linkcode Checker.allowStrangers}. */
  allowStrangers(countMax: number): void {
    this.#strangersMax = countMax;
  }

  /** The options' `maxQueueDepth`; a flood may fill a queue to twice that. */
  limitQueues(maxQueueDepth: number): void {
    this.#queueDepthMax = 2 * maxQueueDepth;
  }

  /** Something was told to a node. @throws {AssertionError} when that should not be. */
  onEvent(observer: SimNode<SerfLife>, event: SerfEvent): void {
    const seen = this.#seenBy(observer);
    if (event.type === "user" || event.type === "query") {
      const what = event.type === "user" ? textOf(event.payload) : String(event.id);
      const identity = `${event.type} ${event.name} of time ${event.lTime}: ${what}`;
      if (seen.delivered.has(identity)) this.#fail(observer, `was told twice of ${identity}`);
      seen.delivered.add(identity);
      return;
    }
    const { from, to } = STEPS.get(event.type)!;
    for (const { name } of event.members) {
      const before = seen.told.get(name) ?? "absent";
      if (!from.includes(before)) this.#fail(observer, `${event.type} of ${name}, who was ${before}`);
      seen.told.set(name, to);
      const isUnheard = to === "left" && this.#names.has(name) && this.#departed?.has(name) === false;
      if (isUnheard) this.#fail(observer, `was told that ${name} left, which nobody said`);
    }
  }

  /** Looks at one observer. @throws {AssertionError} naming what is broken. */
  check(observer: SimNode<SerfLife>): void {
    const seen = this.#seenBy(observer);
    const { serf } = observer.life;
    const { memberlist, membersRevision } = serf;
    const isSame = seen.revision === membersRevision && seen.aliveCount === memberlist.aliveCount &&
      seen.nodeCount === memberlist.nodeCount;
    if (!isSame || seen.checks % COMPARED_EVERY === 0) {
      seen.revision = membersRevision;
      seen.aliveCount = memberlist.aliveCount;
      seen.nodeCount = memberlist.nodeCount;
      this.#checkAgainstMemberlist(observer);
      this.#checkTold(observer, seen);
      this.#checkSizes(observer);
    }
    seen.checks++;
    this.#checkTimes(observer, seen);
    if (serf.state === "alive" && serf.localMember().status !== MemberStatus.alive) {
      this.#fail(observer, `has status ${serf.localMember().status} in its own eyes`);
    }
  }

  #seenBy(observer: SimNode<SerfLife>): Seen {
    let seen = this.#seen.get(observer);
    if (seen === undefined || seen.life !== observer.lives) {
      seen = {
        life: observer.lives,
        checks: 0,
        revision: -1,
        aliveCount: 0,
        nodeCount: 0,
        times: { member: 0, event: 0, query: 0 },
        told: this.#toldAtFirst(observer),
        delivered: new Set(),
      };
      this.#seen.set(observer, seen);
    }
    return seen;
  }

  #toldAtFirst(observer: SimNode<SerfLife>): Map<string, Told> {
    const told = new Map<string, Told>();
    if (!this.#acquainted.delete(observer)) return told;
    for (const name of this.#names) if (name !== observer.name) told.set(name, "present");
    return told;
  }

  #checkAgainstMemberlist(observer: SimNode<SerfLife>): void {
    const { serf } = observer.life;
    for (const node of serf.memberlist.nodes) {
      const member = serf.member(node.name);
      if (member === undefined) continue;
      const present = node.status === NodeStatus.alive || node.status === NodeStatus.suspect;
      const believed = member.status === MemberStatus.alive || member.status === MemberStatus.leaving;
      if (present !== believed) {
        this.#fail(observer, `${node.name}: memberlist says ${node.status}, Serf ${member.status}`);
      }
    }
  }

  #checkTold(observer: SimNode<SerfLife>, { told }: Seen): void {
    const members = observer.life.serf.members();
    for (const { name, status } of members) {
      if (told.get(name) !== TOLD[status]) {
        this.#fail(observer, `shows ${name} with status ${status}, and told that it is ${told.get(name)}`);
      }
    }
    const namesMax = this.#names.size + this.#strangersMax;
    if (members.length > namesMax) this.#fail(observer, `has ${members.length} members`);
  }

  #checkSizes(observer: SimNode<SerfLife>): void {
    const { members, recentIntents, intentQueue, eventQueue, queryQueue, runningQueries } =
      observer.life.serf.sizes;
    if (recentIntents > Math.max(RECENT_INTENTS_MAX, 2 * members)) {
      this.#fail(observer, `remembers ${recentIntents} intents`);
    }
    const longest = Math.max(intentQueue, eventQueue, queryQueue);
    if (longest > this.#queueDepthMax) this.#fail(observer, `has ${longest} messages in a queue`);
    if (runningQueries > RUNNING_QUERIES_MAX) this.#fail(observer, `runs ${runningQueries} queries`);
  }

  #checkTimes(observer: SimNode<SerfLife>, { times }: Seen): void {
    const now = observer.life.serf.lamportTimes;
    if (now.member < times.member || now.event < times.event || now.query < times.query) {
      const text = (of: typeof now) => `${of.member}, ${of.event}, ${of.query}`;
      this.#fail(observer, `its clocks went from ${text(times)} to ${text(now)}`);
    }
    times.member = now.member;
    times.event = now.event;
    times.query = now.query;
  }

  #fail(observer: SimNode<SerfLife>, text: string): never {
    const log = observer.logger.lines.slice(-8).join("\n");
    throw new AssertionError(`${observer.name} at ${observer.process.nowMs()} ms: ${text}\n${log}`);
  }
}

function textOf(payload: Uint8Array): string {
  return payload.length > 64 ? `${payload.length} bytes ${payload.join()}` : payload.join();
}
