/** A cluster for the campaign: members with disks and keys, an operator who starts and stops them, and the books. */
import type { Address } from "../base/address.ts";
import { AssertionError } from "../base/assert.ts";
import { LogLevel } from "../base/ports.ts";
import { SeededRandom } from "../base/seeded_random.ts";
import { Timer } from "../base/timer_heap.ts";
import { NodeStatus } from "../memberlist/node_state.ts";
import type { QueryEvent, SerfEvent } from "../serf/events.ts";
import { SerfCluster } from "./serf_cluster.ts";
import type { SerfLife, SerfLifeOptions } from "./serf_life.ts";
import type { SimNode } from "./sim_node.ts";
import { SimDisk } from "./sim_storage.ts";
import { SnapshotChecker } from "./snapshot_checker.ts";
import { VoprKeys } from "./vopr_keys.ts";
import type { VoprPlan } from "./vopr_plan.ts";

/** A member. */
export type Member = SimNode<SerfLife>;

/** Names that an outsider may bring into a cluster that is not encrypted. */
const STRANGERS_MAX = 400;

/** What became of a member's present life, beyond what it knows itself. */
export interface LifeBook {
  /** User events up to this time are none of its business: an earlier life has seen them. -1 without a snapshot. */
  startEventTime: number;
  /** Whether it is joining without wanting the past. */
  ignoresOld: boolean;
  /** Up to this time it has not wanted the past; -1: it wants all. */
  ignoredTime: number;
  /**
   * Members that were erased by Serf though memberlist has them there: nobody shows them again before memberlist has
   * missed them and found them again. Bounded: the members.
   */
  readonly pruned: Set<string>;
}

/** See the top of the file. Everything random comes from the plan's seed; each user has a stream of its own. */
export class VoprWorld {
  readonly cluster: SerfCluster;
  readonly snapshots: SnapshotChecker;
  /** The disk of each member, by its name. */
  readonly disks = new Map<string, SimDisk>();
  readonly keys: VoprKeys;
  /** How often each thing was done, by its name: the proof that it happened. Bounded: a few dozen names. */
  readonly acts = new Map<string, number>();
  /** Members that an operator has ordered to be pruned at any time of the run. Bounded: the members. */
  readonly pruned = new Set<string>();
  /** Answers a query that a member was told of. */
  onQuery: (member: Member, query: QueryEvent) => void = () => {};
  // Bounded: one per member.
  readonly #books = new Map<Member, LifeBook>();
  // Bounded: by what faults and workload have begun and not yet ended.
  readonly #pending = new Set<Timer>();
  readonly #random: SeededRandom;
  #machines = 2000;

