/** Where memberlist meets Serf: each call is handed to the part that it concerns. */
import type { BroadcastSink, MemberlistDelegate } from "../memberlist/delegate.ts";
import type { NodeState } from "../memberlist/node_state.ts";
import type { Broadcasts } from "./broadcasts.ts";
import type { MessageRouter } from "./message_router.ts";
import type { NameConflicts } from "./name_conflict.ts";
import type { NodeEvents } from "./node_events.ts";
import type { PingCoordinates } from "./ping_coordinates.ts";
import type { StateExchange } from "./push_pull_state.ts";

/** The parts. */
export interface SerfDelegateParts {
  readonly broadcasts: Broadcasts;
  readonly router: MessageRouter;
  readonly states: StateExchange;
  readonly coordinates: PingCoordinates;
  readonly nodeEvents: NodeEvents;
  readonly conflicts: NameConflicts;
  /** The local node's tags, encoded. */
  localMeta(): Uint8Array;
}

/** Decides nothing. */
export class SerfDelegate implements MemberlistDelegate {
  readonly #parts: SerfDelegateParts;

  constructor(parts: SerfDelegateParts) {
    this.#parts = parts;
  }

  localMeta(): Uint8Array {
    return this.#parts.localMeta();
  }

  fillBroadcasts(sink: BroadcastSink): void {
    this.#parts.broadcasts.fill(sink);
  }

  hasBroadcasts(): boolean {
    return this.#parts.broadcasts.waiting;
  }

  onUserMessage(message: Uint8Array): void {
    this.#parts.router.onMessage(message);
  }

  encodeLocalState(_join: boolean): Uint8Array {
    return this.#parts.states.encode();
  }

  onRemoteState(state: Uint8Array, join: boolean): void {
    this.#parts.states.merge(state, join);
  }

  ackPayload(): Uint8Array {
    return this.#parts.coordinates.payload();
  }

  onPingCompleted(node: NodeState, rttMs: number, payload: Uint8Array): void {
    this.#parts.coordinates.onPing(node.name, rttMs, payload);
  }

  onNodeJoin(node: NodeState): void {
    this.#parts.nodeEvents.onJoin(node);
  }

  onNodeLeave(node: NodeState): void {
    this.#parts.nodeEvents.onLeave(node);
  }

  onNodeUpdate(node: NodeState): void {
    this.#parts.nodeEvents.onUpdate(node);
  }

  onNameConflict(existing: NodeState, otherIp: Uint8Array, otherPort: number): void {
    this.#parts.conflicts.onConflict(existing, otherIp, otherPort);
  }
}
