/** What memberlist knows of one node. */
import type { Address } from "../base/address.ts";
import type { Timer } from "../base/timer_heap.ts";
import type { Suspicion } from "./suspicion.ts";

/** A node's status, numbered as push/pull carries it. */
export const NodeStatus = { alive: 0, suspect: 1, dead: 2, left: 3 } as const;
export type NodeStatus = typeof NodeStatus[keyof typeof NodeStatus];

/** The most metadata that a node may announce, in bytes: HashiCorp's agents refuse to start with more. */
export const META_BYTES_MAX = 512;
/**
 * The longest name of a node, in bytes of UTF-8. HashiCorp's agents have no bound; with this one, whatever can be said
 * of a node (its name and an accuser's, or its metadata) fits into a packet.
 */
export const NAME_BYTES_MAX = 512;

/**
 * The six version bytes of an alive message: memberlist's and the delegate's (Serf's) min, max and current. Records keep
 * ones that are not written to and that nearly all nodes share ({@linkcode sharedVersions}).
 */
export interface NodeVersions {
  pMin: number;
  pMax: number;
  pCur: number;
  dMin: number;
  dMax: number;
  dCur: number;
}

/** One node of the table. Only `membership.ts` writes its status, incarnation, address, meta and versions. */
export class NodeState {
  status: NodeStatus;
  incarnation = 0;
  /** Monotonic milliseconds of the last status change. */
  statusChangeMs: number;
  /** Where it is, ready for the transport. */
  address: Address;
  /** At most {@linkcode META_BYTES_MAX} bytes; replaced, never written to: others have the same ones. */
  meta: Uint8Array;
  versions: Readonly<NodeVersions> = NO_VERSIONS;
  /** The running suspicion, present exactly while `status` is suspect. */
  suspicion: Suspicion | undefined = undefined;
  /** Armed for the suspicion's deadline; made for the first suspicion, then kept. */
  suspicionTimer: Timer | undefined = undefined;

  constructor(readonly name: string, address: Address, status: NodeStatus, nowMs: number) {
    this.address = address;
    this.status = status;
    this.statusChangeMs = nowMs;
    this.meta = EMPTY;
  }

  /** The address in the bytes that it came in (4 or 16): compared bytewise with later claims, and sent on as it is. */
  get ip(): Uint8Array {
    return this.address.ip;
  }

  get port(): number {
    return this.address.port;
  }

  /** Another record that says the same. Without a suspicion: that is one observer's own. */
  copy(): NodeState {
    const copy = new NodeState(this.name, this.address, this.status, this.statusChangeMs);
    copy.incarnation = this.incarnation;
    copy.meta = this.meta;
    copy.versions = this.versions;
    return copy;
  }
}

const EMPTY = new Uint8Array(0);
const NO_VERSIONS: Readonly<NodeVersions> = Object.freeze({
  pMin: 0,
  pMax: 0,
  pCur: 0,
  dMin: 0,
  dMax: 0,
  dCur: 0,
});
