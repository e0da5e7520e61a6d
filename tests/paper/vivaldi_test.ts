/**
 * How well Vivaldi finds known networks. The networks and the limits on mean and maximal relative error are those
 * to which HashiCorp's implementation is held: 1 000 rounds, in each of which every node measures one random other.
 *
 * HashiCorp's tests run once, with the random numbers of one seed, and their limits lie just above what came out. With
 * the same numbers the same comes out here, to six digits. Of other seeds most stay within the limits, but on the circle
 * only a fifth does, of theirs as of ours: its limit on the mean belongs to a lucky seed.
 */
import { equal, ok } from "../support/assert.ts";
import type { Random } from "../../lib/base/ports.ts";
import { SeededRandom } from "../../lib/base/seeded_random.ts";
import { distanceSeconds } from "../../lib/coordinate/coordinate.ts";
import { CoordinateClient } from "../../lib/coordinate/coordinate_client.ts";
import { type CoordinateOptions, resolveCoordinateOptions } from "../../lib/coordinate/options.ts";
import { GoRandom } from "./go_random.ts";

const ROUNDS = 1000;
const SEEDS = Array.from({ length: 21 }, (_, index) => index + 1);

interface Network {
  readonly nodes: number;
  /** The true round trip between two nodes, in seconds. */
  readonly rtt: (a: number, b: number) => number;
  readonly options?: Partial<CoordinateOptions>;
}

interface Errors {
  readonly mean: number;
  readonly max: number;
}

/** @param partners draws who measures whom. @param directions each node's own: where to go from one and the same place. */
function relativeErrors(network: Network, partners: Random, directions: (node: number) => Random): Errors {
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

function seededErrors(network: Network, seed: number): Errors {
  const partners = new SeededRandom(seed, "measurements");
  return relativeErrors(network, partners, (node) => new SeededRandom(seed, `node ${node}`));
}

/** Holds the typical run (the medians over all seeds) to the limits. */
function proves(name: string, network: (seed: number) => Network, limit: Errors): void {
  Deno.test(`Vivaldi section 4: ${name}: mean error within ${limit.mean}, largest within ${limit.max}`, () => {
    const runs = SEEDS.map((seed) => seededErrors(network(seed), seed));
    const mean = median(runs.map((run) => run.mean)), max = median(runs.map((run) => run.max));
    ok(mean <= limit.mean && max <= limit.max, `mean ${mean.toPrecision(3)}, max ${max.toPrecision(3)}`);
  });
}

const LINE: Network = { nodes: 10, rtt: (a, b) => Math.abs(a - b) * 0.01 };

proves("a line of 10 nodes, 10 ms apart", () => LINE, { mean: 0.0031, max: 0.0130 });

const GRID: Network = {
  nodes: 25,
  rtt: (a, b) => 0.01 * Math.hypot(a % 5 - b % 5, Math.floor(a / 5) - Math.floor(b / 5)),
};

proves("a grid of 5 by 5, 10 ms apart", () => GRID, { mean: 0.0016, max: 0.0230 });

const SITES: Network = { nodes: 25, rtt: (a, b) => 0.001 + (a <= 12 === b <= 12 ? 0 : 0.01) };

proves("two sites, 1 ms within and 10 ms between", () => SITES, { mean: 0.000060, max: 0.00048 });

/**
 * The node in the middle is twice as far away from everybody as the circle explains: only a height can tell. The
 * plane has just the two dimensions that it needs.
 */
const CIRCLE: Network = {
  nodes: 25,
  options: { dimensions: 2 },
  rtt: (a, b) => a === 0 || b === 0 ? 0.2 : 0.2 * Math.sin(Math.PI * Math.abs(a - b) / 25),
};

// The median of 201 seeds is 0.00316 for HashiCorp's implementation and 0.00315 for ours.
proves("a circle of 100 ms with one node above its middle", () => CIRCLE, { mean: 0.0033, max: 0.064 });

const SAME_NUMBERS: readonly (readonly [string, Network, limit: Errors, theirs: Errors])[] = [
  ["line", LINE, { mean: 0.0031, max: 0.0130 }, { mean: 0.00303338, max: 0.0128873 }],
  ["grid", GRID, { mean: 0.0016, max: 0.0230 }, { mean: 0.00151575, max: 0.0229431 }],
  ["two sites", SITES, { mean: 0.000060, max: 0.00048 }, { mean: 0.0000563267, max: 0.000435 }],
  ["circle", CIRCLE, { mean: 0.0028, max: 0.064 }, { mean: 0.00270001, max: 0.0514517 }],
];

for (const [name, network, limit, theirs] of SAME_NUMBERS) {
  Deno.test(`Vivaldi section 4: ${name}: with HashiCorp's random numbers, HashiCorp's result and limits`, () => {
    const directions = new GoRandom();
    const { mean, max } = relativeErrors(network, new GoRandom(), () => directions);
    equal(mean.toPrecision(6), theirs.mean.toPrecision(6));
    equal(max.toPrecision(6), theirs.max.toPrecision(6));
    ok(mean <= limit.mean && max <= limit.max);
  });
}

Deno.test("GoRandom draws what Go draws", () => {
  const integers = new GoRandom(), floats = new GoRandom();
  equal(
    Array.from({ length: 12 }, () => integers.below(25)).join(" "),
    "6 12 22 9 6 18 0 15 6 0 19 11",
  );
  equal(floats.uniform(), 0.6046602879796196);
  equal(floats.uniform(), 0.9405090880450124);
});

proves("random round trips of 100 ms, deviating by 10", (seed) => {
  const random = new SeededRandom(seed, "truth");
  const truth = new Map<number, number>();
  for (let a = 0; a < 25; a++) {
    for (let b = a + 1; b < 25; b++) truth.set(a * 25 + b, normal(random, 0.1, 0.01));
  }
  return { nodes: 25, rtt: (a, b) => truth.get(Math.min(a, b) * 25 + Math.max(a, b))! };
}, { mean: 0.075, max: 0.33 });

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!;
}

/** Box and Muller's transform. */
function normal(random: SeededRandom, mean: number, deviation: number): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.uniform()));
  return mean + deviation * radius * Math.cos(2 * Math.PI * random.uniform());
}
