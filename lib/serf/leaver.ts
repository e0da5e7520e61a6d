/** The graceful goodbye, step by step. protocol.md D.13, C.14. */
import { StateError } from "../base/errors.ts";
import { type Clock, type Logger, LogLevel } from "../base/ports.ts";
import { Timer } from "../base/timer_heap.ts";

/** Where it stands. */
export type LeavePhase = "idle" | "intent" | "memberlist" | "propagating" | "done";

/** What the steps are made of. */
export interface LeaverContext {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Milliseconds that each of the two announcements may take. */
  readonly broadcastTimeoutMs: number;
  /** Milliseconds for which the node keeps answering afterwards. */
  readonly leavePropagateDelayMs: number;
  /** Announces the intent; calls back once, with false when it could not be sent in time. */
  announce(timeoutMs: number, done: (sent: boolean) => void): void;
  /** Memberlist's leave. */
  leaveMemberlist(timeoutMs: number, done: (error?: Error) => void): void;
}

/**
 * ```
 * idle --start--> intent --> memberlist --> propagating --> done        any --stop--> done
 * ```
 * The intent goes first: who hears of the death before it takes us for failed. A step that takes too long is logged,
 * and the next one begins all the same (0.9.4 gave up here and stayed for ever half gone).
 */
export class Leaver {
  readonly #context: LeaverContext;
  readonly #timer: Timer;
  #phase: LeavePhase = "idle";
  #done: ((error?: Error) => void) | undefined = undefined;

  constructor(context: LeaverContext) {
    this.#context = context;
    this.#timer = new Timer(() => this.#finish());
  }

  get phase(): LeavePhase {
    return this.#phase;
  }

  /** @param done called once: without an error when all steps are through. */
  start(done: (error?: Error) => void): void {
    this.#done = done;
    this.#phase = "intent";
    this.#context.announce(this.#context.broadcastTimeoutMs, (sent) => this.#onIntent(sent));
  }

  /** Gives up: the node is shut down. */
  stop(): void {
    this.#context.clock.disarm(this.#timer);
    if (this.#phase !== "idle") this.#finish(new StateError("Leave interrupted by Shutdown"));
  }

  #onIntent(sent: boolean): void {
    if (this.#phase !== "intent") return;
    const { logger, broadcastTimeoutMs } = this.#context;
    if (!sent) logger.log(LogLevel.warn, "serf: timeout while waiting for graceful leave");
    this.#phase = "memberlist";
    this.#context.leaveMemberlist(broadcastTimeoutMs, (error) => this.#onMemberlist(error));
  }

  #onMemberlist(error: Error | undefined): void {
    if (this.#phase !== "memberlist") return;
    const { clock, logger, leavePropagateDelayMs } = this.#context;
    if (error !== undefined) {
      logger.log(LogLevel.warn, `serf: timeout waiting for leave broadcast: ${error.message}`);
    }
    this.#phase = "propagating";
    clock.arm(this.#timer, leavePropagateDelayMs);
  }

  #finish(error?: Error): void {
    this.#phase = "done";
    const done = this.#done;
    this.#done = undefined;
    done?.(error);
  }
}
