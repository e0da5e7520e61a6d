/** A trial's report as a picture: how events spread, and when deaths were noticed. Plain SVG, for light and dark. */
import { describeScenario, time } from "./report_text.ts";
import { type Box, percentAxis, px, svgPage, textAt, timeAxis } from "./svg_axes.ts";
import type { DeathReach, EventReach, TrialReport } from "./trial_report.ts";

const WIDTH = 900;
const LEFT = 80;
const RIGHT = 30;
const PLOT_WIDTH = WIDTH - LEFT - RIGHT;
const CURVES_HEIGHT = 240;
const ROW_HEIGHT = 24;
/** So many events get a line, and so many deaths a row. */
const EVENTS_MAX = 6;
const DEATHS_MAX = 12;
const COLORS = ["#2f81f7", "#d29922", "#3fb950", "#db61a2", "#8957e5", "#f0883e"];

const STYLE = `  .head { font-size: 14px; }
  .label, .tick, .note { font-size: 12px; }
  .grid { stroke-opacity: 0.2; }
  .curve { stroke-width: 2; }
  .unnoticed { fill: #8c959f; fill-opacity: 0.45; }
  .spreading { fill: #d29922; }
  .open { fill-opacity: 0.35; }
  .known { fill: #3fb950; }
  .alarm { stroke: #f85149; stroke-width: 1.5; }
  .cut { fill: #f85149; fill-opacity: 0.1; }
`;

/** The picture, without a newline at the end. */
export function renderReportSvg(report: TrialReport): string {
  const curves: Box = { x: LEFT, y: 118, width: PLOT_WIDTH, height: CURVES_HEIGHT };
  const rows = Math.max(1, Math.min(report.deaths.length, DEATHS_MAX)) + 1;
  const timeline: Box = {
    x: LEFT,
    y: curves.y + curves.height + 112,
    width: PLOT_WIDTH,
    height: rows * ROW_HEIGHT + 8,
  };
  const height = timeline.y + timeline.height + 60;
  const title = "Simulated Serf cluster";
  return svgPage(WIDTH, height, STYLE, [
    textAt(LEFT, 36, title, "title"),
    textAt(LEFT, 57, describeScenario(report.scenario), "note"),
    ...drawInfection(report, curves),
    ...drawTimeline(report, timeline),
  ]);
}

function drawInfection({ events, scenario }: TrialReport, box: Box): string[] {
  const drawn = events.slice(0, EVENTS_MAX);
  // Stragglers, of whom a partition may make many, would squeeze the rest: their lines leave at the right.
  const spreadMs = drawn.map((event) => event.p99 ?? event.p50 ?? event.curve.at(-1)?.[0] ?? 0);
  // No line goes on beyond the end of the run: nobody has looked there.
  const lastsMs = (event: EventReach) => scenario.durationMs - event.atMs;
  const watchedMs = Math.max(0, ...drawn.map(lastsMs));
  const maxMs = Math.max(100, Math.min(watchedMs, Math.max(...spreadMs.map((ms) => ms * 1.3))));
  const hidden = events.length - drawn.length;
  return [
    textAt(box.x, box.y - 30, "Spread of user events", "head"),
    ...drawLegend(drawn.map((_, i) => [COLORS[i]!, `event-${i + 1}`]), box.x + 190, box.y - 30),
    ...percentAxis(box),
    ...timeAxis(box, maxMs, "time since the event was sent"),
    ...drawn.map((event, i) => drawCurve(event, box, maxMs, Math.min(maxMs, lastsMs(event)), COLORS[i]!)),
    events.length === 0
      ? textAt(box.x + 12, box.y + 24, "no events were sent", "note")
      : summarize(drawn[0]!, hidden, box),
  ];
}

/** What the first one's line shows, in words, where lines seldom are: at the lower right. */
function summarize(event: EventReach, hidden: number, box: Box): string {
  const all = event.all === null
    ? `${event.reached} of ${event.members} reached`
    : `all after ${time(event.all)}`;
  const more = hidden > 0 ? `; ${hidden} not drawn` : "";
  const shares = [["half of the members", event.p50], ["99%", event.p99]] as const;
  const reached = shares.filter(([, ms]) => ms !== null).map(([share, ms]) => `${share} after ${time(ms)}, `);
  const text = `event-1: ${reached.join("")}${all}${more}`;
  return textAt(box.x + box.width - 8, box.y + box.height - 10, text, "note", "end");
}

