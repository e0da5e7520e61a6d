/** The metrics of the last minute, for SIGUSR1. surface.md 8. */
import type { Clock } from "../base/ports.ts";

/** How long an interval is. */
const INTERVAL_MS = 10_000;
/** How many are kept, the present one included. */
const INTERVALS_MAX = 6;
/** All names of one interval, in characters: names of events come from strangers. */
const NAME_CHARS_MAX = 65_536;

/** What the values of one name came to within one interval. */
interface Aggregate {
  count: number;
  sum: number;
  squares: number;
  min: number;
  max: number;
  updatedWallMs: number;
  updatedMs: number;
}

/** One interval. */
interface Interval {
  readonly startWallMs: number;
  // bounded: NAME_CHARS_MAX together.
  readonly gauges: Map<string, number>;
  readonly counters: Map<string, Aggregate>;
  readonly samples: Map<string, Aggregate>;
  nameChars: number;
}

/** The kinds of metrics that are added up. */
export type AddedKind = "counters" | "samples";

/**
 * Intervals begin when the first value comes that falls into them: nothing ticks, and what was silent is not listed.
 */
export class MemoryMetrics {
  readonly #clock: Pick<Clock, "nowMs" | "wallMs">;
  readonly #originMs: number;
  readonly #onInterval: () => void;
  // bounded: INTERVALS_MAX, oldest first.
  readonly #intervals: Interval[] = [];

  /** @param onInterval called when an interval has begun; it may set gauges. */
  constructor(clock: Pick<Clock, "nowMs" | "wallMs">, onInterval: () => void = () => {}) {
    this.#clock = clock;
    this.#originMs = clock.nowMs();
    this.#onInterval = onInterval;
  }

  /** @param name whole; spaces in it become `_`. */
  gauge(name: string, value: number): void {
    const interval = this.#present(this.#clock.wallMs());
    const key = withoutSpaces(name);
    if (interval.gauges.has(key) || takeRoom(interval, key)) interval.gauges.set(key, value);
  }

  /** @param name as for {@linkcode gauge}. */
  add(kind: AddedKind, name: string, value: number): void {
    const wallMs = this.#clock.wallMs();
    const interval = this.#present(wallMs);
    const aggregates = interval[kind];
    const key = withoutSpaces(name);
    let aggregate = aggregates.get(key);
    if (aggregate === undefined) {
      if (!takeRoom(interval, key)) return;
      aggregate = { count: 0, sum: 0, squares: 0, min: value, max: value, updatedWallMs: 0, updatedMs: 0 };
      aggregates.set(key, aggregate);
    }
    aggregate.count++;
    aggregate.sum += value;
    aggregate.squares += value * value;
    if (value < aggregate.min) aggregate.min = value;
    if (value > aggregate.max) aggregate.max = value;
    aggregate.updatedWallMs = wallMs;
    aggregate.updatedMs = this.#clock.nowMs();
  }

  /** All intervals that are over and not forgotten, oldest first: a line for each name, newline included. */
  dump(): string {
    const wallMs = this.#clock.wallMs();
    const first = startOf(wallMs) - (INTERVALS_MAX - 1) * INTERVAL_MS;
    let text = "";
    for (const interval of this.#intervals) {
      const { startWallMs } = interval;
      if (startWallMs < first || startWallMs === startOf(wallMs)) continue;
      const stamp = goTime(startWallMs);
      for (const [name, value] of interval.gauges) text += `[${stamp}][G] '${name}': ${value.toFixed(3)}\n`;
      for (const [letter, kind] of [["C", "counters"], ["S", "samples"]] as const) {
        for (const [name, values] of interval[kind]) {
          text += `[${stamp}][${letter}] '${name}': ${this.#aggregateText(values)}\n`;
        }
      }
    }
    return text;
  }

  #present(wallMs: number): Interval {
    const startWallMs = startOf(wallMs);
    const newest = this.#intervals.at(-1);
    if (newest?.startWallMs === startWallMs) return newest;
    const interval: Interval = {
      startWallMs,
      gauges: new Map(),
      counters: new Map(),
      samples: new Map(),
      nameChars: 0,
    };
    this.#intervals.push(interval);
    if (this.#intervals.length > INTERVALS_MAX) this.#intervals.shift();
    this.#onInterval();
    return interval;
  }

  #aggregateText({ count, sum, squares, min, max, updatedWallMs, updatedMs }: Aggregate): string {
    const seconds = ((updatedMs - this.#originMs) / 1_000).toFixed(9);
    const updated = `LastUpdated: ${goTime(updatedWallMs)} m=+${seconds}`;
    const variance = count < 2 ? 0 : (count * squares - sum * sum) / (count * (count - 1));
    // Equal values may come out a little above or below 0 by rounding.
    if (min === max || !(variance > 0)) return `Count: ${count} Sum: ${sum.toFixed(3)} ${updated}`;
    return `Count: ${count} Min: ${min.toFixed(3)} Mean: ${(sum / count).toFixed(3)} Max: ${
      max.toFixed(3)
    } ` +
      `Stddev: ${Math.sqrt(variance).toFixed(3)} Sum: ${sum.toFixed(3)} ${updated}`;
  }
}

function startOf(wallMs: number): number {
  return Math.floor(wallMs / INTERVAL_MS) * INTERVAL_MS;
}

/** Whether the name still fits into the interval; it is counted then. */
function takeRoom(interval: Interval, name: string): boolean {
  if (interval.nameChars + name.length > NAME_CHARS_MAX) return false;
  interval.nameChars += name.length;
  return true;
}

function withoutSpaces(name: string): string {
  return name.includes(" ") ? name.replaceAll(" ", "_") : name;
}

/**
 * A moment in local time as Go prints it: `2026-11-23 03:54:50.25 +0000 UTC`. The names of other zones than UTC are not
 * known here: the offset stands for them, as it does in Go where a zone has none.
 */
function goTime(wallMs: number): string {
  const date = new Date(wallMs);
  const two = (value: number) => String(value).padStart(2, "0");
  const offset = -date.getTimezoneOffset();
  const distance = Math.abs(offset);
  const zone = `${offset < 0 ? "-" : "+"}${two(Math.floor(distance / 60))}${two(distance % 60)}`;
  const ms = date.getMilliseconds();
  const fraction = ms === 0 ? "" : `.${String(ms).padStart(3, "0").replace(/0+$/, "")}`;
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ` +
    `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}${fraction} ` +
    `${zone} ${offset === 0 ? "UTC" : zone}`;
}
