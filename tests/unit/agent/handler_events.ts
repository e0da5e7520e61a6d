/** Events as handlers get them. */
import { parseIp } from "../../../lib/base/address.ts";
import type { QueryEvent, UserEvent } from "../../../lib/serf/events.ts";
import {
  type Member,
  type MemberEvent,
  type MemberEventType,
  MemberStatus,
} from "../../../lib/serf/member.ts";
import { encodeText } from "../../../lib/wire/text.ts";

export function member(name: string, ip = "10.0.0.1", tags: Record<string, string> = {}): Member {
  return {
    name,
    ip: parseIp(ip)!,
    port: 7946,
    tags: new Map(Object.entries(tags)),
    status: MemberStatus.alive,
    versions: { pMin: 1, pMax: 5, pCur: 2, dMin: 2, dMax: 5, dCur: 5 },
    revision: 1,
  };
}

export function memberEvent(type: MemberEventType, ...members: Member[]): MemberEvent {
  return { type, members };
}

export function userEvent(name: string, payload = "", lTime = 1): UserEvent {
  return { type: "user", lTime, name, payload: encodeText(payload), coalesce: true };
}

/** @param respond takes the answer; throws to refuse it. */
export function queryEvent(name: string, respond: (payload: Uint8Array) => void = () => {}): QueryEvent {
  const payload = encodeText("ask");
  return { type: "query", lTime: 5, id: 6, name, payload, sourceNode: "n", deadlineMs: 1e9, respond };
}
