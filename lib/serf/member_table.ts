/** The members that Serf knows: the only place that writes a {@linkcode Member}. protocol.md D.2. */
import type { Address } from "../base/address.ts";
import { assert } from "../base/assert.ts";
import type { Clock } from "../base/ports.ts";
import type { NodeState, NodeVersions } from "../memberlist/node_state.ts";
import { type Member, MemberStatus } from "./member.ts";

/** What the table keeps of a member beyond what it shows. Read-only for everyone but the table. */
export interface MemberRecord extends Readonly<Member> {
  /** Where memberlist last saw it. */
  readonly address: Address;
  /** The Lamport time of the newest intent about it; 0 when none was heard. */
  readonly statusTime: number;
  /** Monotonic milliseconds at which it left or failed; meaningless while it is neither. */
  readonly leaveMs: number;
}

class Entry implements MemberRecord {
  ip: Uint8Array;
  port: number;
  address: Address;
  versions: NodeVersions;
  leaveMs = 0;
  revision = 0;
  /** Its place in the list of the failed or the left; -1 when in neither. */
  listIndex = -1;

  constructor(
    readonly name: string,
    node: NodeState,
    public tags: ReadonlyMap<string, string>,
    public status: MemberStatus,
    public statusTime: number,
  ) {
    this.ip = node.ip;
    this.port = node.port;
    this.address = node.address;
    this.versions = { ...node.versions };
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
  readonly #byName = new Map<string, Entry>();
  // bounded: as #byName; the same entries in a stable order.
  readonly #all: Entry[] = [];
  // bounded: as #byName; in no particular order.
  readonly #failed: Entry[] = [];
  readonly #left: Entry[] = [];
  readonly #counts: number[] = [0, 0, 0, 0, 0];
  readonly #clock: Clock;
  #revision = 0;

  /** Called after a member came onto the list of the failed or the left: there is something to reap one day. */
  onGone: (member: MemberRecord) => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Grows with every visible change of any member: whoever cached something is up to date while this stays. */
  get revision(): number {
    return this.#revision;
  }

  /** How many members there are, whatever their status. */
  get size(): number {
    return this.#all.length;
  }

  /** Every member, oldest first. A live view: it changes with the table. */
  get all(): readonly MemberRecord[] {
    return this.#all;
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
    return this.#counts[status]!;
  }

  /** The member called `name`, or undefined. */
  get(name: string): MemberRecord | undefined {
    return this.#byName.get(name);
  }

  /**
   * Adds a member that is not in the table.
   *
   * @param node what memberlist knows of it; address and versions are taken over.
   * @param statusTime Lamport time of the intent that gave it `status`; 0 for none.
   * @throws {AssertionError} when it is there already.
   */
  add(
    node: NodeState,
    tags: ReadonlyMap<string, string>,
    status: MemberStatus,
    statusTime: number,
  ): MemberRecord {
    assert(!this.#byName.has(node.name), "a member is added once");
    const entry = new Entry(node.name, node, tags, status, statusTime);
    this.#byName.set(entry.name, entry);
    this.#all.push(entry);
    this.#counts[status]!++;
    this.#touch(entry);
    return entry;
  }

  /** Takes over what memberlist now knows of a member: address, versions, and the tags decoded from its meta. */
  refresh(member: MemberRecord, node: NodeState, tags: ReadonlyMap<string, string>): void {
    const entry = this.#own(member);
    entry.ip = node.ip;
    entry.port = node.port;
    entry.address = node.address;
    entry.versions = { ...node.versions };
    entry.tags = tags;
    this.#touch(entry);
  }

  /**
   * Gives a member another status, and moves it between the lists. Its leave time starts when it leaves or fails,
   * and stays when a failed one is declared left.
   */
  setStatus(member: MemberRecord, status: MemberStatus): void {
    const entry = this.#own(member);
    if (entry.status === status) return;
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
    this.#byName.delete(entry.name);
    this.#all.splice(this.#all.indexOf(entry), 1);
    this.#revision++;
  }

  #own(member: MemberRecord): Entry {
    const entry = this.#byName.get(member.name);
    assert(entry === member, "the member is in the table");
    return entry;
  }

  #touch(entry: Entry): void {
    entry.revision = ++this.#revision;
  }

  #listOf(status: MemberStatus): Entry[] | undefined {
    if (status === MemberStatus.failed) return this.#failed;
    return status === MemberStatus.left ? this.#left : undefined;
  }

  /** O(1): the last of the list takes the empty place. */
  #unlist(entry: Entry): void {
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
