/** What Serf tells the layer above about members: one log line and one uncoalesced event for each. */
import { type Logger, LogLevel } from "../base/ports.ts";
import type { Member, MemberEvent, MemberEventType } from "./member.ts";
import type { MemberRecord } from "./member_table.ts";

/** A copy of `member` that does not change any more. Tags and address are shared: they are replaced, never written. */
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

  /** @param onEvent called synchronously; it must not call back into Serf before it returns. */
  constructor(logger: Logger, onEvent: (event: MemberEvent) => void) {
    this.#logger = logger;
    this.#onEvent = onEvent;
  }

  /** It is new, or back. */
  joined(member: MemberRecord): void {
    this.#emit("member-join", member, `EventMemberJoin: ${member.name} ${member.address.host}`);
  }

  /** It left. @param forced whether an operator declared a failed one left. */
  left(member: MemberRecord, forced: boolean): void {
    const word = forced ? "EventMemberLeave (forced)" : "EventMemberLeave";
    this.#emit("member-leave", member, `${word}: ${member.name} ${member.address.host}`);
  }

  /** It is gone without having said so. */
  failed(member: MemberRecord): void {
    this.#emit("member-failed", member, `EventMemberFailed: ${member.name} ${member.address.host}`);
  }

  /** Its tags, address or versions changed. */
  updated(member: MemberRecord): void {
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
