import { deepEqual, equal, ok } from "../../support/assert.ts";
import { Address } from "../../../lib/base/address.ts";
import { NO_METRICS } from "../../../lib/base/metrics.ts";
import { type Logger, LogLevel } from "../../../lib/base/ports.ts";
import { SeededRandom } from "../../../lib/base/seeded_random.ts";
import { LamportClock } from "../../../lib/serf/lamport_clock.ts";
import type { Member, MemberEventType } from "../../../lib/serf/member.ts";
import { Snapshot } from "../../../lib/serf/snapshot.ts";
import { SimClock } from "../../../lib/sim/sim_clock.ts";
import { SimProcess } from "../../../lib/sim/sim_process.ts";
import { SimDisk } from "../../../lib/sim/sim_storage.ts";

/** Runs of a program on one disk. */
class World {
  readonly clock = new SimClock();
  readonly disk = new SimDisk();
  readonly lines: string[] = [];
  readonly samples: string[] = [];
  process = new SimProcess(this.clock);
  memberClock = new LamportClock();
  snapshot!: Snapshot;

  constructor(content = "") {
    this.disk.content = new TextEncoder().encode(content);
    this.disk.syncedBytes = this.disk.content.length;
  }

  start(rejoinAfterLeave = false): this {
    this.process.kill();
    this.process = new SimProcess(this.clock);
    this.memberClock = new LamportClock();
    this.memberClock.increment();
    const logger: Logger = {
      enabled: () => true,
      log: (level, text) => void (level >= LogLevel.warn && this.lines.push(text)),
    };
    const { process: clock, memberClock, disk } = this;
    const metrics = { ...NO_METRICS, sample: (name: string) => void this.samples.push(name) };
    this.snapshot = new Snapshot({
      clock,
      logger,
      storage: disk.open(),
      memberClock,
      rejoinAfterLeave,
      metrics,
    });
    this.memberClock.witness(this.snapshot.state.clock);
    this.snapshot.start();
    return this;
  }

  member(type: MemberEventType, ...names: string[]): void {
    const members = names.map((name, i): Member => ({
      name,
      ip: Address.fromHost(`10.0.${i >> 8}.${i & 255}`, 1).ip,
      port: 7946,
      tags: new Map(),
      status: 1,
      versions: { pMin: 1, pMax: 5, pCur: 2, dMin: 2, dMax: 5, dCur: 5 },
      revision: 1,
    }));
    this.snapshot.onMemberEvent({ type, members });
  }

  get text(): string {
    return new TextDecoder().decode(this.disk.content);
  }

  get alive(): string[] {
    return [...this.snapshot.state.alive.keys()];
  }
}

Deno.test("Snapshot records joins, leaves and failures, and neither updates nor reaps", () => {
  const world = new World().start();
  world.member("member-join", "a");
  world.member("member-join", "b c");
  world.member("member-update", "a");
  world.member("member-failed", "b c");
  world.member("member-reap", "a");
  world.member("member-join", "d");
  world.member("member-leave", "d");
  world.snapshot.stop();
  equal(
    world.text,
    "alive: a 10.0.0.0:7946\nalive: b c 10.0.0.0:7946\nnot-alive: b c\nalive: d 10.0.0.0:7946\nnot-alive: d\n",
  );
  deepEqual(world.start().alive, ["a"]);
});

Deno.test("Snapshot records the newest times of events and queries, and our clock one behind its reading", () => {
  const world = new World().start();
  for (const time of [3, 2, 3, 5]) world.snapshot.onUserEvent(time);
  for (const time of [9, 4]) world.snapshot.onQuery(time);
  world.memberClock.witness(41);
  world.member("member-join", "a");
  world.snapshot.stop();
  equal(
    world.text,
    "event-clock: 3\nevent-clock: 5\nquery-clock: 9\nalive: a 10.0.0.0:7946\nclock: 41\n",
  );
});

