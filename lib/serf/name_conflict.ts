/** Two nodes under one name: what is said of it, and who has to go. protocol.md D.10, surface.md 2.15. */
import { ipText, joinHostPort, sameIp } from "../base/address.ts";
import { SizeLimitError, StateError, WireError } from "../base/errors.ts";
import { goBytes } from "../base/go_text.ts";
import { LogLimiter } from "../base/log_limiter.ts";
import { type Clock, type Logger, LogLevel } from "../base/ports.ts";
import { Timer } from "../base/timer_heap.ts";
import type { NodeState } from "../memberlist/node_state.ts";
import { decodeConflictResponse } from "./conflict_message.ts";
import { SerfMessageType } from "./message_type.ts";
import type { QuerySink } from "./query_collector.ts";

/** A conflict lasts, and every message of the other node tells of it anew: one line now, then one every ten seconds. */
const LOG_BURST = 3;
const LOG_PER_SECOND = 0.1;

/** What conflicts are told with, and settled. */
export interface NameConflictContext {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly localName: string;
  /** Whether the cluster votes on conflicts about our name. */
  readonly isVoting: boolean;
  /** Ourselves, as announced. */
  local(): NodeState;
  /** Whether we are here to stay: who leaves, or has left, needs no vote. */
  isStaying(): boolean;
  /** Asks everybody whom they mean by our name. @throws {Error} as QuerySender.send(). */
  ask(sink: QuerySink): void;
  /** The others mean somebody else: we have to go. */
  onMinority(): void;
}

/**
 * ```
 * quiet --conflict about our name--> voting --majority--> quiet
 *                                      +------minority--> onMinority
 * ```
 * One vote at a time. Nobody's answer counts as being against us: of a cluster of two, both go.
 */
export class NameConflicts {
  readonly #context: NameConflictContext;
  readonly #limiter: LogLimiter;
  /** Memberlist tells of a conflict from the middle of its work: we ask when it is done. */
  readonly #timer = new Timer(() => this.#vote());
  #isVoting = false;

  constructor(context: NameConflictContext) {
    this.#context = context;
    this.#limiter = new LogLimiter(context.clock, context.logger, LOG_BURST, LOG_PER_SECOND);
  }

  /** Someone at `otherIp` (4 or 16 bytes) claims the name of `existing`. */
  onConflict(existing: NodeState, otherIp: Uint8Array, otherPort: number): void {
    const { localName, isVoting, clock, isStaying } = this.#context;
    const other = joinHostPort(ipText(otherIp), otherPort);
    if (existing.name !== localName) {
      const text = `Name conflict for '${existing.name}' both ${existing.address} and ${other} are claiming`;
      return this.#limiter.log(LogLevel.warn, `serf: ${text}`);
    }
    const text = `Node name conflicts with another node at ${other}. Names must be unique!`;
    this.#limiter.log(LogLevel.error, `serf: ${text} (Resolution enabled: ${isVoting})`);
    if (!isVoting || this.#isVoting || !isStaying()) return;
    this.#isVoting = true;
    clock.arm(this.#timer, 0);
  }

  /** No vote begins any more. */
  stop(): void {
    this.#context.clock.disarm(this.#timer);
  }

  #vote(): void {
    const { ask, isStaying } = this.#context;
    let answers = 0, matching = 0;
    if (!isStaying()) return;
    try {
      ask({
        onAck: () => {},
        onResponse: (_from, payload) => {
          const isAboutUs = this.#readAnswer(payload);
          if (isAboutUs !== undefined) answers++;
          if (isAboutUs) matching++;
        },
        onDone: () => this.#onVoted(answers, matching),
      });
    } catch (error) {
      this.#onNoVote(error);
    }
  }

  /** Too old a protocol, too long a name, too many queries: who cannot ask stays. @throws what is no such error. */
  #onNoVote(error: unknown): void {
    if (!(error instanceof SizeLimitError || error instanceof StateError)) throw error;
    this.#isVoting = false;
    this.#limiter.log(LogLevel.error, `serf: Failed to start name resolution query: ${error.message}`);
  }

  #onVoted(answers: number, matching: number): void {
    const { logger, isStaying, onMinority } = this.#context;
    this.#isVoting = false;
    if (!isStaying()) return;
    const result = `[${matching} / ${answers}]`;
    if (matching >= Math.floor(answers / 2) + 1) {
      logger.log(LogLevel.info, `serf: majority in name conflict resolution ${result}`);
      return;
    }
    logger.log(LogLevel.warn, `serf: minority in name conflict resolution, quiting ${result}`);
    onMinority();
  }

  /** @returns whether it is us who are meant; undefined when it is no answer. */
  #readAnswer(payload: Uint8Array): boolean | undefined {
    if (payload[0] !== SerfMessageType.conflictResponse) {
      return this.#refuse(`Invalid conflict query response type: ${goBytes(payload)}`);
    }
    try {
      const member = decodeConflictResponse(payload, 1, payload.length);
      const local = this.#context.local();
      return member !== null && member.port === local.port && sameIp(member.ip, local.ip);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      return this.#refuse(`Failed to decode conflict query response: ${error.message}`);
    }
  }

  #refuse(text: string): undefined {
    this.#limiter.log(LogLevel.error, `serf: ${text}`);
  }
}
