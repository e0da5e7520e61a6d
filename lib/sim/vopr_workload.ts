/** What the members of a campaign's cluster do besides being there: events, queries, tags. And whether all of it came. */
import { AssertionError } from "../base/assert.ts";
import type { SeededRandom } from "../base/seeded_random.ts";
import type { QueryEvent, UserEvent } from "../serf/events.ts";
import { QUERY_DEFAULTS } from "../serf/query_sender.ts";
import type { Member, VoprWorld } from "./vopr_world.ts";

/** A user event that somebody who runs has, and somebody else lacks. */
export interface Missing {
  readonly member: Member;
  readonly event: UserEvent;
}

/** Makes work until it is ended, and remembers what it made. */
export class VoprWorkload {
  readonly #world: VoprWorld;
  readonly #random: SeededRandom;
  #events = 0;
  #queries = 0;
  #isOver = false;

  constructor(world: VoprWorld) {
    this.#world = world;
    this.#random = world.random("workload");
    world.onQuery = (member, query) => this.#answer(member, query);
  }

  /** Begins: `meanGapMs` between two pieces of work. */
  begin(meanGapMs: number): void {
    const next = () => {
      if (this.#isOver) return;
      const die = this.#random.below(10);
      const member = this.#world.pick(this.#random, this.#world.staying);
      if (member !== undefined) {
        if (die < 5) this.#sendBurst(member);
        else if (die < 8) this.ask(member);
        else this.#changeTags(member);
      }
      this.#world.later(-Math.log(1 - this.#random.uniform()) * meanGapMs, next);
    };
    this.#world.later(0, next);
  }

  /** No more of it. */
  end(): void {
    this.#isOver = true;
  }

  /** One user event. */
  send(member: Member): void {
    const payload = new Uint8Array(this.#random.below(4) * this.#random.below(40));
    this.#random.fill(payload);
    this.#world.count("user event");
    member.life.serf.userEvent(`e${this.#events++}`, payload, this.#random.below(2) === 0);
  }

  /** One query; each member must acknowledge and answer it at most once. */
  ask(member: Member): void {
    const random = this.#random;
    const name = `q${this.#queries++}`;
    const acked = new Set<string>(), answered = new Set<string>();
    const note = (heard: Set<string>, from: string, what: string) => {
      this.#world.count(`query ${what}`);
      if (heard.has(from)) throw new AssertionError(`${member.name} got two ${what}s of ${from} to ${name}`);
      heard.add(from);
    };
    let isDone = false;
    const sink = {
      onAck: (from: string) => note(acked, from, "ack"),
      onResponse: (from: string) => note(answered, from, "answer"),
      onDone: () => {
        if (isDone) throw new AssertionError(`${name} ended twice`);
        isDone = true;
      },
    };
    const some = this.#world.cluster.nodes.slice(0, 1 + random.below(this.#world.plan.size));
    const params = {
      ...QUERY_DEFAULTS,
      filterNodes: random.below(4) === 0 ? some.map((node) => node.name) : [],
      requestAck: random.below(2) === 0,
      relayFactor: random.below(3),
    };
    this.#world.count("query");
    member.life.serf.query(name, new Uint8Array(random.below(30)), params, sink);
  }

  /**
   * What somebody has who runs, and others ought to have as well: push/pulls carry it to everybody in the end. But not
   * when most refuse it, and so do not carry it: those who were restarted and have seen it in an earlier life, or have
   * joined without wanting the past.
   */
  missing(): Missing[] {
    const { cluster, plan, staying } = this.#world;
    const held = new Map<string, UserEvent>();
    let clock = 0;
    for (const { life } of cluster.running) {
      clock = Math.max(clock, life.serf.lamportTimes.event);
      for (const event of life.userEvents) held.set(identityOf(event), event);
    }
    const windowStart = clock - (plan.serf.eventBuffer ?? 512);
    const isWantedBy = (member: Member, { lTime }: UserEvent) => {
      const { startEventTime, ignoresOld, ignoredTime } = this.#world.book(member);
      return !ignoresOld && lTime > Math.max(startEventTime, ignoredTime);
    };
    const due = [...held].filter(([, event]) =>
      event.lTime >= windowStart &&
      2 * staying.filter((member) => isWantedBy(member, event)).length >= staying.length
    );
    return staying.flatMap((member) => {
      const has = new Set(member.life.userEvents.map(identityOf));
      return due.filter(([identity, event]) => isWantedBy(member, event) && !has.has(identity))
        .map(([, event]) => ({ member, event }));
    });
  }

  #sendBurst(member: Member): void {
    const count = this.#random.below(8) === 0 ? 2 + this.#random.below(20) : 1;
    for (let i = 0; i < count; i++) this.send(member);
  }

  #changeTags(member: Member): void {
    this.#world.count("tags");
    const value = String(this.#random.below(1000));
    member.life.setTags({ life: `${member.lives}`, value });
  }

  #answer(member: Member, query: QueryEvent): void {
    const { life } = member;
    const delayMs = this.#random.below(3) * this.#random.below(1000);
    if (this.#random.below(10) === 0) return;
    this.#world.later(delayMs, () => {
      if (!member.running || member.life !== life || member.process.blocked) return;
      if (member.process.nowMs() >= query.deadlineMs) return;
      query.respond(new Uint8Array(this.#random.below(50)));
    });
  }
}

const IDENTITIES = new WeakMap<UserEvent, string>();

function identityOf(event: UserEvent): string {
  let identity = IDENTITIES.get(event);
  if (identity === undefined) {
    identity = `${event.lTime} ${event.name} ${event.payload.join()}`;
    IDENTITIES.set(event, identity);
  }
  return identity;
}
