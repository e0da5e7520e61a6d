/** Small stand-ins for the ports and collaborators of Serf's parts. */
import { Address } from "../../../lib/base/address.ts";
import type { Random } from "../../../lib/base/ports.ts";
import type { BroadcastSink } from "../../../lib/memberlist/delegate.ts";
import { NodeState, NodeStatus } from "../../../lib/memberlist/node_state.ts";
import type { MemberEvent } from "../../../lib/serf/member.ts";

export { RecordingLogger } from "../../support/recording_logger.ts";

/** Gives what it is told to, in order; asserts nothing about how often it is asked. */
export class ScriptedRandom implements Random {
  /** @param values what `uniform()` gives next; the last one is given for ever. */
  constructor(readonly values: number[]) {}

  uniform(): number {
    return this.values.length > 1 ? this.values.shift()! : this.values[0]!;
  }

  below(bound: number): number {
    return Math.floor(this.uniform() * bound);
  }

  fill(bytes: Uint8Array): void {
    bytes.fill(0);
  }
}

/** A node as memberlist would hand it over. */
export function makeNode(
  name: string,
  host = "127.0.0.1",
  port = 7946,
  meta: Uint8Array = new Uint8Array(0),
): NodeState {
  const node = new NodeState(name, Address.fromHost(host, port), NodeStatus.alive, 0);
  node.meta = meta;
  node.versions = { pMin: 1, pMax: 5, pCur: 2, dMin: 2, dMax: 5, dCur: 5 };
  return node;
}

/** `"member-join a,b"` for each event. */
export function eventTexts(events: readonly MemberEvent[]): string[] {
  return events.map((event) => `${event.type} ${event.members.map((member) => member.name).join()}`);
}

/** A packet with room for `bytes`. */
export class FakeSink implements BroadcastSink {
  readonly messages: Uint8Array[] = [];
  #room: number;

  constructor(bytes = 1395) {
    this.#room = bytes;
  }

  roomBytes(): number {
    return this.#room;
  }

  add(message: Uint8Array): void {
    this.#room -= message.length;
    this.messages.push(message.slice());
  }
}

/** The bytes of ASCII text. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
