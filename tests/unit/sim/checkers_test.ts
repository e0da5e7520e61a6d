import { doesNotThrow, equal, ok, throws } from "../../support/assert.ts";
import { Timer } from "../../../lib/base/timer_heap.ts";
import type { Memberlist } from "../../../lib/memberlist/memberlist.ts";
import { type NodeState, NodeStatus } from "../../../lib/memberlist/node_state.ts";
import type { QueryEvent } from "../../../lib/serf/events.ts";
import { MemberStatus } from "../../../lib/serf/member.ts";
import type { MemberlistLife } from "../../../lib/sim/memberlist_life.ts";
import { memberlistCluster } from "../../../lib/sim/sim_cluster.ts";
import { SerfCluster } from "../../../lib/sim/serf_cluster.ts";
import type { SimNode } from "../../../lib/sim/sim_node.ts";

/** A formed cluster; `tamper` gets what n0 knows of n1. */
function whenTampered(tamper: (state: NodeState) => void): () => void {
  const cluster = memberlistCluster({ seed: 1, size: 4 });
  cluster.form();
  cluster.node(1).life.updateMeta(Uint8Array.of(1));
  cluster.runFor(3000);
  const state = cluster.node(0).memberlist.node("n1")!;
  equal(state.incarnation, 2);
  doesNotThrow(() => cluster.checker!.checkAll());
  tamper(state);
  return () => cluster.checker!.check(cluster.node(0));
}

Deno.test("Checker finds an incarnation that fell", () => {
  throws(whenTampered((state) => state.incarnation = 1), {
    name: "AssertionError",
    message: /from 0@2 to 0@1/,
  });
});

Deno.test("Checker finds an incarnation that the node never gave itself", () => {
  throws(whenTampered((state) => state.incarnation = 3), {
    name: "AssertionError",
    message: /only at 2 itself/,
  });
});

Deno.test("Checker finds a resurrection without a higher incarnation", () => {
  const cluster = memberlistCluster({ seed: 1, size: 3 });
  cluster.form();
  cluster.node(1).crash();
  ok(cluster.runUntil(() => cluster.allSee(cluster.node(1), "dead"), 60_000));
  const state = cluster.node(0).memberlist.node("n1")!;
  state.status = NodeStatus.left;
  throws(() => cluster.checker!.check(cluster.node(0)), /from 2@1 to 3@1/);
  state.status = NodeStatus.alive;
  throws(() => cluster.checker!.check(cluster.node(0)), /from 2@1 to 0@1/);
});

Deno.test("Checker finds a suspicion without a suspect, and a suspect without a suspicion", () => {
  throws(whenTampered((state) => state.status = NodeStatus.suspect), /has a suspicion of n1/);
});

Deno.test("Checker finds a running node that takes itself for dead", () => {
  const cluster = memberlistCluster({ seed: 1, size: 2 });
  cluster.form();
  cluster.node(0).memberlist.local.status = NodeStatus.dead;
  throws(() => cluster.checker!.check(cluster.node(0)), /sees itself with status 2/);
});

Deno.test("Checker finds events that do not alternate", () => {
  const cluster = memberlistCluster({ seed: 1, size: 2 });
  cluster.form();
  throws(() => cluster.node(0).record("join", "n1"), /told twice that n1 joined/);
  cluster.node(0).record("leave", "n1");
  throws(() => cluster.node(0).record("leave", "n1"), /who had not joined/);
  throws(() => cluster.node(0).record("update", "n1"), /who had not joined/);
});

Deno.test("Checker is asked after everything that a node handles, and fails the run", () => {
  const cluster = memberlistCluster({ seed: 1, size: 4 });
  cluster.form();
  cluster.runFor(1000);
  const before = cluster.checker!.checks;
  cluster.runFor(1000);
  ok(cluster.checker!.checks > before + 10);
  cluster.node(0).memberlist.node("n1")!.incarnation = 9;
  throws(() => cluster.runFor(5000), /only at 1 itself/);
});

Deno.test("SerfChecker finds a member that memberlist knows better", () => {
  const cluster = new SerfCluster({ seed: 1, size: 3 });
  cluster.form();
  doesNotThrow(() => cluster.checker!.checkAll());
  const member = cluster.node(0).life.serf.member("n1")!;
  member.status = MemberStatus.failed;
  throws(() => checkOften(cluster), /n1: memberlist says 0, Serf 4/);
});

/** A table that was changed behind Serf's back is looked at now and then only. */
function checkOften(cluster: SerfCluster): void {
  for (let i = 0; i < 20; i++) cluster.checker!.checkAll();
}

Deno.test("SerfChecker finds events that do not follow from each other", () => {
  const cluster = new SerfCluster({ seed: 1, size: 3 });
  cluster.form();
  const node = cluster.node(0);
  const members = [node.life.serf.member("n1")!];
  throws(() => cluster.serfChecker!.onEvent(node, { type: "member-join", members }), /who was present/);
  cluster.serfChecker!.onEvent(node, { type: "member-failed", members });
  throws(() => checkOften(cluster), /shows n1 with status 1, and told that it is failed/);
  throws(() => cluster.serfChecker!.onEvent(node, { type: "member-update", members }), /who was failed/);
  cluster.serfChecker!.forbidUnannouncedDepartures();
  throws(() => cluster.serfChecker!.onEvent(node, { type: "member-leave", members }), /which nobody said/);
});

