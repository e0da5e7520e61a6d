/** A node that runs memberlist alone, under a delegate that records what it is told. */
import type { Address } from "../base/address.ts";
import type { JoinFailure } from "../base/errors.ts";
import type { TransportSink } from "../base/ports.ts";
import { BroadcastQueue } from "../memberlist/broadcast_queue.ts";
import type { BroadcastSink, MemberlistDelegate } from "../memberlist/delegate.ts";
import type { Keyring } from "../memberlist/keyring.ts";
import { Memberlist } from "../memberlist/memberlist.ts";
import type { NodeState } from "../memberlist/node_state.ts";
import { type MemberlistOptions, resolveMemberlistOptions } from "../memberlist/options.ts";
import type { LifePorts } from "./shared_tables.ts";
import type { SimLife, SimNode } from "./sim_node.ts";

/** How long a life waits for its leave or update to be gossiped. */
const BROADCAST_TIMEOUT_MS = 5000;

/** What a scenario may choose for one node. */
export interface MemberlistLifeOptions {
  readonly options?: Partial<MemberlistOptions> | undefined;
  readonly keyring?: Keyring | undefined;
  /** The metadata at the start. */
  readonly meta?: Uint8Array | undefined;
}

/** One run of memberlist. */
export class MemberlistLife implements SimLife {
  readonly memberlist: Memberlist;
  readonly delegate: RecordingDelegate;

  constructor(node: SimNode<MemberlistLife>, ports: LifePorts, chosen: MemberlistLifeOptions) {
    this.delegate = new RecordingDelegate(node, chosen.meta ?? new Uint8Array(0));
    const options = resolveMemberlistOptions({ ...chosen.options, name: node.name });
    const local = { address: node.address };
    this.memberlist = new Memberlist(options, local, ports, this.delegate, chosen.keyring);
  }

  get sink(): TransportSink {
    return this.memberlist;
  }

  get meta(): Uint8Array {
    return this.delegate.meta;
  }

  start(): void {
    this.memberlist.start();
  }

  stop(): void {
    this.memberlist.stop();
  }

  join(
    addresses: readonly Address[],
    done: (contacted: number, failures: readonly JoinFailure[]) => void,
  ): void {
    this.memberlist.join(addresses, (result) => done(result.contacted, result.failures));
  }

  leave(done: (error?: Error) => void): void {
    this.memberlist.leave(BROADCAST_TIMEOUT_MS, done);
  }

  /** Announces new metadata. */
  updateMeta(meta: Uint8Array, done: (error?: Error) => void = () => {}): void {
    this.delegate.meta = meta;
    this.memberlist.updateMeta(BROADCAST_TIMEOUT_MS, done);
  }

  /** Queues a message of the layer above for gossip. */
  broadcast(message: Uint8Array): void {
    this.delegate.queue.queue(message);
  }
}

/** Records events; gossips user messages a few times; its push/pull state is the node's name. */
export class RecordingDelegate implements MemberlistDelegate {
  readonly #node: SimNode<MemberlistLife>;
  /** User messages heard, as text, with how often each came. Bounded: by what a scenario sends. */
  readonly heard = new Map<string, number>();
  /** Names whose push/pull state was heard, with how often. Bounded: one per node. */
  readonly statesHeard = new Map<string, number>();
  readonly queue: BroadcastQueue;
  /** Round trips that completed, per node. Bounded: one per node. */
  readonly pings = new Map<string, number>();

  constructor(node: SimNode<MemberlistLife>, public meta: Uint8Array) {
    this.#node = node;
    this.queue = new BroadcastQueue({
      retransmitMult: 4,
      nodeCount: () => node.memberlist.nodeCount,
      onQueued: () => node.memberlist.onBroadcastQueued(),
    });
  }

  localMeta(): Uint8Array {
    return this.meta;
  }

  fillBroadcasts(sink: BroadcastSink): void {
    this.queue.fill(sink);
  }

  hasBroadcasts(): boolean {
    return this.queue.size > 0;
  }

  onUserMessage(message: Uint8Array): void {
    const text = new TextDecoder().decode(message);
    const before = this.heard.get(text) ?? 0;
    this.heard.set(text, before + 1);
    if (before > 0) return;
    const again = new Uint8Array(message.length + 1);
    again[0] = 8;
    again.set(message, 1);
    this.#node.record("message", text);
    this.#node.life.broadcast(again);
  }

  encodeLocalState(_join: boolean): Uint8Array {
    return new TextEncoder().encode(this.#node.name);
  }

  onRemoteState(state: Uint8Array, _join: boolean): void {
    const name = new TextDecoder().decode(state);
    this.statesHeard.set(name, (this.statesHeard.get(name) ?? 0) + 1);
  }

  ackPayload(): Uint8Array {
    return new Uint8Array(0);
  }

  onPingCompleted(node: NodeState, _rttMs: number, _payload: Uint8Array): void {
    this.pings.set(node.name, (this.pings.get(node.name) ?? 0) + 1);
  }

  onNodeJoin(node: NodeState): void {
    this.#node.record("join", node.name);
  }

  onNodeLeave(node: NodeState): void {
    this.#node.record("leave", node.name);
  }

  onNodeUpdate(node: NodeState): void {
    this.#node.record("update", node.name);
  }

  onNameConflict(existing: NodeState, _otherIp: Uint8Array, _otherPort: number): void {
    this.#node.record("conflict", existing.name);
  }
}
