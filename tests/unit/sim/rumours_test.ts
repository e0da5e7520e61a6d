/** Gossip alone, eager and by ticks: the same messages, sooner. */
import { equal, ok } from "../../support/assert.ts";
import { RumourMill, type RumourOutcome } from "../../../lib/sim/experiments/rumours.ts";

/** The time within which that share of all pairs had heard. */
function within({ timesMs, pairs }: RumourOutcome, ratio: number): number {
  return timesMs[Math.ceil(pairs * ratio) - 1] ?? Infinity;
}

/** 60 rumours, one at a time. */
function tellOneByOne(eagerGossip: boolean, lossRatio: number, size = 30): RumourOutcome {
  const mill = new RumourMill({ seed: 1, size, options: { eagerGossip } });
  mill.lossRatio = lossRatio;
  for (let i = 0; i < 60; i++) {
    mill.tell();
    mill.runFor(5000);
  }
  return mill.settle();
}

/** 100 rumours by one node in one breath. */
function tellMany(eagerGossip: boolean): RumourOutcome {
  const mill = new RumourMill({ seed: 2, size: 30, options: { eagerGossip } });
  mill.tell(100);
  return mill.settle();
}

Deno.test("rumours: eager gossip takes milliseconds where ticks take half a second, in as many packets and bytes", () => {
  const eager = tellOneByOne(true, 0), ticked = tellOneByOne(false, 0);
  equal(eager.pairs, 60 * 29);
  ok(within(ticked, 0.5) > 100, `${within(ticked, 0.5)} ms`);
  ok(within(eager, 0.5) < 5, `${within(eager, 0.5)} ms`);
  ok(within(eager, 0.99) < within(ticked, 0.99) / 2, `${within(eager, 0.99)} ms`);
  // Eight times each.
  ok(Math.abs(eager.packetsPerNode - 60 * 8) < 3, `${eager.packetsPerNode}`);
  equal(eager.messagesPerNode, eager.packetsPerNode, "one at a time: each in a packet of its own");
  ok(eager.bytesPerNode < ticked.bytesPerNode * 1.01, `${eager.bytesPerNode}`);
});

Deno.test("rumours: at half of all packets lost, eager gossip misses no more pairs than ticks do", () => {
  const eager = tellOneByOne(true, 0.5), ticked = tellOneByOne(false, 0.5);
  const missed = ({ pairs, timesMs }: RumourOutcome) => (pairs - timesMs.length) / pairs;
  ok(missed(ticked) > 0.005, `${missed(ticked)}`);
  // Whether a rumour dies young is a matter of luck, with either.
  ok(missed(eager) < missed(ticked) + 0.03, `${missed(eager)} against ${missed(ticked)}`);
});

Deno.test("rumours: a moment in which nine of ten packets are lost does not end those that were told just then", () => {
  const mill = new RumourMill({ seed: 3, size: 30, options: {} });
  for (let i = 0; i < 60; i++) {
    mill.lossRatio = 0.9;
    mill.tell();
    mill.runFor(150);
    mill.lossRatio = 0;
    mill.runFor(5000);
  }
  const { pairs, timesMs } = mill.settle();
  ok(timesMs.length > pairs * 0.98, `${timesMs.length} of ${pairs}`);
});

Deno.test("rumours: a burst of a hundred costs eager gossip no more packets and bytes", () => {
  const eager = tellMany(true), ticked = tellMany(false);
  ok(eager.packetsPerNode < ticked.packetsPerNode * 1.05, `${eager.packetsPerNode}`);
  ok(eager.bytesPerNode < ticked.bytesPerNode * 1.05, `${eager.bytesPerNode}`);
  ok(within(eager, 0.99) < within(ticked, 0.99), `${within(eager, 0.99)} ms`);
});

Deno.test("rumours: at a steady pace eager gossip sends the same messages, in as many bytes", () => {
  const tell = (eagerGossip: boolean): RumourOutcome => {
    const mill = new RumourMill({ seed: 4, size: 30, options: { eagerGossip } });
    for (let i = 0; i < 150; i++) {
      mill.tell();
      mill.runFor(20 + i * 7919 % 400);
    }
    return mill.settle();
  };
  const eager = tell(true), ticked = tell(false);
  // Who never heard of one, does not pass it on.
  ok(Math.abs(eager.messagesPerNode / ticked.messagesPerNode - 1) < 0.005, `${eager.messagesPerNode}`);
  ok(eager.bytesPerNode < ticked.bytesPerNode * 1.05, `${eager.bytesPerNode} to ${ticked.bytesPerNode}`);
});
