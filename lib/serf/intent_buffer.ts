/** Intents about nodes that are not members yet: they may arrive before the node itself. protocol.md D.3. */

/** What an intent says. */
export type IntentKind = "join" | "leave";

/** The newest intent heard about one unknown node. */
export interface RecentIntent {
  readonly kind: IntentKind;
  /** Lamport time. */
  readonly lTime: number;
  /** Monotonic milliseconds at which it was heard. */
  readonly heardMs: number;
}

/** However small the cluster, this many intents are remembered. */
const CAPACITY_MIN = 4096;
/** A name that fills more than a datagram belongs to no node: it could not be gossiped. In characters. */
const NAME_CHARS_MAX = 65_507;
/** All names together, in characters: a stranger's are as long as he likes. */
const NAMES_CHARS_MAX = 4 * 1024 * 1024;

/**
 * One intent per unknown node, the newest by Lamport time. Expires by age; when full, the one heard longest ago goes.
 */
export class IntentBuffer {
  // bounded: max(4096, 2 * members), NAMES_CHARS_MAX together; in the order in which they were heard.
  readonly #recent = new Map<string, RecentIntent>();
  /**
   * Goes along behind the oldest: everything before it is deleted. One iterator for all evictions, as a fresh one would
   * have to step over all that was deleted since the Map was last rebuilt.
   */
  #oldest = this.#recent.keys();
  #chars = 0;
  readonly #memberCount: () => number;

  /** @param memberCount asked at every insertion. */
  constructor(memberCount: () => number) {
    this.#memberCount = memberCount;
  }

  /** How many are remembered. */
  get size(): number {
    return this.#recent.size;
  }

  /** When the one that waits longest was heard, monotonic milliseconds; undefined when empty. */
  get oldestMs(): number | undefined {
    for (const intent of this.#recent.values()) return intent.heardMs;
    return undefined;
  }

  /**
   * Remembers an intent.
   * @returns false when one of the same or a later Lamport time is known already, and when the name is none.
   */
  upsert(node: string, kind: IntentKind, lTime: number, nowMs: number): boolean {
    if (node.length > NAME_CHARS_MAX) return false;
    const known = this.#recent.get(node);
    if (known !== undefined && lTime <= known.lTime) return false;
    // Deleted first, so that the Map's order stays the order of hearing.
    this.#delete(node);
    this.#recent.set(node, { kind, lTime, heardMs: nowMs });
    this.#chars += node.length;
    this.#evict();
    return true;
  }

  /**
   * Takes out what was heard about a node that has now become a member. From then on its record carries the Lamport
   * time; an intent that stayed here would be applied a second time, to a namesake that joins after a prune.
   */
  take(node: string): RecentIntent | undefined {
    const intent = this.#recent.get(node);
    this.#delete(node);
    return intent;
  }

  /** Forgets what was heard at or before `beforeMs` (monotonic milliseconds). */
  expire(beforeMs: number): void {
    for (const [node, intent] of this.#recent) {
      if (intent.heardMs > beforeMs) return;
      this.#delete(node);
    }
  }

  #evict(): void {
    const capacity = Math.max(CAPACITY_MIN, 2 * this.#memberCount());
    while (this.#recent.size > capacity || this.#chars > NAMES_CHARS_MAX) {
      const oldest = this.#oldest.next();
      if (oldest.done) this.#oldest = this.#recent.keys();
      else this.#delete(oldest.value);
    }
  }

  #delete(node: string): void {
    if (this.#recent.delete(node)) this.#chars -= node.length;
  }
}
