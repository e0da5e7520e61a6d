/** Runs a scenario: the shipped engine on virtual time, and what is to be known of it. */
import { SeededRandom } from "../../base/seeded_random.ts";
import { LogLevel } from "../../base/ports.ts";
import { Timer } from "../../base/timer_heap.ts";
import { SerfCluster } from "../serf_cluster.ts";
import { Arrivals } from "./arrivals.ts";
import { type Actor, Cast } from "./cast.ts";
import { FalseAlarmCounter } from "./false_alarms.ts";
import { LoadMeter } from "./load.ts";
import { CHURN_DOWN_MS, EVENT_AT_MS, KILL_AT_MS, type Scenario } from "./scenario.ts";
import {
  type DeathReach,
  describeReach,
  type EventReach,
  type JoinReport,
  type Reach,
  round,
  type TrialReport,
} from "./trial_report.ts";

/** Up to this many members a cluster really forms: everybody joins through the first. Beyond, only the last one joins. */
const FORMING_NODES_MAX = 50;
/** How long a cluster may take to form, and the last one to be known to all. */
const JOIN_LIMIT_MS = 150_000;
/** How long the first words of a cluster that is there from the beginning may take to be said. */
const SETTLE_LIMIT_MS = 60_000;
/** After how long a join that failed is tried again. */
const JOIN_RETRY_MS = 1_000;
/** How much virtual time passes between two looks at the clock of whoever waits. */
const SLICE_MS = 100;
/** How often queues are looked at. */
const SAMPLE_MS = 1_000;
const PAYLOAD = new Uint8Array(16);

/** Where a run stands. */
export interface TrialProgress {
  readonly phase: "forming" | "joining" | "running";
  /** Virtual milliseconds of the phase that are done, and that there are (of `running`) or may be. */
  readonly doneMs: number;
  readonly ofMs: number;
}

/** Something of which it is noted whom it reaches. */
interface Watched {
  readonly atMs: number;
  readonly subject: Actor;
  readonly arrivals: Arrivals<Actor["life"]>;
  readonly members: number;
}

/**
 * One run. The same scenario gives the same report, whatever else happens in the process.
 *
 * ```
 * forming   everybody joins (small), or all but one know each other from the beginning and get quiet
 * joining   the last one joins (large)
 * running   from here on time is counted: events, deaths, churn, slow members, partition
 * ```
 */
