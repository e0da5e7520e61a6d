/** What an agent reports about itself. surface.md 1.7. */
import type { RuntimeInfo } from "../platform/platform.ts";
import type { Serf } from "../serf/serf.ts";
import type { EventHandlers } from "./event_handlers.ts";

/** One part of the report: values by their names. */
export type StatsSection = Readonly<Record<string, string>>;

/** Sections by their names. */
export type AgentStats = Readonly<Record<string, StatsSection>>;

/**
 * Makes the report. Watchers ask for it again and again while little changes, so a section stays the very object that it
 * was until one of its values changes: whoever turns it into something else can keep that just as long.
 */
export class AgentStatsReport {
  readonly #serf: Serf;
  readonly #handlers: EventHandlers;
  readonly #activities: () => number;
  readonly #runtimeInfo: RuntimeInfo;
  readonly #agent: StatsSection;
  #runtime: StatsSection = {};
  #runtimeActivities = -1;
  #tags: StatsSection = {};
  #tagsRevision = -1;

  /** @param activities how many things go on side by side, which Go would call goroutines. */
  constructor(serf: Serf, handlers: EventHandlers, runtime: RuntimeInfo, activities: () => number) {
    this.#serf = serf;
    this.#handlers = handlers;
    this.#activities = activities;
    this.#runtimeInfo = runtime;
    this.#agent = { name: serf.localMember().name };
  }

  /** The report of this moment. */
  now(): AgentStats {
    return {
      agent: this.#agent,
      event_handlers: this.#handlers.stats(),
      runtime: this.#runtimeSection(),
      serf: this.#serf.stats(),
      tags: this.#tagsSection(),
    };
  }

  #runtimeSection(): StatsSection {
    const activities = this.#activities();
    if (activities === this.#runtimeActivities) return this.#runtime;
    const { os, arch, cpuCount, version } = this.#runtimeInfo;
    this.#runtimeActivities = activities;
    this.#runtime = {
      arch,
      cpu_count: String(cpuCount),
      goroutines: String(activities),
      max_procs: String(cpuCount),
      os,
      version,
    };
    return this.#runtime;
  }

  #tagsSection(): StatsSection {
    const local = this.#serf.localMember();
    if (local.revision === this.#tagsRevision) return this.#tags;
    this.#tagsRevision = local.revision;
    this.#tags = Object.fromEntries(local.tags);
    return this.#tags;
  }
}
