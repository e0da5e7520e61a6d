import { deepEqual, equal, ok } from "../../support/assert.ts";
import { Address } from "../../../lib/base/address.ts";
import { SeededRandom } from "../../../lib/base/seeded_random.ts";
import { NodeState, NodeStatus } from "../../../lib/memberlist/node_state.ts";
import { NodeTable } from "../../../lib/memberlist/node_table.ts";
import { MemberStatus } from "../../../lib/serf/member.ts";
import { MemberEntry, MemberTable } from "../../../lib/serf/member_table.ts";
import { SerfCluster } from "../../../lib/sim/serf_cluster.ts";
import { SharedMemberStore } from "../../../lib/sim/shared_members.ts";
import { SharedNodeTable } from "../../../lib/sim/shared_nodes.ts";
import { SharedRecords } from "../../../lib/sim/shared_records.ts";
import { memberlistCluster } from "../../../lib/sim/sim_cluster.ts";
import { SimClock } from "../../../lib/sim/sim_clock.ts";

const ADDRESS = Address.fromHost("10.0.0.1", 7946);
const makeNode = (name: string) => new NodeState(name, ADDRESS, NodeStatus.alive, 0);

/** A cluster that was formed at once, when everybody has said that it is there; and one that really joined. */
function twoClusters(size: number) {
  const options = { seed: 7, size };
  const choose = ({ name }: { name: string }) => ({ options: { tags: new Map([["role", name]]) } });
  const atOnce = new SerfCluster(options, choose);
  atOnce.formAtOnce();
  const joined = new SerfCluster(options, choose);
  joined.form();
  for (const cluster of [atOnce, joined]) cluster.runFor(10_000);
  return { atOnce, joined };
}

/** What every node knows of every other. */
function knowledge(cluster: SerfCluster): string[] {
  return cluster.nodes.flatMap(({ name, memberlist, life }) => {
    const { aliveCount, nodeCount } = memberlist;
    const seen = cluster.nodes.map((subject) => {
      const node = memberlist.node(subject.name)!;
      const member = life.serf.member(subject.name)!;
      return [
        node.name,
        node.status,
        node.incarnation,
        node.address,
        node.meta,
        Object.values(node.versions),
        member.status,
        member.tags.get("role"),
        Object.values(member.versions),
      ].join(" ");
    });
    return [`${name} ${aliveCount} of ${nodeCount}`, ...seen];
  });
}

Deno.test("SimCluster.formAtOnce() makes the state of a cluster that has joined", () => {
  const { atOnce, joined } = twoClusters(12);
  ok(atOnce.membersConverged(), atOnce.describe());
  deepEqual(knowledge(atOnce), knowledge(joined));
});

Deno.test("SimCluster.formAtOnce(): what happens then happens as in a cluster that has joined", () => {
  const { atOnce, joined } = twoClusters(12);
  for (const cluster of [atOnce, joined]) {
    cluster.clearEvents();
    cluster.node(3).crash();
    cluster.leave(cluster.node(4));
    cluster.node(0).life.serf.userEvent("deploy", new Uint8Array(3), false);
    cluster.runFor(60_000);
    cluster.node(4).shutdown();
    cluster.node(3).start();
    cluster.join(cluster.node(3), cluster.node(0));
    ok(cluster.settles(() => cluster.membersConverged()), cluster.describe());
    cluster.runFor(60_000);
  }
  const { running } = joined;
  for (const type of ["member-failed", "member-leave", "member-join", "user"]) {
    const counts = [atOnce, joined].map((cluster) => cluster.countEvents(type));
    equal(counts[0], counts[1], type);
    ok(counts[0]! >= running.length - 1, `${type} happened`);
  }
  for (const node of atOnce.running) equal(node.life.userEvents.length, 1, node.name);
  deepEqual(
    atOnce.running.map(({ memberlist }) => [memberlist.aliveCount, memberlist.nodeCount]),
    joined.running.map(({ memberlist }) => [memberlist.aliveCount, memberlist.nodeCount]),
  );
});

Deno.test("SimCluster.formAtOnce() gives the same run for the same seed", () => {
  const digests = [1, 1, 2].map((seed) => {
    const cluster = memberlistCluster({ seed, size: 20, checked: false });
    cluster.formAtOnce();
    cluster.runFor(20_000);
    return cluster.digest();
  });
  equal(digests[0], digests[1]);
  ok(digests[0] !== digests[2]);
});

