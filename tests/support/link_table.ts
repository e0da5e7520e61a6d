/**
 * The conditions of every link of a packet switch, each direction for itself, and what the switch did to the packets on
 * it. It lies in memory that the switch's thread and the test share: what is set holds from the next packet on.
 */

/** What a link does to packets. All ratios are parts of 1. */
export interface LinkConditions {
  /** How many are lost; 1 is a cut. */
  readonly lossRatio: number;
  /** How many come twice. */
  readonly duplicateRatio: number;
  /** How long each takes, at least. */
  readonly delayMs: number;
  /** How much longer it may take, evenly drawn; later packets overtake. */
  readonly jitterMs: number;
}

/** What the switch did. */
export interface LinkCounters {
  readonly forwarded: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly delayed: number;
  /** How many left after one that had come later. */
  readonly overtaken: number;
}

/** A link that does nothing to packets. */
export const PERFECT: LinkConditions = { lossRatio: 0, duplicateRatio: 0, delayMs: 0, jitterMs: 0 };

/** Ratios are kept in millionths, times in microseconds. */
const MILLION = 1_000_000;
const CONDITION_FIELDS = ["lossRatio", "duplicateRatio", "delayMs", "jitterMs"] as const;
const COUNTER_FIELDS = ["forwarded", "lost", "duplicated", "delayed", "overtaken"] as const;
const FIELDS = CONDITION_FIELDS.length + COUNTER_FIELDS.length;
const UNITS = { lossRatio: MILLION, duplicateRatio: MILLION, delayMs: 1000, jitterMs: 1000 } as const;
/** Before the links: whether the switch shall end. */
const HEADER = 1;

export class LinkTable {
  readonly #cells: Int32Array;

  /** @param memory made by {@linkcode LinkTable.allocate} for as many hosts. */
  constructor(readonly hosts: number, readonly memory: SharedArrayBuffer) {
    this.#cells = new Int32Array(memory);
  }

  /** A table of perfect links from each host to each. */
  static allocate(hosts: number): LinkTable {
    return new LinkTable(hosts, new SharedArrayBuffer(4 * (HEADER + hosts * hosts * FIELDS)));
  }

  get isStopped(): boolean {
    return Atomics.load(this.#cells, 0) !== 0;
  }

  /** Makes the switch end; see its thread. */
  stop(): void {
    Atomics.store(this.#cells, 0, 1);
  }

  set(from: number, to: number, conditions: LinkConditions): void {
    const base = this.#base(from, to);
    CONDITION_FIELDS.forEach((field, i) => {
      Atomics.store(this.#cells, base + i, Math.round(conditions[field] * UNITS[field]));
    });
  }

  condition(from: number, to: number, field: keyof LinkConditions): number {
    return Atomics.load(this.#cells, this.#base(from, to) + CONDITION_FIELDS.indexOf(field)) / UNITS[field];
  }

  count(from: number, to: number, field: keyof LinkCounters): void {
    Atomics.add(
      this.#cells,
      this.#base(from, to) + CONDITION_FIELDS.length + COUNTER_FIELDS.indexOf(field),
      1,
    );
  }

  counters(from: number, to: number): LinkCounters {
    const base = this.#base(from, to) + CONDITION_FIELDS.length;
    const counters = Object.fromEntries(COUNTER_FIELDS.map((field, i) => [
      field,
      Atomics.load(this.#cells, base + i),
    ]));
    return counters as unknown as LinkCounters;
  }

  #base(from: number, to: number): number {
    return HEADER + (from * this.hosts + to) * FIELDS;
  }
}
