/** What a snapshot must tell: exactly what its node was told, whenever nothing waits to be written. */
import { Address } from "../base/address.ts";
import { AssertionError } from "../base/assert.ts";
import type { SerfEvent } from "../serf/events.ts";
import { isRecordable, replaySnapshot, type SnapshotState } from "../serf/snapshot_lines.ts";
import type { SerfLife } from "./serf_life.ts";
import type { SimNode } from "./sim_node.ts";
import type { SimDisk, SimStorage } from "./sim_storage.ts";

/** What the snapshot of one life ought to tell. */
interface Model {
  readonly storage: SimStorage;
  readonly disk: SimDisk;
  /** Who is there, and where. Bounded: the names of the run. */
  readonly alive: Map<string, string>;
  eventTime: number;
  /** Of the newest query that was told; others were seen and not told. */
  queryTime: number;
  /** The clocks as they were seen last. */
  times: { readonly member: number; readonly query: number } | undefined;
  /** Whether the disk has refused something, and the file was not written anew since. */
  wasBehind: boolean;
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
  #recoveries = 0;
  #brokenReads = 0;

  constructor(rejoinAfterLeave: boolean) {
    this.#rejoinAfterLeave = rejoinAfterLeave;
  }

  /** How often a file was compared: a run without proves nothing. */
  get comparisons(): number {
    return this.#comparisons;
  }

  /** How often a file was found written anew, after its disk had refused something. */
  get recoveries(): number {
    return this.#recoveries;
  }

  /** How often a life began with a file that was torn. */
  get brokenReads(): number {
    return this.#brokenReads;
  }

  /** A life begins with `storage` on `disk`. @returns the event time that it will start from. */
  begin(node: SimNode<SerfLife>, disk: SimDisk, storage: SimStorage): number {
    const { state, isClean } = this.#replay(disk);
    if (!isClean) this.#brokenReads++;
    this.#models.set(node, {
      storage,
      disk,
      alive: new Map([...state.alive].map(([name, address]) => [name, address.toString()])),
      eventTime: state.eventClock,
      queryTime: state.queryClock,
      times: undefined,
      wasBehind: false,
      hasLeft: false,
      isChanged: true,
      compared: undefined,
    });
    return state.eventClock;
  }

  /** Something was told to the node. */
  onEvent(node: SimNode<SerfLife>, event: SerfEvent): void {
    const model = this.#models.get(node);
    if (model === undefined || model.hasLeft) return;
    model.isChanged = true;
    if (event.type === "user") model.eventTime = Math.max(model.eventTime, event.lTime);
    else if (event.type === "query") model.queryTime = Math.max(model.queryTime, event.lTime);
    else {
      for (const { name, ip, port } of event.members) {
        if (!isRecordable(name)) continue;
        if (event.type === "member-join") {
          const address = Address.fromBytes(ip, port);
          if (address !== undefined) model.alive.set(name, address.toString());
        } else if (event.type === "member-leave" || event.type === "member-failed") model.alive.delete(name);
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
   * Compares, if nothing waits to be written. After a disk has refused something the file may be behind, until it is
   * written anew as a whole.
   *
   * @param isRecovered whether that must have happened: the disk works again for longer than the snapshot waits before
   *   it tries anew.
   * @throws {AssertionError} naming what differs.
   */
  check(node: SimNode<SerfLife>, isRecovered = false): void {
    const model = this.#models.get(node);
    if (model === undefined) return;
    if (node.running) model.times = node.life.serf.lamportTimes;
    if (model.storage.waitingBytes > 0) return;
    if (model.disk.isBehind && !isRecovered) return void (model.wasBehind = true);
    if (model.wasBehind) this.#recoveries++;
    model.wasBehind = false;
    if (!model.isChanged && model.disk.content === model.compared) return;
    model.isChanged = false;
    model.compared = model.disk.content;
    this.#comparisons++;
    const { state } = this.#replay(model.disk);
    const isForgotten = model.hasLeft && !this.#rejoinAfterLeave;
    this.#compare(node, "alive", textOf(isForgotten ? [] : model.alive), textOf(state.alive));
    const eventTime = isForgotten ? 0 : model.eventTime;
    this.#compare(node, "event-clock", String(eventTime), String(state.eventClock));
    if (!isForgotten) this.#compareClocks(node, model, state);
  }

  /** What was only seen is written a moment later, or by the end; what a life begins with is not forgotten. */
  #compareClocks(node: SimNode<SerfLife>, model: Model, { clock, queryClock }: SnapshotState): void {
    const { times, queryTime } = model;
    if (times === undefined) return;
    const isEnded = !node.running && !model.hasLeft;
    const isWrong = isEnded ? clock !== times.member - 1 : clock >= times.member;
    if (isWrong) this.#compare(node, "clock", `${times.member - 1}`, `${clock}`);
    if (queryClock >= queryTime && queryClock < times.query) return;
    this.#compare(node, "query-clock", `${queryTime} to ${times.query - 1}`, `${queryClock}`);
  }

  #replay(disk: SimDisk) {
    const context = { rejoinAfterLeave: this.#rejoinAfterLeave, warn: () => {}, onLeaveIgnored: () => {} };
    return replaySnapshot(disk.content, context);
  }

  #compare(node: SimNode<SerfLife>, what: string, expected: string, found: string): void {
    if (expected === found) return;
    throw new AssertionError(
      `${node.name} at ${node.process.nowMs()} ms: its snapshot says ${what}: ${found}, not ${expected}`,
    );
  }
}

function textOf(alive: Iterable<readonly [name: string, address: unknown]>): string {
  return Array.from(alive, ([name, address]) => `${name} ${address}`).sort().join(", ");
}
