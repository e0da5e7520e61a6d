import { deepEqual, doesNotThrow, equal, ok, throws } from "../../support/assert.ts";
import type { QuerySink } from "../../../lib/serf/query_collector.ts";
import { VoprCalm } from "../../../lib/sim/vopr_calm.ts";
import { FAULTS, planOf } from "../../../lib/sim/vopr_plan.ts";
import { VoprWorkload } from "../../../lib/sim/vopr_workload.ts";
import { type Member, VoprWorld } from "../../../lib/sim/vopr_world.ts";

/** Three members that agree. */
function calmWorld() {
  const world = new VoprWorld(planOf(1, { size: 3, without: FAULTS }));
  world.cluster.form();
  const calm = new VoprCalm(world);
  ok(calm.isAgreed());
  return { world, calm, nodes: world.cluster.nodes as readonly [Member, Member, Member] };
}

Deno.test("VoprCalm finds members that never agree", () => {
  const { world, calm, nodes: [a, b, c] } = calmWorld();
  world.cluster.world.faults.partition([[a.host], [b.host, c.host]]);
  ok(world.cluster.settles(() => !calm.isAgreed()));
  throws(() => calm.agree(), /do not agree after [0-9.]+ ms of 3:\n/);
});

Deno.test("VoprCalm finds a cluster that fell apart for good though nothing made it forget", () => {
  const { world, calm, nodes: [a, b, c] } = calmWorld();
  world.cluster.world.faults.partition([[a.host], [b.host, c.host]]);
  for (const { life } of [a, b, c]) Object.defineProperty(life.serf, "member", { value: () => undefined });
  throws(() => calm.agree(), /fallen apart for good: 2,1|fallen apart for good: 1,2/);
});

Deno.test("VoprCalm finds a member that is shown with other tags, or not at all", () => {
  const { world, calm, nodes: [a, b] } = calmWorld();
  const { tags } = a.life.serf.member(b.name)!;
  Object.defineProperty(a.life.serf.member(b.name)!, "tags", {
    value: new Map([["life", "9"]]),
    configurable: true,
  });
  ok(!calm.isAgreed());
  Object.defineProperty(a.life.serf.member(b.name)!, "tags", { value: tags, configurable: true });
  ok(calm.isAgreed());
  const member = a.life.serf.member.bind(a.life.serf);
  a.life.serf.member = (name) => name === b.name ? undefined : member(name);
  ok(!calm.isAgreed());
  world.book(a).pruned.add(b.name);
  ok(calm.isAgreed(), "who was pruned though it is there is not shown");
});

Deno.test("VoprWorld: whom an operator prunes is waived for those who erased it, until they see it again", () => {
  const { world, calm, nodes: [a, b] } = calmWorld();
  world.pruned.add(b.name);
  world.cluster.serfChecker!.expectDeparture(b.name);
  a.life.serf.forceLeave(b.name, true, () => {});
  ok(world.book(a).pruned.has(b.name));
  ok(calm.isAgreed());
  b.crash();
  ok(world.cluster.settles(() => world.cluster.allSee(b, "dead")));
  world.start(b);
  world.join(b, 1);
  calm.agree();
  equal(world.book(a).pruned.size, 0);
  equal(a.life.sight(b.name), "alive");
});

Deno.test("VoprWorld finds a member that is erased though it is there, and nobody has pruned it", () => {
  const { nodes: [a, b] } = calmWorld();
  throws(() => a.life.serf.forceLeave(b.name, true, () => {}), /erased n1, who is there, and whom nobody/);
});

Deno.test("VoprWorld finds an event that an earlier life has seen", () => {
  const { world, nodes: [a, b] } = calmWorld();
  world.book(b).startEventTime = 1;
  a.life.serf.userEvent("old", new Uint8Array(0), false);
  throws(() => world.cluster.runFor(60_000), /n1 was told of old of time 1 in an earlier life/);
});

Deno.test("VoprWorkload names who lacks an event that it should have, whoever else has it", () => {
  const { world, nodes: [a, b, c] } = calmWorld();
  const workload = new VoprWorkload(world);
  workload.send(a);
  ok(world.cluster.settles(() => workload.missing().length === 0 && a.life.userEvents.length === 1));
  b.life.userEvents.length = c.life.userEvents.length = 0;
  deepEqual(workload.missing().map(({ member }) => member.name), [b.name, c.name]);
  world.book(b).startEventTime = 1;
  deepEqual(workload.missing().map(({ member }) => member.name), [c.name]);
  world.book(b).startEventTime = -1;
  world.book(b).ignoresOld = true;
  deepEqual(workload.missing().map(({ member }) => member.name), [c.name]);
  world.book(b).ignoresOld = false;
  world.book(b).ignoredTime = 1;
  deepEqual(workload.missing().map(({ member }) => member.name), [c.name]);
  world.book(c).startEventTime = 1;
  equal(workload.missing().length, 0);
});

Deno.test("VoprWorkload finds a second answer, a second ack and a second end of one query", () => {
  const { world, nodes: [a] } = calmWorld();
  const sinks: QuerySink[] = [];
  const query = a.life.serf.query.bind(a.life.serf);
  a.life.serf.query = (name, payload, params, sink) => {
    sinks.push(sink);
    return query(name, payload, params, sink);
  };
  new VoprWorkload(world).ask(a);
  const [sink] = sinks as [QuerySink];
  sink.onAck("n1");
  sink.onResponse("n1", new Uint8Array(0));
  doesNotThrow(() => sink.onResponse("n2", new Uint8Array(0)));
  throws(() => sink.onResponse("n1", new Uint8Array(0)), /n0 got two answers of n1 to q0/);
  throws(() => sink.onAck("n1"), /n0 got two acks of n1 to q0/);
  sink.onDone();
  throws(() => sink.onDone(), /q0 ended twice/);
});
