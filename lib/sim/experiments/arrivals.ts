/** When something reaches the members of a cluster, one after the other. */
import { assert } from "../../base/assert.ts";
import type { SimLife, SimNode } from "../sim_node.ts";

/** What is waited for: an event at a node, in the words of its engine. */
export interface AwaitedEvent {
  /** `"leave"`, `"message"`, `"member-failed"`, `"user"`, ... */
  readonly type: string;
  /** Whom or what it is about. */
  readonly subject: string;
}

/**
 * Watches nodes for the first event of a kind that each of them records from now on. Between two looks at it a scenario
 * may do what it likes but forget events.
 */
export class Arrivals<L extends SimLife> {
  /** Who has not recorded it yet, and how many of its events have been looked at. Bounded: one per node. */
  readonly #waiting = new Map<SimNode<L>, number>();
  readonly #awaited: AwaitedEvent;
  readonly #startMs: number;
  readonly #timesMs: number[] = [];

  /** @param startMs when it all began: the origin of {@linkcode timesMs}. */
  constructor(nodes: readonly SimNode<L>[], awaited: AwaitedEvent, startMs: number) {
    for (const node of nodes) this.#waiting.set(node, node.events.length);
    this.#awaited = awaited;
    this.#startMs = startMs;
  }

  /** Looks at what has happened since the last look. @returns how many nodes have recorded the event. */
  count(): number {
    for (const [node, seen] of this.#waiting) this.#look(node, seen);
    return this.#timesMs.length;
  }

  /** Whether no node is waited for any more. */
  isComplete(): boolean {
    this.count();
    return this.#waiting.size === 0;
  }

  /** How long each node took, those that were reached until the last look; milliseconds, ascending. */
  get timesMs(): readonly number[] {
    return this.#timesMs.sort((a, b) => a - b);
  }

  #look(node: SimNode<L>, seen: number): void {
    const { events } = node;
    const { type, subject } = this.#awaited;
    for (let i = seen; i < events.length; i++) {
      const event = events[i]!;
      if (event.type !== type || event.subject !== subject) continue;
      this.#timesMs.push(event.atMs - this.#startMs);
      this.#waiting.delete(node);
      return;
    }
    if (events.length > seen) this.#waiting.set(node, events.length);
  }
}

/**
 * After how long `ratio` of `members` were reached.
 *
 * @param timesMs of those that were, ascending. @param ratio in (0, 1].
 * @returns milliseconds, or undefined when fewer were reached.
 */
export function reachedMs(timesMs: ArrayLike<number>, members: number, ratio: number): number | undefined {
  assert(ratio > 0 && ratio <= 1, "a ratio of the members is above 0 and at most 1");
  // 0.99 * 100 must not become 100 because of a rounding error.
  return timesMs[Math.max(1, Math.ceil(members * ratio - 1e-9)) - 1];
}
