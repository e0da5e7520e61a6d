/** The one interface at which memberlist meets Serf. */
import type { NodeState } from "./node_state.ts";

/** A packet under construction, to which messages are added. */
export interface BroadcastSink {
  /** Bytes left for one more message, its own framing overhead already taken off; negative when full. */
  roomBytes(): number;
  /** Adds one whole message (type byte first); `message.length <= roomBytes()`. Copied. */
  add(message: Uint8Array): void;
}

/** What memberlist asks of, and tells, the layer above. All calls are synchronous; views are borrowed for the call. */
export interface MemberlistDelegate {
  /** The metadata to announce for the local node, at most 512 bytes. */
  localMeta(): Uint8Array;
  /**
   * Fills what is left of a gossip packet with the layer's own queued messages (each begins with type byte 8). Nothing
   * may be sent from within: the packet is still open.
   */
  fillBroadcasts(sink: BroadcastSink): void;
  /** Whether `fillBroadcasts` would have something to give. Cheap; asked at every gossip tick. */
  hasBroadcasts(): boolean;
  /** A user message: the Serf message without the leading type byte 8. May be malformed in any way. */
  onUserMessage(message: Uint8Array): void;
  /** The user state to send in a push/pull; `join` tells whether it belongs to a join. Borrowed until the next call. */
  encodeLocalState(join: boolean): Uint8Array;
  /** The peer's user state from a push/pull. May be malformed in any way; @throws {WireError} then. */
  onRemoteState(state: Uint8Array, join: boolean): void;
  /** The payload for an ack to a direct UDP ping: version byte and encoded coordinate. Borrowed until the next call. */
  ackPayload(): Uint8Array;
  /** A direct UDP probe of `node` was answered after `rttMs` with `payload` (empty when the peer sent none). */
  onPingCompleted(node: NodeState, rttMs: number, payload: Uint8Array): void;
  /** A node became alive that was unknown, dead or left. */
  onNodeJoin(node: NodeState): void;
  /** A node became dead or left (`node.status` tells). */
  onNodeLeave(node: NodeState): void;
  /** An alive node changed its metadata. */
  onNodeUpdate(node: NodeState): void;
  /** Someone else claims the name of `existing` (possibly our own) from another address. */
  onNameConflict(existing: NodeState, otherIp: Uint8Array, otherPort: number): void;
}
