/** Memberlist's options: one fully-required interface, three frozen presets, one resolver. protocol.md C.1. */
import { isTextWithin } from "../base/byte_text.ts";
import { OptionError } from "../base/errors.ts";
import { NAME_BYTES_MAX } from "./node_state.ts";

/** The names of the presets, as `-profile` takes them. */
export type ProfileName = "lan" | "wan" | "local";

/** Timings and limits that the three profiles set. Times in milliseconds. */
export interface ProfileOptions {
  /** Deadline of a whole stream exchange. @default {10000} */
  tcpTimeoutMs: number;
  /** How many helpers an indirect probe asks. @default {3} */
  indirectChecks: number;
  /** A broadcast is sent `retransmitMult * ceil(log10(n + 1))` times. @default {4} */
  retransmitMult: number;
  /**
   * Least suspicion time = `suspicionMult * max(1, log10(max(1, n))) * probeIntervalMs`. 0, for experiments: who is
   * suspected is declared dead at once (SWIM without its section 4.2). @default {4}
   */
  suspicionMult: number;
  /** Longest suspicion time = this times the least. @default {6} */
  suspicionMaxTimeoutMult: number;
  /** Between two push/pulls; grows with the cluster above 32 nodes. 0 turns them off. @default {30000} */
  pushPullIntervalMs: number;
  /** Between two probes, before the health score stretches it. @default {1000} */
  probeIntervalMs: number;
  /** How long a direct ping may take before helpers are asked; less than the interval. @default {500} */
  probeTimeoutMs: number;
  /** The health score stays below this. @default {8} */
  awarenessMaxMultiplier: number;
  /** Between two gossip rounds. @default {200} */
  gossipIntervalMs: number;
  /** How many nodes one gossip round reaches. @default {3} */
  gossipNodes: number;
  /** How long the dead are still gossiped to, and kept in the table. @default {30000} */
  gossipToTheDeadMs: number;
}

/**
 * Which of Lifeguard's mechanisms are at work: all of them, but in an experiment that shows what each is worth. Without
 * any of them it is SWIM as published, with the suspicion of its section 4.2.
 */
export interface LifeguardOptions {
  /** The health score, which stretches the probe interval, and the nacks that it feeds on (IV-A). @default {true} */
  probe: boolean;
  /** Suspicions that begin long and shorten with each confirmation; else all last the least time (IV-B). @default {true} */
  suspicion: boolean;
  /** A ping to a suspect member tells it that it is suspected (IV-C). @default {true} */
  buddy: boolean;
}

/** All of Lifeguard. */
export const LIFEGUARD: Readonly<LifeguardOptions> = Object.freeze({
  probe: true,
  suspicion: true,
  buddy: true,
});

/** Everything that memberlist wants to know. */
export interface MemberlistOptions extends ProfileOptions {
  /** The local node's name, unique in the cluster; not empty, at most 512 bytes. */
  name: string;
  /** Serf's protocol version (dCur), 2..5. @default {5} */
  delegateProtocol: number;
  /** Compress what gets smaller by it (datagrams) and every stream. @default {true} */
  compression: boolean;
  /** Fall back to a TCP ping when UDP fails. @default {true} */
  tcpPings: boolean;
  /** Payload budget of a datagram that we fill, in bytes. @default {1400} */
  packetBytesMax: number;
  /**
   * Whether news is gossiped at once after a rest, and not only at the next tick. Off only for comparisons.
   * @default {true}
   */
  eagerGossip: boolean;
  /**
   * Whether a probe tries TCP as soon as an ack takes unusually long, ends when that is refused and no helper gets an
   * answer either, and whether a suspicion of others is looked into at once. Off only for comparisons. @default {true}
   */
  promptProbes: boolean;
  /**
   * Whether a death before which no suspicion came is only one itself, to which the accused may object. Off only for
   * comparisons. @default {true}
   */
  doubtsHearsay: boolean;
  /** The packet and stream label; empty for none (Serf never sets one). At most 255 bytes. @default {""} */
  label: string;
  /** For experiments. @default {@linkcode LIFEGUARD} */
  lifeguard: Readonly<LifeguardOptions>;
}

