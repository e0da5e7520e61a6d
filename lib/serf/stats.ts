/** The `serf` section of an agent's statistics. surface.md 1.7. */

/** What the section is made of. */
export interface SerfFigures {
  readonly members: number;
  readonly failed: number;
  readonly left: number;
  readonly healthScore: number;
  /** Readings of the three Lamport clocks. */
  readonly memberTime: number;
  readonly eventTime: number;
  readonly queryTime: number;
  /** Messages that wait in the three queues. */
  readonly intentQueue: number;
  readonly eventQueue: number;
  readonly queryQueue: number;
  readonly encrypted: boolean;
  readonly coordinateResets: number;
}

/** The last section that was asked for. Clients that watch an agent ask often, and of an agent at rest always the same. */
export class SerfStats {
  #figures: SerfFigures | undefined;
  #section: Readonly<Record<string, string>> = {};

  /** @returns the section of `figures`: the very object of the last call while no figure has changed. */
  of(figures: SerfFigures): Readonly<Record<string, string>> {
    if (this.#figures === undefined || !areEqual(this.#figures, figures)) {
      this.#figures = figures;
      this.#section = serfStats(figures);
    }
    return this.#section;
  }
}

function areEqual(a: SerfFigures, b: SerfFigures): boolean {
  return a.members === b.members && a.failed === b.failed && a.left === b.left &&
    a.healthScore === b.healthScore && a.memberTime === b.memberTime && a.eventTime === b.eventTime &&
    a.queryTime === b.queryTime && a.intentQueue === b.intentQueue && a.eventQueue === b.eventQueue &&
    a.queryQueue === b.queryQueue && a.encrypted === b.encrypted && a.coordinateResets === b.coordinateResets;
}

/** The section, keys in byte order, every value a string as Go prints it. */
function serfStats(figures: SerfFigures): Record<string, string> {
  return {
    coordinate_resets: `${figures.coordinateResets}`,
    encrypted: `${figures.encrypted}`,
    event_queue: `${figures.eventQueue}`,
    event_time: `${figures.eventTime}`,
    failed: `${figures.failed}`,
    health_score: `${figures.healthScore}`,
    intent_queue: `${figures.intentQueue}`,
    left: `${figures.left}`,
    member_time: `${figures.memberTime}`,
    members: `${figures.members}`,
    query_queue: `${figures.queryQueue}`,
    query_time: `${figures.queryTime}`,
  };
}
