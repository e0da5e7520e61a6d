/** The metrics of the last minute, for SIGUSR1. surface.md 8. */
import type { AddedKind, Metric } from "../base/metrics.ts";
import type { Clock } from "../base/ports.ts";

/** How long an interval is. */
const INTERVAL_MS = 10_000;
/** How many are kept, the present one included. */
const INTERVALS_MAX = 6;
/** All names of one interval, in characters: names of events come from strangers. */
const NAME_CHARS_MAX = 65_536;

/**
 * A busy name looks at the clock every so many values only (a power of 2): the clock is what a value costs. Should silence
 * follow, at most so many later values count for the interval before.
 */
const CLOCK_STRIDE = 16;

/** The kinds of metrics that are added up, and their letters. */
const LETTERS = { counter: "C", sample: "S" } as const;
const KINDS = ["counter", "sample"] as const satisfies readonly AddedKind[];

/** What the values of one name came to within one interval. */
class Aggregate implements Metric {
  count = 0;
  sum = 0;
  squares = 0;
  min = Infinity;
  max = -Infinity;
  updatedWallMs = 0;
  updatedMs = 0;
  /** Whether the program knows the name: it is then not forgotten with the interval. */
  readonly isKept: boolean;
  readonly #onTime: (aggregate: Aggregate) => void;

  /** @param onTime called to tell the time; it may end the interval, and {@linkcode reset} this. */
  constructor(onTime: (aggregate: Aggregate) => void, isKept: boolean) {
    this.#onTime = onTime;
    this.isKept = isKept;
  }

  record(value: number): void {
    if (this.count < CLOCK_STRIDE || (this.count & (CLOCK_STRIDE - 1)) === 0) this.#onTime(this);
    this.count++;
    this.sum += value;
    this.squares += value * value;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
  }

  reset(): void {
    this.count = this.sum = this.squares = 0;
    this.min = Infinity;
    this.max = -Infinity;
  }
}

/** An interval that is over: what it came to, by name. bounded: as the present one. */
interface Interval {
  readonly startWallMs: number;
  readonly gauges: ReadonlyMap<string, number>;
  readonly added: readonly { readonly letter: string; readonly name: string; readonly values: Totals }[];
}

/** An aggregate at the end of its interval. */
type Totals = Readonly<
  Pick<Aggregate, "count" | "sum" | "squares" | "min" | "max" | "updatedWallMs" | "updatedMs">
>;

/**
 * Intervals begin when the first value comes that falls into them: nothing ticks, and what was silent is not listed.
 */
export class MemoryMetrics {
  readonly #clock: Pick<Clock, "nowMs" | "wallMs">;
  readonly #originMs: number;
  readonly #onInterval: () => void;
  readonly #onTime = (aggregate: Aggregate) => this.#tellTime(aggregate);
  // bounded: the names in the program, and for this interval NAME_CHARS_MAX of others.
  readonly #added: Readonly<Record<AddedKind, Map<string, Aggregate>>> = {
    counter: new Map(),
    sample: new Map(),
  };
  // bounded: NAME_CHARS_MAX, with the above.
  #gauges = new Map<string, number>();
  #nameChars = 0;
  /** When the present interval began; NaN while there is none. */
  #startWallMs = NaN;
  // bounded: INTERVALS_MAX, oldest first.
  readonly #over: Interval[] = [];

  /** @param onInterval called when an interval has begun; it may set gauges. */
  constructor(clock: Pick<Clock, "nowMs" | "wallMs">, onInterval: () => void = () => {}) {
    this.#clock = clock;
    this.#originMs = clock.nowMs();
    this.#onInterval = onInterval;
  }

  /** @param name whole; spaces in it become `_`. */
  gauge(name: string, value: number): void {
    this.#enter(this.#clock.wallMs());
    const key = withoutSpaces(name);
    if (this.#gauges.has(key) || this.#takeRoom(key)) this.#gauges.set(key, value);
  }

  /** @param name as for {@linkcode gauge}. */
  add(kind: AddedKind, name: string, value: number): void {
    // Before the name is looked up: it may be forgotten with the last interval.
    this.#enter(this.#clock.wallMs());
    const key = withoutSpaces(name), known = this.#added[kind];
    let aggregate = known.get(key);
    if (aggregate === undefined) {
      if (!this.#takeRoom(key)) return;
      known.set(key, aggregate = new Aggregate(this.#onTime, false));
    }
    aggregate.record(value);
  }

  /** The same for a name that the program knows: found once, and kept for ever. */
  named(kind: AddedKind, name: string): Metric {
    const key = withoutSpaces(name), known = this.#added[kind];
    const present = known.get(key);
    if (present?.isKept === true) return present;
    const kept = new Aggregate(this.#onTime, true);
    known.set(key, kept);
    return kept;
  }

  /** All intervals that are over and not forgotten, oldest first: a line for each name, newline included. */
  dump(): string {
    const presentMs = startOf(this.#clock.wallMs());
    if (presentMs !== this.#startWallMs) this.#end();
    const firstMs = presentMs - (INTERVALS_MAX - 1) * INTERVAL_MS;
    let text = "";
    for (const { startWallMs, gauges, added } of this.#over) {
      if (startWallMs < firstMs) continue;
      const stamp = goTime(startWallMs);
      for (const [name, value] of gauges) text += `[${stamp}][G] '${name}': ${value.toFixed(3)}\n`;
      for (const { letter, name, values } of added) {
        text += `[${stamp}][${letter}] '${name}': ${this.#totalsText(values)}\n`;
      }
    }
    return text;
  }

  #tellTime(aggregate: Aggregate): void {
    const wallMs = this.#clock.wallMs();
    this.#enter(wallMs);
    aggregate.updatedWallMs = wallMs;
    aggregate.updatedMs = this.#clock.nowMs();
  }

  /** Makes the interval of this moment the present one. */
  #enter(wallMs: number): void {
    const startWallMs = startOf(wallMs);
    if (startWallMs === this.#startWallMs) return;
    this.#end();
    this.#startWallMs = startWallMs;
    this.#onInterval();
  }

  /** Ends the present interval, if there is one. */
  #end(): void {
    if (Number.isNaN(this.#startWallMs)) return;
    const added = KINDS.flatMap((kind) => {
      const entries = [...this.#added[kind]].filter(([, { count }]) => count > 0);
      return entries.map(([name, { ...values }]) => ({ letter: LETTERS[kind], name, values }));
    });
    this.#over.push({ startWallMs: this.#startWallMs, gauges: this.#gauges, added });
    if (this.#over.length > INTERVALS_MAX) this.#over.shift();
    for (const kind of KINDS) {
      for (const [name, aggregate] of this.#added[kind]) {
        if (aggregate.isKept) aggregate.reset();
        else this.#added[kind].delete(name);
      }
    }
    this.#gauges = new Map();
    this.#nameChars = 0;
    this.#startWallMs = NaN;
  }

  /** Whether the name still fits into the interval; it is counted then. */
  #takeRoom(name: string): boolean {
    if (this.#nameChars + name.length > NAME_CHARS_MAX) return false;
    this.#nameChars += name.length;
    return true;
  }

  #totalsText({ count, sum, squares, min, max, updatedWallMs, updatedMs }: Totals): string {
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