const LAN: ProfileOptions = {
  tcpTimeoutMs: 10_000,
  indirectChecks: 3,
  retransmitMult: 4,
  suspicionMult: 4,
  suspicionMaxTimeoutMult: 6,
  pushPullIntervalMs: 30_000,
  probeIntervalMs: 1_000,
  probeTimeoutMs: 500,
  awarenessMaxMultiplier: 8,
  gossipIntervalMs: 200,
  gossipNodes: 3,
  gossipToTheDeadMs: 30_000,
};

/** The presets of `-profile`. */
export const PROFILES: Readonly<Record<ProfileName, Readonly<ProfileOptions>>> = Object.freeze({
  lan: Object.freeze(LAN),
  wan: Object.freeze({
    ...LAN,
    tcpTimeoutMs: 30_000,
    suspicionMult: 6,
    pushPullIntervalMs: 60_000,
    probeIntervalMs: 5_000,
    probeTimeoutMs: 3_000,
    gossipIntervalMs: 500,
    gossipNodes: 4,
    gossipToTheDeadMs: 60_000,
  }),
  local: Object.freeze({
    ...LAN,
    tcpTimeoutMs: 1_000,
    indirectChecks: 1,
    retransmitMult: 2,
    suspicionMult: 3,
    pushPullIntervalMs: 15_000,
    probeTimeoutMs: 200,
    gossipIntervalMs: 100,
    gossipToTheDeadMs: 15_000,
  }),
});

/**
 * Merges `overrides` over the profile's preset and validates the result, once.
 *
 * @throws {OptionError} naming the field that is out of range.
 */
export function resolveMemberlistOptions(
  overrides: Partial<MemberlistOptions> & { name: string; profile?: ProfileName },
): MemberlistOptions {
  const { profile, ...fields } = overrides;
  const options: MemberlistOptions = {
    ...PROFILES[profile ?? "lan"],
    delegateProtocol: 5,
    compression: true,
    tcpPings: true,
    packetBytesMax: 1400,
    eagerGossip: true,
    promptProbes: true,
    doubtsHearsay: true,
    label: "",
    lifeguard: LIFEGUARD,
    ...fields,
  };
  validate(options);
  return options;
}

function validate(options: MemberlistOptions): void {
  const positive = [
    "tcpTimeoutMs",
    "retransmitMult",
    "suspicionMaxTimeoutMult",
    "probeIntervalMs",
    "probeTimeoutMs",
    "awarenessMaxMultiplier",
    "gossipIntervalMs",
    "packetBytesMax",
  ] as const;
  for (const field of positive) {
    if (!(options[field] > 0)) throw new OptionError(field, `${field} must be greater than 0`);
  }
  if (!(options.suspicionMult >= 0)) {
    throw new OptionError("suspicionMult", "suspicionMult must not be negative");
  }
  for (const field of ["probe", "suspicion", "buddy"] as const) {
    if (typeof options.lifeguard[field] !== "boolean") {
      throw new OptionError(`lifeguard.${field}`, `lifeguard.${field} is either true or false`);
    }
  }
  if (options.name === "") throw new OptionError("name", "The node name must not be empty");
  if (!isTextWithin(options.name, NAME_BYTES_MAX)) {
    throw new OptionError("name", `A node name has at most ${NAME_BYTES_MAX} bytes`);
  }
  if (new TextEncoder().encode(options.label).length > 255) {
    throw new OptionError("label", "A label has at most 255 bytes");
  }
  // The words are Serf's own: users grep for them.
  const protocol = options.delegateProtocol;
  if (protocol < 2 || protocol > 5) {
    const fault = protocol < 2 ? "low" : "high";
    throw new OptionError(
      "delegateProtocol",
      `Protocol version '${protocol}' too ${fault}. Must be in range: [2, 5]`,
    );
  }
}
