/** The rules for what memberlist reports of a node: what it does to the member. protocol.md D.2. */
import type { Clock } from "../base/ports.ts";
import type { NodeState } from "../memberlist/node_state.ts";
import type { MemberEventSource } from "./events.ts";
import type { IntentBuffer } from "./intent_buffer.ts";
import { MemberStatus } from "./member.ts";
import type { MemberTable } from "./member_table.ts";

/** Who is back so soon after it failed, flaps. */
const FLAP_MS = 60_000;

/**
 * ```
 * node joins  : unknown -> alive, or leaving when a leave intent came first     any -> alive
 * node leaves : alive -> failed     leaving -> left     others unchanged
 * node updates: tags, address, versions; the status stays
 * ```
 * Whether a node left or failed is decided by the leave intent that came before, not by memberlist's own word.
 */
export class NodeEvents {
  readonly #clock: Clock;
  readonly #table: MemberTable;
  readonly #buffer: IntentBuffer;
  readonly #events: MemberEventSource;

  constructor(
    clock: Clock,
    table: MemberTable,
    buffer: IntentBuffer,
    events: MemberEventSource,
  ) {
    this.#clock = clock;
    this.#table = table;
    this.#buffer = buffer;
    this.#events = events;
  }

  /** A node became alive that was unknown, dead or left. */
  onJoin(node: NodeState): void {
    const known = this.#table.claim(node.name);
    if (known !== undefined) {
      const hasFlapped = known.status === MemberStatus.failed &&
        this.#clock.nowMs() - known.leaveMs < FLAP_MS;
      this.#table.refresh(known, node);
      this.#table.setStatus(known, MemberStatus.alive);
      this.#events.joined(known, hasFlapped);
      return;
    }
    const intent = this.#buffer.take(node.name);
    const status = intent?.kind === "leave" ? MemberStatus.leaving : MemberStatus.alive;
    this.#events.joined(this.#table.add(node, status, intent?.lTime ?? 0), false);
  }

  /** A node became dead or left. */
  onLeave(node: NodeState): void {
    const member = this.#table.claim(node.name);
    if (member === undefined) return;
    if (member.status === MemberStatus.leaving) {
      this.#table.setStatus(member, MemberStatus.left);
      this.#events.left(member, false);
    } else if (member.status === MemberStatus.alive) {
      this.#table.setStatus(member, MemberStatus.failed);
      this.#events.failed(member);
    }
  }

  /** An alive node changed its metadata. */
  onUpdate(node: NodeState): void {
    const member = this.#table.claim(node.name);
    if (member === undefined) return;
    this.#table.refresh(member, node);
    this.#events.updated(member);
  }
}
