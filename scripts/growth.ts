/**
 * What a larger cluster costs an agent, for our program and HashiCorp's: real agents that know n members, who are
 * answered for. Prints the table of docs/evidence.md, and draws docs/growth.svg.
 *
 *     deno run --allow-all scripts/growth.ts [--against PATH|NAME] [--sizes N,...] [--collect FILE] [--svg FILE]
 *
 * `--collect` keeps the points in a file, and adds to those that it has: sizes may be measured one by one.
 */
import { findProgram } from "./bench/options.ts";
import { type Measured, type Point, renderGrowth } from "./growth/figures.ts";
import { GrowthSubject } from "./growth/measure.ts";
import { renderGrowthSvg } from "./growth/plot.ts";
import type { Side } from "./bench/meter.ts";

const ROOT = new URL("..", import.meta.url).pathname.replace(/\/$/, "");

function valueOf(flag: string): string | undefined {
  const index = Deno.args.indexOf(flag);
  return index < 0 ? undefined : Deno.args[index + 1];
}

async function measureSize(sides: readonly Side[], members: number): Promise<Point> {
  const subjects: GrowthSubject[] = [];
  try {
    for (const side of sides) subjects.push(await GrowthSubject.start(side, members));
    // They tell their news at the same time, and are measured one after the other.
    await Promise.all(subjects.map((subject) => subject.settle()));
    const measured: Measured[] = [];
    for (const subject of subjects) measured.push(await subject.measure());
    return { members, ours: measured[0]!, peer: measured[1] };
  } finally {
    await Promise.all(subjects.map((subject) => subject.stop()));
  }
}

const peer = findProgram(valueOf("--against") ?? "/usr/bin/serf", Deno.env.get("PATH") ?? "");
const sides: Side[] = [{ role: "ours", binary: `${ROOT}/dist/serf`, network: "127.0.60" }];
if (peer !== undefined) sides.push({ role: "peer", binary: peer, network: "127.0.61" });
const collected = valueOf("--collect");
const points = new Map<number, Point>();
if (collected !== undefined) {
  const kept = JSON.parse(await Deno.readTextFile(collected).catch(() => "[]")) as Point[];
  for (const point of kept) points.set(point.members, point);
}
const sizes = valueOf("--sizes") ?? "10,100,1000,10000";
for (const members of sizes.split(",").filter((size) => size !== "").map(Number)) {
  const point = await measureSize(sides, members);
  console.error(JSON.stringify(point));
  points.set(members, point);
}
const all = [...points.values()].sort((a, b) => a.members - b.members);
if (collected !== undefined) await Deno.writeTextFile(collected, JSON.stringify(all, undefined, 2));
const svg = valueOf("--svg");
if (svg !== undefined && all.length > 1) await Deno.writeTextFile(svg, renderGrowthSvg(all));
console.log(renderGrowth(all));