Deno.test("Snapshot writes within 500 ms, and sets no timer when nothing waits", () => {
  const world = new World().start();
  equal(world.process.armedCount, 0);
  world.member("member-join", "a");
  equal(world.text, "alive: a 10.0.0.0:7946\n", "the first at once");
  world.member("member-join", "b");
  world.member("member-join", "c");
  equal(world.text.split("\n").length, 2, "the others wait for company");
  world.clock.runFor(501);
  equal(world.text.split("\n").length, 4);
  equal(world.process.armedCount, 0);
  world.memberClock.witness(7);
  equal(world.process.armedCount, 1);
  world.clock.runFor(501);
  ok(world.text.endsWith("clock: 7\n"));
  world.clock.runFor(10_000);
  equal(world.process.armedCount, 0);
});

Deno.test("Snapshot.leave() is synced at once; afterwards only a final clock is written", () => {
  const world = new World().start();
  world.member("member-join", "a");
  world.memberClock.witness(5);
  world.snapshot.leave();
  const rest = "alive: a 10.0.0.0:7946\nleave\n";
  equal(world.text, rest);
  equal(world.disk.syncedBytes, rest.length);
  world.memberClock.witness(8);
  world.member("member-leave", "a");
  world.snapshot.onUserEvent(3);
  world.snapshot.onQuery(3);
  world.clock.runFor(5000);
  equal(world.text, rest);
  world.snapshot.stop();
  world.snapshot.stop();
  equal(world.text, `${rest}clock: 8\n`);
  equal(world.disk.syncedBytes, world.disk.content.length);
  deepEqual(world.start().alive, []);
  deepEqual(world.start(true).alive, ["a"]);
});

Deno.test("Snapshot compacts a file that has grown too long, and not one that is long with good reason", () => {
  const world = new World().start();
  for (let i = 0; i < 6000; i++) {
    world.member("member-join", `node-${i % 10}`);
    world.member("member-failed", `node-${i % 10}`);
    if (i % 100 === 0) world.clock.runFor(600);
  }
  ok(world.disk.replacements >= 1 && world.disk.replacements < 5, `${world.disk.replacements}`);
  ok(world.text.length < 140_000);
  world.member("member-join", "last");
  world.snapshot.stop();
  deepEqual(world.start().alive, ["last"]);

  const large = new World().start();
  large.member("member-join", ...Array.from({ length: 2000 }, (_, i) => `${"x".repeat(200)}-${i}`));
  large.clock.runFor(1000);
  ok(large.disk.replacements <= 2, `${large.disk.replacements}`);
});

Deno.test("A compaction after a leave keeps the leave", () => {
  const world = new World().start();
  world.member("member-join", "a");
  world.disk.failsToWrite = true;
  world.snapshot.leave();
  world.disk.failsToWrite = false;
  world.snapshot.stop();
  equal(world.text, "alive: a 10.0.0.0:7946\nclock: 0\nevent-clock: 0\nquery-clock: 0\nleave\n");
});

Deno.test("Snapshot survives a full disk: nothing torn is appended to, and all is there once there is room", () => {
  const world = new World().start();
  world.member("member-join", "a");
  world.disk.capacityBytes = world.text.length + 10;
  world.clock.runFor(1000);
  world.member("member-join", "torn");
  ok(world.text.endsWith("\nalive: tor"), world.text);
  deepEqual(world.lines, [
    "serf: Failed to update snapshot: write snapshot: no space left on device",
    "serf: Compaction failed, will reattempt after 30s: write snapshot.compact: no space left on device",
  ]);
  world.member("member-join", "missed");
  world.snapshot.onUserEvent(4);
  world.clock.runFor(29_000);
  equal(world.lines.length, 2, "it is tried again after 30 s, not before");
  world.clock.runFor(60_000);
  equal(world.lines.length, 4);
  world.disk.capacityBytes = Infinity;
  world.clock.runFor(31_000);
  equal(world.process.armedCount, 0);
  world.member("member-join", "after");
  world.clock.runFor(1000);
  equal(world.lines.length, 4);
  world.start();
  deepEqual(world.alive, ["a", "torn", "missed", "after"]);
  equal(world.snapshot.state.eventClock, 4);
});

Deno.test("Snapshot does not trust a disk that fails to sync", () => {
  const world = new World().start();
  world.member("member-join", "a");
  world.disk.failsToSync = true;
  world.snapshot.leave();
  equal(world.lines.length, 2);
  world.disk.failsToSync = false;
  world.clock.runFor(31_000);
  equal(world.disk.replacements, 1);
  equal(world.disk.syncedBytes, world.text.length);
  deepEqual(world.start().alive, []);
});

