/** The agent's configuration, in its two states: as configured, and as it is run. */
import type { LogLevel } from "../base/ports.ts";
import type { ProfileName } from "../memberlist/options.ts";
import type { ConfigLayer } from "./config_layer.ts";
import type { EventHandler } from "./event_handlers.ts";

/**
 * What was configured: defaults, files and flags merged. Texts that need the world to be understood (addresses, keys,
 * level, profile) are still as typed. A reload (SIGHUP) reads this much anew.
 */
export interface AgentSettings {
  /** @default {the host's name} */
  readonly nodeName: string;
  /** `role`, if configured, is already in. @default {none} */
  readonly tags: ReadonlyMap<string, string>;
  /** Path; empty for none. */
  readonly tagsFile: string;
  /** @default {"0.0.0.0"} */
  readonly bind: string;
  /** Empty for none. */
  readonly advertise: string;
  /** Name of a network interface; empty for any. */
  readonly interfaceName: string;
  /** The cluster to find by mDNS; empty for none. */
  readonly discover: string;
  /** The interface for mDNS if it is another; empty for the same. */
  readonly mdnsInterface: string;
  /** @default {false} */
  readonly mdnsDisableIpv4: boolean;
  /** @default {false} */
  readonly mdnsDisableIpv6: boolean;
  /** Base64; empty for none. */
  readonly encryptKey: string;
  /** Path; empty for none. */
  readonly keyringFile: string;
  /** Upper case, not yet judged. @default {"INFO"} */
  readonly logLevel: string;
  /** `host:port`, as typed. @default {"127.0.0.1:7373"} */
  readonly rpcAddr: string;
  /** The RPC token; empty for none. */
  readonly rpcAuth: string;
  /** Not yet judged. @default {5} */
  readonly protocol: number;
  /** Not yet judged. @default {"lan"} */
  readonly profile: string;
  /** Path of the snapshot; empty for none. */
  readonly snapshotPath: string;
  /** Whether the snapshot's cluster is joined again although we left it. @default {false} */
  readonly rejoinAfterLeave: boolean;
  /** Whether joins at start replay old user events. @default {false} */
  readonly replayOnJoin: boolean;
  /** Whether SIGTERM leaves gracefully. @default {false} */
  readonly leaveOnTerminate: boolean;
  /** Whether SIGINT does not. @default {false} */
  readonly skipLeaveOnInterrupt: boolean;
  /** Whether a conflict about our own name is left unresolved. @default {false} */
  readonly disableNameResolution: boolean;
  /** Whether messages are compressed. @default {true} */
  readonly compression: boolean;
  /** In the order of the files and flags. @default {none} */
  readonly eventHandlers: readonly EventHandler[];
  readonly startJoin: readonly string[];
  readonly retryJoin: readonly string[];
  /** Retries after the first attempt; 0 or less for no limit. @default {0} */
  readonly retryMaxAttempts: number;
  /** Milliseconds, at least 1000. @default {30000} */
  readonly retryIntervalMs: number;
  /** Milliseconds, at least 1000. @default {5000} */
  readonly broadcastTimeoutMs: number;
  /** Milliseconds. @default {30000} */
  readonly reconnectIntervalMs: number;
  /** Milliseconds. @default {86400000} */
  readonly reconnectTimeoutMs: number;
  /** Milliseconds. @default {86400000} */
  readonly tombstoneTimeoutMs: number;
  /** Bytes. @default {1024} */
  readonly queryResponseSizeLimit: number;
  /** Bytes. @default {1024} */
  readonly querySizeLimit: number;
  /** Bytes, at most 9216, which is judged when the agent starts. @default {512} */
  readonly userEventSizeLimit: number;
  /** `host:port` of a statsite; empty for none. Not judged: what cannot be reached is logged. */
  readonly statsiteAddr: string;
  /** `host:port` of a statsd, likewise. */
  readonly statsdAddr: string;
  /** Whether the log also goes to syslog. @default {false} */
  readonly enableSyslog: boolean;
  /** The facility's name in any case, judged when it is used. @default {"LOCAL0"} */
  readonly syslogFacility: string;
}

/** A host, as an IP literal without brackets, and a port. */
export interface HostPort {
  /** Empty when none was given (`:7946`), which means every interface. */
  readonly host: string;
  readonly port: number;
}

/** Fully resolved: everything that could be wrong with the words is known to be right. */
export interface AgentConfig
  extends Omit<AgentSettings, "bind" | "advertise" | "encryptKey" | "logLevel" | "profile"> {
  /** Where the gossip sockets are bound; port 0 lets the system choose. */
  readonly bind: HostPort;
  /** What to announce instead of the bound address. */
  readonly advertise: HostPort | undefined;
  /** The key's bytes, of any length so far. */
  readonly encryptKey: Uint8Array | undefined;
  readonly logLevel: LogLevel;
  readonly profile: ProfileName;
}

/** What holds where no layer says otherwise, the node's name excepted. */
export const CONFIG_DEFAULTS = {
  role: "",
  tagsFile: "",
  bind: "0.0.0.0",
  advertise: "",
  interfaceName: "",
  discover: "",
  mdnsInterface: "",
  mdnsDisableIpv4: false,
  mdnsDisableIpv6: false,
  encryptKey: "",
  keyringFile: "",
  logLevel: "INFO",
  rpcAddr: "127.0.0.1:7373",
  rpcAuth: "",
  protocol: 5,
  profile: "lan",
  snapshotPath: "",
  rejoinAfterLeave: false,
  replayOnJoin: false,
  leaveOnTerminate: false,
  skipLeaveOnInterrupt: false,
  disableNameResolution: false,
  disableCompression: false,
  retryMaxAttempts: 0,
  retryIntervalMs: 30_000,
  broadcastTimeoutMs: 5_000,
  reconnectIntervalMs: 30_000,
  reconnectTimeoutMs: 86_400_000,
  tombstoneTimeoutMs: 86_400_000,
  queryResponseSizeLimit: 1_024,
  querySizeLimit: 1_024,
  userEventSizeLimit: 512,
  statsiteAddr: "",
  statsdAddr: "",
  enableSyslog: false,
  syslogFacility: "LOCAL0",
} as const satisfies ConfigLayer;
