/**
 * What is kept of other nodes: the last coordinate that each has sent, and its last few round trips.
 *
 * ```
 * row    coordinate: components, error, adjustment, height | round trips taken, the last of them in a ring
 * ```
 * Rows of numbers in one array, not objects: a fourth of their space, and an ack finds all it needs side by side.
 */
import type { Coordinate, MutableCoordinate } from "./coordinate.ts";
import type { CoordinateOptions } from "./options.ts";

const ROWS_MIN = 4;

/** Bounded: one row per node that is not forgotten. */
export class PeerTable {
  readonly #dimensions: number;
  readonly #filterSize: number;
  readonly #rowLength: number;
  /** Where the row of a node begins. */
  readonly #rows = new Map<string, number>();
  /** Rows of forgotten nodes. */
  readonly #free: number[] = [];
  #numbers = new Float64Array(0);
  /** Where the rows end that ever were in use. */
  #end = 0;

  constructor({ dimensions, latencyFilterSize }: CoordinateOptions) {
    this.#dimensions = dimensions;
    this.#filterSize = latencyFilterSize;
    this.#rowLength = dimensions + 3 + 1 + latencyFilterSize;
  }

  /** How many nodes something is kept of. */
  get size(): number {
    return this.#rows.size;
  }

  /** How many rows take memory: as many as were kept of at once. */
  get rowCount(): number {
    return this.#end / this.#rowLength;
  }

  /** Whether something is kept of a node. */
  has(node: string): boolean {
    return this.#rows.has(node);
  }

  /** The row of a node; an empty one at first sight. Good until the next {@linkcode forget}. */
  rowOf(node: string): number {
    return this.#rows.get(node) ?? this.#newRow(node);
  }

  /**
   * Takes a round trip in: one late packet moves nobody.
   * @returns the median of the last few; of an even number, the larger of the middle two.
   */
  medianWith(row: number, rttSeconds: number): number {
    const numbers = this.#numbers;
    const size = this.#filterSize;
    const countAt = row + this.#dimensions + 3;
    const taken = numbers[countAt]!;
    numbers[countAt] = taken + 1;
    const first = countAt + 1;
    numbers[first + taken % size] = rttSeconds;
    return medianOf(numbers, first, first + Math.min(taken + 1, size));
  }

  /** Keeps what a node has sent. @param coordinate copied; of the options' dimensions. */
  keep(row: number, { vec, error, adjustment, height }: Coordinate): void {
    const numbers = this.#numbers;
    const dimensions = this.#dimensions;
    for (let i = 0; i < dimensions; i++) numbers[row + i] = vec[i]!;
    numbers[row + dimensions] = error;
    numbers[row + dimensions + 1] = adjustment;
    numbers[row + dimensions + 2] = height;
  }

  /** What {@linkcode keep} was given last, in an object of its own. */
  get(node: string): MutableCoordinate | undefined {
    const row = this.#rows.get(node);
    if (row === undefined) return undefined;
    const numbers = this.#numbers;
    const end = row + this.#dimensions;
    const vec = Array.from(numbers.subarray(row, end));
    return { vec, error: numbers[end]!, adjustment: numbers[end + 1]!, height: numbers[end + 2]! };
  }

  /** Drops all that is kept of a node. */
  forget(node: string): void {
    const row = this.#rows.get(node);
    if (row === undefined) return;
    this.#rows.delete(node);
    this.#free.push(row);
  }

  #newRow(node: string): number {
    const row = this.#free.pop() ?? this.#append();
    this.#numbers.fill(0, row, row + this.#rowLength);
    this.#rows.set(node, row);
    return row;
  }

  #append(): number {
    const row = this.#end;
    this.#end += this.#rowLength;
    if (this.#end > this.#numbers.length) {
      // By half: what is not in use yet is a loss to each of thousands of members.
      const rows = Math.max(ROWS_MIN, Math.ceil(row / this.#rowLength * 1.5));
      const grown = new Float64Array(rows * this.#rowLength);
      grown.set(this.#numbers);
      this.#numbers = grown;
    }
    return row;
  }
}

/** Of `numbers[start, end)`; without a sorted copy: as many of the others are smaller, or equal and earlier, as come before it. */
function medianOf(numbers: Float64Array, start: number, end: number): number {
  const rank = (end - start) >> 1;
  for (let i = start; i < end; i++) {
    const candidate = numbers[i]!;
    let before = 0;
    for (let j = start; j < end; j++) {
      if (numbers[j]! < candidate || numbers[j] === candidate && j < i) before++;
    }
    if (before === rank) return candidate;
  }
  return numbers[start]!;
}
