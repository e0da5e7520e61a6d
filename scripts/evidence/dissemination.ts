/** How long gossip takes to reach 99.99 % of the members, against what Serf publishes. */
import { convergenceTimes, PUBLISHED_CONVERGENCE } from "../../lib/sim/experiments/dissemination.ts";
import { count, markdownTable, type Progress, quantile, seconds } from "./tables.ts";

const RUMOURS: Readonly<Record<number, number>> = { 30: 500, 1_000: 11, 10_000: 3 };

/** @returns the table. */
export function disseminationTable(progress: Progress): string {
  const rows = PUBLISHED_CONVERGENCE.map(({ members, lossRatio, publishedMs }) => {
    const rumours = RUMOURS[members]!;
    const times = convergenceTimes(1, members, lossRatio, rumours);
    const died = times.filter((time) => time === Infinity).length;
    progress(`${members} members, loss ${lossRatio}: median ${quantile(times, 0.5)}`);
    return [
      count(members),
      `${lossRatio * 100} %`,
      seconds(publishedMs),
      seconds(quantile(times, 0.5)),
      seconds(quantile(times, 0.9)),
      `${died} of ${count(rumours)}`,
    ];
  });
  const head = ["members", "loss", "published", "ours, median", "nine of ten within", "not by gossip alone"];
  return markdownTable(head, rows);
}
