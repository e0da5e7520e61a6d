/** The command line of `serf agent`, parsed and nothing more: values are not judged yet (surface: flags come first). */

/**
 * What the user gave on the command line. A field that is `undefined` was not given; a scalar flag that was repeated
 * holds its last value, a list holds all in order. Texts are as typed and may be empty (an empty text changes nothing).
 */
export interface AgentFlags {
  /** `-node`: the node's name. */
  readonly node?: string;
  /** `-bind`: `ip`, `ip:port`, `host[:port]`, `[v6]`, `[v6]:port`. */
  readonly bind?: string;
  /** `-advertise`: forms as `-bind`. */
  readonly advertise?: string;
  /** `-iface`: an interface's name. */
  readonly iface?: string;
  /** `-join`, repeatable. */
  readonly join?: readonly string[];
  /** `-replay`. */
  readonly replay?: boolean;
  /** `-retry-join`, repeatable. */
  readonly retryJoin?: readonly string[];
  /** `-retry-interval`: a duration in Go's syntax, not yet parsed. */
  readonly retryInterval?: string;
  /** `-retry-max`: an integer, possibly negative; 0 = for ever. */
  readonly retryMax?: number;
  /** `-encrypt`: base64, not yet decoded. */
  readonly encrypt?: string;
  /** `-keyring-file`: a path. */
  readonly keyringFile?: string;
  /** `-profile`: not yet judged. */
  readonly profile?: string;
  /** `-protocol`: an integer; -1, the flag's default, means unset. */
  readonly protocol?: number;
  /** `-rpc-addr`: `host:port`. The environment does not matter here. */
  readonly rpcAddr?: string;
  /** `-log-level`: any case, not yet judged. */
  readonly logLevel?: string;
  /** `-tag`, repeatable: `key=value` as typed, not yet split (see lib/base/tag_pair.ts). */
  readonly tag?: readonly string[];
  /** `-tags-file`: a path. */
  readonly tagsFile?: string;
  /** `-role`: deprecated form of `-tag role=x`. */
  readonly role?: string;
  /** `-broadcast-timeout`: a duration in Go's syntax, not yet parsed. */
  readonly broadcastTimeout?: string;
  /** `-disable-compression`. */
  readonly disableCompression?: boolean;
  /** `-config-file` and `-config-dir`, which are interchangeable: one list in the order of the command line. */
  readonly configPaths?: readonly string[];
  /** `-event-handler`, repeatable: `[FILTERS=]SCRIPT` as typed. */
  readonly eventHandler?: readonly string[];
  /** `-snapshot`: a path. */
  readonly snapshot?: string;
  /** `-rejoin`. */
  readonly rejoin?: boolean;
  /** `-discover`: a cluster's name. */
  readonly discover?: string;
  /** `-mdns-iface`: an interface's name. */
  readonly mdnsIface?: string;
  /** `-mdns-disable-ipv4`. */
  readonly mdnsDisableIpv4?: boolean;
  /** `-mdns-disable-ipv6`. */
  readonly mdnsDisableIpv6?: boolean;
  /** `-syslog`. */
  readonly syslog?: boolean;
}
