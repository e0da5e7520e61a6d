/** What is said about a run: figures only, all of them a function of the scenario. */
import { reachedMs } from "./arrivals.ts";
import type { FalseAlarms } from "./false_alarms.ts";
import type { QueueDepth, QueueName, Traffic } from "./load.ts";
import type { Scenario } from "./scenario.ts";

/** After how long a share of the members was reached, in milliseconds; null when fewer were. */
export interface Spread {
  readonly p50: number | null;
  readonly p99: number | null;
  readonly p9999: number | null;
  readonly all: number | null;
}

/** Something that reaches one member after the other. */
export interface Reach extends Spread {
  /** When it began, in the run's time. */
  readonly atMs: number;
  /** Who could be reached, and who was. */
  readonly members: number;
  readonly reached: number;
  /** `[milliseconds since, members]`, ascending; at most {@linkcode CURVE_POINTS} points. */
  readonly curve: readonly (readonly [number, number])[];
}

/** A user event. */
export interface EventReach extends Reach {
  readonly origin: string;
}

/** A death, and who noticed. */
export interface DeathReach extends Reach {
  readonly member: string;
  /** Until the first one noticed; null when nobody did. */
  readonly first: number | null;
}

/** How the cluster came to be complete. */
export interface JoinReport {
  /** A small cluster joins as a whole; into a large one that exists the last member joins. */
  readonly who: "all" | "one";
  /** Until everybody knew everybody; null when that did not happen in time. */
  readonly ms: number | null;
  /** Until the one knew everybody; null for a whole cluster. */
  readonly learntMs: number | null;
}

/** The outcome of a run. */
export interface TrialReport {
  readonly scenario: Scenario;
  readonly join: JoinReport;
  readonly events: readonly EventReach[];
  readonly deaths: readonly DeathReach[];
  readonly falseAlarms: FalseAlarms;
  /** When false alarms happened; at most 1000. */
  readonly falseAlarmsMs: readonly number[];
  readonly restarts: number;
  readonly traffic: Traffic;
  readonly queues: Readonly<Record<QueueName, QueueDepth>>;
  /** Members that run and are not slow, and those of them that see, in the end, as many alive as there are. */
  readonly agreement: { readonly members: number; readonly agree: number };
}

/** Enough for a smooth line. */
const CURVE_POINTS = 200;

/** @param timesMs of those that were reached, ascending. @param members who could be. */
export function describeReach(atMs: number, members: number, timesMs: readonly number[]): Reach {
  const after = (ratio: number) => members === 0 ? null : round(reachedMs(timesMs, members, ratio));
  return {
    atMs: round(atMs)!,
    members,
    reached: timesMs.length,
    p50: after(0.5),
    p99: after(0.99),
    p9999: after(0.9999),
    all: after(1),
    curve: curveOf(timesMs),
  };
}

/** Virtual time has fractions that mean nothing: a microsecond is enough. */
export function round(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(ms * 1_000) / 1_000;
}

function curveOf(timesMs: readonly number[]): (readonly [number, number])[] {
  const step = Math.max(1, timesMs.length / CURVE_POINTS);
  const points: (readonly [number, number])[] = [];
  for (let rank = step; rank < timesMs.length + step / 2; rank += step) {
    const index = Math.min(timesMs.length, Math.round(rank));
    points.push([round(timesMs[index - 1]!)!, index]);
  }
  return points;
}
