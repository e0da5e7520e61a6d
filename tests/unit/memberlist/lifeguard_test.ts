/** Lifeguard's mechanisms, turned off one by one: what is left is SWIM. */
import { deepEqual, equal, ok, throws } from "../../support/assert.ts";
import { NodeStatus } from "../../../lib/memberlist/node_state.ts";
import {
  LIFEGUARD,
  type LifeguardOptions,
  resolveMemberlistOptions,
} from "../../../lib/memberlist/options.ts";
import { suspicionMinMs } from "../../../lib/memberlist/formulas.ts";
import { alive, dead, suspect, World } from "./fakes.ts";

const without = (mechanism: keyof LifeguardOptions) => ({ lifeguard: { ...LIFEGUARD, [mechanism]: false } });

/** A world that knows "other" and `others` more nodes, none of which answers anything. */
function silentWorld(others: number, options: object = {}): World {
  const world = new World({ options: { gossipIntervalMs: 1, ...options } });
  world.addNode("other", 2);
  for (let i = 0; i < others; i++) world.addNode(`h${i}`, 10 + i);
  for (let i = 0; i < 40; i++) world.clock.runFor(0.1);
  return world;
}

Deno.test("lifeguard: everything is on unless an experiment says otherwise", () => {
  deepEqual({ ...resolveMemberlistOptions({ name: "a" }).lifeguard }, {
    probe: true,
    suspicion: true,
    buddy: true,
  });
});

Deno.test("lifeguard: what is neither on nor off is refused by name", () => {
  const lifeguard = { ...LIFEGUARD, buddy: undefined } as unknown as LifeguardOptions;
  throws(() => resolveMemberlistOptions({ name: "a", lifeguard }), {
    name: "OptionError",
    option: "lifeguard.buddy",
  });
});

Deno.test("lifeguard: without probe the score stays 0, and no helper is asked for a nack", () => {
  for (const [options, nacksWanted] of [[{}, true], [without("probe"), false]] as const) {
    const world = silentWorld(3, options);
    world.transport.take();
    world.runFor(3000);
    const wishes = world.takeMessages().flatMap(({ indirectPing }) => indirectPing ?? []);
    ok(wishes.length > 0);
    ok(wishes.every(({ nack }) => nack === nacksWanted));
    equal(world.memberlist.healthScore > 0, nacksWanted);
  }
});

Deno.test("lifeguard: without suspicion every suspicion lasts the least time, and none is confirmed", () => {
  for (
    const [options, lastsMs, confirmations] of [[{}, 24_000, 1], [without("suspicion"), 4000, 0]] as const
  ) {
    const world = new World({ options, isAnswering: true });
    const node = world.addNode("other", 2);
    for (let i = 3; i < 10; i++) world.addNode(`n${i}`, i);
    world.runFor(4000);
    world.receive(suspect("other", 1, "a"));
    equal(node.suspicion!.deadlineMs - world.clock.nowMs(), lastsMs);
    world.receive(suspect("other", 1, "b"));
    equal(node.suspicion!.confirmations, confirmations);
  }
});

Deno.test("lifeguard: without buddy a suspect is pinged as anybody is", () => {
  for (const [options, told] of [[{}, true], [without("buddy"), false]] as const) {
    const world = silentWorld(0, { ...options, retransmitMult: 1 });
    world.receive(suspect("other", 1, "x"));
    world.runFor(100);
    equal(world.memberlist.node("other")!.status, NodeStatus.suspect);
    world.transport.take();
    world.runFor(1000);
    const sent = world.takeMessages();
    ok(sent.some(({ ping }) => ping?.node === "other"));
    equal(sent.some((message) => message.suspect?.node === "other"), told);
  }
});

Deno.test("suspicionMult 0: who is suspected is declared dead at once", () => {
  const world = silentWorld(0, { suspicionMult: 0 });
  world.receive(suspect("other", 1, "x"));
  world.runFor(0.01);
  equal(world.memberlist.node("other")!.status, NodeStatus.dead);
  throws(() => resolveMemberlistOptions({ name: "a", suspicionMult: -1 }), { option: "suspicionMult" });
});

Deno.test("hearsay: a death that no suspicion came before is a suspicion, for the least time; who objects lives", () => {
  const world = silentWorld(9);
  const node = world.memberlist.node("other")!;
  const leastMs = suspicionMinMs(4, 11, 1000);
  world.receive(dead("other", 1, "x"));
  equal(node.status, NodeStatus.suspect);
  equal(node.suspicionTimer!.deadlineMs - world.clock.nowMs(), leastMs);
  world.receive(alive({ incarnation: 2 }));
  equal(node.status, NodeStatus.alive);
  world.receive(dead("other", 2, "x"));
  world.clock.runFor(leastMs - 1);
  equal(node.status, NodeStatus.suspect);
  world.clock.runFor(1);
  equal(node.status, NodeStatus.dead);
});

Deno.test("hearsay: the same death told again, by the same or by others, leaves the accused its time to object", () => {
  const world = silentWorld(9);
  const node = world.memberlist.node("other")!;
  const leastMs = suspicionMinMs(4, 11, 1000);
  world.receive(dead("other", 1, "x"));
  for (const [incarnation, from] of [[1, "x"], [1, "y"], [1, "test"], [3, "x"]] as const) {
    world.runFor(50);
    world.receive(dead("other", incarnation, from));
    equal(node.status, NodeStatus.suspect, `dead(${incarnation}) from ${from}`);
  }
  world.transport.take();
  world.runFor(50);
  const told = world.takeMessages().flatMap(({ suspect }) =>
    suspect?.node === "other" ? [suspect.incarnation] : []
  );
  deepEqual([...new Set(told)], [3], "the accused can deny what it hears");
  world.receive(alive({ incarnation: 3 }));
  equal(node.status, NodeStatus.suspect, "what was said before the newest death is no objection to it");
  world.receive(alive({ incarnation: 4 }));
  equal(node.status, NodeStatus.alive);
  world.receive(dead("other", 4, "x"));
  world.clock.runFor(leastMs - 1);
  world.receive(dead("other", 4, "x"));
  equal(node.status, NodeStatus.suspect);
  world.clock.runFor(1);
  equal(node.status, NodeStatus.dead, "and does not give it more");
});

Deno.test("hearsay: a sentence ends at once with the node's own farewell", () => {
  const world = silentWorld(9);
  world.receive(dead("other", 1, "x"));
  world.receive(dead("other", 1, "other"));
  equal(world.memberlist.node("other")!.status, NodeStatus.left);
});

Deno.test("hearsay: a death is believed at once after a suspicion, from the node itself, and where hearsay is not doubted", () => {
  const world = silentWorld(3);
  world.receive(suspect("h0", 1, "y"));
  world.receive(dead("h0", 1, "x"));
  equal(world.memberlist.node("h0")!.status, NodeStatus.dead);
  world.receive(dead("h1", 1, "h1"));
  equal(world.memberlist.node("h1")!.status, NodeStatus.left);
  const gullible = silentWorld(3, { doubtsHearsay: false });
  gullible.receive(dead("h0", 1, "x"));
  equal(gullible.memberlist.node("h0")!.status, NodeStatus.dead);
});
