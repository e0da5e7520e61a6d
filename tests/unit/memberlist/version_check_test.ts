import { equal } from "../../support/assert.ts";
import { Address } from "../../../lib/base/address.ts";
import { sharedVersions } from "../../../lib/memberlist/messages.ts";
import { NodeState, NodeStatus } from "../../../lib/memberlist/node_state.ts";
import { PushPullMessage, type PushPullNode } from "../../../lib/memberlist/push_pull_messages.ts";
import { findIncompatibility, hasUsableVersions } from "../../../lib/memberlist/version_check.ts";
import { pushPull } from "./fakes.ts";

function local(name: string, vsn: number[], status: NodeStatus = NodeStatus.alive): NodeState {
  const node = new NodeState(name, Address.fromHost("127.0.0.1", 7946), status, 0);
  node.versions = sharedVersions(Uint8Array.of(...vsn));
  return node;
}

function check(remote: Partial<PushPullNode>[], locals: NodeState[]): string | undefined {
  const table = { size: locals.length, at: (place: number) => locals[place]! };
  return findIncompatibility(new PushPullMessage(pushPull(remote)), table);
}

const SERF = [1, 5, 2, 2, 5, 5];
const remote = (name: string, vsn: number[], state = 0) => ({ name, vsn: Uint8Array.from(vsn), state });

Deno.test("findIncompatibility() finds none among agents of all Serf protocols (C.9)", () => {
  const nodes = [2, 3, 4, 5].map((current) => remote(`n${current}`, [1, 5, 2, 2, 5, current]));
  equal(check(nodes, [local("me", SERF)]), undefined);
});

Deno.test("findIncompatibility() names the node that speaks a version not everybody understands", () => {
  equal(
    check([remote("old", [1, 1, 1, 2, 5, 5])], [local("me", SERF)]),
    "Node 'me' protocol version (2) is incompatible: [1, 1]",
  );
  equal(
    check([remote("new", [1, 5, 2, 4, 9, 8])], [local("me", SERF)]),
    "Node 'new' delegate protocol version (8) is incompatible: [4, 5]",
  );
});

Deno.test("findIncompatibility() takes the range from the living, and checks the dead against it", () => {
  const strange = [3, 4, 3, 2, 5, 5];
  equal(
    check([remote("gone", strange, NodeStatus.dead)], [local("me", SERF)]),
    undefined,
    "3 is within [1, 5]",
  );
  equal(
    check([remote("gone", [6, 9, 7, 2, 5, 5], NodeStatus.dead)], [local("me", SERF)]),
    "Node 'gone' protocol version (7) is incompatible: [1, 5]",
  );
});

Deno.test("findIncompatibility() checks each node of ours whose versions are others, too", () => {
  const strange = local("b", [1, 9, 9, 2, 5, 5], NodeStatus.dead);
  equal(
    check([], [local("a", SERF), strange]),
    "Node 'b' protocol version (9) is incompatible: [1, 5]",
  );
});

Deno.test("findIncompatibility() is not poisoned by a node of version 0 or without versions (C.9 pitfall)", () => {
  const zero = remote("zero", [0, 0, 0, 0, 0, 0]);
  const none = remote("none", []);
  equal(check([zero, none, remote("good", SERF)], [local("me", SERF)]), undefined);
});

Deno.test("hasUsableVersions() wants every range to hold its current version, and memberlist's to begin above 0", () => {
  equal(hasUsableVersions(Uint8Array.from(SERF)), true);
  equal(hasUsableVersions(Uint8Array.from([...SERF, 9])), true);
  for (
    const vsn of [
      [],
      [0, 0, 0, 0, 0, 0],
      [0, 5, 2, 2, 5, 5],
      [5, 1, 2, 2, 5, 5],
      [3, 5, 2, 2, 5, 5],
      [
        1,
        5,
        2,
        5,
        2,
        3,
      ],
      [1, 5, 2, 2, 4, 5],
      [1, 0, 0, 0, 0, 0],
    ]
  ) equal(hasUsableVersions(Uint8Array.from(vsn)), false, `${vsn}`);
});
