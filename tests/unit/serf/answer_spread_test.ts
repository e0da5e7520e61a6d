import { deepEqual, equal, ok } from "../../support/assert.ts";
import { SeededRandom } from "../../../lib/base/seeded_random.ts";
import { AnswerSpread } from "../../../lib/serf/answer_spread.ts";
import { SimClock } from "../../../lib/sim/sim_clock.ts";
import { SerfCluster } from "../../../lib/sim/serf_cluster.ts";

/** When `count` members of a cluster of `members` answer. */
function answersMs(members: number, timeoutMs: number, count = 200): { timesMs: number[]; clock: SimClock } {
  const clock = new SimClock();
  const timesMs: number[] = [];
  for (let seed = 0; seed < count; seed++) {
    new AnswerSpread(clock, new SeededRandom(seed), () => members).schedule(
      timeoutMs,
      () => timesMs.push(clock.nowMs()),
    );
  }
  clock.runFor(100_000);
  return { timesMs, clock };
}

Deno.test("AnswerSpread: in a small cluster answers go out at once", () => {
  ok(answersMs(64, 10_000).timesMs.every((ms) => ms === 0));
});

Deno.test("AnswerSpread: in a large one within a quarter of a millisecond per member", () => {
  const { timesMs } = answersMs(1000, 10_000);
  equal(timesMs.length, 200);
  ok(Math.max(...timesMs) <= 250 && Math.max(...timesMs) > 200, `${Math.max(...timesMs)}`);
  const early = timesMs.filter((ms) => ms < 125).length;
  ok(early > 70 && early < 130, `${early}`);
});

Deno.test("AnswerSpread: never later than a quarter of the originator's time, and at once when there is none", () => {
  ok(Math.max(...answersMs(10_000, 400).timesMs) <= 100);
  ok(answersMs(10_000, -1).timesMs.every((ms) => ms === 0));
});

Deno.test("AnswerSpread: a bounded number waits, more are answered at once; stop() forgets them", () => {
  const clock = new SimClock();
  const spread = new AnswerSpread(clock, new SeededRandom(1), () => 1000);
  let answered = 0;
  for (let i = 0; i < 300; i++) spread.schedule(10_000, () => answered++);
  equal(answered, 44);
  spread.stop();
  clock.runFor(1000);
  deepEqual([answered, clock.armedCount], [44, 0]);
});

Deno.test("queries: 600 members hear of one within milliseconds, and all their acks and answers find room", () => {
  const cluster = new SerfCluster({ seed: 1, size: 600, checked: false, traced: false }, () => ({
    onQuery: (query) => query.respond(new Uint8Array(20)),
  }));
  cluster.formAtOnce();
  cluster.runFor(10_000);
  const origin = cluster.node(0);
  // It takes so long for each packet that comes; what its socket cannot hold meanwhile is lost.
  origin.process.busyMs = 0.05;
  let acks = 0, answers = 0;
  const params = {
    filterNodes: [],
    filterTags: new Map(),
    requestAck: true,
    relayFactor: 0,
    timeoutMs: 0,
  };
  const sink = { onAck: () => acks++, onResponse: () => answers++, onDone: () => {} };
  origin.life.serf.query("all", new Uint8Array(0), params, sink);
  cluster.runFor(3000);
  deepEqual([acks, answers], [600, 600]);
  equal(cluster.world.network.counters.packetsOverflowed, 0);
});
