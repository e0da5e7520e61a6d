/** What a member writes down, to find its cluster again after a restart. surface.md 5, protocol.md D.11. */
import { Address } from "../base/address.ts";
import { StorageError } from "../base/errors.ts";
import { LogLimiter } from "../base/log_limiter.ts";
import type { MetricsSink } from "../base/metrics.ts";
import { type Clock, type Logger, LogLevel, type Storage } from "../base/ports.ts";
import { Timer } from "../base/timer_heap.ts";
import { encodeText } from "../wire/text.ts";
import type { LamportClock } from "./lamport_clock.ts";
import type { MemberEvent } from "./member.ts";
import {
  aliveLine,
  clockLine,
  compactText,
  isRecordable,
  LEAVE_LINE,
  notAliveLine,
  replaySnapshot,
  type SnapshotState,
} from "./snapshot_lines.ts";

/** Lines wait this long for company before they are written; a kill loses no more. */
const FLUSH_INTERVAL_MS = 500;
/** A file is compacted when it is longer than this, and than {@linkcode BYTES_PER_NODE} for each alive node. */
const COMPACT_BYTES_MIN = 131_072;
const BYTES_PER_NODE = 256;
/** What cannot be written is tried again after this long. */
const RETRY_INTERVAL_MS = 30_000;
/** Lines of a broken file that are complained of at once, and per second in the long run. */
const WARN_BURST = 20;
const WARN_PER_SECOND = 2;

/** What the snapshot works with. */
export interface SnapshotContext {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly storage: Storage;
  readonly memberClock: LamportClock;
  /** Whether a leave of an earlier run is ignored. */
  readonly rejoinAfterLeave: boolean;
  readonly metrics: MetricsSink;
}

/**
 * ```
 * recording --leave--> left (clock only)        recording, left --stop--> stopped
 *     +--(a write failed)--> damaged --(compacted, at most every 30 s)--> recording
 * ```
 * Inputs: member events before coalescing, times of events and queries, the member clock. The state is kept in memory
 * as well: while the disk is full or broken nothing is appended, since the last line may be torn, and what was missed
 * is written as a whole as soon as that works. Its timer is armed only while something waits to be written.
 */
export class Snapshot {
  readonly #context: SnapshotContext;
  // bounded: `alive` has one entry per node that was last seen alive.
  readonly #state: SnapshotState;
  readonly #timer: Timer;
  #lastFlushMs = -Infinity;
  #nextCompactionMs = -Infinity;
  /** The length after the last compaction: a file that is long with good reason is not compacted at every line. */
  #compactBytes = 0;
  #isDamaged: boolean;
  #hasLeft = false;
  #isStopped = false;

  /**
   * Reads what was written by an earlier run. Nothing is written before {@linkcode start}.
   * @throws {StorageError} when it cannot be read.
   */
  constructor(context: SnapshotContext) {
    const { clock, logger, storage, rejoinAfterLeave } = context;
    this.#context = context;
    const limiter = new LogLimiter(clock, logger, WARN_BURST, WARN_PER_SECOND);
    const { state, isClean } = replaySnapshot(storage.read(), {
      rejoinAfterLeave,
      warn: (text) => limiter.log(LogLevel.warn, `serf: ${text}`),
      onLeaveIgnored: () => limiter.log(LogLevel.info, "serf: Ignoring previous leave in snapshot"),
    });
    this.#state = state;
    this.#isDamaged = !isClean;
    this.#timer = new Timer(() => this.onTimer());
  }

  /** What is known: at first what an earlier run wrote. A live view. */
  get state(): Readonly<SnapshotState> {
    return this.#state;
  }

