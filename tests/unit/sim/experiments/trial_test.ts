import { deepEqual, equal, ok } from "../../../support/assert.ts";
import { resolveScenario, type Scenario } from "../../../../lib/sim/experiments/scenario.ts";
import { Trial, type TrialProgress } from "../../../../lib/sim/experiments/trial.ts";
import { describeReach, type TrialReport } from "../../../../lib/sim/experiments/trial_report.ts";

function runTrial(overrides: Partial<Scenario>): { report: TrialReport; steps: TrialProgress[] } {
  const run = new Trial(resolveScenario(overrides)).run();
  const steps: TrialProgress[] = [];
  for (;;) {
    const step = run.next();
    if (step.done) return { report: step.value, steps };
    steps.push(step.value);
  }
}

Deno.test("Trial: a small cluster forms, hears the event, and notices the death", () => {
  const { report, steps } = runTrial({ nodes: 12, durationMs: 30_000 });
  const { join, events, deaths, falseAlarms, agreement, traffic, queues } = report;
  equal(join.who, "all");
  ok(join.ms! > 0 && join.ms! < 10_000, `${join.ms}`);
  equal(events.length, 1);
  deepEqual([events[0]!.members, events[0]!.reached, events[0]!.atMs], [11, 11, 1_000]);
  ok(events[0]!.p50! <= events[0]!.p99! && events[0]!.p99! <= events[0]!.all!);
  equal(events[0]!.curve.at(-1)![1], 11);
  deepEqual([deaths.length, deaths[0]!.members, deaths[0]!.reached], [1, 11, 11]);
  ok(deaths[0]!.first! > 1_000 && deaths[0]!.first! <= deaths[0]!.p50!);
  deepEqual(falseAlarms, { all: 0, atHealthy: 0, aboutSlow: 0, byPartition: 0 });
  deepEqual(agreement, { members: 11, agree: 11 });
  ok(traffic.packets > 1 && traffic.packetBytes > 50 * traffic.packets);
  ok(queues.event.max === 1 && queues.membership.max >= 1, JSON.stringify(queues));
  deepEqual([...new Set(steps.map(({ phase }) => phase))], ["forming", "running"]);
  deepEqual(steps.at(-1), { phase: "running", doneMs: 30_000, ofMs: 30_000 });
});

Deno.test("Trial: into a large cluster one member joins, and all learn of all", () => {
  const { report, steps } = runTrial({ nodes: 60, durationMs: 5_000, kill: 0, events: 3 });
  equal(report.join.who, "one");
  ok(report.join.learntMs! > 0 && report.join.learntMs! <= report.join.ms!);
  deepEqual(report.events.map(({ atMs, reached }) => [Math.round(atMs), reached]), [
    [1_000, 60],
    [2_333, 60],
    [3_667, 60],
  ]);
  equal(report.deaths.length, 0);
  deepEqual([...new Set(steps.map(({ phase }) => phase))], ["forming", "joining", "running"]);
});

Deno.test("Trial: the same scenario gives the same report, another seed another", () => {
  const scenario = {
    nodes: 55,
    durationMs: 8_000,
    lossRatio: 0.2,
    slow: 2,
    churnPerMinute: 30,
    partitionRatio: 0.1,
  };
  const reports = [1, 1, 2].map((seed) =>
    JSON.stringify({ ...runTrial({ ...scenario, seed }).report, scenario: 0 })
  );
  equal(reports[0], reports[1]);
  ok(reports[0] !== reports[2]);
});

Deno.test("Trial: who was there all the time and is declared failed is a false alarm; the slow are counted apart", () => {
  const { report } = runTrial({
    nodes: 16,
    kill: 0,
    slow: 5,
    slowBlockedMs: 60_000,
    slowRunningMs: 1,
    durationMs: 60_000,
  });
  ok(report.falseAlarms.aboutSlow > 0);
  ok(report.falseAlarms.atHealthy <= report.falseAlarms.all);
  equal(report.agreement.members, 11);
  const healthy = runTrial({ nodes: 16, kill: 0, durationMs: 60_000 }).report;
  deepEqual(healthy.falseAlarms, { all: 0, atHealthy: 0, aboutSlow: 0, byPartition: 0 });
});

Deno.test("Trial: a join that fails is tried again; a network that loses most packets makes false alarms, with a time each", () => {
  const { report } = runTrial({ nodes: 20, kill: 0, lossRatio: 0.35, durationMs: 60_000, profile: "local" });
  ok(report.join.ms! > 0);
  ok(report.falseAlarms.all > 0);
  equal(report.falseAlarmsMs.length, report.falseAlarms.all);
  ok(report.falseAlarmsMs.every((ms) => ms >= 0 && ms <= 60_000));
});

Deno.test("Trial: a partition cuts a share off, and what it causes is no false alarm", () => {
  const { report } = runTrial({
    nodes: 20,
    kill: 0,
    partitionRatio: 0.25,
    partitionMs: 20_000,
    durationMs: 120_000,
  });
  equal(report.events[0]!.reached, 20, "in the end");
  ok(report.events[0]!.all! > 15_000, "only when it is over");
  ok(report.falseAlarms.byPartition >= 5 * 15);
  equal(report.falseAlarms.all, 0);
});

Deno.test("Trial: churned members come back, and are no false alarms", () => {
  const { report } = runTrial({ nodes: 12, kill: 0, churnPerMinute: 12, durationMs: 60_000 });
  ok(report.restarts >= 9, `${report.restarts}`);
  equal(report.falseAlarms.all, 0);
});

Deno.test("describeReach() tells after how long which share was reached, and nothing of those that were not", () => {
  const times = Array.from({ length: 99 }, (_, i) => i + 1);
  const { p50, p99, p9999, all, reached, members } = describeReach(5, 100, times);
  deepEqual([p50, p99, p9999, all, reached, members], [50, 99, null, null, 99, 100]);
  deepEqual(describeReach(0, 0, []).all, null);
});

Deno.test("describeReach() thins the curve out, and keeps its end", () => {
  const { curve } = describeReach(0, 5_000, Array.from({ length: 5_000 }, (_, i) => i * 2));
  ok(curve.length <= 201 && curve.length >= 190, `${curve.length}`);
  deepEqual(curve.at(-1), [9_998, 5_000]);
  ok(curve.every(([ms, count], i) => i === 0 || ms > curve[i - 1]![0] && count > curve[i - 1]![1]));
});
