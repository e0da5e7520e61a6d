/**
 * One run of the campaign: a cluster of the shipped engine, faults that its seed draws, and then peace.
 *
 * ```
 * form -> chaos (faults and work, every checker after every event) -> calm (all must agree, and have all events)
 *      -> farewell (one leaves, one dies: all must see it so) -> shut down (snapshots must tell what was told)
 * ```
 * A run is a pure function of its plan: the seed is the bug report.
 */
import { AssertionError } from "../base/assert.ts";
import { NodeStatus } from "../memberlist/node_state.ts";
import type { MemberSight } from "./serf_life.ts";
import { optionsOf, VoprCalm } from "./vopr_calm.ts";
import { VoprFaults } from "./vopr_faults.ts";
import { quietNetwork } from "./vopr_network_faults.ts";
import { planOf, type VoprOverrides, type VoprPlan } from "./vopr_plan.ts";
import { wakeAll } from "./vopr_process_faults.ts";
import { VoprWorkload } from "./vopr_workload.ts";
import { type Member, VoprWorld } from "./vopr_world.ts";

/** What a run was. */
export interface VoprReport {
  readonly plan: VoprPlan;
  /** Of everything that happened: the same plan gives the same. */
  readonly hash: string;
  /** How often each thing happened, by its name. */
  readonly acts: ReadonlyMap<string, number>;
  /** How long the members took to agree after the faults, in parts of the bound. */
  readonly agreedAt: number;
  readonly checks: number;
  readonly virtualMs: number;
}

/** A run that broke a rule, or proved nothing. */
export class VoprError extends Error {
  override readonly name = "VoprError";

  /** @param isVacuous the run proved nothing; nothing was broken. */
  constructor(readonly plan: VoprPlan, message: string, readonly isVacuous: boolean, options?: ErrorOptions) {
    super(message, options);
  }
}

/** A snapshot on a disk that works again is whole after this long: it is tried again after 30 s. */
const DISK_RECOVERY_MS = 32_000;
/** Lines wait no longer than this for company before they are written. */
const FLUSHED_MS = 600;
/** How often the operator looks whether anybody runs. */
const KEEP_ONE_MS = 3_000;
/** Pieces of work during the chaos. */
const WORK_PIECES = 25;

/**
 * @param corpus packets and requests that an outsider may send; the same ones for the same run.
 * @throws {VoprError} when a rule is broken, or nothing happened.
 */
export function runVopr(
  seed: number,
  overrides: VoprOverrides = {},
  corpus: readonly Uint8Array[] = [],
): VoprReport {
  const plan = planOf(seed, overrides);
  try {
    return new VoprRun(plan, corpus).run();
  } catch (error) {
    if (error instanceof VoprError || !(error instanceof Error)) throw error;
    throw new VoprError(plan, error.message, false, { cause: error });
  }
}

class VoprRun {
  readonly #world: VoprWorld;
  readonly #faults: VoprFaults;
  readonly #workload: VoprWorkload;
  readonly #calm: VoprCalm;

  constructor(plan: VoprPlan, corpus: readonly Uint8Array[]) {
    this.#world = new VoprWorld(plan);
    this.#faults = new VoprFaults(this.#world, corpus);
    this.#workload = new VoprWorkload(this.#world);
    this.#calm = new VoprCalm(this.#world);
  }

  run(): VoprReport {
    const { plan, cluster, acts, snapshots } = this.#world;
    cluster.form();
    this.#chaos();
    this.#settle();
    const agreedAt = this.#calm.agree();
    this.#countRefutations();
    this.#faults.countEffects();
    this.#deliver();
    this.#farewell();
    this.#shutDown();
    this.#prove();
    const { world, checker } = cluster;
    acts.set("snapshots compared", snapshots.comparisons);
    acts.set("snapshots written anew", snapshots.recoveries);
    acts.set("snapshots torn when read", snapshots.brokenReads);
    return {
      plan,
      hash: cluster.digest(),
      acts,
      agreedAt,
      checks: checker!.checks,
      virtualMs: world.clock.nowMs(),
    };
  }

