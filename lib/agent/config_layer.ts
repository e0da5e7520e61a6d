/** What one source of configuration (a file, or the command line) sets: every field optional, nothing judged yet. */

/**
 * One layer. A field that is `undefined` was not set. Texts may be empty, numbers 0, flags false: by the rules of
 * merging those change nothing either (see {@link ./config_merge.ts}).
 */
export interface ConfigLayer {
  readonly nodeName?: string;
  readonly role?: string;
  readonly tags?: ReadonlyMap<string, string>;
  readonly tagsFile?: string;
  readonly bind?: string;
  readonly advertise?: string;
  readonly interfaceName?: string;
  readonly discover?: string;
  readonly encryptKey?: string;
  readonly keyringFile?: string;
  readonly logLevel?: string;
  readonly rpcAddr?: string;
  readonly rpcAuth?: string;
  readonly protocol?: number;
  readonly profile?: string;
  readonly snapshotPath?: string;
  readonly replayOnJoin?: boolean;
  readonly leaveOnTerminate?: boolean;
  readonly skipLeaveOnInterrupt?: boolean;
  readonly rejoinAfterLeave?: boolean;
  readonly disableNameResolution?: boolean;
  readonly disableCompression?: boolean;
  readonly enableSyslog?: boolean;
  readonly syslogFacility?: string;
  readonly eventHandlers?: readonly string[];
  readonly startJoin?: readonly string[];
  readonly retryJoin?: readonly string[];
  readonly retryMaxAttempts?: number;
  /** Milliseconds, possibly fractional or negative; so are the other durations. */
  readonly retryIntervalMs?: number;
  readonly broadcastTimeoutMs?: number;
  readonly reconnectIntervalMs?: number;
  readonly reconnectTimeoutMs?: number;
  readonly tombstoneTimeoutMs?: number;
  readonly queryResponseSizeLimit?: number;
  readonly querySizeLimit?: number;
  readonly userEventSizeLimit?: number;
  readonly statsiteAddr?: string;
  readonly statsdAddr?: string;
  readonly mdnsInterface?: string;
  readonly mdnsDisableIpv4?: boolean;
  readonly mdnsDisableIpv6?: boolean;
}

/** How a field is typed in a file, and thereby how two layers merge. */
export type FieldKind = "text" | "flag" | "integer" | "positive" | "duration" | "list" | "map";

/** The kind of every field. */
export const FIELD_KINDS: { readonly [Field in keyof ConfigLayer]-?: FieldKind } = {
  nodeName: "text",
  role: "text",
  tags: "map",
  tagsFile: "text",
  bind: "text",
  advertise: "text",
  interfaceName: "text",
  discover: "text",
  encryptKey: "text",
  keyringFile: "text",
  logLevel: "text",
  rpcAddr: "text",
  rpcAuth: "text",
  protocol: "positive",
  profile: "text",
  snapshotPath: "text",
  replayOnJoin: "flag",
  leaveOnTerminate: "flag",
  skipLeaveOnInterrupt: "flag",
  rejoinAfterLeave: "flag",
  disableNameResolution: "flag",
  disableCompression: "flag",
  enableSyslog: "flag",
  syslogFacility: "text",
  eventHandlers: "list",
  startJoin: "list",
  retryJoin: "list",
  retryMaxAttempts: "integer",
  retryIntervalMs: "duration",
  broadcastTimeoutMs: "duration",
  reconnectIntervalMs: "duration",
  reconnectTimeoutMs: "duration",
  tombstoneTimeoutMs: "duration",
  queryResponseSizeLimit: "integer",
  querySizeLimit: "integer",
  userEventSizeLimit: "integer",
  statsiteAddr: "text",
  statsdAddr: "text",
  mdnsInterface: "text",
  mdnsDisableIpv4: "flag",
  mdnsDisableIpv6: "flag",
};
