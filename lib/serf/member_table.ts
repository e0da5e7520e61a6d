/** The members that Serf knows: the only place that writes a {@linkcode Member}. protocol.md D.2. */
import type { Address } from "../base/address.ts";
import { assert } from "../base/assert.ts";
import type { Clock } from "../base/ports.ts";
import type { NodeState, NodeVersions } from "../memberlist/node_state.ts";
import { type Member, MemberStatus } from "./member.ts";
import { decodeTags } from "./tags.ts";

/** What the table keeps of a member beyond what it shows. Read-only for everyone but the table. */
export interface MemberRecord extends Readonly<Member> {
  /** Where memberlist last saw it. */
  readonly address: Address;
  /** The Lamport time of the newest intent about it; 0 when none was heard. */
  readonly statusTime: number;
  /** Monotonic milliseconds at which it left or failed; meaningless while it is neither. */
  readonly leaveMs: number;
}

/** A record as the table writes it. What it has of the node is not written to in place, and kept but once. */
export class MemberEntry implements MemberRecord {
  address: Address;
  versions: Readonly<NodeVersions>;
  meta: Uint8Array;
  leaveMs = 0;
  revision = 0;
  readonly name: string;
  /** Its place in the list of the failed or the left; -1 when in neither. */
  listIndex = -1;

  constructor(
    node: NodeState,
    public status: MemberStatus,
    public statusTime: number,
  ) {
    this.name = node.name;
    this.address = node.address;
    this.versions = node.versions;
    this.meta = node.meta;
  }

  get ip(): Uint8Array {
    return this.address.ip;
  }

  get port(): number {
    return this.address.port;
  }

  /** Read out of the metadata each time: a kept map takes as much as all the rest of a member, and is rarely asked for. */
  get tags(): ReadonlyMap<string, string> {
    return decodeTags(this.meta);
  }

  /** Takes over what memberlist now knows of it. */
  refresh(node: NodeState): void {
    this.address = node.address;
    this.versions = node.versions;
    this.meta = node.meta;
  }

  /** Another record that says the same, on no list. */
  copy(): MemberEntry {
    const copy: MemberEntry = Object.assign(Object.create(MemberEntry.prototype), this);
    copy.listIndex = -1;
    return copy;
  }
}

/**
 * Where the table keeps its records, in the order in which they came. There is one of its own per process; ten thousand
 * simulated nodes in one process share the records on which they agree (`lib/sim/shared_members.ts`).
 */
export interface MemberStore {
  readonly size: number;
  /** All, in that order: live in a store of one's own, else a copy. */
  readonly all: readonly MemberEntry[];
  /** The member at a place of the order, 0 to `size - 1`. */
  at(place: number): MemberEntry;
  get(name: string): MemberEntry | undefined;
  /** @param entry with a name that is not there. */
  add(entry: MemberEntry): void;
  /** The record of `entry` that may be written: to be asked for before each change. */
  own(entry: MemberEntry): MemberEntry;
  /** O(members). */
  remove(entry: MemberEntry): void;
}

/** The store of a process that has one table. */
class OwnMemberStore implements MemberStore {
  // bounded: one per node that memberlist announced and that was not erased since.
  readonly #byName = new Map<string, MemberEntry>();
  // bounded: as #byName; the same entries in a stable order.
  readonly #all: MemberEntry[] = [];

  get size(): number {
    return this.#all.length;
  }

  get all(): readonly MemberEntry[] {
    return this.#all;
  }

  at(place: number): MemberEntry {
    return this.#all[place]!;
  }

  get(name: string): MemberEntry | undefined {
    return this.#byName.get(name);
  }

  add(entry: MemberEntry): void {
    this.#byName.set(entry.name, entry);
    this.#all.push(entry);
  }

  own(entry: MemberEntry): MemberEntry {
    return entry;
  }

  remove(entry: MemberEntry): void {
    this.#byName.delete(entry.name);
    this.#all.splice(this.#all.indexOf(entry), 1);
  }
}

/**
 * All members, in the order in which they became known.
 *
 * It keeps the books (lists, counts, revisions) and decides nothing: the transition rules are in `node_events.ts`
 * and `intents.ts`.
 */
export class MemberTable {
  // bounded: one per node that memberlist announced and that was not erased since.
  readonly #store: MemberStore;
  // bounded: as #store; in no particular order.
  readonly #failed: MemberEntry[] = [];
  readonly #left: MemberEntry[] = [];
  /** By status; of the alive it is known without counting. */
  readonly #counts: number[] = [0, 0, 0, 0, 0];
  readonly #clock: Clock;
  #revision = 0;

