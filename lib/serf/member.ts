/** A member as Serf sees it: the record that RPC, handlers and the CLI show. */
import type { NodeVersions } from "../memberlist/node_state.ts";
import { StructFields } from "../wire/struct_fields.ts";

/** A member's status, numbered as the wire carries it (protocol.md D). */
export const MemberStatus = { none: 0, alive: 1, leaving: 2, left: 3, failed: 4 } as const;
export type MemberStatus = typeof MemberStatus[keyof typeof MemberStatus];

/** The words for {@linkcode MemberStatus}, by number. */
export const MEMBER_STATUS_NAMES = ["none", "alive", "leaving", "left", "failed"] as const;

/** One member of the cluster. Owned and mutated by the member table; readers must not write. */
export interface Member {
  readonly name: string;
  /** 4 or 16 raw bytes, as announced. */
  ip: Uint8Array;
  port: number;
  /** Sorted by key when encoded. Those of the table's members are made at each call. */
  readonly tags: ReadonlyMap<string, string>;
  status: MemberStatus;
  versions: Readonly<NodeVersions>;
  /** Grows with every visible change of this member: an encoded copy is fresh while this stays the same. */
  revision: number;
}

/** A member's fields on the wire, in Go's order of declaration: in gossip and over RPC alike. */
export const MEMBER_FIELDS = new StructFields(
  "Name",
  "Addr",
  "Port",
  "Tags",
  "Status",
  "ProtocolMin",
  "ProtocolMax",
  "ProtocolCur",
  "DelegateMin",
  "DelegateMax",
  "DelegateCur",
);

/** What happened to members. The names are Serf's own. */
export type MemberEventType =
  | "member-join"
  | "member-leave"
  | "member-failed"
  | "member-update"
  | "member-reap";

/** One event about one or more members (coalesced ones carry several). */
export interface MemberEvent {
  readonly type: MemberEventType;
  /** Snapshots taken when the event happened; they do not change afterwards. */
  readonly members: readonly Member[];
}
