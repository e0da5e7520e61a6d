/** How wrong network coordinates are on known networks, against what HashiCorp's tests allow. */
import { GoRandom } from "../../tests/paper/go_random.ts";
import { median } from "../bench/measure.ts";
import { type Errors, relativeErrors, seededErrors, TRIALS } from "../../tests/paper/vivaldi_networks.ts";
import { markdownTable, type Progress } from "./tables.ts";

const SEEDS = Array.from({ length: 201 }, (_, index) => index + 1);

/** @returns the table. */
export function vivaldiTable(progress: Progress): string {
  const rows = TRIALS.map(({ name, network, limit, theirs }) => {
    const runs = SEEDS.map((seed) => seededErrors(network(seed), seed));
    const within = runs.filter(({ mean, max }) => mean <= limit.mean && max <= limit.max).length;
    progress(name);
    const directions = new GoRandom();
    const same = relativeErrors(network(1), new GoRandom(), () => directions);
    return [
      name,
      both(limit),
      theirs === undefined ? "-" : both(theirs),
      theirs === undefined ? "-" : both(same),
      both({ mean: median(runs.map((run) => run.mean)), max: median(runs.map((run) => run.max)) }),
      `${within} of ${SEEDS.length}`,
    ];
  });
  const head = [
    "",
    "limit",
    "HashiCorp's run",
    "ours, same numbers",
    "ours, median",
    "seeds within the limit",
  ];
  return markdownTable(head, rows);
}

function both({ mean, max }: Errors): string {
  return `${significant(mean)} / ${significant(max)}`;
}

/** Three significant digits, never in powers of ten. */
function significant(value: number): string {
  return value.toFixed(2 - Math.floor(Math.log10(value)));
}
