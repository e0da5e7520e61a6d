/** Who plays which part in a scenario: drawn from its seed. */
import type { SeededRandom } from "../../base/seeded_random.ts";
import { shuffle } from "../../base/sampling.ts";
import type { SerfLife } from "../serf_life.ts";
import type { SimNode } from "../sim_node.ts";
import { churnableMembers, type Scenario } from "./scenario.ts";

/** A member of the simulated cluster. */
export type Actor = SimNode<SerfLife>;

/** The parts. A member has at most one of the first three, and one has none; the partition runs across all. */
export class Cast {
  /** Those who are going to die. */
  readonly victims: readonly Actor[];
  /** Those who stand still now and then. */
  readonly slow: ReadonlySet<Actor>;
  /** Those who are down for a while, in the order in which it happens; more than once when there are too few of them. */
  readonly churned: readonly Actor[];
  /** The smaller side of the partition; empty without one. */
  readonly minority: ReadonlySet<Actor>;
  readonly #steady: readonly Actor[];
  /** Whoever is down at some time. */
  readonly #passing: ReadonlySet<Actor>;
  readonly #random: SeededRandom;

  constructor(nodes: readonly Actor[], scenario: Scenario, random: SeededRandom) {
    const order = nodes.slice();
    shuffle(order, random);
    this.#random = random;
    const { kill, slow, churnPerMinute, durationMs } = scenario;
    this.victims = order.slice(0, kill);
    this.slow = new Set(order.slice(kill, kill + slow));
    const others = order.slice(kill + slow);
    const churns = Math.floor(churnPerMinute * durationMs / 60_000);
    const restless = others.slice(1, 1 + Math.min(churns, churnableMembers(scenario)));
    this.churned = restless.length === 0
      ? []
      : Array.from({ length: churns }, (_, i) => restless[i % restless.length]!);
    this.#steady = [others[0]!, ...others.slice(1 + restless.length)];
    this.#passing = new Set([...this.victims, ...restless]);
    shuffle(order, random);
    this.minority = new Set(order.slice(0, Math.round(scenario.partitionRatio * nodes.length)));
  }

  /** Whether it is there all the time: neither killed nor churned. */
  stays(node: Actor): boolean {
    return !this.#passing.has(node);
  }

  /** Whether the partition, at any time, stands between the two. */
  areCut(a: Actor, b: Actor): boolean {
    return this.minority.has(a) !== this.minority.has(b);
  }

  /** A random one of those to whom nothing of the sort happens. */
  drawSteady(): Actor {
    return this.#steady[this.#random.below(this.#steady.length)]!;
  }
}