export class Trial {
  readonly #scenario: Scenario;
  readonly #cluster: SerfCluster;
  readonly #random: SeededRandom;
  readonly #cast: Cast;
  readonly #alarms: FalseAlarmCounter;
  // Bounded: the scenario's events, and its victims.
  readonly #events: Watched[] = [];
  readonly #deaths: Watched[] = [];
  #restarts = 0;
  #startMs = 0;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    const { nodes, seed, profile } = scenario;
    const options = { seed, size: nodes, checked: false, traced: false, logLevel: LogLevel.error };
    // Compressing what nobody reads would take most of the time.
    this.#cluster = new SerfCluster(options, () => ({ memberlist: { profile, compression: false } }));
    const { lossRatio, duplicateRatio, reorderRatio, latencyMs, jitterMs } = scenario;
    this.#cluster.world.faults.setEverywhere({
      lossRatio,
      duplicateRatio,
      reorderRatio,
      latencyMs,
      jitterMs,
    });
    this.#random = new SeededRandom(seed, "scenario");
    this.#cast = new Cast(this.#cluster.nodes, scenario, this.#random);
    this.#alarms = new FalseAlarmCounter(this.#cast, scenario.partitionMs);
  }

  /** Runs it, a slice at a time: whoever iterates may look around in between, and gets the report in the end. */
  *run(): Generator<TrialProgress, TrialReport> {
    const join = this.#scenario.nodes <= FORMING_NODES_MAX
      ? yield* this.#formAll()
      : yield* this.#formAllButOne();
    const { durationMs } = this.#scenario;
    const load = this.#begin();
    for (let doneMs = 0; doneMs < durationMs;) {
      const sliceMs = Math.min(SLICE_MS, durationMs - doneMs);
      this.#cluster.runFor(sliceMs);
      doneMs += sliceMs;
      if (doneMs % SAMPLE_MS === 0 || doneMs === durationMs) load.sample((doneMs - 1) % SAMPLE_MS + 1);
      yield { phase: "running", doneMs, ofMs: durationMs };
    }
    return this.#report(join, load);
  }

  *#formAll(): Generator<TrialProgress, JoinReport> {
    const cluster = this.#cluster;
    const { nodes } = cluster;
    // Bounded: FORMING_NODES_MAX squared.
    const unmet = new Set(nodes.flatMap((one) => nodes.map((other) => `${one.name} ${other.name}`)));
    let lastMs = 0;
    for (const node of nodes) {
      node.onEvent = ({ type, subject, atMs }) => {
        if (type === "member-join" && unmet.delete(`${node.name} ${subject}`)) lastMs = atMs;
      };
    }
    cluster.startAll();
    for (const node of nodes.slice(1)) this.#join(node, cluster.node(0));
    const formed = yield* this.#until("forming", () => unmet.size === 0, JOIN_LIMIT_MS);
    return { who: "all", ms: formed ? round(lastMs) : null, learntMs: null };
  }

  *#formAllButOne(): Generator<TrialProgress, JoinReport> {
    const cluster = this.#cluster;
    const { nodes } = cluster;
    const others = nodes.slice(0, -1);
    const last = nodes.at(-1)!;
    cluster.formAtOnce(others);
    const isQuiet = () => others.every(({ memberlist }) => memberlist.sizes.news === 0);
    yield* this.#until("forming", isQuiet, SETTLE_LIMIT_MS);
    cluster.clearEvents();
    const startMs = cluster.world.clock.nowMs();
    const known = new Arrivals(others, { type: "member-join", subject: last.name }, startMs);
    last.start();
    this.#join(last, others[this.#random.below(others.length)]!);
    const isKnown = () => last.memberlist.aliveCount === nodes.length && known.isComplete();
    const joined = yield* this.#until("joining", isKnown, JOIN_LIMIT_MS);
    if (!joined) return { who: "one", ms: null, learntMs: null };
    const learntMs = lastJoinMs(last) - startMs;
    return { who: "one", ms: round(Math.max(learntMs, known.timesMs.at(-1)!)), learntMs: round(learntMs) };
  }

  /** As often as it takes, as an agent with -retry-join. */
  #join(node: Actor, via: Actor): void {
    const { lives } = node;
    node.life.join([via.address], (contacted) => {
      if (contacted > 0) return;
      this.#at(JOIN_RETRY_MS, () => {
        if (node.running && node.lives === lives) this.#join(node, via);
      });
    });
  }

  /** As {@linkcode SimClock.runUntil}, in slices. */
  *#until(
    phase: TrialProgress["phase"],
    isDone: () => boolean,
    ofMs: number,
  ): Generator<TrialProgress, boolean> {
    for (let doneMs = 0; doneMs < ofMs; doneMs += SLICE_MS) {
      if (isDone()) return true;
      this.#cluster.runFor(SLICE_MS);
      yield { phase, doneMs, ofMs };
    }
    return isDone();
  }

  /** The beginning of the run proper: everything that is going to happen is arranged. */
  #begin(): LoadMeter {
    const cluster = this.#cluster;
    const { events, durationMs, slowBlockedMs, slowRunningMs } = this.#scenario;
    cluster.clearEvents();
    this.#startMs = cluster.world.clock.nowMs();
    for (const node of cluster.nodes) {
      node.onEvent = ({ type, subject, atMs }) => {
        if (type === "member-failed") {
          this.#alarms.onFailed(node, cluster.named(subject), atMs - this.#startMs);
        }
      };
    }
    this.#partition();
    const schedule = { blockedMs: slowBlockedMs, runningMs: slowRunningMs };
    for (const node of this.#cast.slow) {
      // Not all at the same moments.
      this.#at(this.#random.uniform() * (slowBlockedMs + slowRunningMs), () => node.beginSlow(schedule));
    }
    if (this.#cast.victims.length > 0) this.#at(KILL_AT_MS, () => this.#kill());
    const everyMs = (durationMs - EVENT_AT_MS) / Math.max(1, events);
    for (let i = 0; i < events; i++) {
      this.#at(EVENT_AT_MS + i * everyMs, () => this.#sendEvent(`event-${i + 1}`));
    }
    this.#cast.churned.forEach((node, i, { length }) => {
      this.#at((i + 0.5) * durationMs / length, () => this.#churn(node));
    });
    return new LoadMeter(cluster);
  }

  #at(delayMs: number, then: () => void): void {
    this.#cluster.world.clock.arm(new Timer(then), delayMs);
  }

  #partition(): void {
    const { minority } = this.#cast;
    const { nodes, world } = this.#cluster;
    if (minority.size === 0) return;
    const hosts = (inside: boolean) =>
      nodes.filter((node) => minority.has(node) === inside).map(({ host }) => host);
    world.faults.partition([hosts(true), hosts(false)]);
    this.#at(this.#scenario.partitionMs, () => world.faults.heal());
  }

  #kill(): void {
    const { victims } = this.#cast;
    for (const victim of victims) victim.crash();
    for (const victim of victims) this.#deaths.push(this.#watch("member-failed", victim.name, victim));
  }

  #sendEvent(name: string): void {
    const origin = this.#cast.drawSteady();
    this.#events.push(this.#watch("user", name, origin));
    origin.life.serf.userEvent(name, PAYLOAD, false);
  }

  #churn(node: Actor): void {
    if (!node.running) return;
    node.crashAndRestart(CHURN_DOWN_MS, () => {
      this.#restarts++;
      this.#join(node, this.#cast.drawSteady());
    });
  }

  /** Of those who are there all the time: it is not held against anybody that the others do not hear. */
  #watch(type: string, subject: string, about: Actor): Watched {
    const nowMs = this.#cluster.world.clock.nowMs();
    const observers = this.#cluster.running.filter((node) => this.#cast.stays(node));
    return {
      atMs: nowMs - this.#startMs,
      subject: about,
      members: observers.length,
      arrivals: new Arrivals(observers, { type, subject }, nowMs),
    };
  }

  #report(join: JoinReport, load: LoadMeter): TrialReport {
    const { running } = this.#cluster;
    const able = running.filter((node) => !this.#cast.slow.has(node));
    return {
      scenario: this.#scenario,
      join,
      events: this.#events.map((event): EventReach => ({
        origin: event.subject.name,
        ...this.#reach(event),
      })),
      deaths: this.#deaths.map((death): DeathReach => {
        const reach = this.#reach(death);
        return { member: death.subject.name, ...reach, first: round(death.arrivals.timesMs[0]) };
      }),
      falseAlarms: this.#alarms.counts,
      falseAlarmsMs: this.#alarms.timesMs.map((ms) => round(ms)!),
      restarts: this.#restarts,
      traffic: load.traffic,
      queues: load.queues,
      agreement: {
        members: able.length,
        agree: able.filter(({ memberlist }) => memberlist.aliveCount === running.length).length,
      },
    };
  }

  #reach({ atMs, arrivals, members }: Watched): Reach {
    arrivals.count();
    return describeReach(atMs, members, arrivals.timesMs);
  }
}

function lastJoinMs({ events }: Actor): number {
  return events.findLast(({ type }) => type === "member-join")!.atMs;
}
