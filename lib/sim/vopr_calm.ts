/** After the faults: how long it may take until all members agree, and whether they do. */
import { AssertionError } from "../base/assert.ts";
import { pushPullIntervalMs, suspicionMinMs } from "../memberlist/formulas.ts";
import { NodeStatus } from "../memberlist/node_state.ts";
import { MemberStatus } from "../serf/member.ts";
import { resolveSerfOptions, type SerfOptions } from "../serf/options.ts";
import type { FaultName, VoprPlan } from "./vopr_plan.ts";
import type { Member, VoprWorld } from "./vopr_world.ts";

/** How often agreement is looked for. */
const LOOK_MS = 250;
/** How often the operator looks whether the cluster has fallen apart for good. */
const OPERATOR_MS = 30_000;
/** What has one chance in k at each round has happened after 12 k rounds, but for one run in 160 000 of the worst. */
const CHANCE_ROUNDS = 12;

/** Faults after which a cluster may have forgotten its way together: an operator has to join its parts. */
const FORGETFUL: readonly FaultName[] = [
  "crash",
  "outage",
  "power",
  "disk",
  "leave",
  "force-leave",
  "prune",
  "twin",
  "move",
  "outsider",
];

/** Faults in which somebody says of another that it leaves. */
const FORCING: readonly FaultName[] = ["leave", "force-leave", "prune", "twin", "outsider"];

/** Bounds that follow from the options, in milliseconds. */
export interface CalmBounds {
  /** Until a state that one member knows is known to all. */
  readonly spreadMs: number;
  /** Until a death is noticed by all. */
  readonly detectMs: number;
  /** Until all members agree again, whatever was before. */
  readonly agreeMs: number;
}

/** A cluster at the end of its faults. */
export interface CalmSize {
  /** Nodes that any member knows, the dead included. */
  readonly known: number;
  /** Members that run. */
  readonly running: number;
  /** Names at addresses that some member shows, and at which nobody of that name runs. */
  readonly deadEnds: number;
}

/**
 * Agreement comes when all are found dead who are, and their names are free again; when all parts have found each other;
 * and when all of that has spread. What was found may have to be found out again: somebody who moved is dead at its old
 * address.
 *
 * Parts: at each interval of reconnecting every member calls one of those whom it sees as failed, or, if they are the
 * fewer, each of them is called with a chance of 1 - 1/e at least. Whoever calls gets through to somebody who runs with
 * a chance of one in as many as there are dead ends, and one: so there is one chance in `deadEnds + 2` at least at every
 * round. One who alone knows many, whom nobody else knows, calls them one after the other.
 *
 * Leaving: who is said to leave at the same Lamport time at which it joined itself hears of it from those alone who heard
 * the leave first: the others take it for old. One of them and it must meet in a push/pull of either of them, before
 * what it then says spreads.
 */
export function calmBounds(plan: VoprPlan, { known: size, running, deadEnds }: CalmSize): CalmBounds {
  const options = optionsOf(plan);
  const { memberlist } = options;
  const { probeIntervalMs, suspicionMult, suspicionMaxTimeoutMult, awarenessMaxMultiplier } = memberlist;
  const suspicionMs = suspicionMaxTimeoutMult * suspicionMinMs(suspicionMult, size, probeIntervalMs);
  // A node that was slow probes slowly, until as many probes have succeeded as its score counts.
  const recoveryMs = probeIntervalMs * awarenessMaxMultiplier * (awarenessMaxMultiplier + 1) / 2;
  const roundMs = size * probeIntervalMs;
  // Every round of push/pulls doubles those who know; the last ones ask by themselves. One that fails may hold up the next.
  const rounds = 2 * Math.ceil(Math.log2(size)) + 4;
  const roundOfPushPullsMs = pushPullIntervalMs(memberlist.pushPullIntervalMs, size);
  const spreadMs = rounds * Math.max(memberlist.tcpTimeoutMs, roundOfPushPullsMs);
  const noticeMs = 2 * roundMs + recoveryMs + suspicionMs;
  // A name is free for another address when its old one was forgotten.
  const forgetMs = memberlist.gossipToTheDeadMs + 2 * roundMs;
  const reconnectMs = (CHANCE_ROUNDS * (deadEnds + 2) + running) * options.reconnectIntervalMs;
  const isForced = plan.faults.some((fault) => FORCING.includes(fault));
  const meetMs = isForced ? CHANCE_ROUNDS * Math.ceil(running / 2) * roundOfPushPullsMs : 0;
  const agreeMs = 2 * noticeMs + forgetMs + reconnectMs + OPERATOR_MS + meetMs + spreadMs;
  return { spreadMs, detectMs: noticeMs + spreadMs, agreeMs };
}

/** The plan's options, all of them. */
export function optionsOf(plan: VoprPlan): SerfOptions {
  return resolveSerfOptions({ ...plan.serf, memberlist: { ...plan.memberlist, name: "any" } });
}

/** Runs a cluster without faults until its members agree. */
export class VoprCalm {
  readonly #world: VoprWorld;

  constructor(world: VoprWorld) {
    this.#world = world;
  }

