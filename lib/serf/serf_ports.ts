/** What Serf may ask of the world beyond what memberlist does. */
import type { RegexMatcher, Storage } from "../base/ports.ts";
import type { MemberlistPorts } from "../memberlist/memberlist.ts";
import type { SaveKeys } from "./key_queries.ts";
import type { MemberStore } from "./member_table.ts";

/** The ports of Serf. */
export interface SerfPorts extends MemberlistPorts {
  /** Where it keeps its members. @default {a store of its own} */
  readonly members?: MemberStore | undefined;
  /** For the filters of queries. */
  readonly regex: RegexMatcher;
  /** Called after each change of the keyring; undefined when nothing is to be kept. */
  readonly saveKeys?: SaveKeys | undefined;
  /** Where the snapshot is kept; undefined for none. Closed at shutdown. */
  readonly storage?: Storage | undefined;
  /** Serf has shut itself down: the cluster means another node by our name. May not call back before it returns. */
  readonly onSelfShutdown?: (() => void) | undefined;
}
