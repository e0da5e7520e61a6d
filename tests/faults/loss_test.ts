/** Lost packets, of UDP and TCP alike, on every link: a cluster forms, events arrive, and who is well is not declared failed. */
import { ok } from "../support/assert.ts";
import { sleep } from "../support/agents.ts";
import {
  type FaultCluster,
  NAMES,
  noSpreadVerdicts,
  noVerdicts,
  testFaults,
  type Verdict,
} from "./fault_cluster.ts";

const OBSERVE_MS = 20_000;
/** One of each program, and one that nobody asked at first. */
const SENDERS = ["o01", "h05", "o20"];
/** Fewer packets than this tell nothing. */
const PACKETS_MIN = 1_000;
/** How many may miss one refutation: each does with a chance of 1/400 at a loss of a quarter, by the protocol's formula. */
const FEW = 3;

/** Forms a cluster and sends events under loss, and prints what happened. @returns the false verdicts. */
async function survive(cluster: FaultCluster, lossRatio: number): Promise<Verdict[]> {
  cluster.lab.setAll({ lossRatio });
  const begin = performance.now();
  await cluster.start();
  await cluster.agree();
  const formed = performance.now();
  const verdicts = await cluster.watch();
  const spreadMs = await cluster.spread(SENDERS, NAMES);
  await sleep(Math.max(0, formed + OBSERVE_MS - performance.now()));
  const wrong = await verdicts();
  const { lost, forwarded } = cluster.lab.counters();
  const all = lost + forwarded;
  console.log(
    `loss ${lossRatio}: formed in ${seconds(formed - begin)} s, events at all in ${seconds(spreadMs)} s, ` +
      `${wrong.length} false verdicts in ${
        seconds(performance.now() - formed)
      } s, ${lost} of ${all} packets lost`,
  );
  ok(all > PACKETS_MIN && Math.abs(lost / all - lossRatio) < 0.03, `${lost} of ${all} lost`);
  return wrong;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}

testFaults("faults: 5 % loss on all links: nobody is declared failed", 5, async (cluster) => {
  noVerdicts(await survive(cluster, 0.05), NAMES);
  cluster.nothingCameTwice();
});

testFaults("faults: 25 % loss on all links: the cluster declares nobody failed", 25, async (cluster) => {
  noSpreadVerdicts(await survive(cluster, 0.25), FEW);
  cluster.nothingCameTwice();
});

testFaults(
  "faults: 50 % loss on all links: false verdicts are few, and heal under loss",
  50,
  async (cluster) => {
    const wrong = await survive(cluster, 0.5);
    ok(wrong.length <= 2 * NAMES.length, `${wrong.length} false verdicts`);
    cluster.nothingCameTwice();
    // All see all alive at some moment, though half of all is lost.
    await cluster.agree();
  },
);