  /** Called after a member came onto the list of the failed or the left: there is something to reap one day. */
  onGone: (member: MemberRecord) => void = () => {};

  /** @param store whose members, if any, are all alive. */
  constructor(clock: Clock, store: MemberStore = new OwnMemberStore()) {
    this.#clock = clock;
    this.#store = store;
  }

  /** Grows with every visible change of any member: whoever cached something is up to date while this stays. */
  get revision(): number {
    return this.#revision;
  }

  /** How many members there are, whatever their status. */
  get size(): number {
    return this.#store.size;
  }

  /** The member at a place of that order, 0 to `size - 1`. */
  at(place: number): MemberRecord {
    return this.#store.at(place);
  }

  /** Every member, oldest first. A live view: it changes with the table. */
  get all(): readonly MemberRecord[] {
    return this.#store.all;
  }

  /** The failed. A live view: backwards is the way to walk it while members are erased. */
  get failed(): readonly MemberRecord[] {
    return this.#failed;
  }

  /** Those who left. A live view, like {@linkcode failed}. */
  get left(): readonly MemberRecord[] {
    return this.#left;
  }

  /** How many members have `status`. */
  count(status: MemberStatus): number {
    if (status !== MemberStatus.alive) return this.#counts[status]!;
    const [none, , leaving, left, failed] = this.#counts;
    return this.#store.size - none! - leaving! - left! - failed!;
  }

  /** The member called `name`, or undefined. */
  get(name: string): MemberRecord | undefined {
    return this.#store.get(name);
  }

  /** As {@linkcode get}, for whoever is about to change the member: it is this record that will show the change. */
  claim(name: string): MemberRecord | undefined {
    const entry = this.#store.get(name);
    return entry === undefined ? undefined : this.#store.own(entry);
  }

  /**
   * Adds a member that is not in the table.
   *
   * @param node what memberlist knows of it; address, versions and metadata are taken over.
   * @param statusTime Lamport time of the intent that gave it `status`; 0 for none.
   * @throws {AssertionError} when it is there already.
   */
  add(node: NodeState, status: MemberStatus, statusTime: number): MemberRecord {
    assert(this.#store.get(node.name) === undefined, "a member is added once");
    const entry = new MemberEntry(node, status, statusTime);
    this.#store.add(entry);
    this.#counts[status]!++;
    this.#touch(entry);
    return entry;
  }

  /** Takes over what memberlist now knows of a member: address, versions and metadata. */
  refresh(member: MemberRecord, node: NodeState): void {
    const entry = this.#own(member);
    entry.refresh(node);
    this.#touch(entry);
  }

  /**
   * Gives a member another status, and moves it between the lists. Its leave time starts when it leaves or fails,
   * and stays when a failed one is declared left.
   */
  setStatus(member: MemberRecord, status: MemberStatus): void {
    if (member.status === status) return;
    const entry = this.#own(member);
    const wasGone = this.#listOf(entry.status) !== undefined;
    this.#unlist(entry);
    this.#counts[entry.status]!--;
    this.#counts[status]!++;
    entry.status = status;
    this.#touch(entry);
    const list = this.#listOf(status);
    if (list === undefined) return;
    if (!wasGone) entry.leaveMs = this.#clock.nowMs();
    entry.listIndex = list.length;
    list.push(entry);
    this.onGone(entry);
  }

  /** Notes the Lamport time of the newest intent about a member. Invisible outside, so no new revision. */
  setStatusTime(member: MemberRecord, statusTime: number): void {
    this.#own(member).statusTime = statusTime;
  }

  /** Forgets a member. The record stays readable for whoever holds it. O(members). */
  erase(member: MemberRecord): void {
    const entry = this.#own(member);
    this.#unlist(entry);
    this.#counts[entry.status]!--;
    this.#store.remove(entry);
    this.#revision++;
  }

  #own(member: MemberRecord): MemberEntry {
    const entry = this.#store.get(member.name);
    assert(entry !== undefined && entry === member, "the member is in the table");
    assert(this.#store.own(entry) === entry, "a member is claimed before it is changed");
    return entry;
  }

  #touch(entry: MemberEntry): void {
    entry.revision = ++this.#revision;
  }

  #listOf(status: MemberStatus): MemberEntry[] | undefined {
    if (status === MemberStatus.failed) return this.#failed;
    return status === MemberStatus.left ? this.#left : undefined;
  }

  /** O(1): the last of the list takes the empty place. */
  #unlist(entry: MemberEntry): void {
    const list = this.#listOf(entry.status);
    if (list === undefined) return;
    const last = list.pop()!;
    if (last !== entry) {
      list[entry.listIndex] = last;
      last.listIndex = entry.listIndex;
    }
    entry.listIndex = -1;
  }
}
