import { deepEqual, equal, ok } from "../../support/assert.ts";
import { Address } from "../../../lib/base/address.ts";
import { SeededRandom } from "../../../lib/base/seeded_random.ts";
import { NodeState, NodeStatus } from "../../../lib/memberlist/node_state.ts";
import { NodeTable } from "../../../lib/memberlist/node_table.ts";

function tableOf(count: number, seed = 1): { table: NodeTable; nodes: NodeState[] } {
  const table = new NodeTable(new SeededRandom(seed));
  const nodes = Array.from({ length: count }, (_, i) => makeNode(`n${i}`));
  for (const node of nodes) table.add(node);
  return { table, nodes };
}

function makeNode(name: string, status: NodeStatus = NodeStatus.alive): NodeState {
  return new NodeState(name, Address.fromHost("127.0.0.1", 7946), status, 0);
}

Deno.test("NodeTable.add() puts newcomers at every place of the probe order equally often", () => {
  const places = [0, 0, 0, 0, 0];
  const random = new SeededRandom(3);
  for (let run = 0; run < 5000; run++) {
    const table = new NodeTable(random);
    for (let i = 0; i < 5; i++) table.add(makeNode(`n${i}`));
    places[table.nodes.findIndex(({ name }) => name === "n4")]!++;
  }
  for (const count of places) ok(Math.abs(count - 1000) < 150, `${places}`);
});

Deno.test("NodeTable finds nodes by name and keeps all of them", () => {
  const { table, nodes } = tableOf(10);
  equal(table.size, 10);
  for (const node of nodes) equal(table.get(node.name), node);
  equal(table.get("other"), undefined);
  deepEqual([...table.nodes].map(({ name }) => name).sort(), nodes.map(({ name }) => name).sort());
});

Deno.test("NodeTable keeps its counts as nodes change and go", () => {
  const { table, nodes } = tableOf(4);
  const change = (node: NodeState, status: NodeStatus) => {
    table.onStatusChanged(node.status, status);
    node.status = status;
  };
  change(nodes[0]!, NodeStatus.suspect);
  change(nodes[1]!, NodeStatus.dead);
  change(nodes[2]!, NodeStatus.left);
  deepEqual([0, 1, 2, 3].map((status) => table.countOf(status as NodeStatus)), [1, 1, 1, 1]);
  equal(table.aliveCount, 2);
  equal(table.removeWhere((node) => node.status >= NodeStatus.dead), 2);
  deepEqual([0, 1, 2, 3].map((status) => table.countOf(status as NodeStatus)), [1, 1, 0, 0]);
  equal(table.size, 2);
  equal(table.get("n1"), undefined);
  equal(table.removeWhere(() => false), 0);
});

Deno.test("NodeTable.sampleInto() finds all that are liked when they are few, however small the cluster", () => {
  const { table, nodes } = tableOf(6);
  const picked: NodeState[] = [makeNode("stale")];
  for (let i = 0; i < 50; i++) {
    table.sampleInto(3, (node) => node === nodes[2] || node === nodes[5], picked);
    deepEqual(picked.map(({ name }) => name).sort(), ["n2", "n5"]);
  }
});

Deno.test("NodeTable.sampleInto() picks k different nodes, each equally often", () => {
  const { table, nodes } = tableOf(10);
  const picked: NodeState[] = [];
  const times = new Map<NodeState, number>();
  for (let i = 0; i < 5000; i++) {
    table.sampleInto(3, (node) => node !== nodes[0], picked);
    equal(new Set(picked).size, 3);
    for (const node of picked) times.set(node, (times.get(node) ?? 0) + 1);
  }
  equal(times.get(nodes[0]!), undefined);
  for (const node of nodes.slice(1)) ok(Math.abs(times.get(node)! - 5000 / 3) < 200, `${times.get(node)}`);
});

Deno.test("NodeTable.sampleInto() leaves the probe order alone", () => {
  const { table } = tableOf(20);
  const before = [...table.nodes];
  table.sampleInto(5, () => true, []);
  deepEqual([...table.nodes], before);
});

Deno.test("NodeTable.shuffle() keeps the nodes and changes their order", () => {
  const { table } = tableOf(50);
  const before = [...table.nodes];
  table.shuffle();
  ok(table.nodes.some((node, i) => node !== before[i]));
  equal(new Set(table.nodes).size, 50);
});
