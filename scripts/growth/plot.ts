/** The growth of all figures as a picture: one plot each, both axes logarithmic. Plain SVG, for light and dark. Pure. */
import { type Box, px, svgPage, textAt } from "../../lib/sim/experiments/svg_axes.ts";
import { type Figure, FIGURES, type Point } from "./figures.ts";

const COLUMNS = 3;
const PLOT = { width: 236, height: 178 };
const GAP = { x: 66, y: 78 };
const MARGIN = { left: 62, top: 118, right: 24, bottom: 66 };
const WIDTH = MARGIN.left + COLUMNS * PLOT.width + (COLUMNS - 1) * GAP.x + MARGIN.right;
const SERIES = [
  { who: "ours", color: "#2f81f7", label: "this Serf" },
  { who: "peer", color: "#d29922", label: "HashiCorp's Serf" },
] as const;

const STYLE = `  .head { font-size: 13.5px; }
  .label, .tick, .note { font-size: 11.5px; }
  .grid { stroke-opacity: 0.22; }
  .linear { stroke: #8c959f; stroke-width: 1.5; stroke-dasharray: 4 4; fill: none; }
  .curve { stroke-width: 2.25; }
`;

/** A logarithmic scale from powers of ten to pixels. */
interface Scale {
  readonly from: number;
  readonly to: number;
}

/** The picture. @param points at least two sizes, ascending. */
export function renderGrowthSvg(points: readonly Point[]): string {
  const rows = Math.ceil(FIGURES.length / COLUMNS);
  const height = MARGIN.top + rows * PLOT.height + (rows - 1) * GAP.y + MARGIN.bottom;
  const plots = FIGURES.flatMap((figure, index) => {
    const x = MARGIN.left + (index % COLUMNS) * (PLOT.width + GAP.x);
    const y = MARGIN.top + Math.floor(index / COLUMNS) * (PLOT.height + GAP.y);
    return drawPlot(figure, points, { x, y, ...PLOT });
  });
  const page = svgPage(WIDTH, height, STYLE, [
    textAt(MARGIN.left - 38, 34, "What a larger cluster costs an agent", "title"),
    ...drawLegend(points, MARGIN.left - 38, 62),
    ...plots,
    textAt(WIDTH / 2, height - 18, "members of the cluster", "label", "middle"),
  ]);
  return `${page}\n`;
}

function drawLegend(points: readonly Point[], x: number, y: number): string[] {
  const entries = SERIES.filter(({ who }) => points.every((point) => point[who] !== undefined)).map((
    each,
  ) => [
    `<line class="curve" stroke="${each.color}" x1="0" x2="22" y1="-4" y2="-4"/>` +
    `<circle cx="11" cy="-4" r="3.5" fill="${each.color}"/>`,
    each.label,
  ]);
  entries.push([`<line class="linear" x1="0" x2="22" y1="-4" y2="-4"/>`, "linear growth"]);
  return entries.map(([mark, label], i) =>
    `<g transform="translate(${x + i * 160} ${y})">${mark}${textAt(30, 0, label!, "note")}</g>`
  );
}

function drawPlot(figure: Figure, points: readonly Point[], box: Box): string[] {
  const curves = SERIES.flatMap(({ who, color }) => {
    if (points.some((point) => point[who] === undefined)) return [];
    // A figure too small to measure stands at the bottom.
    return [{ color, values: points.map((point) => Math.max(1e-3, figure.of(point[who]!, point.members))) }];
  });
  const all = curves.flatMap((curve) => curve.values);
  const sizes = points.map((point) => point.members);
  const across = { from: Math.log10(sizes[0]!), to: Math.log10(sizes.at(-1)!) };
  const up = { from: Math.floor(Math.log10(Math.min(...all))), to: Math.ceil(Math.log10(Math.max(...all))) };
  if (up.to - up.from < 2) up.to = up.from + 2;
  const at = (n: number, value: number): string =>
    `${px(box.x + share(across, n) * box.width)},${px(box.y + (1 - share(up, value)) * box.height)}`;
  const title = figure.title.replaceAll("`", "");
  return [
    textAt(box.x - 38, box.y - 16, `${title}, ${figure.unit.replace("us", "\u00b5s")}`, "head"),
    ...drawGrid(box, sizes, across, up),
    drawLinear(box, across, up, at),
    ...curves.flatMap(({ color, values }) => [
      `<polyline class="curve" stroke="${color}" points="${
        values.map((v, i) => at(sizes[i]!, v)).join(" ")
      }"/>`,
      ...values.map((value, i) => {
        const [x, y] = at(sizes[i]!, value).split(",");
        return `<circle cx="${x}" cy="${y}" r="3.5" fill="${color}"/>`;
      }),
    ]),
  ];
}

/** From the lower left corner up one power of ten for each power of ten to the right, as far as the box goes. */
function drawLinear(box: Box, across: Scale, up: Scale, at: (n: number, value: number) => string): string {
  const powers = Math.min(across.to - across.from, up.to - up.from);
  const start = at(10 ** across.from, 10 ** up.from);
  const end = at(10 ** (across.from + powers), 10 ** (up.from + powers));
  return box.width > 0 ? `<polyline class="linear" points="${start} ${end}"/>` : "";
}

function share(scale: Scale, value: number): number {
  return (Math.log10(value) - scale.from) / (scale.to - scale.from);
}

function drawGrid(box: Box, sizes: readonly number[], across: Scale, up: Scale): string[] {
  const bottom = box.y + box.height;
  const lines: string[] = [];
  for (const n of sizes) {
    const x = box.x + share(across, n) * box.width;
    lines.push(
      `<line class="grid" x1="${px(x)}" x2="${px(x)}" y1="${px(box.y)}" y2="${px(bottom)}"/>`,
      textAt(x, bottom + 16, shortNumber(n), "tick", "middle"),
    );
  }
  for (let power = up.from; power <= up.to; power++) {
    const y = box.y + (1 - (power - up.from) / (up.to - up.from)) * box.height;
    lines.push(
      `<line class="grid" x1="${px(box.x)}" x2="${px(box.x + box.width)}" y1="${px(y)}" y2="${px(y)}"/>`,
      textAt(box.x - 7, y + 4, shortNumber(10 ** power), "tick", "end"),
    );
  }
  lines.push(
    `<line class="axis" x1="${px(box.x)}" x2="${px(box.x + box.width)}" y1="${px(bottom)}" y2="${
      px(bottom)
    }"/>`,
    `<line class="axis" x1="${px(box.x)}" x2="${px(box.x)}" y1="${px(box.y)}" y2="${px(bottom)}"/>`,
  );
  return lines;
}

/** 10000 becomes "10k". */
function shortNumber(value: number): string {
  if (value >= 1e6) return `${value / 1e6}M`;
  return value >= 1e3 ? `${value / 1e3}k` : String(Number(value.toPrecision(3)));
}
