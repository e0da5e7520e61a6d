/** A few Serf nodes in one simulated world. */
import { LogLevel } from "../../../lib/base/ports.ts";
import { SerfLife, type SerfLifeOptions } from "../../../lib/sim/serf_life.ts";
import { SimCluster } from "../../../lib/sim/sim_cluster.ts";
import type { SimNode } from "../../../lib/sim/sim_node.ts";

/** A cluster that is not started yet. */
export function serfCluster(
  size: number,
  choose: (node: SimNode<SerfLife>) => SerfLifeOptions = () => ({}),
  seed = 1,
): SimCluster<SerfLife> {
  const options = { seed, size, logLevel: LogLevel.trace };
  return new SimCluster<SerfLife>(options, (node, ports) => new SerfLife(node, ports, choose(node)));
}

/** A cluster that was formed through node 0, with time for the join intents to get round. */
export function formedCluster(
  size: number,
  choose: (node: SimNode<SerfLife>) => SerfLifeOptions = () => ({}),
  seed = 1,
): SimCluster<SerfLife> {
  const cluster = serfCluster(size, choose, seed);
  cluster.form();
  cluster.runFor(3000);
  return cluster;
}

/** Runs until every running node sees `name` with this status ("unknown" when erased). @returns whether it came so. */
export function untilAllSee(
  cluster: SimCluster<SerfLife>,
  name: string,
  status: string,
  limitMs: number,
): boolean {
  return cluster.runUntil(
    () => cluster.running.every((node) => (node.life.view[name] ?? "unknown") === status),
    limitMs,
  );
}
