/** A member of a cluster: the facade of the Serf layer. It routes, and decides nothing. protocol.md D. */
import type { Address } from "../base/address.ts";
import { SizeLimitError, StateError } from "../base/errors.ts";
import { LogLevel } from "../base/ports.ts";
import type { Coordinate } from "../coordinate/coordinate.ts";
import { META_BYTES_MAX } from "../memberlist/node_state.ts";
import type { JoinResult } from "../memberlist/joiner.ts";
import type { Keyring } from "../memberlist/keyring.ts";
import { type LocalEndpoint, Memberlist } from "../memberlist/memberlist.ts";
import type { SerfEvent } from "./events.ts";
import type { KeyManager } from "./key_manager.ts";
import { Leaver } from "./leaver.ts";
import type { Member } from "./member.ts";
import { type SerfOptions, TAGS_TOO_LONG_TEXT } from "./options.ts";
import { PendingCalls } from "./pending_calls.ts";
import type { QuerySink, RunningQuery } from "./query_collector.ts";
import type { QueryParams } from "./query_sender.ts";
import { Recovery } from "./recovery.ts";
import { createSerfParts, type SerfParts } from "./serf_parts.ts";
import type { SerfPorts } from "./serf_ports.ts";
import { SerfStats } from "./stats.ts";
import { encodeTags } from "./tags.ts";

/** Entries of Serf's collections. */
export interface SerfSizes {
  readonly members: number;
  readonly recentIntents: number;
  readonly intentQueue: number;
  readonly eventQueue: number;
  readonly queryQueue: number;
  readonly runningQueries: number;
}

/** Where this node stands. */
export type SerfState = "alive" | "leaving" | "left" | "shutdown";

/**
 * ```
 * alive --leave--> leaving --> left --shutdown--> shutdown
 *   +---------------------shutdown-------------------^
 * ```
 * Nothing runs before {@linkcode start}. Mistakes of the caller are thrown at once, with nothing changed; what the
 * world does is told to `done`, once, later or (where there is nothing to wait for) before the call returns.
 * `onEvent` is called from within: it must not call back before it returns, except for reading.
 */
export class Serf {
  /** The layer below. The transport delivers to it. */
  readonly memberlist: Memberlist;
  readonly #ports: SerfPorts;
  readonly #options: SerfOptions;
  readonly #name: string;
  readonly #parts: SerfParts;
  readonly #leaver: Leaver;
  readonly #recovery: Recovery | undefined;
  readonly #pending = new PendingCalls();
  readonly #stats = new SerfStats();
  #tags: ReadonlyMap<string, string>;
  #state: SerfState = "alive";

