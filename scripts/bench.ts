/**
 * Compares our agent with HashiCorp's, side by side in one run, in turns, and prints ratios of medians: absolute times
 * mean little on a shared machine. CPU figures are CPU time of the agent, from the kernel. A goal that is missed is
 * marked; only what breaks ends with an error.
 *
 *     deno task bench [--against PATH|NAME] [--quick] [--only GROUP,...] [--markdown] [--collect FILE]
 *                     [--baseline [FILE]] [--write-baseline [FILE]]
 */
import { THEIRS } from "../tests/support/binaries.ts";
import { LARGE_GROUP, pingGroup, REQUEST_GROUP } from "./bench/agent_cases.ts";
import { CLUSTER_GROUP } from "./bench/cluster_cases.ts";
import { MEMBER_GROUP, REST_GROUP, SIZE_GROUP, START_GROUP } from "./bench/footprint_cases.ts";
import { type Group, measureGroup } from "./bench/meter.ts";
import { type BenchOptions, findProgram, parseBenchOptions } from "./bench/options.ts";
import { prepareSides } from "./bench/subjects.ts";
import {
  type Baseline,
  renderAgainstBaseline,
  renderLine,
  renderMarkdown,
  renderText,
  type Row,
  toBaseline,
} from "./bench/table.ts";

const ROOT = new URL("..", import.meta.url).pathname.replace(/\/$/, "");
/** In the order of the table. */
const GROUPS: readonly Group[] = [
  pingGroup(false),
  pingGroup(true),
  REQUEST_GROUP,
  LARGE_GROUP,
  CLUSTER_GROUP,
  REST_GROUP,
  MEMBER_GROUP,
  START_GROUP,
  SIZE_GROUP,
];
/** A quick run opens nothing more after so long, and measures nothing more after that: it ends within 90 s. */
const QUICK_OPENS_MS = 40_000;
const QUICK_MEASURES_MS = 65_000;

async function measure(options: BenchOptions): Promise<Row[]> {
  const peer = options.against === undefined
    ? THEIRS
    : findProgram(options.against, Deno.env.get("PATH") ?? "");
  if (peer === undefined) console.error("nothing to compare with: the peer's columns stay empty");
  const sides = await prepareSides(ROOT, peer);
  const startMs = performance.now();
  const effort = {
    isQuick: options.isQuick,
    scale: options.isQuick ? 0.1 : 1,
    untilMs: options.isQuick ? startMs + QUICK_MEASURES_MS : Infinity,
  };
  const rows: Row[] = [];
  // The clusters last: they take longest.
  const groups = GROUPS.filter((group) => group !== CLUSTER_GROUP).concat(CLUSTER_GROUP);
  for (const group of groups) {
    if (options.only.length > 0 && !options.only.some((part) => group.name.includes(part))) continue;
    if (options.isQuick && performance.now() - startMs > QUICK_OPENS_MS) {
      console.error(`left out, for time: ${group.name}`);
      continue;
    }
    await measureGroup(group, sides, effort, (row) => {
      rows.push(row);
      console.error(renderLine(row));
    });
  }
  return inOrder(rows);
}

/** The rows in the table's order; of several that say the same, the last. */
function inOrder(rows: readonly Row[]): Row[] {
  const byName = new Map(rows.map((row) => [row.what, row]));
  return GROUPS.flatMap((group) => group.figures).flatMap((figure) => byName.get(figure.what) ?? []);
}

/** The rows of this run, and those that the file had of earlier ones. */
async function collect(file: string, rows: readonly Row[]): Promise<Row[]> {
  // JSON knows no NaN: it says null, which means the same here.
  const kept = JSON.parse(await Deno.readTextFile(file).catch(() => "[]")) as Row[];
  const earlier = kept.map((row) => ({ ...row, peer: row.peer ?? NaN, floor: row.floor ?? NaN }));
  const all = inOrder([...earlier, ...rows]);
  await Deno.writeTextFile(file, JSON.stringify(all, undefined, 2));
  return all;
}

const options = parseBenchOptions(Deno.args, `${ROOT}/scripts/bench/baseline.json`);
const measured = await measure(options);
const rows = options.collect === undefined ? measured : await collect(options.collect, measured);
console.log(options.isMarkdown ? renderMarkdown(rows) : renderText(rows));
if (options.baseline !== undefined) {
  const baseline = JSON.parse(await Deno.readTextFile(options.baseline)) as Baseline;
  console.log(`\n${renderAgainstBaseline(rows, baseline)}`);
}
if (options.writeBaseline !== undefined) {
  await Deno.writeTextFile(options.writeBaseline, JSON.stringify(toBaseline(rows), undefined, 2) + "\n");
}
