/** The growth measurement, without agents: its table, its picture, the packets that it sends. */
import { exponent, type Measured, type Point, renderGrowth } from "../../scripts/growth/figures.ts";
import { gossipPackets } from "../../scripts/growth/measure.ts";
import { renderGrowthSvg } from "../../scripts/growth/plot.ts";
import { answersTo } from "../../scripts/bench/responder_answers.ts";
import { createAlive, decodeAlive, MessageType } from "../../lib/memberlist/messages.ts";
import { decodeCompound } from "../../lib/wire/compound.ts";
import { equal, ok } from "../support/assert.ts";

const measured = (factor: number): Measured => ({
  restCpuMs: 1,
  restBytes: 100,
  memoryKib: 1_024 * factor,
  membersMs: factor,
  mergeCpuMs: 3 * factor,
  mergeBytes: 150 * factor,
  packetCpuUs: 50,
});
const POINTS: readonly Point[] = [10, 100, 10_000].map((members) => ({
  members,
  ours: measured(members),
  peer: measured(2),
}));

Deno.test("exponent() says how a figure grows between the two largest sizes", () => {
  equal(exponent([1, 10, 1_000], [10, 100, 10_000]).toFixed(3), "1.000");
  equal(exponent([1, 5, 5], [10, 100, 10_000]), 0);
  equal(exponent([1, 2, 20_000], [10, 100, 10_000]).toFixed(3), "2.000");
});

Deno.test("renderGrowth() has both programs; rates include push/pulls, which are rarer in large clusters", () => {
  const lines = renderGrowth(POINTS).split("\n");
  equal(lines[0], "| members | 10 | 100 | 10 000 | grows as |");
  // 1 + 30 * 2 / 30; 1 + 300 * 2 / 90; 1 + 30000 * 2 / 300.
  equal(lines[2], "| CPU per second, ms | 3.00 | 7.67 | 201 | n^0.71 |");
  equal(lines[7], "| HashiCorp's | 2.00 | 2.00 | 2.00 | n^0.00 |");
  equal(lines.length, 14);
});

Deno.test("renderGrowthSvg() draws every figure of both programs, and nothing that is no number", () => {
  const svg = renderGrowthSvg(POINTS);
  equal(svg.match(/<polyline class="curve"/g)!.length, 12);
  ok(!/NaN|Infinity|undefined/.test(svg));
  ok(svg.startsWith("<svg ") && svg.endsWith("</svg>\n"));
  const alone = renderGrowthSvg(POINTS.map(({ members, ours }) => ({ members, ours, peer: undefined })));
  equal(alone.match(/<polyline class="curve"/g)!.length, 6);
  ok(!alone.includes("HashiCorp"));
});

Deno.test("gossipPackets() names members of the whole cluster, and each packet is answered once", () => {
  const names = new Set<string>();
  const alive = createAlive();
  for (const packet of gossipPackets(1_000, 5_000)) {
    equal(answersTo(packet).length, 1);
    decodeCompound(packet, 1, packet.length, (start, end) => {
      if (packet[start] !== MessageType.alive) return;
      decodeAlive(packet, start + 1, end, alive);
      names.add(alive.node);
    });
  }
  equal(names.size, 1_000);
});
