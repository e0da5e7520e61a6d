import { deepEqual, equal, ok } from "../../support/assert.ts";
import { metricLine, MetricSender, type MetricTarget } from "../../../lib/agent/metric_sender.ts";
import { SimClock } from "../../../lib/sim/sim_clock.ts";
import { settle } from "./fake_platform.ts";

/** A collector that a test makes reachable, and breaks. */
class Collector {
  isReachable = true;
  isBroken = false;
  opened = 0;
  closed = 0;
  readonly pieces: string[] = [];
  readonly lines: string[] = [];
  readonly clock = new SimClock();
  readonly sender: MetricSender;

  constructor(pieceBytesMax = 1_400) {
    const logger = { enabled: () => true, log: (_: unknown, text: string) => void this.lines.push(text) };
    this.sender = new MetricSender(this.clock, logger, {
      name: "statsd at x:1",
      pieceBytesMax,
      open: () => this.#open(),
    });
  }

  #open(): Promise<MetricTarget> {
    this.opened++;
    if (!this.isReachable) return Promise.reject(new Error("nobody there"));
    const isBroken = () => this.isBroken;
    return Promise.resolve({
      get isBroken() {
        return isBroken();
      },
      send: (bytes) => void this.pieces.push(new TextDecoder().decode(bytes)),
      close: () => void this.closed++,
    });
  }
}

Deno.test("metricLine() writes as go-metrics does", () => {
  equal(
    metricLine("serf-agent.memberlist.udp.sent", 150, "c"),
    "serf-agent.memberlist.udp.sent:150.000000|c\n",
  );
  equal(metricLine("serf-agent.serf.events.my ev:x", 1, "c"), "serf-agent.serf.events.my_ev_x:1.000000|c\n");
  equal(metricLine("serf.events.x:1|c\nforged", 1, "c"), "serf.events.x_1_c_forged:1.000000|c\n");
  equal(metricLine("a", 0.0149484, "ms"), "a:0.014948|ms\n");
});

Deno.test("MetricSender collects lines for 100 ms, and ticks only while one waits", async () => {
  const { sender, clock, pieces } = new Collector();
  sender.write("a\n");
  await settle();
  sender.write("b\n");
  clock.runFor(99);
  deepEqual(pieces, []);
  clock.runFor(1);
  deepEqual(pieces, ["a\nb\n"]);
  equal(clock.armedCount, 0);
  sender.write("c\n");
  clock.runFor(100);
  deepEqual(pieces, ["a\nb\n", "c\n"]);
});

Deno.test("MetricSender splits between lines, by bytes", async () => {
  const { sender, clock, pieces } = new Collector(10);
  for (const line of ["aaaa\n", "bbbb\n", "c\n", "\u{e9}\u{e9}\u{e9}\n", "x".repeat(20) + "\n", "d\n"]) {
    sender.write(line);
  }
  await settle();
  clock.runFor(100);
  deepEqual(pieces, ["aaaa\nbbbb\n", "c\n\u{e9}\u{e9}\u{e9}\n", "x".repeat(20) + "\n", "d\n"]);
});

Deno.test("MetricSender leaves one that cannot be reached alone for 5 s, and says so once", async () => {
  const collector = new Collector();
  const { sender, clock } = collector;
  collector.isReachable = false;
  for (let ms = 0; ms < 10_000; ms += 1_000) {
    sender.write(`${ms}\n`);
    await settle();
    clock.runFor(1_000);
  }
  equal(collector.opened, 2);
  deepEqual(collector.lines, ["agent: Metrics cannot be sent to statsd at x:1: nobody there"]);
  collector.isReachable = true;
  sender.write("back\n");
  await settle();
  clock.runFor(100);
  // What could not be sent is old by now.
  deepEqual(collector.pieces, ["back\n"]);
});

Deno.test("MetricSender opens a new way when the old one broke", async () => {
  const collector = new Collector();
  const { sender, clock } = collector;
  sender.write("a\n");
  await settle();
  clock.runFor(100);
  collector.isBroken = true;
  sender.write("lost\n");
  clock.runFor(5_100);
  equal(collector.closed, 1);
  collector.isBroken = false;
  sender.write("b\n");
  await settle();
  clock.runFor(100);
  deepEqual(collector.pieces, ["a\n", "b\n"]);
});

Deno.test("MetricSender drops what is too much while it waits", async () => {
  const { sender, clock, pieces } = new Collector(1_000_000);
  for (let i = 0; i < 5_000; i++) sender.write(`${i}\n`);
  await settle();
  clock.runFor(100);
  const lines = pieces.join("").split("\n");
  equal(lines.length, 4_097);
  equal(lines[4_095], "4095");
});

Deno.test("MetricSender.stop() sends what waits, and ends, also while it opens", async () => {
  const open = new Collector();
  open.sender.write("a\n");
  await settle();
  open.sender.stop();
  deepEqual(open.pieces, ["a\n"]);
  equal(open.closed, 1);
  equal(open.clock.armedCount, 0);
  open.sender.write("b\n");
  ok(open.clock.armedCount === 0);

  const opening = new Collector();
  opening.sender.write("a\n");
  opening.sender.stop();
  await settle();
  equal(opening.closed, 1);
  deepEqual(opening.pieces, []);
});
