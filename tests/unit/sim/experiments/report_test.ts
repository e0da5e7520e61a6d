import { deepEqual, equal, match, ok } from "../../../support/assert.ts";
import { renderReportSvg } from "../../../../lib/sim/experiments/report_svg.ts";
import { renderReportText } from "../../../../lib/sim/experiments/report_text.ts";
import { resolveScenario, type Scenario } from "../../../../lib/sim/experiments/scenario.ts";
import { escapeXml, niceTicks } from "../../../../lib/sim/experiments/svg_axes.ts";
import { describeReach, type TrialReport } from "../../../../lib/sim/experiments/trial_report.ts";

function report(overrides: Partial<TrialReport> = {}, scenario: Partial<Scenario> = {}): TrialReport {
  const depth = { mean: 0.5, max: 3 };
  return {
    scenario: resolveScenario({ nodes: 4, ...scenario }),
    join: { who: "all", ms: 1_234, learntMs: null },
    events: [{ origin: "n2", ...describeReach(1_000, 3, [0, 210, 402.4]) }],
    deaths: [{ member: "n1", ...describeReach(2_000, 3, [5_000, 5_100, 7_250]), first: 5_000 }],
    falseAlarms: { all: 2, atHealthy: 1, aboutSlow: 7, byPartition: 9 },
    falseAlarmsMs: [100, 30_000],
    restarts: 0,
    traffic: { packets: 2.5, packetBytes: 300.4, streams: 0.0666, streamBytes: 51.6 },
    queues: { membership: depth, intent: depth, event: depth, query: depth },
    agreement: { members: 3, agree: 2 },
    ...overrides,
  };
}

Deno.test("renderReportText() says everything in a screen of text", () => {
  equal(
    renderReportText(report()),
    `4 members, lan profile, seed 1, 1m0s, 1 killed

Join of all 4: all knew all after 1.23s

Event    From  50%    99%    99.99%  100%   Reached
event-1  n2    210ms  402ms  402ms   402ms  3/3

Death  First  Median  All    Noticed
n1     5.00s  5.10s   7.25s  3/3

False positives: 2 (1 at healthy members)

Sent per member and second: 2.50 packets of 300 bytes together, 0.067 streams of 52 bytes together

Queue       Mean   Max
membership  0.500  3
intent      0.500  3
event       0.500  3
query       0.500  3

In the end 2 of 3 members know exactly who is there`,
  );
});

Deno.test("renderReportText() says what did not happen, and what was asked for", () => {
  const text = renderReportText(report({
    join: { who: "one", ms: null, learntMs: null },
    events: [{ origin: "n2", ...describeReach(1_000, 3, [0]) }],
    deaths: [],
    restarts: 4,
  }, {
    lossRatio: 0.125,
    slow: 2,
    kill: 0,
    partitionRatio: 0.5,
    latencyMs: 20,
    jitterMs: 5,
    churnPerMinute: 3,
  }));
  match(
    text,
    /^4 members, lan profile, seed 1, 1m0s, 12.5% loss, latency 20ms to 25ms, 50% cut off for 30s, 2 slow, 3 churned a minute\n/,
  );
  match(text, /\nJoin of one: not complete in time\n/);
  match(text, /\nevent-1 {2}n2 {4}- {4}- {4}- {7}- {5}1\/3\n/);
  equal(text.includes("Death"), false);
  match(text, /\nSlow members taken for failed: 7 times\nFailures declared because of the partition: 9\n/);
  ok(text.endsWith(", 4 restarts"));
});

Deno.test("renderReportText() lists twenty of many", () => {
  const event = { origin: "n2", ...describeReach(1_000, 3, [0]) };
  const text = renderReportText(report({ events: Array.from({ length: 25 }, () => event) }));
  ok(text.includes("\nevent-20 ") && !text.includes("event-21") && text.includes("\nand 5 more\n"));
});

/** The elements of a picture that is well-formed, by name. @throws when it is not. */
function elementsOf(svg: string): Map<string, number> {
  const open: string[] = [];
  const counts = new Map<string, number>();
  for (
    const [, closes, name, , ends] of svg.matchAll(
      /<(\/?)([a-z]+)((?:\s[a-zA-Z0-9:-]+="[^"<>]*")*)\s*(\/?)>/g,
    )
  ) {
    if (closes === "/") equal(open.pop(), name);
    else {
      counts.set(name!, (counts.get(name!) ?? 0) + 1);
      if (ends !== "/") open.push(name!);
    }
  }
  equal(open.length, 0);
  equal(svg.replace(/<[^<>]*>/g, "").match(/[<>]/), null);
  return counts;
}

Deno.test("renderReportSvg() draws a curve for each event, a bar for each death, a mark for each false alarm", () => {
  const svg = renderReportSvg(report());
  const counts = elementsOf(svg);
  deepEqual([counts.get("svg"), counts.get("path"), counts.get("circle")], [1, 1, 1]);
  equal(svg.match(/class="alarm"/g)!.length, 2);
  equal(svg.match(/class="(unnoticed|spreading)"/g)!.length, 2);
  for (
    const text of [
      "Spread of user events",
      "Detection of deaths",
      "event-1",
      ">n1<",
      "all know",
      "100%",
      "60 s",
    ]
  ) {
    ok(svg.includes(text), text);
  }
  equal(/NaN|undefined|null|Infinity/.test(svg), false);
});

Deno.test("renderReportSvg() draws what there is when nothing happened, or nobody noticed", () => {
  const empty = renderReportSvg(
    report({ events: [], deaths: [], falseAlarmsMs: [] }, { partitionRatio: 0.5 }),
  );
  elementsOf(empty);
  for (const text of ["no events were sent", "nobody was killed", "partition"]) {
    ok(empty.includes(text), text);
  }
  const unnoticed = renderReportSvg(report({
    events: [{ origin: "n2", ...describeReach(1_000, 3, []) }],
    deaths: [{ member: "n1", ...describeReach(2_000, 3, []), first: null }],
  }));
  elementsOf(unnoticed);
  for (const svg of [empty, unnoticed]) equal(/NaN|undefined|Infinity/.test(svg), false);
});

Deno.test("renderReportSvg() ends an event's line with the run", () => {
  const event = { origin: "n2", ...describeReach(20_000, 3, [0, 39_000]) };
  const late = { origin: "n3", ...describeReach(50_000, 3, [0]) };
  const svg = renderReportSvg(report({ events: [event, late] }));
  const ends = [...svg.matchAll(/class="curve"[^>]*L([0-9.]+) [0-9.]+"/g)].map((match) => Number(match[1]));
  // The plot goes from 80 to 870, and shows the 40 s that the first event was watched for.
  deepEqual(ends, [870, 80 + 790 / 4]);
});

Deno.test("niceTicks() are round, begin with 0, and stay within", () => {
  deepEqual(niceTicks(60_000), [0, 10_000, 20_000, 30_000, 40_000, 50_000, 60_000]);
  deepEqual(niceTicks(100), [0, 20, 40, 60, 80, 100]);
  deepEqual(niceTicks(523), [0, 100, 200, 300, 400, 500]);
});

Deno.test("escapeXml() leaves nothing that XML would take for its own", () => {
  equal(escapeXml(`a<b>&"c"`), "a&#60;b&#62;&#38;&#34;c&#34;");
});
