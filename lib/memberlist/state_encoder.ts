/** Our side of a push/pull. protocol.md B. */
import { MsgpackWriter } from "../wire/msgpack_writer.ts";
import type { Engine } from "./engine.ts";
import { createPushPullNode, encodePushPullHeader, encodePushPullNode } from "./push_pull_messages.ts";
import { versionBytes } from "./state_messages.ts";

// Encoding is synchronous and never re-entered: one writer, which grows with the cluster, serves all.
const writer = new MsgpackWriter(1024);

/** Encodes what we know: all nodes, those that are gone and not yet forgotten included, and the state of the layer above. */
export class StateEncoder {
  readonly #engine: Engine;
  readonly #entry = createPushPullNode();
  readonly #vsn = new Uint8Array(6);

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** @returns the message, borrowed until the next call of anybody. */
  encode(join: boolean): Uint8Array {
    const { table, delegate } = this.#engine;
    const userState = delegate.encodeLocalState(join);
    const entry = this.#entry;
    writer.reset();
    encodePushPullHeader(writer, { join, nodes: table.size, userStateLen: userState.length });
    for (let i = 0; i < table.size; i++) {
      const node = table.at(i);
      entry.name = node.name;
      entry.addr = node.ip;
      entry.port = node.port;
      entry.meta = node.meta;
      entry.incarnation = node.incarnation;
      entry.state = node.status;
      entry.vsn = versionBytes(node.versions, this.#vsn);
      encodePushPullNode(writer, entry);
    }
    return writer.raw(userState).view();
  }
}