Deno.test("SerfChecker finds a user event that is delivered twice", () => {
  const cluster = new SerfCluster({ seed: 1, size: 2 });
  cluster.form();
  const node = cluster.node(0);
  const event = { type: "user", lTime: 3, name: "e", payload: Uint8Array.of(1), coalesce: false } as const;
  cluster.serfChecker!.onEvent(node, event);
  cluster.serfChecker!.onEvent(node, { ...event, lTime: 4 });
  cluster.serfChecker!.onEvent(node, { ...event, payload: Uint8Array.of(2) });
  throws(() => cluster.serfChecker!.onEvent(node, { ...event, coalesce: true }), /told twice of user e/);
});

Deno.test("Checker finds a node that is taken for one that left", () => {
  const cluster = memberlistCluster({ seed: 1, size: 3 });
  cluster.form();
  cluster.node(0).memberlist.node("n1")!.status = NodeStatus.left;
  throws(() => cluster.checker!.checkAll(), /takes n1@1 for one that left/);
});

Deno.test("SerfChecker finds a running node that is not alive in its own eyes", () => {
  const cluster = new SerfCluster({ seed: 1, size: 2 });
  cluster.form();
  cluster.node(0).life.serf.localMember().status = MemberStatus.leaving;
  throws(() => cluster.checker!.checkAll(), /in its own eyes/);
});

Deno.test("Checker finds more nodes, news and timers than there may be, and a health score that is none", () => {
  const overfull = (tamper: (life: MemberlistLife, node: SimNode<MemberlistLife>) => void) => {
    const cluster = memberlistCluster({ seed: 1, size: 2 });
    cluster.form();
    doesNotThrow(() => cluster.checker!.checkAll());
    tamper(cluster.node(0).life, cluster.node(0));
    return () => cluster.checker!.check(cluster.node(0));
  };
  const define = (life: MemberlistLife, name: keyof Memberlist, value: unknown) =>
    Object.defineProperty(life.memberlist, name, { value });
  throws(
    overfull((life) => define(life, "nodes", Array.from({ length: 3 }, () => life.memberlist.local))),
    /knows 3 nodes/,
  );
  throws(overfull((life) => define(life, "sizes", { pings: 1025, news: 0 })), /has 1025 pings/);
  throws(overfull((life) => define(life, "sizes", { pings: 0, news: 5 })), /and 5 pieces of news/);
  for (const score of [-1, 8, NaN]) {
    throws(overfull((life) => define(life, "healthScore", score)), /has a health score/);
  }
  throws(
    overfull((_, { process }) => {
      for (let i = 0; i < 70; i++) process.arm(new Timer(() => {}), 1e6);
    }),
    /has armed [0-9]+ timers/,
  );
});

Deno.test("Checker finds a node that nobody made", () => {
  const cluster = memberlistCluster({ seed: 1, size: 2 });
  cluster.form();
  const { memberlist } = cluster.node(0);
  const [self] = memberlist.nodes;
  const stranger = Object.assign(Object.create(self!), { name: "x" }) as NodeState;
  Object.defineProperty(memberlist, "nodes", { value: [stranger] });
  throws(() => cluster.checker!.check(cluster.node(0)), /knows x, whom nobody made/);
});

Deno.test("SerfChecker finds a query that is delivered twice", () => {
  const cluster = new SerfCluster({ seed: 1, size: 2 });
  cluster.form();
  const node = cluster.node(0);
  const query = { type: "query", lTime: 3, id: 7, name: "q" } as QueryEvent;
  cluster.serfChecker!.onEvent(node, query);
  cluster.serfChecker!.onEvent(node, { ...query, id: 8 });
  throws(() => cluster.serfChecker!.onEvent(node, { ...query }), /told twice of query q/);
});

Deno.test("SerfChecker finds a Lamport clock that goes back", () => {
  for (const which of ["member", "event", "query"] as const) {
    const cluster = new SerfCluster({ seed: 1, size: 2 });
    cluster.form();
    const { serf } = cluster.node(0).life;
    const times = { ...serf.lamportTimes, [which]: serf.lamportTimes[which] - 1 };
    doesNotThrow(() => cluster.checker!.checkAll());
    Object.defineProperty(serf, "lamportTimes", { value: times });
    throws(() => cluster.checker!.checkAll(), /its clocks went from/);
  }
});

Deno.test("SerfChecker finds collections that are longer than they may be", () => {
  const tooLong = [
    ["recentIntents", 4097, /remembers 4097 intents/],
    ["intentQueue", 17, /17 messages in a queue/],
    ["eventQueue", 17, /17 messages in a queue/],
    ["queryQueue", 17, /17 messages in a queue/],
    ["runningQueries", 4097, /runs 4097 queries/],
  ] as const;
  for (const [name, count, complaint] of tooLong) {
    const cluster = new SerfCluster({ seed: 1, size: 2 });
    cluster.form();
    cluster.serfChecker!.limitQueues(8);
    const { serf } = cluster.node(0).life;
    const { sizes } = serf;
    Object.defineProperty(serf, "sizes", { value: { ...sizes, [name]: count - 1 }, configurable: true });
    doesNotThrow(() => checkOften(cluster));
    Object.defineProperty(serf, "sizes", { value: { ...sizes, [name]: count } });
    throws(() => checkOften(cluster), complaint);
  }
});
