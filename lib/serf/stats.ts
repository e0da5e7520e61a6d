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

/** The section, keys in byte order, every value a string as Go prints it. */
export function serfStats(figures: SerfFigures): Record<string, string> {
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
