import { deepEqual, equal, match, ok } from "../../support/assert.ts";
import { AgentMetrics } from "../../../lib/agent/agent_metrics.ts";
import { EventHandlers, parseEventHandler } from "../../../lib/agent/event_handlers.ts";
import { FakePlatform, pass, settle } from "./fake_platform.ts";

const NO_LOG = { enabled: () => true, log() {} };

const READINGS = { activities: 5, queues: { "serf.queue.Intent": 3, "memberlist.queue.broadcasts": 0 } };

function create(config: { statsdAddr?: string; statsiteAddr?: string } = {}) {
  const platform = new FakePlatform({ hosts: { "127.0.0.1": ["127.0.0.1"] } });
  const received: string[] = [];
  platform.datagrams.set("127.0.0.1:8125", received);
  const metrics = new AgentMetrics({ statsdAddr: "", statsiteAddr: "", ...config }, platform, NO_LOG);
  return { platform, metrics, received };
}

Deno.test("AgentMetrics without collectors: names without a host, and no timer", async () => {
  const { platform, metrics } = create();
  metrics.start(() => READINGS);
  metrics.counter("memberlist.udp.sent", 10);
  metrics.gauge("memberlist.health.score", 1);
  equal(platform.simClock.armedCount, 0);
  await pass(platform, 10_000);
  deepEqual(
    [...metrics.dump().matchAll(/\]\[(.)\] '(.*?)': (?:Count: \d+ Sum: )?([\d.]+)/g)].map((m) => m.slice(1)),
    [
      ["G", "serf-agent.runtime.num_goroutines", "5.000"],
      ["G", "serf-agent.runtime.alloc_bytes", "1000.000"],
      ["G", "serf-agent.runtime.sys_bytes", "2000.000"],
      ["G", "serf-agent.memberlist.health.score", "1.000"],
      ["C", "serf-agent.memberlist.udp.sent", "10.000"],
    ],
  );
});

Deno.test("AgentMetrics with a statsd: gauges carry the host's name, nothing else does", async () => {
  const { platform, metrics, received } = create({ statsdAddr: "127.0.0.1:8125" });
  metrics.start(() => READINGS);
  metrics.counter("serf.member.join", 1);
  metrics.sample("memberlist.probeNode", 1.5);
  metrics.gauge("memberlist.health.score", 1);
  await settle();
  await pass(platform, 100);
  deepEqual(received, [
    "serf-agent.serf.member.join:1.000000|c\nserf-agent.memberlist.probeNode:1.500000|ms\n" +
    "serf-agent.host.memberlist.health.score:1.000000|g\n",
  ]);
  received.length = 0;
  await pass(platform, 1_000);
  deepEqual(received, [
    "serf-agent.host.runtime.num_goroutines:5.000000|g\nserf-agent.host.runtime.alloc_bytes:1000.000000|g\n" +
    "serf-agent.host.runtime.sys_bytes:2000.000000|g\n",
  ]);
  await pass(platform, 10_000);
  match(metrics.dump(), /'serf-agent\.host\.memberlist\.health\.score': 1\.000/);
  metrics.stop();
  equal(platform.simClock.armedCount, 0);
});

Deno.test("AgentMetrics notes the lengths of queues every half minute, for collectors and in memory", async () => {
  for (const statsdAddr of ["", "127.0.0.1:8125"]) {
    const { platform, metrics, received } = create({ statsdAddr });
    metrics.start(() => READINGS);
    for (let second = 0; second < 65; second++) {
      metrics.counter("x", 1);
      await pass(platform, 1_000);
    }
    // Those at half a minute; those at a minute fall into the interval that is not over.
    const queues = metrics.dump().matchAll(/\[S\] 'serf-agent\.(.*?)': Count: (\d+) Sum: ([\d.]+)/g);
    deepEqual([...queues].map((found) => found.slice(1)), [["serf.queue.Intent", "1", "3.000"], [
      "memberlist.queue.broadcasts",
      "1",
      "0.000",
    ]]);
    const told = received.join("").match(/serf\.queue\.Intent:3\.000000\|ms/g)?.length ?? 0;
    equal(told, statsdAddr === "" ? 0 : 2);
    metrics.stop();
  }
});

Deno.test("AgentMetrics.named() reaches collectors and the memory, as the methods do", async () => {
  const { platform, metrics, received } = create({ statsdAddr: "127.0.0.1:8125" });
  metrics.named("counter", "memberlist.udp.sent").record(7);
  metrics.named("sample", "serf.msgs.sent").record(2.5);
  await settle();
  await pass(platform, 10_000);
  deepEqual(received, [
    "serf-agent.memberlist.udp.sent:7.000000|c\nserf-agent.serf.msgs.sent:2.500000|ms\n",
  ]);
  match(metrics.dump(), /\[C\] 'serf-agent\.memberlist\.udp\.sent': Count: 1 Sum: 7\.000/);
  match(metrics.dump(), /\[S\] 'serf-agent\.serf\.msgs\.sent': Count: 1 Sum: 2\.500/);
  metrics.stop();
});

Deno.test("AgentMetrics with an address that is none goes on", async () => {
  const { platform, metrics, received } = create({ statsdAddr: "foo" });
  metrics.start(() => READINGS);
  metrics.counter("x", 1);
  await pass(platform, 12_000);
  deepEqual(received, []);
  ok(metrics.dump().includes("'serf-agent.x'"));
  metrics.stop();
});

Deno.test("EventHandlers tells how long each script ran", async () => {
  const { platform, metrics } = create();
  const handlers = new EventHandlers(
    [parseEventHandler("cat >/dev/null")],
    () => ({ name: "me", tags: new Map() }),
    platform,
    NO_LOG,
    metrics,
  );
  handlers.onEvent({ type: "user", lTime: 1, name: "x", payload: new Uint8Array(0), coalesce: false });
  await pass(platform, 250);
  platform.scripts[0]!.end();
  await pass(platform, 10_000);
  match(metrics.dump(), /\[S\] 'serf-agent\.agent\.invoke\.cat_>\/dev\/null': Count: 1 Sum: 250\.000/);
});
