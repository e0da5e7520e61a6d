/** The networks on which HashiCorp's Vivaldi is tested, and a run on one of them. */
import type { Random } from "../../lib/base/ports.ts";
import { SeededRandom } from "../../lib/base/seeded_random.ts";
import { distanceSeconds } from "../../lib/coordinate/coordinate.ts";
import { CoordinateClient } from "../../lib/coordinate/coordinate_client.ts";
import { type CoordinateOptions, resolveCoordinateOptions } from "../../lib/coordinate/options.ts";

/** In each, every node measures one random other. */
const ROUNDS = 1000;

/** A network whose round trips are known. */
export interface Network {
  readonly nodes: number;
  /** The true round trip between two nodes, in seconds. */
  readonly rtt: (a: number, b: number) => number;
  readonly options?: Partial<CoordinateOptions>;
}

/** How wrong the estimates of all pairs are, relative to the truth. */
export interface Errors {
  readonly mean: number;
  readonly max: number;
}

/** @param partners draws who measures whom. @param directions each node's own: where to go from one and the same place. */
export function relativeErrors(
  network: Network,
  partners: Random,
  directions: (node: number) => Random,
): Errors {
  const options = resolveCoordinateOptions(network.options);
  const clients = Array.from(
    { length: network.nodes },
    (_, index) => new CoordinateClient(options, directions(index)),
  );
  for (let round = 0; round < ROUNDS; round++) {
    clients.forEach((client, from) => {
      const to = partners.below(network.nodes);
      if (to !== from) client.update(`${to}`, network.rtt(from, to), clients[to]!.coordinate);
    });
  }
  let sum = 0, max = 0, count = 0;
  for (let a = 0; a < network.nodes; a++) {
    for (let b = a + 1; b < network.nodes; b++) {
      const rtt = network.rtt(a, b);
      const error = Math.abs(distanceSeconds(clients[a]!.coordinate, clients[b]!.coordinate) - rtt) / rtt;
      sum += error;
      count++;
      max = Math.max(max, error);
    }
  }
  return { mean: sum / count, max };
}

/** With random numbers of our own. */
export function seededErrors(network: Network, seed: number): Errors {
  const partners = new SeededRandom(seed, "measurements");
  return relativeErrors(network, partners, (node) => new SeededRandom(seed, `node ${node}`));
}

/** A line, 10 ms from each to the next. */
export const LINE: Network = { nodes: 10, rtt: (a, b) => Math.abs(a - b) * 0.01 };

/** A grid of 5 by 5, 10 ms apart. */
export const GRID: Network = {
  nodes: 25,
  rtt: (a, b) => 0.01 * Math.hypot(a % 5 - b % 5, Math.floor(a / 5) - Math.floor(b / 5)),
};

/** Two sites, 1 ms within and 10 ms between. */
export const SITES: Network = { nodes: 25, rtt: (a, b) => 0.001 + (a <= 12 === b <= 12 ? 0 : 0.01) };

/**
 * The node in the middle is twice as far away from everybody as the circle explains: only a height can tell. The
 * plane has just the two dimensions that it needs.
 */
export const CIRCLE: Network = {
  nodes: 25,
  options: { dimensions: 2 },
  rtt: (a, b) => a === 0 || b === 0 ? 0.2 : 0.2 * Math.sin(Math.PI * Math.abs(a - b) / 25),
};

/** Round trips of 100 ms that deviate by 10, drawn anew for each seed: no geometry explains them. */
export function randomNetwork(seed: number): Network {
  const random = new SeededRandom(seed, "truth");
  const truth = new Map<number, number>();
  for (let a = 0; a < 25; a++) {
    for (let b = a + 1; b < 25; b++) truth.set(a * 25 + b, normal(random, 0.1, 0.01));
  }
  return { nodes: 25, rtt: (a, b) => truth.get(Math.min(a, b) * 25 + Math.max(a, b))! };
}

/** A network, and what HashiCorp's tests allow on it. */
export interface Trial {
  readonly name: string;
  readonly network: (seed: number) => Network;
  readonly limit: Errors;
  /** What HashiCorp's clients reach with the random numbers of their test, measured on the source of June 2026. */
  readonly theirs?: Errors;
}

/** All trials. */
export const TRIALS: readonly Trial[] = [
  {
    name: "a line of 10 nodes, 10 ms apart",
    network: () => LINE,
    limit: { mean: 0.0031, max: 0.0130 },
    theirs: { mean: 0.00303338, max: 0.0128873 },
  },
  {
    name: "a grid of 5 by 5, 10 ms apart",
    network: () => GRID,
    limit: { mean: 0.0016, max: 0.0230 },
    theirs: { mean: 0.00151575, max: 0.0229431 },
  },
  {
    name: "two sites, 1 ms within and 10 ms between",
    network: () => SITES,
    limit: { mean: 0.000060, max: 0.00048 },
    theirs: { mean: 0.0000563267, max: 0.000435 },
  },
  {
    name: "a circle of 100 ms with one node above its middle",
    network: () => CIRCLE,
    limit: { mean: 0.0028, max: 0.064 },
    theirs: { mean: 0.00270001, max: 0.0514517 },
  },
  {
    name: "random round trips of 100 ms, deviating by 10",
    network: randomNetwork,
    limit: { mean: 0.075, max: 0.33 },
  },
];

/** Box and Muller's transform. */
function normal(random: SeededRandom, mean: number, deviation: number): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.uniform()));
  return mean + deviation * radius * Math.cos(2 * Math.PI * random.uniform());
}