  /**
   * @param options resolved.
   * @param local what is announced, and what is bound.
   * @param onEvent gets everything as it happens, uncoalesced; our own join is the first.
   * @param keyring present in an encrypted cluster.
   * @throws {StorageError} when a snapshot is to be kept, and what is there cannot be read.
   */
  constructor(
    options: SerfOptions,
    local: LocalEndpoint,
    ports: SerfPorts,
    onEvent: (event: SerfEvent) => void,
    keyring?: Keyring,
  ) {
    this.#ports = ports;
    this.#options = options;
    this.#name = options.memberlist.name;
    this.#tags = new Map(options.tags);
    this.#parts = createSerfParts(options, ports, keyring, {
      onEvent: (event) => {
        if (this.#state === "shutdown") return;
        this.#recovery?.onEvent(event);
        onEvent(event);
      },
      onQueued: () => this.memberlist.onBroadcastQueued(),
      send: (to, message) => this.memberlist.sendUser(to, message),
      connect: (address) => this.#reconnect(address),
      isStaying: () => this.#state === "alive",
      localMeta: () => encodeTags(this.#tags, options.memberlist.delegateProtocol),
      localTags: () => this.#tags,
      local: () => this.memberlist.local,
      nodeCount: () => this.memberlist.aliveCount,
      onMinority: () => this.#onMinority(),
    });
    this.#recovery = this.#openSnapshot();
    this.memberlist = new Memberlist(options.memberlist, local, ports, this.#parts.delegate, keyring);
    this.#leaver = new Leaver({
      clock: ports.clock,
      logger: ports.logger,
      broadcastTimeoutMs: options.broadcastTimeoutMs,
      leavePropagateDelayMs: options.leavePropagateDelayMs,
      announce: (timeoutMs, done) => this.#parts.intentSender.leave(this.#name, false, timeoutMs, done),
      leaveMemberlist: (timeoutMs, done) => this.memberlist.leave(timeoutMs, done),
    });
  }

  /** Where this node stands. */
  get state(): SerfState {
    return this.#state;
  }

  /** Becomes a cluster of one, and begins to answer. Call once. */
  start(): void {
    const { memberClock, eventClock, queryClock, reaper, reconnector } = this.#parts;
    memberClock.increment();
    eventClock.increment();
    queryClock.increment();
    this.#recovery?.restore();
    this.memberlist.start();
    reaper.start();
    reconnector.start();
    this.#recovery?.rejoin(this.#name);
  }

  /** Stops everything, without a goodbye; whoever waits is told so. Idempotent. */
  shutdown(): void {
    if (this.#state === "shutdown") return;
    if (this.#state !== "left") this.#ports.logger.log(LogLevel.warn, "serf: Shutdown without a Leave");
    this.#state = "shutdown";
    this.#parts.reaper.stop();
    this.#parts.reconnector.stop();
    // Before what it waits for: a rejoin that is interrupted is not one that failed.
    this.#recovery?.stop();
    this.memberlist.stop();
    this.#leaver.stop();
    this.#parts.broadcasts.stop();
    this.#parts.conflicts.stop();
    this.#parts.responder.stop();
    this.#parts.collector.stop();
    this.#pending.stop();
  }

  /** All members, ourselves included, in the order in which they became known. A live view: not to be kept. */
  members(): readonly Member[] {
    return this.#parts.table.all;
  }

  /** A member by its name, live. */
  member(name: string): Member | undefined {
    return this.#parts.table.get(name);
  }

  /** Ourselves. Call after {@linkcode start}. */
  localMember(): Member {
    return this.#parts.table.get(this.#name)!;
  }

  /** Our tags as they were set. With protocol 2 others, and {@linkcode localMember}, see the role alone. */
  get tags(): ReadonlyMap<string, string> {
    return this.#tags;
  }

  /** Grows with every visible change of any member. */
  get membersRevision(): number {
    return this.#parts.table.revision;
  }

  /**
   * Contacts `addresses`, and announces ourselves if anybody answered.
   *
   * @param ignoreOld whether to skip the user events that happened before.
   * @param done told how it went.
   * @throws {StateError} after leave or shutdown.
   */
  join(addresses: readonly Address[], ignoreOld: boolean, done: (result: JoinResult) => void): void {
    if (this.#state !== "alive") throw new StateError("Serf can't Join after Leave or Shutdown");
    const settle = this.#pending.begin(() => done(interruptedJoin(addresses)));
    const { states, intentSender } = this.#parts;
    if (ignoreOld) states.beginIgnoringOld();
    this.memberlist.join(addresses, (result) => {
      if (ignoreOld) states.endIgnoringOld();
      if (!settle()) return;
      if (result.contacted > 0 && this.#state === "alive") intentSender.join();
      done(result);
    });
  }

  /**
   * Says goodbye, waits until that got round (at most two broadcast timeouts and the propagation delay), and is left.
   * The node answers until {@linkcode shutdown}.
   *
   * @param done with an error only when it was shut down meanwhile.
   * @throws {StateError} when already leaving, or after shutdown. Having left before is fine.
   */
  leave(done: (error?: Error) => void): void {
    if (this.#state === "left") return done();
    if (this.#state === "leaving") throw new StateError("Leave already in progress");
    if (this.#state === "shutdown") throw new StateError("Leave called after Shutdown");
    this.#state = "leaving";
    // Neither is for one who goes: the first would call the failed back, the second one day forget ourselves.
    this.#parts.reconnector.stop();
    this.#parts.reaper.stop();
    this.#recovery?.leave();
    this.#leaver.start((error) => {
      if (error === undefined) this.#state = "left";
      done(error);
    });
  }

  /**
   * Declares a failed member left, everywhere. An unknown name is no mistake; a live member will object, and stay.
   *
   * @param prune also forgets it, everywhere, at once, whatever its status.
   * @param done with an error when that could not be sent in time; it is done here all the same.
   * @throws {StateError} after shutdown.
   */
  forceLeave(name: string, prune: boolean, done: (error?: Error) => void): void {
    if (this.#state === "shutdown") throw new StateError("Force-leave called after Shutdown");
    this.#parts.intentSender.leave(name, prune, this.#options.broadcastTimeoutMs, (sent) => {
      done(sent ? undefined : new Error("timed out broadcasting node removal"));
    });
  }

  /**
   * Replaces our tags, and waits until the news has been sent.
   *
   * @param done with an error when it could not be sent in time; the tags are in force all the same.
   * @throws {SizeLimitError} when they are too long.
   * @throws {StateError} after leave or shutdown.
   */
  setTags(tags: ReadonlyMap<string, string>, done: (error?: Error) => void): void {
    if (this.#state !== "alive") throw new StateError("Tags can't be set after Leave or Shutdown");
    if (encodeTags(tags, this.#options.memberlist.delegateProtocol).length > META_BYTES_MAX) {
      throw new SizeLimitError(TAGS_TOO_LONG_TEXT);
    }
    this.#tags = new Map(tags);
    const settle = this.#pending.begin(() => done(new StateError("Serf was shut down")));
    this.memberlist.updateMeta(this.#options.broadcastTimeoutMs, (error) => {
      if (settle()) done(error);
    });
  }

  /**
   * Announces something to everybody, ourselves included, who hear of it before this returns.
   *
   * @param payload borrowed; may be empty.
   * @param coalesce whether of several of this name the newest will do.
   * @throws {SizeLimitError} `... exceeds configured limit of N bytes ...`. {@throws StateError} after shutdown.
   */
  userEvent(name: string, payload: Uint8Array, coalesce: boolean): void {
    if (this.#state === "shutdown") throw new StateError("User events can't be sent after Shutdown");
    this.#parts.userEventSender.send(name, payload, coalesce);
  }

  /**
   * Asks everybody, ourselves included, whom `params` does not exclude.
   *
   * @param payload borrowed; may be empty.
   * @param sink told later, never from within this call.
   * @throws {SizeLimitError} `query exceeds limit of N bytes`. {@throws StateError} after shutdown; with protocol 3 and
   *   below; when too many are running. Nobody was asked then.
   */
  query(name: string, payload: Uint8Array, params: QueryParams, sink: QuerySink): RunningQuery {
    if (this.#state === "shutdown") throw new StateError("Queries can't be sent after Shutdown");
    return this.#parts.querySender.send(name, payload, params, sink);
  }

  /** For changing the keys of the whole cluster. */
  get keys(): KeyManager {
    return this.#parts.keys;
  }

  /** The last known network coordinate of a member, ourselves included; undefined until it was measured. */
  coordinateOf(name: string): Coordinate | undefined {
    return this.#parts.coordinates.coordinateOf(name);
  }

  /** Serf's statistics by their names, all as text. The same object while nothing has changed. */
  stats(): Readonly<Record<string, string>> {
    const { table, broadcasts, coordinates, memberClock, eventClock, queryClock } = this.#parts;
    return this.#stats.of({
      members: table.size,
      failed: table.failed.length,
      left: table.left.length,
      healthScore: this.memberlist.healthScore,
      memberTime: memberClock.time,
      eventTime: eventClock.time,
      queryTime: queryClock.time,
      intentQueue: broadcasts.depth("intent"),
      eventQueue: broadcasts.depth("event"),
      queryQueue: broadcasts.depth("query"),
      encrypted: this.memberlist.keyring !== undefined,
      coordinateResets: coordinates.resets,
    });
  }

  /** Readings of the three Lamport clocks: the next unused times. */
  get lamportTimes(): { readonly member: number; readonly event: number; readonly query: number } {
    const { memberClock, eventClock, queryClock } = this.#parts;
    return { member: memberClock.time, event: eventClock.time, query: queryClock.time };
  }

  /** How much is in each collection that others can fill, for who watches their bounds. */
  get sizes(): SerfSizes {
    const { table, buffer, broadcasts, collector } = this.#parts;
    return {
      members: table.size,
      recentIntents: buffer.size,
      intentQueue: broadcasts.depth("intent"),
      eventQueue: broadcasts.depth("event"),
      queryQueue: broadcasts.depth("query"),
      runningQueries: collector.size,
    };
  }

  /** Messages of peers that came to nothing: those that could not be decoded, and those of unknown types. */
  get counters(): { readonly malformed: number; readonly unknown: number } {
    const { malformed, unknown } = this.#parts.router;
    return { malformed, unknown };
  }

  #openSnapshot(): Recovery | undefined {
    const { storage } = this.#ports;
    if (storage === undefined) return undefined;
    return new Recovery(
      this.#ports,
      storage,
      this.#options.rejoinAfterLeave,
      this.#parts,
      (address, done) => this.join([address], false, ({ contacted }) => done(contacted > 0)),
    );
  }

  #onMinority(): void {
    this.shutdown();
    this.#ports.onSelfShutdown?.();
  }

  #reconnect(address: Address): void {
    this.memberlist.pushPullWith(address, true, (error) => {
      if (error === undefined) return;
      this.#ports.logger.log(LogLevel.debug, `memberlist: Failed to join ${address}: ${error.message}`);
    });
  }
}

function interruptedJoin(addresses: readonly Address[]): JoinResult {
  const cause = new StateError("Serf was shut down");
  const failures = addresses.map((to, index) => ({
    text: `Failed to join ${to}: ${cause.message}`,
    cause,
    index,
  }));
  return { contacted: 0, failures };
}
