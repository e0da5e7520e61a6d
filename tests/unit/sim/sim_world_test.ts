import { deepEqual, equal, notEqual, ok, throws } from "node:assert/strict";
import { LogLevel } from "../../../lib/base/ports.ts";
import { Timer } from "../../../lib/base/timer_heap.ts";
import { Faults } from "../../../lib/sim/faults.ts";
import { memberlistCluster } from "../../../lib/sim/sim_cluster.ts";
import { SimClock } from "../../../lib/sim/sim_clock.ts";
import { SimLogger } from "../../../lib/sim/sim_logger.ts";
import { SimProcess } from "../../../lib/sim/sim_process.ts";
import { SimWorld } from "../../../lib/sim/sim_world.ts";
import { TraceHash } from "../../../lib/sim/trace_hash.ts";

function digest(mix: (trace: TraceHash) => void): string {
  const trace = new TraceHash();
  mix(trace);
  return trace.digest();
}

Deno.test("TraceHash depends on every value, its order and the lengths", () => {
  const digests = [
    digest(() => {}),
    digest((trace) => trace.int(0)),
    digest((trace) => (trace.int(1), trace.int(2))),
    digest((trace) => (trace.int(2), trace.int(1))),
    digest((trace) => trace.float(0.1)),
    digest((trace) => trace.float(0.1 + 2 ** -56)),
    digest((trace) => (trace.text("ab"), trace.text("c"))),
    digest((trace) => (trace.text("a"), trace.text("bc"))),
    digest((trace) => trace.bytes(Uint8Array.of(1, 2, 3, 4, 5))),
    digest((trace) => trace.bytes(Uint8Array.of(1, 2, 3, 4, 6))),
    digest((trace) => trace.bytes(Uint8Array.of(1, 2, 3, 4, 5), 4)),
  ];
  equal(new Set(digests).size, digests.length);
  ok(digests.every((text) => /^[0-9a-f]{16}$/.test(text)));
});

Deno.test("TraceHash.digest() does not end the hash", () => {
  const trace = new TraceHash();
  trace.int(1);
  const before = trace.digest();
  equal(trace.digest(), before);
  trace.int(2);
  notEqual(trace.digest(), before);
});

Deno.test("Faults names the condition that is out of range, and keeps what was set", () => {
  const faults = new Faults();
  faults.setEverywhere({ lossRatio: 0.5 });
  throws(() => faults.setEverywhere({ lossRatio: 1.5 }), { name: "OptionError", option: "lossRatio" });
  throws(() => faults.setLink("a", "b", { jitterMs: -1 }), { name: "OptionError", option: "jitterMs" });
  equal(faults.conditions(faults.indexOf("a"), faults.indexOf("b")).lossRatio, 0.5);
});

Deno.test("Faults.setLink() is for one direction, until clearLink()", () => {
  const faults = new Faults();
  const [a, b] = [faults.indexOf("a"), faults.indexOf("b")];
  faults.setLink("a", "b", { latencyMs: 50 });
  deepEqual([faults.conditions(a, b).latencyMs, faults.conditions(b, a).latencyMs], [50, 0.25]);
  faults.clearLink("a", "b");
  equal(faults.conditions(a, b).latencyMs, 0.25);
});

Deno.test("SimWorld.address() gives each machine an address of its own, in either family", () => {
  const four = new SimWorld(1), six = new SimWorld(1, "ipv6");
  equal(four.address(0).toString(), "10.0.0.1:7946");
  equal(four.address(9999).toString(), "10.0.39.16:7946");
  equal(six.address(0).toString(), "[fd00::1]:7946");
  for (const world of [four, six]) {
    equal(
      new Set(Array.from({ length: 10_000 }, (_, index) => world.address(index).toString())).size,
      10_000,
    );
  }
});

Deno.test("SimProcess.wallSkewMs steps the wall clock of one process, and no other time", () => {
  const world = new SimClock();
  const [stepped, other] = [new SimProcess(world), new SimProcess(world)];
  stepped.wallSkewMs = -3_600_000;
  world.runFor(1000);
  equal(other.wallMs() - stepped.wallMs(), 3_600_000);
  equal(other.nowMs(), stepped.nowMs());
});

Deno.test("SimLogger keeps the last lines of its level and above", () => {
  const logger = new SimLogger(new SimClock(), LogLevel.warn);
  equal(logger.enabled(LogLevel.info), false);
  logger.log(LogLevel.info, "quiet");
  for (let i = 0; i < 600; i++) logger.log(LogLevel.error, `line ${i}`);
  equal(logger.lines.length, 500);
  equal(logger.lines.at(-1), "0.000 [ERROR] line 599");
  equal(logger.count(/line 59\d$/), 10);
});

Deno.test("SimNode has lives: each with a process and random stream of its own, events kept over all", () => {
  const cluster = memberlistCluster({ seed: 1, size: 2 });
  const node = cluster.node(0);
  equal(node.running, false);
  throws(() => node.life, /is not running/);
  node.start();
  throws(() => node.start(), /runs already/);
  const first = node.process;
  node.crash();
  equal(first.alive, false);
  equal(first.armedCount, 0);
  node.start();
  ok(node.process !== first);
  equal(node.lives, 2);
  equal(node.countEvents("join", "n0"), 2);
});

Deno.test("SimCluster.describe() says who is wrong about whom", () => {
  const cluster = memberlistCluster({ seed: 1, size: 3 });
  cluster.form();
  equal(cluster.describe(), "all see the truth");
  cluster.node(2).crash();
  equal(cluster.describe(), "n0 sees n2 alive (1 wrong); n1 sees n2 alive (1 wrong)");
});

Deno.test("SimClock fires datagrams and other timers in one order: by deadline, then by arming", () => {
  const clock = new SimClock();
  const fired: string[] = [];
  const timer = (name: string) => new Timer(() => fired.push(name));
  clock.arm(timer("a at 2"), 2);
  clock.armFlightAt(timer("b at 2"), 2);
  clock.arm(timer("c at 2"), 2);
  clock.armFlightAt(timer("d at 1"), 1);
  clock.arm(timer("e at 3"), 3);
  clock.armFlightAt(timer("f at 4"), 4);
  equal(clock.armedCount, 6);
  clock.run(3);
  deepEqual(fired, ["d at 1", "a at 2", "b at 2", "c at 2", "e at 3"]);
  clock.armFlightAt(timer("g in the past"), 1);
  clock.runFor(1);
  deepEqual(fired.slice(5), ["g in the past", "f at 4"]);
  equal(clock.step(), false);
  equal(clock.steps, 7);
});