  constructor(readonly plan: VoprPlan) {
    this.#random = this.random("operator");
    this.snapshots = new SnapshotChecker(plan.rejoinAfterLeave);
    this.keys = new VoprKeys(this.random("key bytes"));
    const { seed, size, family } = plan;
    const options = { seed, size, family, logLevel: LogLevel.warn };
    this.cluster = new SerfCluster(options, (member) => this.#choose(member));
    for (const { name } of this.cluster.nodes) this.disks.set(name, new SimDisk());
    const { checker, serfChecker } = this.cluster;
    serfChecker!.forbidUnannouncedDepartures();
    if (plan.serf.maxQueueDepth !== undefined) serfChecker!.limitQueues(plan.serf.maxQueueDepth);
    checker!.also((member) => this.snapshots.check(member));
    if (!this.#hasStrangers) return;
    checker!.allowStrangers(STRANGERS_MAX);
    serfChecker!.allowStrangers(STRANGERS_MAX);
  }

  /** A random stream of the run. */
  random(stream: string): SeededRandom {
    return new SeededRandom(this.plan.seed, `vopr ${stream}`);
  }

  /** Counts something that was done. */
  count(what: string, times = 1): void {
    this.acts.set(what, (this.acts.get(what) ?? 0) + times);
  }

  /** Does something later, unless {@linkcode forgetPending} comes first. */
  later(delayMs: number, action: () => void): void {
    const timer = new Timer(() => {
      this.#pending.delete(timer);
      action();
    });
    this.#pending.add(timer);
    this.cluster.world.clock.arm(timer, delayMs);
  }

  /** Nothing that was to happen later will. */
  forgetPending(): void {
    for (const timer of this.#pending) this.cluster.world.clock.disarm(timer);
    this.#pending.clear();
  }

  /** Members that run and mean to stay. */
  get staying(): readonly Member[] {
    return this.cluster.running.filter(({ life }) => life.serf.state === "alive");
  }

  /** One of `members`, or undefined when there is none. */
  pick(random: SeededRandom, members: readonly Member[]): Member | undefined {
    return members[random.below(Math.max(1, members.length))];
  }

  /** An address at which nobody has ever been. */
  freshAddress(): Address {
    return this.cluster.world.address(this.#machines++);
  }

  /** The books of the present life. */
  book(member: Member): LifeBook {
    return this.#books.get(member)!;
  }

  /** Starts a member, which may find its way back by its snapshot, and joins it if it has none. */
  start(member: Member): void {
    member.start();
    const isLost = !this.plan.snapshots || this.#random.below(3) === 0;
    if (isLost) this.join(member, 1 + this.#random.below(3), this.#random.below(4) === 0);
  }

  /** Has a member join through so many others, if there are any. */
  join(member: Member, count: number, ignoresOld = false): void {
    const others = this.cluster.running.filter((other) => other.name !== member.name);
    const via: Address[] = [];
    for (let i = 0; i < count && others.length > 0; i++) {
      via.push(others[this.#random.below(others.length)]!.address);
    }
    if (via.length === 0 || !member.running || member.life.serf.state !== "alive") return;
    const book = this.book(member);
    if (ignoresOld) book.ignoresOld = true;
    member.life.serf.join(via, ignoresOld, () => {
      if (!ignoresOld) return;
      book.ignoresOld = false;
      book.ignoredTime = this.eventTime;
    });
  }

  /** The newest time of a user event that anybody who runs has heard of. */
  get eventTime(): number {
    return Math.max(0, ...this.cluster.running.map(({ life }) => life.serf.lamportTimes.event));
  }

  /** Has a member leave, and shuts it down when it has. @param onLeft told then. */
  leave(member: Member, onLeft: () => void = () => {}): void {
    const life = member.life;
    this.cluster.serfChecker!.expectDeparture(member.name);
    this.snapshots.onLeave(member);
    const left = this.cluster.leave(member);
    const waitUntilLeft = () => {
      if (!member.running || member.life !== life) return;
      if (left.done) {
        this.shutdown(member);
        onLeft();
      } else this.later(100, waitUntilLeft);
    };
    this.later(100, waitUntilLeft);
  }

  /** Ends a member in order: what it knows must be on its disk. */
  shutdown(member: Member): void {
    this.snapshots.check(member);
    member.shutdown();
    this.snapshots.check(member);
  }

  /** What the operator makes of the chosen options at each start of a member. */
  #choose(member: Member): SerfLifeOptions {
    const { plan } = this;
    const disk = plan.snapshots ? this.disks.get(member.name) : undefined;
    const isTwin = !this.cluster.nodes.includes(member);
    const storage = isTwin ? undefined : disk?.open();
    const startEventTime = storage === undefined ? -1 : this.snapshots.begin(member, disk!, storage);
    this.#books.set(member, { startEventTime, ignoresOld: false, ignoredTime: -1, pruned: new Set() });
    return {
      memberlist: plan.memberlist,
      options: { ...plan.serf, tags: new Map([["life", `${member.lives}`]]) },
      keyring: plan.encrypted ? this.keys.keyringOf(member.name) : undefined,
      saveKeys: (keys) => this.keys.save(member.name, keys),
      storage,
      onQuery: (query) => this.onQuery(member, query),
      onEvent: (event) => {
        this.#refuseOld(member, event);
        this.#notePruned(member, event);
        this.snapshots.onEvent(member, event);
      },
      onQuit: () => this.#onQuit(member),
    };
  }

  /** What an earlier life has seen, by its snapshot, is not to be told again. */
  #refuseOld(member: Member, event: SerfEvent): void {
    if (event.type !== "user" || event.lTime > this.book(member).startEventTime) return;
    throw new AssertionError(
      `${member.name} was told of ${event.name} of time ${event.lTime} in an earlier life`,
    );
  }

  /** Whom Serf forgets while memberlist has it there, an operator has pruned. */
  #notePruned(member: Member, event: SerfEvent): void {
    const { pruned } = this.book(member);
    if (event.type !== "member-join" && event.type !== "member-reap") return;
    for (const { name } of event.members) {
      pruned.delete(name);
      if (event.type === "member-join") continue;
      const status = member.memberlist.node(name)?.status;
      if (status !== NodeStatus.alive && status !== NodeStatus.suspect) continue;
      if (!this.pruned.has(name) && !this.#hasStrangers) {
        throw new AssertionError(`${member.name} erased ${name}, who is there, and whom nobody pruned`);
      }
      pruned.add(name);
      this.count("pruned though there");
    }
  }

  /** Whether an outsider may say anything. */
  get #hasStrangers(): boolean {
    return this.plan.faults.includes("outsider") && !this.plan.encrypted;
  }

  /** The others have voted against it: the agent would end. */
  #onQuit(member: Member): void {
    this.count("lost vote");
    this.later(0, () => {
      if (member.running && member.life.quit) this.shutdown(member);
    });
  }
}
