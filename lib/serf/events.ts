/** What Serf tells the layer above: members one log line and one uncoalesced event for each; user events; queries. */
import { type MetricsSink, NO_METRICS } from "../base/metrics.ts";
import { type Logger, LogLevel } from "../base/ports.ts";
import type { Member, MemberEvent, MemberEventType } from "./member.ts";
import type { MemberRecord } from "./member_table.ts";

/** Somebody announced something to everybody. protocol.md D.4. */
export interface UserEvent {
  readonly type: "user";
  readonly lTime: number;
  readonly name: string;
  /** The receiver's own, not to be written to; empty when there is none. */
  readonly payload: Uint8Array;
  /** Whether of several of this name the newest will do. */
  readonly coalesce: boolean;
}

/** Somebody asks something that we may answer. protocol.md D.5. */
export interface QueryEvent {
  readonly type: "query";
  readonly lTime: number;
  /** u32, the originator's; unique together with `lTime`. */
  readonly id: number;
  readonly name: string;
  /** The receiver's own, not to be written to; empty when there is none. */
  readonly payload: Uint8Array;
  /** Who asks. */
  readonly sourceNode: string;
  /** Until when an answer counts, in monotonic ms. */
  readonly deadlineMs: number;
  /**
   * Answers, once and before the deadline; it may reach nobody.
   *
   * @param payload borrowed for the call.
   * @throws {StateError} `response already sent`, `response is past the deadline`.
   * @throws {SizeLimitError} `response exceeds limit of N bytes`: a shorter answer is still possible.
   */
  respond(payload: Uint8Array): void;
}

/** Everything that Serf tells. */
export type SerfEvent = MemberEvent | UserEvent | QueryEvent;

/** A copy of `member` that does not change any more. Its address is shared: it is replaced, never written. */
export function snapshotMember(member: Readonly<Member>): Member {
  return {
    name: member.name,
    ip: member.ip,
    port: member.port,
    tags: member.tags,
    status: member.status,
    versions: member.versions,
    revision: member.revision,
  };
}

/** Logs what happened to a member in Serf's own words (surface.md 7), then emits it. */
export class MemberEventSource {
  readonly #logger: Logger;
  readonly #onEvent: (event: MemberEvent) => void;
  readonly #metrics: MetricsSink;

  /** @param onEvent called synchronously; it must not call back into Serf before it returns. */
  constructor(logger: Logger, onEvent: (event: MemberEvent) => void, metrics: MetricsSink = NO_METRICS) {
    this.#metrics = metrics;
    this.#logger = logger;
    this.#onEvent = onEvent;
  }

  /** It is new, or back. @param hasFlapped whether it had failed but a moment ago. */
  joined(member: MemberRecord, hasFlapped: boolean): void {
    if (hasFlapped) this.#metrics.counter("serf.member.flap", 1);
    this.#metrics.counter("serf.member.join", 1);
    this.#emit("member-join", member, `EventMemberJoin: ${member.name} ${member.address.host}`);
  }

  /** It left. @param forced whether an operator declared a failed one left. */
  left(member: MemberRecord, forced: boolean): void {
    if (!forced) this.#metrics.counter("serf.member.left", 1);
    const word = forced ? "EventMemberLeave (forced)" : "EventMemberLeave";
    this.#emit("member-leave", member, `${word}: ${member.name} ${member.address.host}`);
  }

  /** It is gone without having said so. */
  failed(member: MemberRecord): void {
    this.#metrics.counter("serf.member.failed", 1);
    this.#emit("member-failed", member, `EventMemberFailed: ${member.name} ${member.address.host}`);
  }

  /** Its tags, address or versions changed. */
  updated(member: MemberRecord): void {
    this.#metrics.counter("serf.member.update", 1);
    this.#emit("member-update", member, `EventMemberUpdate: ${member.name}`);
  }

  /** It was forgotten. @param forced whether an operator pruned it, or its time was over. */
  reaped(member: MemberRecord, forced: boolean): void {
    const text = forced
      ? `EventMemberReap (forced): ${member.name} ${member.address.host}`
      : `EventMemberReap: ${member.name}`;
    this.#emit("member-reap", member, text);
  }

  #emit(type: MemberEventType, member: MemberRecord, text: string): void {
    if (this.#logger.enabled(LogLevel.info)) this.#logger.log(LogLevel.info, `serf: ${text}`);
    this.#onEvent({ type, members: [snapshotMember(member)] });
  }
}
