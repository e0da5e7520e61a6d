/** The broadcasts that have been sent equally often, ready to be taken longest first. */

/** A broadcast that waits. */
export interface QueuedBroadcast {
  readonly message: Uint8Array;
  /** Grows with every broadcast of the queue: its age. */
  readonly id: number;
}

/**
 * Entries by length, and within a length by age. To add a new one and to take the longest that fits costs a bisection
 * of the lengths in use, however many entries there are. Nearly all tiers are empty nearly always, and take little then.
 *
 * bounded: by the queue that it belongs to.
 */
export class BroadcastTier<E extends QueuedBroadcast> {
  /** The lengths in use, ascending. Bounded: by what a packet holds, but for the few that never fit. */
  readonly #lengths: number[] = [];
  /** For each of these its entries, oldest first; never empty. */
  readonly #lists: E[][] = [];

  /** Adds an entry, whatever its age. */
  insert(entry: E): void {
    const length = entry.message.length;
    const place = this.#countUpTo(length);
    if (place === 0 || this.#lengths[place - 1] !== length) {
      this.#lengths.splice(place, 0, length);
      this.#lists.splice(place, 0, [entry]);
      return;
    }
    const entries = this.#lists[place - 1]!;
    if (entries[entries.length - 1]!.id < entry.id) entries.push(entry);
    else entries.splice(countOlder(entries, entry.id), 0, entry);
  }

  /** Takes out an entry that is there. */
  remove(entry: E): void {
    const place = this.#countUpTo(entry.message.length) - 1;
    const entries = this.#lists[place]!;
    entries.splice(countOlder(entries, entry.id), 1);
    if (entries.length === 0) this.#forget(place);
  }

  /** Takes out the newest of the longest entries that have at most `bytes`. */
  takeWithin(bytes: number): E | undefined {
    const place = this.#countUpTo(bytes) - 1;
    if (place < 0) return undefined;
    const entries = this.#lists[place]!;
    const entry = entries.pop();
    if (entries.length === 0) this.#forget(place);
    return entry;
  }

  /** Takes out up to `count` entries that would be taken last: the shortest, of these the oldest. */
  dropLast(count: number): E[] {
    const dropped: E[] = [];
    while (dropped.length < count && this.#lengths.length > 0) {
      const entries = this.#lists[0]!;
      // Not spread: a flood is more than a call takes as arguments.
      for (const entry of entries.splice(0, count - dropped.length)) dropped.push(entry);
      if (entries.length === 0) this.#forget(0);
    }
    return dropped;
  }

  #forget(place: number): void {
    this.#lengths.splice(place, 1);
    this.#lists.splice(place, 1);
  }

  /** How many of the lengths in use are at most `bytes`. */
  #countUpTo(bytes: number): number {
    const lengths = this.#lengths;
    let low = 0, high = lengths.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (lengths[middle]! <= bytes) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** How many of the entries, oldest first, are older than `id`. */
function countOlder(entries: readonly QueuedBroadcast[], id: number): number {
  let low = 0, high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (entries[middle]!.id < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
