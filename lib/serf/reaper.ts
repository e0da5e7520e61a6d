/** Forgets members that have been gone for too long, and intents that nobody joined for. protocol.md D.11. */
import type { Clock } from "../base/ports.ts";
import { Timer } from "../base/timer_heap.ts";
import type { IntentBuffer } from "./intent_buffer.ts";
import { MemberStatus } from "./member.ts";
import type { MemberRecord, MemberTable } from "./member_table.ts";

/** All in milliseconds. */
export interface ReaperOptions {
  /** The least time between two rounds. */
  readonly reapIntervalMs: number;
  /** How long a failed member is remembered, and reconnected to. */
  readonly reconnectTimeoutMs: number;
  /** How long a member that left is remembered. */
  readonly tombstoneTimeoutMs: number;
  /** How long an intent about an unknown node is remembered. */
  readonly recentIntentTimeoutMs: number;
}

/** One timer, armed for the moment at which the first of all that expires will have expired; else not at all. */
export class Reaper {
  readonly #clock: Clock;
  readonly #table: MemberTable;
  readonly #buffer: IntentBuffer;
  readonly #options: ReaperOptions;
  readonly #erase: (member: MemberRecord) => void;
  readonly #timer: Timer;
  #running = false;

  /** @param erase forgets one member, everywhere. */
  constructor(
    clock: Clock,
    table: MemberTable,
    buffer: IntentBuffer,
    options: ReaperOptions,
    erase: (member: MemberRecord) => void,
  ) {
    this.#clock = clock;
    this.#table = table;
    this.#buffer = buffer;
    this.#options = options;
    this.#erase = erase;
    this.#timer = new Timer(() => this.onTimer());
  }

  start(): void {
    this.#running = true;
    this.#armForNext();
  }

  stop(): void {
    this.#running = false;
    this.#clock.disarm(this.#timer);
  }

  /** A member failed or left. */
  onGone(member: MemberRecord): void {
    const { reconnectTimeoutMs, tombstoneTimeoutMs } = this.#options;
    const hasFailed = member.status === MemberStatus.failed;
    this.#expectAt(dueMs(member, hasFailed ? reconnectTimeoutMs : tombstoneTimeoutMs));
  }

  /**
   * An intent about an unknown node was remembered, just now. Those before it are expected already: to ask for the oldest
   * of them each time would cost, in a flood of intents, a walk over all that were dropped.
   */
  onIntentRemembered(): void {
    this.#expectAt(this.#clock.nowMs() + this.#options.recentIntentTimeoutMs);
  }

  onTimer(): void {
    const { reconnectTimeoutMs, tombstoneTimeoutMs, recentIntentTimeoutMs } = this.#options;
    this.#reap(this.#table.failed, reconnectTimeoutMs);
    this.#reap(this.#table.left, tombstoneTimeoutMs);
    this.#buffer.expire(this.#clock.nowMs() - recentIntentTimeoutMs);
    this.#armForNext();
  }

  #reap(members: readonly MemberRecord[], timeoutMs: number): void {
    const nowMs = this.#clock.nowMs();
    // Backwards: erasing moves the last one, which was looked at already, into the gap.
    for (let i = members.length - 1; i >= 0; i--) {
      const member = members[i]!;
      if (dueMs(member, timeoutMs) <= nowMs) this.#erase(member);
    }
  }

  #armForNext(): void {
    const { reconnectTimeoutMs, tombstoneTimeoutMs } = this.#options;
    for (const member of this.#table.failed) this.#expectAt(dueMs(member, reconnectTimeoutMs));
    for (const member of this.#table.left) this.#expectAt(dueMs(member, tombstoneTimeoutMs));
    this.#expectIntents();
  }

  #expectIntents(): void {
    const oldestMs = this.#buffer.oldestMs;
    if (oldestMs !== undefined) this.#expectAt(oldestMs + this.#options.recentIntentTimeoutMs);
  }

  #expectAt(atMs: number): void {
    if (!this.#running) return;
    const nowMs = this.#clock.nowMs();
    const delayMs = Math.max(this.#options.reapIntervalMs, atMs - nowMs);
    if (this.#timer.armed && this.#timer.deadlineMs <= nowMs + delayMs) return;
    this.#clock.arm(this.#timer, delayMs);
  }
}

function dueMs(member: MemberRecord, timeoutMs: number): number {
  return member.leaveMs + timeoutMs;
}
