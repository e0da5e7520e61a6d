/** A world in which everybody knows everybody from the first moment, at the price of what they do not agree on. */
import type { CorePorts, Random } from "../base/ports.ts";
import { SharedCopies } from "../base/shared_copies.ts";
import type { MemberlistPorts } from "../memberlist/memberlist.ts";
import { type NodeState, NodeStatus } from "../memberlist/node_state.ts";
import { MemberStatus } from "../serf/member.ts";
import { MemberEntry, type MemberStore } from "../serf/member_table.ts";
import { SharedMemberStore } from "./shared_members.ts";
import { SharedNodeTable } from "./shared_nodes.ts";
import { SharedRecords } from "./shared_records.ts";

/** As many sets of tags are looked out for; most nodes have the same. */
const METAS = 256;

/** What a life of a node is given to keep its tables in; nothing when it is to have tables of its own. */
export interface TablePorts extends Pick<MemberlistPorts, "nodes"> {
  readonly members?: MemberStore | undefined;
}

/** What a life of a node is given. */
export interface LifePorts extends CorePorts, TablePorts {}

/** How a node that has not started yet is going to present itself. */
export interface Introduction {
  readonly local: NodeState;
  readonly meta: Uint8Array;
}

/**
 * The tables of all nodes of one world: first {@linkcode portsFor} each, then {@linkcode introduce} all, then the
 * engines start. What they then know is what nodes know who have joined and heard of each other: all are alive, at
 * incarnation 1, with their metadata, and of nobody was an intent heard.
 */
export class SharedTables {
  readonly #nodes = new SharedRecords<NodeState>();
  readonly #members = new SharedRecords<MemberEntry>();
  // Bounded: one per node.
  readonly #tables: SharedNodeTable[] = [];

  /** The tables of one node. */
  portsFor(random: Random): TablePorts {
    const nodes = new SharedNodeTable(random, this.#nodes);
    this.#tables.push(nodes);
    return { nodes, members: new SharedMemberStore(this.#members) };
  }

  /** Makes all known to all. Call once. */
  introduce(everybody: readonly Introduction[]): void {
    const metas = new SharedCopies(METAS);
    for (const { local, meta } of everybody) {
      const node = local.copy();
      node.status = NodeStatus.alive;
      node.incarnation = 1;
      node.meta = metas.copy(meta);
      this.#nodes.publish(node);
      this.#members.publish(new MemberEntry(node, MemberStatus.alive, 0));
    }
    for (const table of this.#tables) table.adopt();
  }
}
