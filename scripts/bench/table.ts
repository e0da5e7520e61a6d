/** The table of the comparison: as text, in Markdown, and against a baseline. Pure. */

/**
 * What is asked for, as a bound on a ratio: to the peer's figure, or to the floor's (an empty program, the runtime).
 * `plus` allows so many units above the floor instead. `enough` is a figure, in the row's unit, that is good whatever
 * the peer takes: for what depends on timers and sizes, and not on the speed of the machine.
 */
export type Goal =
  | { readonly of: "peer"; readonly ratioMax: number; readonly enough?: number }
  | { readonly of: "floor"; readonly ratioMax: number }
  | { readonly of: "floor"; readonly plus: number };

/** One line of the table; NaN for what was not measured. */
export interface Row {
  readonly what: string;
  readonly unit: string;
  readonly goal: Goal;
  readonly ours: number;
  readonly peer: number;
  readonly floor: number;
}

const HEAD = ["what", "ours", "HashiCorp's", "ratio", "floor", "of floor", "goal", ""];

/** What we take, as a share of what the goal refers to. */
export function goalRatio(row: Row): number {
  return row.ours / (row.goal.of === "peer" ? row.peer : row.floor);
}

/** Whether the goal is reached; undefined when it was not measured. */
export function isReached(row: Row): boolean | undefined {
  const { goal } = row;
  const ratio = goalRatio(row);
  if (!Number.isFinite(ratio)) return undefined;
  if ("plus" in goal) return row.ours - row.floor <= goal.plus;
  return ratio <= goal.ratioMax || goal.of === "peer" && row.ours <= (goal.enough ?? -1);
}

function verdict(row: Row): string {
  const reached = isReached(row);
  return reached === undefined ? "not compared" : reached ? "reached" : "missed";
}

function goalText({ goal, unit }: Row): string {
  if ("plus" in goal) return `floor + ${goal.plus} ${unit}`;
  const bound = `<= ${goal.ratioMax.toFixed(2)}`;
  if (goal.of === "floor") return `${bound} of floor`;
  return goal.enough === undefined ? bound : `${bound} or ${goal.enough} ${unit}`;
}

/** Three digits of a positive number, or all before the point if they are more. */
export function threeDigits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function figure(value: number, unit: string): string {
  return Number.isFinite(value) ? `${threeDigits(value)} ${unit}` : "-";
}

function ratio(value: number): string {
  return Number.isFinite(value) ? value.toFixed(2) : "-";
}

function cells(row: Row): string[] {
  return [
    row.what,
    figure(row.ours, row.unit),
    figure(row.peer, row.unit),
    ratio(row.ours / row.peer),
    figure(row.floor, row.unit),
    ratio(row.ours / row.floor),
    goalText(row),
    verdict(row),
  ];
}

/** Columns of text, aligned. */
export function alignColumns(table: readonly (readonly string[])[]): string {
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table.map((row) => row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd()).join("\n");
}

/** The table as aligned text. */
export function renderText(rows: readonly Row[]): string {
  return alignColumns([HEAD, ...rows.map(cells)]);
}

/** One row in a line, for who watches. */
export function renderLine(row: Row): string {
  return cells(row).filter((cell) => cell !== "-").join("  ");
}

/** The table in Markdown, a missed goal in bold. */
export function renderMarkdown(rows: readonly Row[]): string {
  const line = (row: readonly string[]) => `| ${row.join(" | ")} |`;
  const body = rows.map(cells).map((row) => {
    const last = row.at(-1)!;
    return line([...row.slice(0, -1), last === "missed" ? `**${last}**` : last]);
  });
  const rule = line(HEAD.map((_, i) => i === 0 || i >= HEAD.length - 2 ? "---" : "---:"));
  return [line([...HEAD.slice(0, -1), "verdict"]), rule, ...body].join("\n");
}

/** The ratios of an earlier run, by row. */
export type Baseline = Readonly<Record<string, number>>;

/** The ratios to keep. */
export function toBaseline(rows: readonly Row[]): Baseline {
  const known = rows.filter((row) => Number.isFinite(goalRatio(row)));
  return Object.fromEntries(known.map((row) => [row.what, Number(goalRatio(row).toPrecision(3))]));
}

/** Each row's ratio next to the baseline's. */
export function renderAgainstBaseline(rows: readonly Row[], baseline: Baseline): string {
  return alignColumns([
    ["what", "ratio", "baseline", "change"],
    ...rows.map((row) => {
      const now = goalRatio(row);
      const before = baseline[row.what] ?? NaN;
      const change = (now / before - 1) * 100;
      const changed = Number.isFinite(change) ? `${change < 0 ? "" : "+"}${change.toFixed(0)} %` : "-";
      return [row.what, ratio(now), ratio(before), changed];
    }),
  ]);
}
