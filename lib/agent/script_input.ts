/** What a script hears of an event: its environment and its standard input. surface.md 4.3, 4.4. */
import { ipText } from "../base/address.ts";
import { encodeText } from "../base/byte_text.ts";
import type { SerfEvent } from "../serf/events.ts";
import type { Member } from "../serf/member.ts";

/** What a script may know of the node that it runs on. */
export interface SelfFacts {
  readonly name: string;
  readonly tags: ReadonlyMap<string, string>;
}

const NEWLINE = 0x0a;

/**
 * The variables, without those that the agent has itself: `SERF_EVENT`, `SERF_SELF_NAME`, `SERF_SELF_ROLE` (empty without
 * that tag), one `SERF_TAG_<NAME>` per tag, and for user events and queries their name and Lamport time.
 */
export function scriptEnvironment(event: SerfEvent, self: SelfFacts): Record<string, string> {
  const env: Record<string, string> = {
    SERF_EVENT: event.type,
    SERF_SELF_NAME: self.name,
    SERF_SELF_ROLE: self.tags.get("role") ?? "",
  };
  for (const [key, value] of self.tags) env[`SERF_TAG_${variableName(key)}`] = value;
  if (event.type === "user") {
    env["SERF_USER_EVENT"] = event.name;
    env["SERF_USER_LTIME"] = String(event.lTime);
  } else if (event.type === "query") {
    env["SERF_QUERY_NAME"] = event.name;
    env["SERF_QUERY_LTIME"] = String(event.lTime);
  }
  return env;
}

/** In upper case, and `_` for each character that is none of `A-Z0-9_`. */
function variableName(key: string): string {
  let name = "";
  for (const character of key) {
    const upper = character.toUpperCase();
    // One that becomes several (the sharp s) has no upper case in Go.
    name += /^[A-Z0-9_]$/.test(upper) ? upper : "_";
  }
  return name;
}

/**
 * One line per member, `NAME TAB IP TAB ROLE TAB TAGS LF`, or the payload of a user event or query, with a newline at its
 * end unless it is empty.
 *
 * @returns bytes that nobody changes.
 */
export function scriptInput(event: SerfEvent): Uint8Array {
  if (event.type === "user" || event.type === "query") return withNewline(event.payload);
  return encodeText(event.members.map(memberLine).join(""));
}

function memberLine(member: Member): string {
  const tags = Array.from(member.tags, ([key, value]) => `${key}=${value}`).join(",");
  const role = member.tags.get("role") ?? "";
  return `${cleaned(member.name)}\t${ipText(member.ip)}\t${cleaned(role)}\t${cleaned(tags)}\n`;
}

/** What would break the line in two, or the column, is written as it is in a C string. Nothing else is escaped. */
function cleaned(text: string): string {
  return text.replaceAll("\t", "\\t").replaceAll("\n", "\\n");
}

function withNewline(payload: Uint8Array): Uint8Array {
  if (payload.length === 0 || payload.at(-1) === NEWLINE) return payload;
  const line = new Uint8Array(payload.length + 1);
  line.set(payload);
  line[payload.length] = NEWLINE;
  return line;
}
