/** What must hold of Serf at every moment of every run, beyond what holds of its memberlist. */
import { AssertionError } from "../base/assert.ts";
import { NodeStatus } from "../memberlist/node_state.ts";
import { MemberStatus } from "../serf/member.ts";
import type { SerfLife } from "./serf_life.ts";
import type { SimNode } from "./sim_node.ts";

/** The Lamport clocks are read (as text, from the statistics) at every so many checks only. */
const CLOCK_CHECK_EVERY = 8;
const CLOCKS = ["member_time", "event_time", "query_time"] as const;

/**
 * - whom memberlist has alive or suspect is alive or leaving, if it is a member at all (it may have been pruned);
 * - whom memberlist has dead or left is failed or left, or was erased;
 * - a running node is itself alive, unless it leaves; nobody goes from left to failed;
 * - Lamport clocks never go back within a life;
 * - no more members than there are nodes.
 */
export class SerfChecker {
  readonly #nodes: readonly SimNode<SerfLife>[];
  /** Per observer: the life looked at, its clocks, and the statuses it saw last. Bounded: nodes squared. */
  readonly #seen = new Map<SimNode<SerfLife>, {
    life: number;
    checks: number;
    clocks: number[];
    statuses: Map<string, MemberStatus>;
  }>();

  constructor(nodes: readonly SimNode<SerfLife>[]) {
    this.#nodes = nodes;
  }

  /** Looks at one observer. @throws {AssertionError} naming what is broken. */
  check(observer: SimNode<SerfLife>): void {
    const seen = this.#seenBy(observer);
    const { serf } = observer.life;
    this.#checkAgainstMemberlist(observer);
    for (const member of serf.members()) {
      const before = seen.statuses.get(member.name);
      if (before === MemberStatus.left && member.status === MemberStatus.failed) {
        this.#fail(observer, `${member.name} went from left to failed`);
      }
      seen.statuses.set(member.name, member.status);
    }
    if (serf.state === "alive" && serf.localMember().status !== MemberStatus.alive) {
      this.#fail(observer, `has status ${serf.localMember().status} in its own eyes`);
    }
    if (serf.members().length > this.#nodes.length) {
      this.#fail(observer, `has ${serf.members().length} members`);
    }
    if (seen.checks++ % CLOCK_CHECK_EVERY === 0) this.#checkClocks(observer, seen.clocks);
  }

  #seenBy(observer: SimNode<SerfLife>) {
    let seen = this.#seen.get(observer);
    if (seen === undefined || seen.life !== observer.lives) {
      seen = { life: observer.lives, checks: 0, clocks: [0, 0, 0], statuses: new Map() };
      this.#seen.set(observer, seen);
    }
    return seen;
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

  #checkClocks(observer: SimNode<SerfLife>, clocks: number[]): void {
    const stats = observer.life.serf.stats();
    CLOCKS.forEach((name, index) => {
      const now = Number(stats[name]);
      if (!(now >= clocks[index]!)) this.#fail(observer, `${name} went from ${clocks[index]} to ${now}`);
      clocks[index] = now;
    });
  }

  #fail(observer: SimNode<SerfLife>, text: string): never {
    const log = observer.logger.lines.slice(-8).join("\n");
    throw new AssertionError(`${observer.name} at ${observer.process.nowMs()} ms: ${text}\n${log}`);
  }
}
