/** Who is told of a suspicion looks into it: SWIM 4.2, Lifeguard IV-B. */
import { deepEqual, equal, ok } from "../../support/assert.ts";
import { TransportError } from "../../../lib/base/errors.ts";
import { alive, messagesOf, suspect, World } from "./fakes.ts";

/** Regular probes are an hour away. */
const FEW_PROBES = { probeIntervalMs: 3_600_000, probeTimeoutMs: 500, pushPullIntervalMs: 0 };

/** A world of n members, ourselves included, that has nothing to tell. */
function told(n: number, options = {}, seed = 1): World {
  const world = new World({ options: { ...FEW_PROBES, ...options }, seed, isAnswering: true });
  for (let i = 2; i <= n; i++) {
    const addr = Uint8Array.of(127, 0, i >> 8, i & 255);
    world.receive(alive({ node: `n${i}`, addr }));
  }
  // Regular probes have told how long acks take, and of some who listens.
  world.clock.runUntil(() => world.delegate.pings.length >= Math.min(n - 1, 4), 14_400_000, 1000);
  world.stopAnswering();
  return world;
}

/** Names that were pinged since the last call. */
function pinged(world: World): string[] {
  return world.takeMessages().flatMap(({ ping }) => ping === undefined ? [] : [ping.node]);
}

Deno.test("Confirmer: a member told of a suspicion pings the suspect within a probe timeout, not at once", () => {
  const world = told(5);
  world.receive(suspect("n3", 1, "n4"));
  world.runFor(249);
  deepEqual(pinged(world), []);
  world.runFor(252);
  deepEqual(pinged(world), ["n3"]);
});

Deno.test("Confirmer: different members do so at different moments", () => {
  const moments = [1, 2, 3].map((seed) => {
    const world = told(5, {}, seed);
    let atMs = 0;
    world.transport.onSent = () => atMs ||= pinged(world).length > 0 ? world.clock.nowMs() : 0;
    world.receive(suspect("n3", 1, "n4"));
    world.runFor(501);
    return atMs;
  });
  equal(new Set(moments).size, 3);
  ok(moments.every((ms) => ms > 0));
});

Deno.test("Confirmer: a target that is not there is accused by us too, which all then hear", () => {
  const world = told(5);
  world.receive(suspect("n3", 1, "n4"));
  world.clock.runUntil(() => world.transport.exchanges.length > 0, 600);
  deepEqual(pinged(world), ["n3"]);
  equal(world.node("n3").suspicion!.confirmations, 0);
  world.transport.exchanges[0]!.sink.onError(new TransportError("refused", "connection refused"));
  world.transport.take();
  world.runFor(601);
  equal(world.node("n3").suspicion!.confirmations, 1);
  const news = world.takeMessages().filter(({ suspect }) => suspect !== undefined);
  deepEqual(news[0]!.suspect, { incarnation: 1, node: "n3", from: "me" });
});

Deno.test("Confirmer: a target that is slow, or whose host is gone, is accused by nobody for that", () => {
  const world = told(5);
  world.receive(suspect("n3", 1, "n4"));
  const score = world.memberlist.healthScore;
  world.runFor(1100);
  equal(world.transport.exchanges.length, 1);
  equal(world.node("n3").suspicion!.confirmations, 0);
  equal(world.memberlist.healthScore, score);
  equal(world.memberlist.counters.probesFailed, 0);
  ok(world.takeMessages().every(({ indirectPing }) => indirectPing === undefined), "nobody is asked to help");
});

Deno.test("Confirmer: about three members for each confirmation that counts, however large the cluster", () => {
  let drawn = 0;
  for (let seed = 1; seed <= 4; seed++) {
    const world = told(300, {}, seed);
    const before = world.memberlist.counters.probes;
    world.transport.onSent = (packet) => world.answer(packet);
    for (let i = 2; i <= 300; i++) {
      world.receive(suspect(`n${i}`, 1, "x"));
      world.runFor(520);
    }
    drawn += world.memberlist.counters.probes - before;
  }
  // 6 / 298 of 1196 are 24.
  ok(drawn >= 10 && drawn <= 42, `${drawn}`);
});

Deno.test("Confirmer: what was refuted or confirmed in the meantime is not looked into", () => {
  const world = told(5);
  world.receive(suspect("n3", 1, "n4"));
  world.receive(alive({ node: "n3", addr: Uint8Array.of(127, 0, 0, 3), incarnation: 2 }));
  world.receive(suspect("n2", 1, "n4"));
  world.receive(suspect("n2", 1, "n5"));
  world.receive(suspect("n2", 1, "n3"));
  world.runFor(2000);
  deepEqual(pinged(world), []);
});

Deno.test("Confirmer: suspicions are looked into one after the other, half a timeout apart, eight at most wait", () => {
  const world = told(40, { suspicionMult: 30 });
  const times: number[] = [];
  world.transport.onSent = (packet) => {
    if (messagesOf(packet.bytes).some(({ ping }) => ping !== undefined)) times.push(world.clock.nowMs());
    world.answer(packet);
  };
  for (let i = 2; i <= 40; i++) world.receive(suspect(`n${i}`, 1, "x"));
  world.runFor(30_000);
  equal(times.length, 8);
  for (let i = 1; i < times.length; i++) ok(times[i]! - times[i - 1]! >= 250, `${times}`);
});

Deno.test("Confirmer: nothing where no confirmation counts, where it is turned off, or after stop()", () => {
  for (const [n, options] of [[3, {}], [5, { promptProbes: false }], [5, { suspicionMult: 2 }]] as const) {
    const world = told(n, options);
    world.receive(suspect("n3", 1, "n2"));
    world.runFor(1000);
    deepEqual(pinged(world), []);
  }
  const world = told(5);
  world.receive(suspect("n3", 1, "n4"));
  world.memberlist.stop();
  world.runFor(1000);
  deepEqual(pinged(world), []);
});
