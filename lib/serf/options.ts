/** Serf's options: one fully-required interface and one resolver. protocol.md D, surface.md 6.1. */
import { OptionError } from "../base/errors.ts";
import { META_BYTES_MAX } from "../memberlist/node_state.ts";
import { type MemberlistOptions, type ProfileName, resolveMemberlistOptions } from "../memberlist/options.ts";
import { encodeTags } from "./tags.ts";

/** Everything that Serf wants to know. Times in milliseconds. */
export interface SerfOptions {
  /** The layer below: name, protocol version, timings. */
  readonly memberlist: MemberlistOptions;
  /** The local node's tags; at most 512 bytes when encoded. @default {an empty map} */
  readonly tags: ReadonlyMap<string, string>;
  /** How long leave, force-leave and new tags wait until the news has been sent. @default {5000} */
  readonly broadcastTimeoutMs: number;
  /** How long a node that left keeps answering, so that its leave gets round. @default {1000} */
  readonly leavePropagateDelayMs: number;
  /** The least time between two rounds of forgetting. @default {15000} */
  readonly reapIntervalMs: number;
  /** Between two rounds of calling failed members. @default {30000} */
  readonly reconnectIntervalMs: number;
  /** How long a failed member is called and remembered. @default {86400000} */
  readonly reconnectTimeoutMs: number;
  /** How long a member that left is remembered. @default {86400000} */
  readonly tombstoneTimeoutMs: number;
  /** How long an intent about an unknown node is remembered. @default {300000} */
  readonly recentIntentTimeoutMs: number;
  /** Messages that may wait in each of Serf's queues. @default {4096} */
  readonly maxQueueDepth: number;
  /** Between two looks at queues that are long. @default {30000} */
  readonly queueCheckIntervalMs: number;
  /** Lamport times of user events that are remembered; all real nodes have the default. @default {512} */
  readonly eventBuffer: number;
  /** Lamport times of queries that are remembered. @default {512} */
  readonly queryBuffer: number;
  /** Bytes of a user event that we send: name and payload, and again when encoded; at most 9216. Negative: none. @default {512} */
  readonly userEventBytesMax: number;
  /** Bytes of a query that we send, encoded. Negative: none. @default {1024} */
  readonly queryBytesMax: number;
  /** Bytes of an answer that we send, encoded, and of one with the envelope of a relay. Negative: none. @default {1024} */
  readonly responseBytesMax: number;
  /** Whether the others are asked who has to go when somebody else has our name. @default {true} */
  readonly resolveNameConflicts: boolean;
  /** Whether a snapshot that says that we left is believed to be one of a crash. @default {false} */
  readonly rejoinAfterLeave: boolean;
}

/** What {@linkcode resolveSerfOptions} takes: memberlist's name, and whatever differs from the defaults. */
export type SerfOptionOverrides = Partial<Omit<SerfOptions, "memberlist">> & {
  memberlist: Partial<MemberlistOptions> & { name: string; profile?: ProfileName };
};

const DAY_MS = 24 * 60 * 60 * 1_000;

const DEFAULTS: Omit<SerfOptions, "memberlist"> = Object.freeze({
  tags: new Map<string, string>(),
  broadcastTimeoutMs: 5_000,
  leavePropagateDelayMs: 1_000,
  reapIntervalMs: 15_000,
  reconnectIntervalMs: 30_000,
  reconnectTimeoutMs: DAY_MS,
  tombstoneTimeoutMs: DAY_MS,
  recentIntentTimeoutMs: 5 * 60 * 1_000,
  maxQueueDepth: 4_096,
  queueCheckIntervalMs: 30_000,
  eventBuffer: 512,
  queryBuffer: 512,
  userEventBytesMax: 512,
  queryBytesMax: 1_024,
  responseBytesMax: 1_024,
  resolveNameConflicts: true,
  rejoinAfterLeave: false,
});

/** The most bytes of a user event that any option allows. */
export const USER_EVENT_BYTES_LIMIT = 9_216;

/** What is said of tags that are too long, in Serf's own words. */
export const TAGS_TOO_LONG_TEXT = `Encoded length of tags exceeds limit of ${META_BYTES_MAX} bytes`;

/** Zero is a good value for these: do it at once, or never remember. */
const MAY_BE_ZERO = ["leavePropagateDelayMs", "reconnectTimeoutMs", "tombstoneTimeoutMs"] as const;
const POSITIVE = [
  "broadcastTimeoutMs",
  "reapIntervalMs",
  "reconnectIntervalMs",
  "recentIntentTimeoutMs",
  "maxQueueDepth",
  "queueCheckIntervalMs",
  "eventBuffer",
  "queryBuffer",
] as const;

/**
 * Merges `overrides` over the defaults and validates the result, once.
 *
 * @throws {OptionError} naming the field that is out of range.
 */
export function resolveSerfOptions(overrides: SerfOptionOverrides): SerfOptions {
  const options: SerfOptions = {
    ...DEFAULTS,
    ...overrides,
    memberlist: resolveMemberlistOptions(overrides.memberlist),
  };
  for (const field of POSITIVE) {
    if (!(options[field] > 0)) throw new OptionError(field, `${field} must be greater than 0`);
  }
  for (const field of MAY_BE_ZERO) {
    if (!(options[field] >= 0)) throw new OptionError(field, `${field} must not be negative`);
  }
  if (options.userEventBytesMax > USER_EVENT_BYTES_LIMIT) {
    const text = `user event size limit exceeds limit of ${USER_EVENT_BYTES_LIMIT} bytes`;
    throw new OptionError("userEventBytesMax", text);
  }
  if (encodeTags(options.tags, options.memberlist.delegateProtocol).length > META_BYTES_MAX) {
    throw new OptionError("tags", TAGS_TOO_LONG_TEXT);
  }
  return options;
}
