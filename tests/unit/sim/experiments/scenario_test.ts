import { deepEqual, equal, ok, throws } from "../../../support/assert.ts";
import { SeededRandom } from "../../../../lib/base/seeded_random.ts";
import { Cast } from "../../../../lib/sim/experiments/cast.ts";
import { resolveScenario, type Scenario } from "../../../../lib/sim/experiments/scenario.ts";
import { SerfCluster } from "../../../../lib/sim/serf_cluster.ts";

Deno.test("resolveScenario() fills in what is not said: a partition lasts half of the run", () => {
  const scenario = resolveScenario({ nodes: 7, durationMs: 10_000 });
  deepEqual([scenario.nodes, scenario.kill, scenario.events, scenario.partitionMs], [7, 1, 1, 5_000]);
  equal(resolveScenario({}).nodes, 100);
});

Deno.test("resolveScenario() names the field that makes no sense", () => {
  const cases: [Partial<Scenario>, string, string][] = [
    [{ nodes: 1 }, "nodes", "1 is not a whole number between 2 and 10000"],
    [{ nodes: 10_001 }, "nodes", "10001 is not a whole number between 2 and 10000"],
    [{ nodes: 2.5 }, "nodes", "2.5 is not a whole number between 2 and 10000"],
    [{ seed: 2 ** 33 }, "seed", "8589934592 is not a whole number between -2147483648 and 4294967295"],
    [{ nodes: 5, kill: 5 }, "kill", "5 is not a whole number between 0 and 4"],
    [{ nodes: 5, slow: -1 }, "slow", "-1 is not a whole number between 0 and 4"],
    [{ nodes: 5, slow: 3, kill: 2 }, "kill", "somebody has to be left who is neither killed nor slow"],
    [{ profile: "moon" as "lan" }, "profile", "moon is none of lan, wan and local"],
    [{ lossRatio: 1.01 }, "lossRatio", "1.01 is not between 0 and 1 (or 0% and 100%)"],
    [{ duplicateRatio: NaN }, "duplicateRatio", "NaN is not between 0 and 1 (or 0% and 100%)"],
    [{ partitionRatio: 0.6 }, "partitionRatio", "0.6 is not between 0 and 0.5 (or 0% and 50%)"],
    [{ durationMs: 4_999 }, "durationMs", "4.999s is not between 5s and 24h"],
    [{ latencyMs: -1 }, "latencyMs", "-1ms is not between 0s and 1m"],
    [{ slowBlockedMs: 0 }, "slowBlockedMs", "0s is not between 1ms and 10m"],
    [{ events: 1_001 }, "events", "1001 is not a whole number between 0 and 1000"],
    [{ churnPerMinute: 6_001 }, "churnPerMinute", "6001 is not a whole number between 0 and 6000"],
    [
      { nodes: 30, kill: 5, slow: 4, churnPerMinute: 61 },
      "churnPerMinute",
      "61 a minute is too many for so few members: at most 60",
    ],
  ];
  for (const [overrides, option, message] of cases) {
    throws(() => resolveScenario(overrides), { name: "OptionError", option, message });
  }
});

function cast(overrides: Partial<Scenario>) {
  const scenario = resolveScenario(overrides);
  const { nodes } = new SerfCluster({ seed: 1, size: scenario.nodes, checked: false });
  return { nodes, cast: new Cast(nodes, scenario, new SeededRandom(3)) };
}

Deno.test("Cast gives each member one part at most, and leaves one that has none", () => {
  const { nodes, cast: parts } = cast({
    nodes: 12,
    kill: 3,
    slow: 4,
    churnPerMinute: 12,
    partitionRatio: 0.25,
  });
  const restless = new Set(parts.churned);
  deepEqual([parts.victims.length, parts.slow.size, restless.size, parts.minority.size], [3, 4, 2, 3]);
  equal(parts.churned.length, 12, "in turn");
  equal(new Set([...parts.victims, ...parts.slow, ...restless]).size, 9);
  const origins = new Set(Array.from({ length: 50 }, () => parts.drawSteady()));
  equal(origins.size, 3);
  equal(nodes.filter((node) => parts.stays(node)).length, 7, "the slow stay");
  ok(
    nodes.every((node) =>
      parts.areCut(node, nodes[0]!) === (parts.minority.has(node) !== parts.minority.has(nodes[0]!))
    ),
  );
});

Deno.test("Cast leaves half of the members where they are, however many are churned: who else could tell?", () => {
  const { nodes, cast: parts } = cast({ nodes: 30, churnPerMinute: 60, durationMs: 120_000 });
  equal(parts.churned.length, 120);
  equal(nodes.filter((node) => parts.stays(node)).length, 15);
  throws(() => cast({ nodes: 2, kill: 1, churnPerMinute: 1 }), /too many for so few members: at most 0/);
});
