/** Records that thousands of observers agree on, kept once: each observer keeps only what it sees differently. */
import { assert } from "../base/assert.ts";

/** Ids are kept as 16 bits: a pair of observer and subject costs two bytes per list that names it. */
const NAMES_MAX = 1 << 16;

/** What all observers of a world share: an id per name, and the record that they begin with. */
export class SharedRecords<T extends { readonly name: string }> {
  // Bounded: NAMES_MAX.
  readonly #ids = new Map<string, number>();
  // Bounded: as #ids; a hole for a name that was not there at the beginning.
  readonly #records: (T | undefined)[] = [];
  #sharedCount = 0;

  /** Gives the record to every observer that has no word of its own about that name. Before anybody starts. */
  publish(record: T): void {
    assert(this.idOf(record.name) === undefined, "a record is published once");
    this.#records[this.intern(record.name)] = record;
    this.#sharedCount++;
  }

  /** How many were published; their ids are 0 to this. */
  get sharedCount(): number {
    return this.#sharedCount;
  }

  /** The id of a name that some observer has heard of. */
  idOf(name: string): number | undefined {
    return this.#ids.get(name);
  }

  /** The id of a name; given out at first sight. */
  intern(name: string): number {
    let id = this.#ids.get(name);
    if (id === undefined) {
      id = this.#ids.size;
      assert(id < NAMES_MAX, `a world has at most ${NAMES_MAX} names`);
      this.#ids.set(name, id);
      this.#records.push(undefined);
    }
    return id;
  }

  /** The record that was published under the id. */
  at(id: number): T | undefined {
    return this.#records[id];
  }
}

/** One observer's view: the shared records, and over them its own. */
export class ObserverView<T extends { readonly name: string }> {
  readonly #shared: SharedRecords<T>;
  /** null: forgotten here. Bounded: one per name on which this observer ever differed. */
  readonly #own = new Map<number, T | null>();

  constructor(shared: SharedRecords<T>) {
    this.#shared = shared;
  }

  /** The record of that name, if the observer knows it. */
  get(name: string): T | undefined {
    const id = this.#shared.idOf(name);
    return id === undefined ? undefined : this.at(id);
  }

  /** The record with that id, if the observer knows it. */
  at(id: number): T | undefined {
    const own = this.#own.get(id);
    return own === undefined ? this.#shared.at(id) : own ?? undefined;
  }

  /** Puts the observer's own record in the place of whatever was there. @returns its id. */
  put(record: T): number {
    const id = this.#shared.intern(record.name);
    this.#own.set(id, record);
    return id;
  }

  /** The observer knows the name no more. @returns its id. */
  forget(name: string): number {
    const id = this.#shared.intern(name);
    this.#own.set(id, null);
    return id;
  }

  /** Whether the record is this observer's own. */
  owns(record: T): boolean {
    return this.#own.get(this.#shared.intern(record.name)) === record;
  }
}

/** A growable list of ids. */
export class IdList {
  #ids = new Uint16Array(0);
  #length = 0;

  /** How many. */
  get length(): number {
    return this.#length;
  }

  /** Makes it 0 to `count - 1`. */
  reset(count: number): void {
    this.#ids = new Uint16Array(count);
    for (let id = 0; id < count; id++) this.#ids[id] = id;
    this.#length = count;
  }

  /** Makes it the same as another. */
  set(other: IdList): void {
    this.#ids = other.#ids.slice();
    this.#length = other.#length;
  }

  at(place: number): number {
    return this.#ids[place]!;
  }

  push(id: number): void {
    if (this.#length === this.#ids.length) {
      const grown = new Uint16Array(Math.max(8, this.#length + (this.#length >> 3)));
      grown.set(this.#ids);
      this.#ids = grown;
    }
    this.#ids[this.#length++] = id;
  }

  swap(a: number, b: number): void {
    const id = this.#ids[a]!;
    this.#ids[a] = this.#ids[b]!;
    this.#ids[b] = id;
  }

  /** Takes out whatever `isGone` says, and keeps the order of the rest. @returns how many it was. */
  removeWhere(isGone: (id: number) => boolean): number {
    let kept = 0;
    for (let i = 0; i < this.#length; i++) {
      const id = this.#ids[i]!;
      if (!isGone(id)) this.#ids[kept++] = id;
    }
    const removed = this.#length - kept;
    this.#length = kept;
    return removed;
  }
}
