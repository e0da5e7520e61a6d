/** Serf's members, as one of ten thousand simulated nodes keeps them: what differs from what all others keep. */
import { MemberEntry, type MemberStore } from "../serf/member_table.ts";
import { IdList, ObserverView, type SharedRecords } from "./shared_records.ts";

/** Does what a store of one's own does, on records that it shares with the other observers of its world. */
export class SharedMemberStore implements MemberStore {
  readonly #shared: SharedRecords<MemberEntry>;
  readonly #view: ObserverView<MemberEntry>;
  /** Made with the first member that comes or goes: until then it would be 0, 1, 2, ... */
  #order: IdList | undefined = undefined;

  constructor(shared: SharedRecords<MemberEntry>) {
    this.#shared = shared;
    this.#view = new ObserverView(shared);
  }

  get size(): number {
    return this.#order?.length ?? this.#shared.sharedCount;
  }

  /** A new list at each call. */
  get all(): readonly MemberEntry[] {
    return Array.from({ length: this.size }, (_, place) => this.at(place));
  }

  at(place: number): MemberEntry {
    return this.#view.at(this.#order?.at(place) ?? place)!;
  }

  get(name: string): MemberEntry | undefined {
    return this.#view.get(name);
  }

  add(entry: MemberEntry): void {
    const order = this.#ownOrder();
    order.push(this.#view.put(entry));
  }

  own(entry: MemberEntry): MemberEntry {
    if (this.#view.owns(entry)) return entry;
    const copy = entry.copy();
    this.#view.put(copy);
    return copy;
  }

  remove(entry: MemberEntry): void {
    const order = this.#ownOrder();
    const gone = this.#view.forget(entry.name);
    order.removeWhere((id) => id === gone);
  }

  #ownOrder(): IdList {
    if (this.#order === undefined) {
      this.#order = new IdList();
      this.#order.reset(this.#shared.sharedCount);
    }
    return this.#order;
  }
}
