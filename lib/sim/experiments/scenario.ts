/** What is simulated: a cluster, its network, and what happens to it. */
import { OptionError } from "../../base/errors.ts";
import { formatGoDuration } from "../../base/go_duration.ts";
import { type ProfileName, PROFILES } from "../../memberlist/options.ts";

/** A run, described. Ratios in [0, 1], times in milliseconds. Everything else follows from the seed. */
export interface Scenario {
  /** Members, 2 to {@linkcode NODES_MAX}. @default {100} */
  readonly nodes: number;
  /** @default {"lan"} */
  readonly profile: ProfileName;
  /** Any 32-bit integer. @default {1} */
  readonly seed: number;
  /** How long, counted from when the cluster is complete. @default {60000} */
  readonly durationMs: number;
  /** Datagrams that get lost. @default {0} */
  readonly lossRatio: number;
  /** Datagrams that arrive twice. @default {0} */
  readonly duplicateRatio: number;
  /** Datagrams that are held back by up to 50 ms. @default {0} */
  readonly reorderRatio: number;
  /** What every packet takes at least. @default {0.25} */
  readonly latencyMs: number;
  /** A uniform extra of up to this. @default {0.5} */
  readonly jitterMs: number;
  /** The share of the members that is cut off from the others, from the beginning. @default {0} */
  readonly partitionRatio: number;
  /** How long that lasts. @default {half of the duration} */
  readonly partitionMs: number;
  /** Members that stand still again and again, and run in between. @default {0} */
  readonly slow: number;
  /** How long a slow member stands still. @default {4000} */
  readonly slowBlockedMs: number;
  /** How long it then runs. @default {1000} */
  readonly slowRunningMs: number;
  /** Members that die, all at the same moment, {@linkcode KILL_AT_MS} after the beginning. @default {1} */
  readonly kill: number;
  /**
   * Members per minute that die and are back {@linkcode CHURN_DOWN_MS} later, in turn; at most half of those who are
   * neither killed nor slow, so that enough are there all the time to tell what was heard. @default {0}
   */
  readonly churnPerMinute: number;
  /** User events, each from another member, spread over the run. @default {1} */
  readonly events: number;
}

/** The most members of a run. */
export const NODES_MAX = 10_000;
/** When members are killed, counted from the beginning. */
export const KILL_AT_MS = 2_000;
/** When the first user event is sent. */
export const EVENT_AT_MS = 1_000;
/** How long a member that is churned is away. */
export const CHURN_DOWN_MS = 10_000;
/** How many members are churned at most: half of those who are neither killed nor slow. */
export function churnableMembers({ nodes, kill, slow }: Pick<Scenario, "nodes" | "kill" | "slow">): number {
  return Math.floor((nodes - kill - slow) / 2);
}

/** The most user events of a run. */
const EVENTS_MAX = 1_000;
/** The most members that one minute may churn. */
const CHURN_MAX = 6_000;
const DURATION_MS_MIN = 5_000;
const DURATION_MS_MAX = 24 * 60 * 60 * 1_000;

const DEFAULTS: Omit<Scenario, "partitionMs"> = Object.freeze({
  nodes: 100,
  profile: "lan",
  seed: 1,
  durationMs: 60_000,
  lossRatio: 0,
  duplicateRatio: 0,
  reorderRatio: 0,
  latencyMs: 0.25,
  jitterMs: 0.5,
  partitionRatio: 0,
  slow: 0,
  slowBlockedMs: 4_000,
  slowRunningMs: 1_000,
  kill: 1,
  churnPerMinute: 0,
  events: 1,
});

/**
 * Merges `overrides` over the defaults and validates the result.
 *
 * @throws {OptionError} naming the field, with a sentence that begins with what is wrong with it.
 */
export function resolveScenario(overrides: Partial<Scenario>): Scenario {
  const durationMs = overrides.durationMs ?? DEFAULTS.durationMs;
  const scenario = { ...DEFAULTS, partitionMs: durationMs / 2, ...overrides };
  const { nodes, kill, slow } = scenario;
  checkWhole(scenario, "nodes", 2, NODES_MAX);
  checkWhole(scenario, "seed", -(2 ** 31), 2 ** 32 - 1);
  checkWhole(scenario, "kill", 0, nodes - 1);
  checkWhole(scenario, "slow", 0, nodes - 1);
  checkWhole(scenario, "churnPerMinute", 0, CHURN_MAX);
  checkWhole(scenario, "events", 0, EVENTS_MAX);
  if (kill + slow >= nodes) {
    throw new OptionError("kill", "somebody has to be left who is neither killed nor slow");
  }
  const churnMax = Math.floor(churnableMembers(scenario) * 60_000 / CHURN_DOWN_MS);
  if (scenario.churnPerMinute > churnMax) {
    const text = `${scenario.churnPerMinute} a minute is too many for so few members: at most ${churnMax}`;
    throw new OptionError("churnPerMinute", text);
  }
  if (!Object.hasOwn(PROFILES, scenario.profile)) {
    throw new OptionError("profile", `${scenario.profile} is none of lan, wan and local`);
  }
  for (const field of ["lossRatio", "duplicateRatio", "reorderRatio"] as const) {
    checkWithin(scenario, field, 0, 1, "between 0 and 1 (or 0% and 100%)");
  }
  checkWithin(scenario, "partitionRatio", 0, 0.5, "between 0 and 0.5 (or 0% and 50%)");
  checkWithin(scenario, "durationMs", DURATION_MS_MIN, DURATION_MS_MAX, "between 5s and 24h");
  checkWithin(scenario, "partitionMs", 0, DURATION_MS_MAX, "between 0s and 24h");
  for (const field of ["latencyMs", "jitterMs"] as const) {
    checkWithin(scenario, field, 0, 60_000, "between 0s and 1m");
  }
  for (const field of ["slowBlockedMs", "slowRunningMs"] as const) {
    checkWithin(scenario, field, 1, 600_000, "between 1ms and 10m");
  }
  return scenario;
}

/** The fields that are numbers. */
type NumberField = { [K in keyof Scenario]: Scenario[K] extends number ? K : never }[keyof Scenario];

function checkWhole(scenario: Scenario, field: NumberField, least: number, most: number): void {
  const value = scenario[field];
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new OptionError(field, `${value} is not a whole number between ${least} and ${most}`);
}

function checkWithin(
  scenario: Scenario,
  field: NumberField,
  least: number,
  most: number,
  words: string,
): void {
  const value = scenario[field];
  if (value >= least && value <= most) return;
  const text = field.endsWith("Ms") ? formatGoDuration(value) : String(value);
  throw new OptionError(field, `${text} is not ${words}`);
}
