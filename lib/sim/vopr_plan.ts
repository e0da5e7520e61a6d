/** What one run of the campaign is made of: everything that its seed decides before anything happens. */
import { SeededRandom } from "../base/seeded_random.ts";
import { type MemberlistOptions, PROFILES } from "../memberlist/options.ts";
import type { SerfOptions } from "../serf/options.ts";

/** Everything that can go wrong, by the names under which it can be left out. */
export const FAULTS = [
  "loss",
  "duplicate",
  "reorder",
  "latency",
  "break",
  "one-way",
  "bad-link",
  "partition",
  "asymmetric",
  "flapping",
  "slow",
  "freeze",
  "busy",
  "crash",
  "outage",
  "power",
  "disk",
  "wall-clock",
  "leave",
  "force-leave",
  "prune",
  "keys",
  "twin",
  "move",
  "outsider",
] as const;
export type FaultName = typeof FAULTS[number];

/** What can be changed about a run without changing the rest of it: how failures are made smaller. */
export interface VoprOverrides {
  /** Members of the cluster, 2 to 200. */
  readonly size?: number | undefined;
  /** How long faults are made, in milliseconds. */
  readonly chaosMs?: number | undefined;
  /** Faults to leave out. */
  readonly without?: readonly FaultName[] | undefined;
}

/** One run. */
export interface VoprPlan {
  readonly seed: number;
  readonly size: number;
  readonly chaosMs: number;
  /** Drawn by the seed, less what was left out. Each has dice of its own: leaving one out reshuffles no other. */
  readonly faults: readonly FaultName[];
  readonly family: "ipv4" | "ipv6";
  readonly encrypted: boolean;
  /** Whether members keep snapshots. */
  readonly snapshots: boolean;
  readonly rejoinAfterLeave: boolean;
  readonly memberlist: Partial<MemberlistOptions>;
  readonly serf: Partial<Omit<SerfOptions, "memberlist">>;
}

/** Members times milliseconds of chaos that a run may cost, about. */
const CHAOS_BUDGET_MS = 400_000;
const CHAOS_MIN_MS = 12_000;
const CHAOS_MAX_MS = 150_000;

/** @param seed any 32-bit integer. */
export function planOf(seed: number, overrides: VoprOverrides = {}): VoprPlan {
  const random = new SeededRandom(seed, "vopr plan");
  const drawnSize = drawSize(random);
  const stretch = 0.5 + random.uniform();
  const drawnMs = Math.round(
    Math.min(CHAOS_MAX_MS, Math.max(CHAOS_MIN_MS, CHAOS_BUDGET_MS * stretch / drawnSize)),
  );
  const drawnFaults = drawFaults(random);
  const family = random.below(8) === 0 ? "ipv6" : "ipv4";
  const encrypted = random.below(4) === 0 || drawnFaults.includes("keys");
  const snapshots = random.below(2) === 0 || drawnFaults.includes("disk") || drawnFaults.includes("power");
  const rejoinAfterLeave = random.below(2) === 0;
  const memberlist = drawMemberlist(random);
  const serf = drawSerf(random, rejoinAfterLeave);
  return {
    seed,
    size: overrides.size ?? drawnSize,
    chaosMs: overrides.chaosMs ?? drawnMs,
    faults: drawnFaults.filter((fault) => !overrides.without?.includes(fault)),
    family,
    encrypted,
    snapshots,
    rejoinAfterLeave,
    memberlist,
    serf,
  };
}

/** Mostly a handful; one in a hundred is large. */
function drawSize(random: SeededRandom): number {
  const die = random.below(1000);
  const uniform = random.uniform();
  const between = (low: number, high: number) => low + Math.floor(uniform * (high - low + 1));
  if (die < 720) return between(2, 8);
  if (die < 950) return between(9, 16);
  if (die < 993) return between(17, 40);
  return die < 998 ? between(41, 80) : between(81, 200);
}

/** Swarm testing: a random subset, as what is always mixed hides what only shows alone. */
function drawFaults(random: SeededRandom): FaultName[] {
  const share = [0.06, 0.15, 0.3, 0.5][random.below(4)]!;
  const drawn = FAULTS.filter(() => random.uniform() < share);
  const spare = FAULTS[random.below(FAULTS.length)]!;
  const chosen = drawn.length === 0 ? [spare] : drawn;
  // These three are one mechanism, which knows one division at a time.
  const divisions = chosen.filter(isDivision);
  const kept = divisions[random.below(Math.max(1, divisions.length))];
  // An operator who rotates keys counts answers by name: two of one name would have him lock one of them out.
  const isLockedOut = (fault: FaultName) => fault === "twin" && chosen.includes("keys");
  return chosen.filter((fault) => (!isDivision(fault) || fault === kept) && !isLockedOut(fault));
}

function isDivision(fault: FaultName): boolean {
  return fault === "partition" || fault === "asymmetric" || fault === "flapping";
}

function drawMemberlist(random: SeededRandom): Partial<MemberlistOptions> {
  const profile = random.below(3) === 0 ? PROFILES.lan : PROFILES.local;
  return {
    ...profile,
    compression: random.below(2) === 0,
    tcpPings: random.below(4) !== 0,
    pushPullIntervalMs: profile.pushPullIntervalMs / (1 + random.below(3)),
    gossipToTheDeadMs: profile.gossipToTheDeadMs / (1 + random.below(3)),
    suspicionMaxTimeoutMult: 2 + random.below(5),
    // The smallest is still larger than every message of a run.
    packetBytesMax: [700, 1400, 1400, 8000][random.below(4)]!,
  };
}

function drawSerf(random: SeededRandom, rejoinAfterLeave: boolean): Partial<Omit<SerfOptions, "memberlist">> {
  const forgetsSoon = random.below(3) === 0;
  const reconnectTimeoutMs = 10_000 + random.below(110_000);
  const tombstoneTimeoutMs = 10_000 + random.below(110_000);
  return {
    rejoinAfterLeave,
    leavePropagateDelayMs: random.below(3) * 500,
    broadcastTimeoutMs: 1_000 + 1_000 * random.below(5),
    reapIntervalMs: 1_000 + 1_000 * random.below(15),
    reconnectIntervalMs: 2_000 + 1_000 * random.below(15),
    recentIntentTimeoutMs: [10_000, 60_000, 300_000][random.below(3)]!,
    maxQueueDepth: [8, 64, 4096][random.below(3)]!,
    queueCheckIntervalMs: 5_000,
    eventBuffer: [16, 512, 512][random.below(3)]!,
    queryBuffer: [16, 512, 512][random.below(3)]!,
    ...(forgetsSoon ? { reconnectTimeoutMs, tombstoneTimeoutMs } : {}),
  };
}