Deno.test("SharedNodeTable does what NodeTable does, draw for draw", () => {
  const plain = new NodeTable(new SeededRandom(3));
  const shared = new SharedNodeTable(new SeededRandom(3), new SharedRecords());
  const dice = new SeededRandom(4);
  const status = (name: string, to: NodeStatus) => {
    for (const table of [plain, shared]) {
      const node = table.get(name);
      if (node === undefined) continue;
      const own = table.own(node);
      table.onStatusChanged(own.status, to);
      own.status = to;
    }
  };
  for (let step = 0; step < 500; step++) {
    const name = `n${dice.below(40)}`;
    const action = dice.below(5);
    if (action === 0) status(name, dice.below(4) as NodeStatus);
    else if (action === 1) {
      for (const table of [plain, shared]) table.shuffle();
    } else if (action === 2 && dice.below(10) === 0) {
      const removed = [plain, shared].map((table) => table.removeWhere(({ status }) => status > 1));
      equal(removed[0], removed[1]);
    } else if (action === 3) {
      const picks = [plain, shared].map((table) => {
        const picked: NodeState[] = [];
        table.sampleInto(3, (node) => node.status === NodeStatus.alive, picked);
        return picked.map((node) => node.name);
      });
      deepEqual(picks[0], picks[1]);
    } else if (plain.get(name) === undefined) {
      for (const table of [plain, shared]) table.add(makeNode(name));
    }
    deepEqual(plain.nodes.map(({ name }) => name), shared.nodes.map(({ name }) => name), `step ${step}`);
    equal(plain.aliveCount, shared.aliveCount);
    equal(plain.get(name)?.status, shared.get(name)?.status);
  }
  ok(plain.size > 5);
});

Deno.test("SharedNodeTable: what one observer writes, no other sees", () => {
  const records = new SharedRecords<NodeState>();
  const [one, other] = [1, 2].map((seed) => new SharedNodeTable(new SeededRandom(seed), records));
  for (const name of ["a", "b", "c"]) records.publish(makeNode(name));
  for (const table of [one!, other!]) table.adopt();
  equal(one!.get("a"), other!.get("a"), "shared while they agree");
  const own = one!.own(one!.get("a")!);
  own.status = NodeStatus.dead;
  one!.onStatusChanged(NodeStatus.alive, NodeStatus.dead);
  equal(one!.get("a")!.status, NodeStatus.dead);
  equal(one!.own(own), own, "copied once");
  equal(other!.get("a")!.status, NodeStatus.alive);
  equal(one!.removeWhere(({ status }) => status === NodeStatus.dead), 1);
  deepEqual([one!.size, one!.aliveCount, other!.size, other!.aliveCount], [2, 2, 3, 3]);
  equal(one!.get("a"), undefined);
  one!.add(makeNode("a"));
  one!.add(makeNode("new"));
  deepEqual([one!.size, other!.size, other!.get("new")], [4, 3, undefined]);
});

Deno.test("SharedNodeTable.add() of ourselves takes the place of our shared record", () => {
  const records = new SharedRecords<NodeState>();
  const table = new SharedNodeTable(new SeededRandom(1), records);
  for (const name of ["me", "other"]) records.publish(makeNode(name));
  table.adopt();
  const me = new NodeState("me", ADDRESS, NodeStatus.dead, 0);
  table.add(me);
  deepEqual([table.size, table.aliveCount, table.get("me")], [2, 1, me]);
});

Deno.test("MemberTable on a SharedMemberStore: what one observer writes, no other sees", () => {
  const records = new SharedRecords<MemberEntry>();
  for (const name of ["a", "b", "c"]) {
    records.publish(new MemberEntry(makeNode(name), MemberStatus.alive, 0));
  }
  const [one, other] = [0, 1].map(() => new MemberTable(new SimClock(), new SharedMemberStore(records)));
  const view = (table: MemberTable) => table.all.map(({ name, status }) => `${name}${status}`).join(" ");
  equal(one!.get("b"), other!.get("b"), "shared while they agree");
  const claimed = one!.claim("b")!;
  one!.setStatus(claimed, MemberStatus.failed);
  deepEqual([view(one!), view(other!)], ["a1 b4 c1", "a1 b1 c1"]);
  equal(one!.get("b"), claimed);
  deepEqual([one!, other!].map((table) => table.count(MemberStatus.alive)), [2, 3]);
  one!.erase(claimed);
  one!.add(makeNode("d"), MemberStatus.alive, 0);
  deepEqual([view(one!), view(other!)], ["a1 c1 d1", "a1 b1 c1"]);
  deepEqual([one!.size, other!.size, one!.get("b"), other!.get("d")], [3, 3, undefined, undefined]);
});