function drawCurve(
  { curve, members }: EventReach,
  box: Box,
  maxMs: number,
  endMs: number,
  color: string,
): string {
  const point = (ms: number, count: number) =>
    `${px(box.x + ms / maxMs * box.width)} ${px(box.y + box.height * (1 - count / Math.max(1, members)))}`;
  const seen = curve.filter(([ms]) => ms <= maxMs);
  const ends = [...seen, [endMs, seen.at(-1)?.[1] ?? 0] as const];
  const path = ends.map(([ms, count]) => `L${point(ms, count)}`).join("");
  return `<path class="curve" stroke="${color}" d="M${point(0, 0)}${path}"/>`;
}

function drawTimeline({ scenario, deaths, falseAlarms, falseAlarmsMs }: TrialReport, box: Box): string[] {
  const { durationMs } = scenario;
  const at = (ms: number) => box.x + Math.min(1, ms / durationMs) * box.width;
  const parts = [
    textAt(box.x, box.y - 30, "Detection of deaths", "head"),
    ...drawLegend(
      [["#b9bec4", "unnoticed"], ["#d29922", "spreading"], ["#3fb950", "all know"], [
        "#f85149",
        "false alarm",
      ]],
      box.x + 190,
      box.y - 30,
    ),
    ...timeAxis(box, durationMs, "time of the run"),
  ];
  if (scenario.partitionRatio > 0) parts.push(drawCut(at(0), at(scenario.partitionMs), box));
  const drawn = deaths.slice(0, DEATHS_MAX);
  drawn.forEach((death, row) =>
    parts.push(...drawDeath(death, box.y + 4 + row * ROW_HEIGHT, at, durationMs))
  );
  if (drawn.length === 0) parts.push(textAt(box.x + 12, box.y + 20, "nobody was killed", "note"));
  const y = box.y + box.height - ROW_HEIGHT;
  const hidden = deaths.length - drawn.length;
  const more = hidden > 0 ? `${hidden} deaths not drawn; ` : "";
  parts.push(
    textAt(box.x - 8, y + 16, "alarms", "tick", "end"),
    ...falseAlarmsMs.map((ms) =>
      `<line class="alarm" x1="${px(at(ms))}" x2="${px(at(ms))}" y1="${px(y + 4)}" y2="${px(y + 20)}"/>`
    ),
    textAt(box.x + box.width, box.y - 30, `${more}${falseAlarms.all} false alarms`, "note", "end"),
  );
  return parts;
}

function drawDeath(death: DeathReach, y: number, at: (ms: number) => number, durationMs: number): string[] {
  const { atMs, first, all, member } = death;
  const bar = (style: string, fromMs: number, toMs: number) =>
    `<rect class="${style}" x="${px(at(fromMs))}" y="${px(y + 4)}" width="${
      px(at(toMs) - at(fromMs))
    }" height="14"/>`;
  const firstMs = first === null ? durationMs : atMs + first;
  const allMs = all === null ? durationMs : atMs + all;
  const parts = [textAt(at(0) - 8, y + 16, member, "tick", "end"), bar("unnoticed", atMs, firstMs)];
  if (first !== null) {
    // At least a line: mostly all know within a moment.
    parts.push(
      bar(
        all === null ? "spreading open" : "spreading",
        firstMs,
        Math.max(allMs, firstMs + durationMs / 400),
      ),
    );
    const last = all === null ? `${death.reached} of ${death.members} in the end` : `all ${time(all)}`;
    const words = `first ${time(first)}, median ${time(death.p50)}, ${last}`;
    parts.push(
      textAt(at(all === null ? firstMs : Math.min(allMs, durationMs * 0.7)) + 10, y + 16, words, "note"),
    );
  }
  if (all !== null) parts.push(`<circle class="known" cx="${px(at(allMs))}" cy="${px(y + 11)}" r="5"/>`);
  return parts;
}

function drawCut(fromX: number, toX: number, box: Box): string {
  const area = `x="${px(fromX)}" y="${px(box.y)}" width="${px(toX - fromX)}" height="${px(box.height)}"`;
  return `<rect class="cut" ${area}/>` + textAt(toX - 6, box.y + box.height - 8, "partition", "note", "end");
}

/** Colours and what they stand for, in a line from `x` on. */
function drawLegend(entries: readonly (readonly [string, string])[], x: number, y: number): string[] {
  return entries.map(([color, text], i) => {
    const left = x + i * 96;
    return `<rect x="${px(left)}" y="${px(y - 10)}" width="12" height="12" rx="2" fill="${color}"/>` +
      textAt(left + 18, y, text, "note");
  });
}