  #chaos(): void {
    const { plan, cluster } = this.#world;
    this.#faults.begin(plan.chaosMs);
    this.#workload.begin(plan.chaosMs / WORK_PIECES);
    this.#keepOne();
    cluster.runFor(plan.chaosMs);
  }

  /** A cluster in which nobody runs any more has no faults: the operator starts the first member again. */
  #keepOne(): void {
    const { cluster } = this.#world;
    if (cluster.running.length === 0) this.#world.start(cluster.node(0));
    this.#world.later(KEEP_ONE_MS, () => this.#keepOne());
  }

  /** Ends all faults. Who leaves may finish; of those who are down some come back, and two at least. */
  #settle(): void {
    const { cluster } = this.#world;
    const random = this.#world.random("settle");
    this.#workload.end();
    this.#faults.end();
    quietNetwork(this.#world);
    wakeAll(this.#world);
    for (const member of cluster.nodes) {
      if (member.running && member.life.serf.state === "alive") continue;
      if (member.running) this.#shutDownWhenLeft(member);
      else if (random.below(3) > 0 || this.#world.staying.length < 2) this.#world.start(member);
    }
  }

  #shutDownWhenLeft(member: Member): void {
    const state = member.life.serf.state;
    if (state === "leaving") return this.#world.later(100, () => this.#shutDownWhenLeft(member));
    this.#world.shutdown(member);
    if (this.#world.staying.length < 2) this.#world.start(member);
  }

  /** What anybody has, all must get; and what is sent now. */
  #deliver(): void {
    const { staying } = this.#world;
    for (const member of staying.slice(0, 2)) this.#workload.send(member);
    this.#workload.ask(staying[staying.length - 1]!);
    const what = () => {
      const missing = this.#workload.missing();
      const { member, event } = missing[0]!;
      return `${member.name} lacks ${event.name} of time ${event.lTime} (${missing.length} missing in all)`;
    };
    this.#calm.require(what, this.#calm.bounds.spreadMs, () => this.#workload.missing().length === 0);
  }

  /** That nobody denies what is said of it shows here alone: once it is forgotten, it comes back all the same. */
  #countRefutations(): void {
    for (const { memberlist } of this.#world.staying) {
      this.#world.count("refutations", memberlist.counters.refutes);
    }
  }

  /** In peace, who leaves has left for all, and who dies has failed for all. */
  #farewell(): void {
    const { cluster, staying } = this.#world;
    const { spreadMs, detectMs } = this.#calm.bounds;
    const { leaver, victim } = this.#chooseFarewell();
    if (staying.length < 3 || leaver === undefined || victim === undefined) return;
    this.#world.count("farewells");
    // Else the few packets of the farewell may all go to the newly dead.
    cluster.runFor(optionsOf(this.#world.plan).memberlist.gossipToTheDeadMs);
    this.#world.leave(leaver);
    const { name } = leaver;
    // Who hears its farewell knows, and tells, that it was one; a stray may have missed it.
    let isHeard = false;
    this.#calm.require(() => `${name} has not left for all`, spreadMs + detectMs, () => {
      isHeard ||= staying.some((member) =>
        member !== leaver && member.memberlist.node(name)?.status === NodeStatus.left
      );
      return !leaver.running && cluster.running.every(({ life }) => isGone(life.sight(name)));
    });
    if (!isHeard) throw new AssertionError(`nobody knows that ${name} said farewell`);
    victim.crash();
    this.#calm.require(
      () => `${victim.name} has not failed for all`,
      detectMs,
      () => cluster.running.every(({ life }) => ["failed", "unknown"].includes(life.sight(victim.name))),
    );
    this.#calm.agree();
  }

  /** Of whom Serf has forgotten though it is there, nobody is told; and who has forgotten others may know nobody to tell. */
  #chooseFarewell(): { readonly leaver: Member | undefined; readonly victim: Member | undefined } {
    const { staying } = this.#world;
    const books = staying.map((member) => this.#world.book(member));
    const shown = staying.filter(({ name }) => books.every(({ pruned }) => !pruned.has(name)));
    const leaver = shown.find((member) => this.#world.book(member).pruned.size === 0);
    return { leaver, victim: shown.find((member) => member !== leaver) };
  }

  #shutDown(): void {
    const { cluster, snapshots, plan } = this.#world;
    cluster.runFor(plan.faults.includes("disk") ? DISK_RECOVERY_MS : FLUSHED_MS);
    for (const member of cluster.running) {
      this.#world.shutdown(member);
      snapshots.check(member, true);
    }
  }

  /** A run in which nothing went wrong shows nothing. */
  #prove(): void {
    const { plan, acts, cluster } = this.#world;
    const { counters } = cluster.world.network;
    acts.set("packets: lost", counters.packetsLost);
    acts.set("packets: duplicated", counters.packetsDuplicated);
    acts.set("packets: held back", counters.packetsHeldBack);
    acts.set("packets: cut", counters.packetsCut);
    acts.set("packets: delayed by a block", counters.packetsDelayedByBlock);
    acts.set("streams: broken", counters.exchangesBroken);
    acts.set("disks: refused", [...this.#world.disks.values()].reduce((sum, { faults }) => sum + faults, 0));
    const idle = plan.faults.filter((fault) => !acts.has(fault));
    if (plan.faults.length === 0) throw new VoprError(plan, "there were no faults", true);
    if (idle.length > 0) throw new VoprError(plan, `nothing happened of: ${idle.join(", ")}`, true);
    if (!acts.has("user event")) throw new VoprError(plan, "there was no work", true);
    if (cluster.checker!.checks === 0) throw new AssertionError("nothing was checked");
  }
}

function isGone(sight: MemberSight): boolean {
  return sight === "left" || sight === "unknown";
}
