/** What a snapshot must tell: exactly what its node was told, whenever nothing waits to be written. */
import { AssertionError } from "../base/assert.ts";
import type { SerfEvent } from "../serf/events.ts";
import { isRecordable, replaySnapshot } from "../serf/snapshot_lines.ts";
import type { SerfLife } from "./serf_life.ts";
import type { SimNode } from "./sim_node.ts";
import type { SimDisk, SimStorage } from "./sim_storage.ts";

/** What the snapshot of one life ought to tell. */
interface Model {
  readonly storage: SimStorage;
  readonly disk: SimDisk;
  /** Of the disk when the life began: a disk that refused something since may be behind. */
  readonly faultsBefore: number;
  /** Who is there. Bounded: the names of the run. */
  readonly alive: Set<string>;
  eventTime: number;
  /** Members are recorded no more. */
  hasLeft: boolean;
  /** Whether anything has changed here since the file was compared last, and what the file was then. */
  isChanged: boolean;
  compared: Uint8Array | undefined;
}

/** Keeps, for each node with a snapshot, the state that its events add up to, and compares. */
export class SnapshotChecker {
  readonly #rejoinAfterLeave: boolean;
  // Bounded: one per node.
  readonly #models = new Map<SimNode<SerfLife>, Model>();
  #comparisons = 0;

  constructor(rejoinAfterLeave: boolean) {
    this.#rejoinAfterLeave = rejoinAfterLeave;
  }

  /** How often a file was compared: a run without proves nothing. */
  get comparisons(): number {
    return this.#comparisons;
  }

  /** A life begins with `storage` on `disk`. @returns the event time that it will start from. */
  begin(node: SimNode<SerfLife>, disk: SimDisk, storage: SimStorage): number {
    const state = this.#replay(disk);
    this.#models.set(node, {
      storage,
      disk,
      faultsBefore: disk.faults,
      alive: new Set(state.alive.keys()),
      eventTime: state.eventClock,
      hasLeft: false,
      isChanged: true,
      compared: undefined,
    });
    return state.eventClock;
  }

  /** Something was told to the node. */
  onEvent(node: SimNode<SerfLife>, event: SerfEvent): void {
    const model = this.#models.get(node);
    if (model === undefined || model.hasLeft || event.type === "query") return;
    model.isChanged = true;
    if (event.type === "user") model.eventTime = Math.max(model.eventTime, event.lTime);
    else {
      for (const { name } of event.members) {
        if (!isRecordable(name)) continue;
        if (event.type === "member-join") model.alive.add(name);
        else if (event.type === "member-leave" || event.type === "member-failed") model.alive.delete(name);
      }
    }
  }

  /** The node begins to leave. */
  onLeave(node: SimNode<SerfLife>): void {
    const model = this.#models.get(node);
    if (model === undefined) return;
    model.hasLeft = true;
    model.isChanged = true;
  }

  /**
   * Compares, if nothing waits to be written.
   *
   * @param isRecovered whether the file must be whole although its disk has refused something: it works again for
   *   longer than the snapshot waits before it tries anew.
   * @throws {AssertionError} naming what differs.
   */
  check(node: SimNode<SerfLife>, isRecovered = false): void {
    const model = this.#models.get(node);
    if (model === undefined || model.storage.waitingBytes > 0) return;
    if (!isRecovered && model.disk.faults !== model.faultsBefore) return;
    if (!model.isChanged && model.disk.content === model.compared) return;
    model.isChanged = false;
    model.compared = model.disk.content;
    this.#comparisons++;
    const state = this.#replay(model.disk);
    const isForgotten = model.hasLeft && !this.#rejoinAfterLeave;
    this.#compare(node, "alive", textOf(isForgotten ? [] : model.alive), textOf(state.alive.keys()));
    const eventTime = isForgotten ? 0 : model.eventTime;
    this.#compare(node, "event-clock", String(eventTime), String(state.eventClock));
  }

  #replay(disk: SimDisk) {
    const context = { rejoinAfterLeave: this.#rejoinAfterLeave, warn: () => {}, onLeaveIgnored: () => {} };
    return replaySnapshot(disk.content, context).state;
  }

  #compare(node: SimNode<SerfLife>, what: string, expected: string, found: string): void {
    if (expected === found) return;
    throw new AssertionError(
      `${node.name} at ${node.process.nowMs()} ms: its snapshot says ${what}: ${found}, not ${expected}`,
    );
  }
}

function textOf(names: Iterable<string>): string {
  return [...names].sort().join(" ");
}
