/**
 * Which events a stream or a handler wants: a comma list of `*`, `member-join`, `member-leave`, `member-failed`,
 * `member-update`, `member-reap`, `user`, `user:NAME`, `query`, `query:NAME` (surface.md 4.1).
 */
import type { SerfEvent } from "../serf/events.ts";
import type { MemberEventType } from "../serf/member.ts";

/** What an event is about, as filters call it; `*` stands for all. */
export type EventKind = MemberEventType | "user" | "query" | "*";

const KINDS: ReadonlySet<string> = new Set<EventKind>([
  "*",
  "member-join",
  "member-leave",
  "member-failed",
  "member-update",
  "member-reap",
  "user",
  "query",
]);

/** One entry of the list. */
export interface EventFilter {
  readonly kind: EventKind;
  /** Which user event or query; "" for all of them. */
  readonly name: string;
}

/**
 * @param text nothing is trimmed; "" is the same as `*`.
 * @returns undefined when an entry is none of the known ones.
 */
export function parseEventFilters(text: string): EventFilter[] | undefined {
  const filters: EventFilter[] = [];
  for (const entry of (text === "" ? "*" : text).split(",")) {
    const named = /^(user|query):(.*)$/s.exec(entry);
    const kind = named?.[1] ?? entry;
    if (!KINDS.has(kind)) return undefined;
    filters.push({ kind: kind as EventKind, name: named?.[2] ?? "" });
  }
  return filters;
}

/** Whether this filter lets an event through. */
export function acceptsEvent({ kind, name }: EventFilter, event: SerfEvent): boolean {
  if (kind === "*") return true;
  if (kind !== event.type) return false;
  return name === "" || (event.type === "user" || event.type === "query") && event.name === name;
}