Deno.test("A file that cannot be compacted goes on growing, with a complaint every 30 s at most", () => {
  const world = new World().start();
  world.disk.failsToReplace = true;
  for (let i = 0; i < 6000; i++) {
    world.member("member-join", "node");
    world.member("member-failed", "node");
  }
  equal(world.lines.length, 1);
  world.clock.runFor(1000);
  ok(world.text.length > 131_072);
  world.disk.failsToReplace = false;
  world.clock.runFor(30_000);
  world.member("member-join", "node");
  equal(world.disk.replacements, 1);
  deepEqual(world.start().alive, ["node"]);
});

Deno.test("Snapshot makes a torn file whole before it goes on", () => {
  const world = new World("alive: a 10.0.0.1:7946\nalive: b 10.0.0.2:79").start();
  world.member("member-join", "c");
  world.snapshot.stop();
  deepEqual(world.lines, []);
  ok(!world.text.includes("alive: b"));
  deepEqual(world.samples, ["serf.snapshot.compact", "serf.snapshot.appendLine"]);
  deepEqual(world.start().alive, ["a", "c"]);
});

Deno.test("Snapshot: a torn file that cannot be made whole is complained of, and not appended to until it is", () => {
  const torn = "alive: a 10.0.0.1:7946\nalive: b 10.0.0.2:79";
  const world = new World(torn);
  world.disk.failsToReplace = true;
  world.start();
  deepEqual(world.lines, ["serf: Failed to update snapshot: open snapshot.compact: input/output error"]);
  world.member("member-join", "c");
  world.clock.runFor(20_000);
  equal(world.text, torn);
  world.disk.failsToReplace = false;
  world.clock.runFor(20_000);
  deepEqual(world.start().alive, ["a", "c"]);
});

Deno.test("Snapshot.stop() leaves no timer behind", () => {
  const world = new World().start();
  world.member("member-join", "a", "b");
  equal(world.process.armedCount, 1);
  world.snapshot.stop();
  equal(world.process.armedCount, 0);
  world.memberClock.witness(9);
  equal(world.process.armedCount, 0);
});

Deno.test("Snapshot: names that would forge lines are not recorded", () => {
  const world = new World().start();
  world.member("member-join", "evil\nleave", "good");
  world.snapshot.stop();
  deepEqual(world.start().alive, ["good"]);
});

Deno.test("Snapshot floods no log with the lines of a broken file", () => {
  const world = new World("rubbish\n".repeat(10_000)).start();
  ok(world.lines.length <= 25, `${world.lines.length}`);
});

Deno.test("Crashes, power cuts and full disks at any moment: what is read is a past that was, or newer than the last sync", () => {
  for (let seed = 0; seed < 300; seed++) {
    const random = new SeededRandom(seed);
    const world = new World().start();
    let synced = 0;
    for (let step = 1; step <= 60; step++) {
      world.memberClock.witness(step);
      world.member(random.below(3) === 0 ? "member-failed" : "member-join", `n ${random.below(5)}`);
      world.snapshot.onUserEvent(step);
      if (random.below(4) === 0) world.clock.runFor(random.below(1500));
      if (random.below(10) === 0) world.disk.capacityBytes = world.text.length + random.below(100);
      if (random.below(10) === 0) world.disk.capacityBytes = Infinity;
      if (random.below(12) !== 0) continue;
      if (random.below(2) === 0) {
        world.disk.capacityBytes = Infinity;
        world.snapshot.stop();
        synced = step;
      } else if (random.uniform() < 0.5) world.disk.cutPower(random);
      world.start();
      const { clock, eventClock } = world.snapshot.state;
      ok(clock <= step && eventClock <= step, `seed ${seed}: the future was read`);
      ok(eventClock >= synced, `seed ${seed}: what was synced is lost: ${eventClock} < ${synced}`);
      for (const [name, address] of world.snapshot.state.alive) {
        ok(
          /^n [0-4]$/.test(name) && address.toString() === "10.0.0.0:7946",
          `seed ${seed}: ${name} ${address}`,
        );
      }
      equal(world.lines.filter((line) => line.includes("Unrecognized")).length, 0, `seed ${seed}`);
    }
  }
});
