/** What Serf may ask of the world beyond what memberlist does. */
import type { CorePorts, RegexMatcher, Storage } from "../base/ports.ts";
import type { SaveKeys } from "./key_queries.ts";

/** The ports of Serf. */
export interface SerfPorts extends CorePorts {
  /** For the filters of queries. */
  readonly regex: RegexMatcher;
  /** Called after each change of the keyring; undefined when nothing is to be kept. */
  readonly saveKeys?: SaveKeys | undefined;
  /** Where the snapshot is kept; undefined for none. Closed at shutdown. */
  readonly storage?: Storage | undefined;
  /** Serf has shut itself down: the cluster means another node by our name. May not call back before it returns. */
  readonly onSelfShutdown?: (() => void) | undefined;
}
