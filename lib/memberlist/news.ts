/** What membership has to tell the world: one broadcast per node at most, the newest. protocol.md C.12. */
import { MsgpackWriter } from "../wire/msgpack_writer.ts";
import type { BroadcastQueue } from "./broadcast_queue.ts";
import {
  type Accusation,
  createAlive,
  encodeAlive,
  encodeDead,
  encodeSuspect,
  versionBytes,
} from "./messages.ts";
import type { NodeState } from "./node_state.ts";

/**
 * Encodes and queues. All are keyed by the node's name, our own refutations too: HashiCorp's agents key those by the
 * address, so that an old suspicion of themselves may stay in their queues beside the answer to it.
 */
export class News {
  readonly #queue: BroadcastQueue;
  readonly #writer = new MsgpackWriter(1024);
  readonly #alive = createAlive();
  readonly #vsn = new Uint8Array(6);

  constructor(queue: BroadcastQueue) {
    this.#queue = queue;
  }

  /** The node is alive, as we know it. @param onSent called when it was sent often enough, or replaced. */
  alive(node: NodeState, onSent?: () => void): void {
    const alive = this.#alive;
    alive.incarnation = node.incarnation;
    alive.node = node.name;
    alive.addr = node.ip;
    alive.port = node.port;
    alive.meta = node.meta;
    alive.vsn = versionBytes(node.versions, this.#vsn);
    this.#writer.reset();
    encodeAlive(this.#writer, alive);
    this.#queue.queue(this.#writer.view(), node.name, onSent);
  }

  /** Somebody suspects the node. */
  suspect(accusation: Readonly<Accusation>): void {
    this.#writer.reset();
    encodeSuspect(this.#writer, accusation.incarnation, accusation.node, accusation.from);
    this.#queue.queue(this.#writer.view(), accusation.node);
  }

  /** Somebody says that the node is dead; the node itself, that it leaves. @param onSent as for alive. */
  dead(accusation: Readonly<Accusation>, onSent?: () => void): void {
    this.#writer.reset();
    encodeDead(this.#writer, accusation.incarnation, accusation.node, accusation.from);
    this.#queue.queue(this.#writer.view(), accusation.node, onSent);
  }
}