  /** Begins to write. A file that ends in the middle of a line is made whole first. */
  start(): void {
    this.#context.memberClock.onAdvanced = () => {
      if (!this.#hasLeft) this.#armSoon();
    };
    if (!this.#isDamaged) return;
    try {
      this.#replace();
      this.#isDamaged = false;
    } catch (error) {
      this.#logFault(error);
      this.#armSoon();
    }
  }

  /** Something happened to members. */
  onMemberEvent(event: MemberEvent): void {
    if (this.#hasLeft || this.#isStopped) return;
    const { alive } = this.#state;
    for (const { name, ip, port } of event.members) {
      if (!isRecordable(name)) continue;
      if (event.type === "member-join") {
        const address = Address.fromBytes(ip, port);
        if (address === undefined) continue;
        alive.delete(name);
        alive.set(name, address);
        this.#append(aliveLine(name, address));
      } else if (event.type === "member-leave" || event.type === "member-failed") {
        alive.delete(name);
        this.#append(notAliveLine(name));
      }
    }
    this.#recordClock();
  }

  /** A user event of this time was seen. */
  onUserEvent(lTime: number): void {
    if (this.#hasLeft || this.#isStopped || lTime <= this.#state.eventClock) return;
    this.#state.eventClock = lTime;
    this.#append(clockLine("event-clock", lTime));
  }

  /** A query of this time was seen. */
  onQuery(lTime: number): void {
    if (this.#hasLeft || this.#isStopped || lTime <= this.#state.queryClock) return;
    this.#state.queryClock = lTime;
    this.#append(clockLine("query-clock", lTime));
  }

  /** This node leaves: the next run shall not rejoin by itself. Members are recorded no more. */
  leave(): void {
    if (this.#hasLeft || this.#isStopped) return;
    this.#hasLeft = true;
    this.#append(LEAVE_LINE);
    this.#syncNow();
  }

  /** Writes what waits, and lets go of the file. Idempotent. */
  stop(): void {
    if (this.#isStopped) return;
    this.#recordClock();
    this.#syncNow();
    this.#isStopped = true;
    this.#context.memberClock.onAdvanced = undefined;
    this.#context.clock.disarm(this.#timer);
    this.#context.storage.close();
  }

  onTimer(): void {
    if (!this.#hasLeft) this.#recordClock();
    if (this.#isDamaged) this.#recover();
    else this.#write(() => this.#context.storage.flush());
  }

  #recordClock(): void {
    const seen = this.#context.memberClock.time - 1;
    if (seen <= this.#state.clock) return;
    this.#state.clock = seen;
    this.#append(clockLine("clock", seen));
  }

  #append(line: string): void {
    if (this.#isDamaged) return this.#armSoon();
    const { storage, clock, metrics } = this.#context;
    const nowMs = clock.nowMs();
    storage.append(encodeText(line));
    if (storage.size > this.#bytesMax() && nowMs >= this.#nextCompactionMs) this.#compact();
    else if (nowMs >= this.#lastFlushMs + FLUSH_INTERVAL_MS) this.#write(() => storage.flush());
    else this.#armSoon();
    metrics.sample("serf.snapshot.appendLine", clock.nowMs() - nowMs);
  }

  #bytesMax(): number {
    return Math.max(COMPACT_BYTES_MIN, this.#state.alive.size * BYTES_PER_NODE, 2 * this.#compactBytes);
  }

  /** For what must not be lost: whatever the intervals say. */
  #syncNow(): void {
    if (this.#isDamaged) {
      this.#nextCompactionMs = -Infinity;
      this.#recover();
    } else this.#write(() => this.#context.storage.sync());
  }

  #write(action: () => void): void {
    const { clock } = this.#context;
    clock.disarm(this.#timer);
    this.#lastFlushMs = clock.nowMs();
    try {
      action();
    } catch (error) {
      this.#logFault(error);
      this.#isDamaged = true;
      this.#recover();
    }
  }

  #compact(): void {
    const { clock } = this.#context;
    try {
      this.#replace();
      clock.disarm(this.#timer);
    } catch (error) {
      // The file goes on growing meanwhile.
      this.#logFault(error);
      this.#armSoon();
    }
  }

  /** What was missed is in our state, and the state as a whole replaces the broken file. */
  #recover(): void {
    const { clock, logger } = this.#context;
    if (clock.nowMs() < this.#nextCompactionMs) return this.#armSoon();
    logger.log(LogLevel.info, "serf: Attempting compaction to recover from error...");
    try {
      this.#replace();
      clock.disarm(this.#timer);
      this.#isDamaged = false;
      logger.log(LogLevel.info, "serf: Finished compaction, successfully recovered from error state");
    } catch (error) {
      const text = `Compaction failed, will reattempt after 30s: ${faultText(error)}`;
      logger.log(LogLevel.error, `serf: ${text}`);
      this.#armSoon();
    }
  }

  /** @throws {StorageError} nothing changed. */
  #replace(): void {
    const { clock, storage, metrics } = this.#context;
    const startMs = clock.nowMs();
    this.#nextCompactionMs = startMs + RETRY_INTERVAL_MS;
    storage.replace(encodeText(compactText(this.#state, this.#hasLeft)));
    this.#nextCompactionMs = -Infinity;
    this.#lastFlushMs = clock.nowMs();
    this.#compactBytes = storage.size;
    metrics.sample("serf.snapshot.compact", this.#lastFlushMs - startMs);
  }

  #armSoon(): void {
    if (this.#isStopped || this.#timer.armed) return;
    const { clock } = this.#context;
    const dueMs = this.#isDamaged ? this.#nextCompactionMs : this.#lastFlushMs + FLUSH_INTERVAL_MS;
    clock.arm(this.#timer, Math.max(0, Math.min(dueMs - clock.nowMs(), RETRY_INTERVAL_MS)));
  }

  #logFault(error: unknown): void {
    this.#context.logger.log(LogLevel.error, `serf: Failed to update snapshot: ${faultText(error)}`);
  }
}

/** @throws what is no fault of the storage. */
function faultText(error: unknown): string {
  if (error instanceof StorageError) return error.message;
  throw error;
}