  /** The bounds for the cluster as it is. */
  get bounds(): CalmBounds {
    const { plan, staying } = this.#world;
    const known = Math.max(plan.size, ...staying.map(({ memberlist }) => memberlist.nodeCount));
    return calmBounds(plan, { known, running: staying.length, deadEnds: this.#deadEnds() });
  }

  #deadEnds(): number {
    const { staying } = this.#world;
    const there = new Set(staying.map(({ name, address }) => `${name} ${address.ip.join()} ${address.port}`));
    const shown = staying.flatMap(({ life }) =>
      life.serf.members().map(({ name, ip, port }) => `${name} ${ip.join()} ${port}`)
    );
    return new Set(shown).difference(there).size;
  }

  /**
   * Runs until all who run agree; an operator joins what has fallen apart for good, and looks after the keys.
   *
   * @returns how long it took, in parts of the bound. @throws {AssertionError} when they do not in time.
   */
  agree(): number {
    const { cluster, plan } = this.#world;
    const limitMs = this.bounds.agreeMs;
    const startMs = cluster.world.clock.nowMs();
    for (let passedMs = 0; passedMs < limitMs; passedMs += OPERATOR_MS) {
      const isDone = cluster.runUntil(() => this.isAgreed() && this.#areQueriesOut(), OPERATOR_MS, LOOK_MS);
      if (this.#mendKeys()) continue;
      if (isDone) return (cluster.world.clock.nowMs() - startMs) / limitMs;
      this.#mendParts();
    }
    throw new AssertionError(
      `the members do not agree after ${limitMs} ms of ${plan.size}:\n${this.describe()}`,
    );
  }

  /** Runs until `predicate` holds. @throws {AssertionError} saying `what` when it does not in time. */
  require(what: () => string, limitMs: number, predicate: () => boolean): void {
    if (this.#world.cluster.runUntil(predicate, limitMs, LOOK_MS)) return;
    throw new AssertionError(`after ${limitMs} ms ${what()}\n${this.describe()}`);
  }

  /** Whether somebody is there, and everybody sees all who stay as they are, and nobody else. */
  isAgreed(): boolean {
    const { cluster, staying } = this.#world;
    return staying.length > 0 && staying.length === cluster.running.length && cluster.converged() &&
      staying.every((observer) => staying.every((subject) => this.#isShown(observer, subject)));
  }

  /** Who sees whom wrong. */
  describe(): string {
    const { cluster, staying } = this.#world;
    const wrong = staying.flatMap((observer) =>
      cluster.nodes.filter((subject) => subject.running !== (observer.life.sight(subject.name) === "alive"))
        .map((subject) => `${observer.name} shows ${subject.name} as ${observer.life.sight(subject.name)}`)
    );
    const state = cluster.nodes.map((node) => `${node.name} ${node.running ? node.life.serf.state : "down"}`);
    return `${wrong.slice(0, 12).join("; ")}; ${cluster.describe()}\n${state.slice(0, 20).join(", ")}`;
  }

  #isShown(observer: Member, subject: Member): boolean {
    const shown = observer.life.serf.member(subject.name);
    if (shown === undefined) return this.#world.book(observer).pruned.has(subject.name);
    if (shown.status !== MemberStatus.alive) return false;
    const own = subject.life.serf.localMember().tags;
    return shown.tags.size === own.size && [...own].every(([key, value]) => shown.tags.get(key) === value);
  }

  /** Whether no query waits that somebody else has not heard yet, as it may who sent it while it was alone. */
  #areQueriesOut(): boolean {
    const { staying } = this.#world;
    return staying.length < 2 || staying.every(({ life }) => life.serf.sizes.queryQueue === 0);
  }

  /**
   * A step of a rotation that waited with who was cut off reaches the others when they have long done the next ones, and
   * undoes them: no member of Serf remembers what keys there were. Then some seal with what others have removed, and the
   * operator starts those with the keys of the day who have others.
   *
   * @returns whether there were any.
   */
  #mendKeys(): boolean {
    const { staying, keys, plan } = this.#world;
    if (!plan.encrypted) return false;
    const rings = staying.map(({ memberlist }) => memberlist.keyring!);
    if (rings.every(({ primary }) => rings.every((ring) => ring.has(primary)))) return false;
    for (const member of staying.filter(({ memberlist }) => !keys.areThoseOf(memberlist.keyring!))) {
      this.#world.count("keyrings mended by the operator");
      this.#world.shutdown(member);
      this.#world.start(member);
    }
    return true;
  }

  /** Parts of the cluster that know no way to each other are joined: nothing else could. */
  #mendParts(): void {
    const parts = this.#parts();
    if (parts.length < 2) return;
    const { plan } = this.#world;
    const forgets = plan.serf.reconnectTimeoutMs !== undefined;
    if (!forgets && !plan.faults.some((fault) => FORGETFUL.includes(fault))) {
      throw new AssertionError(`the cluster has fallen apart for good: ${parts.map((part) => part.length)}`);
    }
    for (const part of parts.slice(1)) {
      this.#world.count("joined by the operator");
      part[0]!.life.serf.join([parts[0]![0]!.address], false, () => {});
    }
  }

  /** Who can find each other: by being seen, or by being called again and again as failed. */
  #parts(): Member[][] {
    const { staying } = this.#world;
    const partOf = new Map<Member, Member[]>();
    for (const member of staying) partOf.set(member, [member]);
    for (const from of staying) {
      for (const to of staying) {
        const a = partOf.get(from)!, b = partOf.get(to)!;
        if (a === b || !findsWayTo(from, to)) continue;
        for (const member of b) partOf.set(member, a);
        a.push(...b);
      }
    }
    return [...new Set(partOf.values())];
  }
}

function findsWayTo(from: Member, to: Member): boolean {
  const node = from.memberlist.node(to.name);
  if (node !== undefined && node.status !== NodeStatus.left && node.address.equals(to.address)) {
    if (node.status !== NodeStatus.dead) return true;
  }
  const member = from.life.serf.member(to.name);
  if (member === undefined || member.status !== MemberStatus.failed) return false;
  return member.port === to.address.port && member.ip.join() === to.address.ip.join();
}
