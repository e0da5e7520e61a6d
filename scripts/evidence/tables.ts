/** What the tables of docs/evidence.md are written with. */

/** Told what was just measured; long runs are watched by it. */
export type Progress = (line: string) => void;

/** A table in Markdown; the first column is text, the others are numbers. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, index) => index === 0 ? "---" : "---:");
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

/** 339002 becomes "339 002". */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, " ");
}

/** A share of a whole in percent, with three significant digits below one, two decimals above. */
export function percent(part: number, whole: number): string {
  const share = 100 * part / whole;
  return `${share === 0 || share >= 1 ? share.toFixed(2) : share.toPrecision(2)} %`;
}

/** Milliseconds as seconds. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(3)} s`;
}

/** The value below which `share` of the values lie; the values ascending. */
export function quantile(values: ArrayLike<number>, share: number): number {
  return values[Math.min(values.length - 1, Math.max(0, Math.ceil(values.length * share - 1e-9) - 1))]!;
}
