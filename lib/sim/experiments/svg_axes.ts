/** The parts of a picture: its page, and a frame with axes, in plain SVG, for light and dark. Pure. */

/** A rectangle of the picture, in pixels. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** About so many marks on an axis. */
const TICKS = 6;

/** What all pictures look like. */
const STYLE = `
  svg { font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
  .back { fill: #ffffff; }
  text { fill: #1f2328; }
  .title { font-size: 19px; font-weight: 600; }
  .head { font-weight: 600; }
  .label, .tick, .note { fill: #656d76; }
  .axis { stroke: #8c959f; stroke-width: 1; }
  .grid { stroke: #8c959f; stroke-width: 1; }
  .curve { fill: none; stroke-linejoin: round; }
  @media (prefers-color-scheme: dark) {
    .back { fill: #0d1117; }
    text { fill: #e6edf3; }
    .label, .tick, .note { fill: #8d96a0; }
  }
`;

/** A whole picture, without a newline at its end. @param style rules of its own, a line each. */
export function svgPage(width: number, height: number, style: string, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    `<style>${STYLE}${style}</style>`,
    `<rect class="back" width="${width}" height="${height}" rx="6"/>`,
    ...parts,
    "</svg>",
  ].join("\n");
}

/** Text that may stand in XML. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** A coordinate: a tenth of a pixel is enough. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** One line of text. @param anchor where `x` is in it. */
export function textAt(
  x: number,
  y: number,
  text: string,
  style: string,
  anchor: "start" | "middle" | "end" = "start",
): string {
  return `<text x="${px(x)}" y="${px(y)}" class="${style}" text-anchor="${anchor}">${escapeXml(text)}</text>`;
}

/** Marks for 0 to `max`, at round numbers: 0, 500, 1000 ... */
export function niceTicks(max: number): number[] {
  const rough = max / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough)!;
  const ticks: number[] = [];
  for (let i = 0; i * step <= max * (1 + 1e-9); i++) ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

/** A time axis below `box`, with a grid line for each mark. */
export function timeAxis(box: Box, maxMs: number, label: string): string[] {
  const bottom = box.y + box.height;
  const lines = niceTicks(maxMs).flatMap((ms) => {
    const x = box.x + ms / maxMs * box.width;
    return [
      `<line class="grid" x1="${px(x)}" x2="${px(x)}" y1="${px(box.y)}" y2="${px(bottom)}"/>`,
      textAt(x, bottom + 16, shortTime(ms, maxMs), "tick", "middle"),
    ];
  });
  return [
    ...lines,
    `<line class="axis" x1="${px(box.x)}" x2="${px(box.x + box.width)}" y1="${px(bottom)}" y2="${
      px(bottom)
    }"/>`,
    textAt(box.x + box.width / 2, bottom + 34, label, "label", "middle"),
  ];
}

/** An axis of percents at the left of `box`, with a grid line for each quarter. */
export function percentAxis(box: Box): string[] {
  return [0, 25, 50, 75, 100].flatMap((percent) => {
    const y = box.y + box.height * (1 - percent / 100);
    return [
      `<line class="grid" x1="${px(box.x)}" x2="${px(box.x + box.width)}" y1="${px(y)}" y2="${px(y)}"/>`,
      textAt(box.x - 8, y + 4, `${percent}%`, "tick", "end"),
    ];
  });
}

function shortTime(ms: number, maxMs: number): string {
  if (maxMs < 2_000) return `${ms} ms`;
  return maxMs < 600_000 ? `${ms / 1_000} s` : `${Number((ms / 60_000).toPrecision(4))} min`;
}
