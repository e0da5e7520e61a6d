/** The rules for join and leave intents: what they do to a member, and whether they travel on. protocol.md D.3. */
import { type Clock, type Logger, LogLevel } from "../base/ports.ts";
import type { MemberEventSource } from "./events.ts";
import type { IntentBuffer } from "./intent_buffer.ts";
import type { LamportClock } from "./lamport_clock.ts";
import { MemberStatus } from "./member.ts";
import type { MemberRecord, MemberTable } from "./member_table.ts";

/** What the rules work on and call. */
export interface IntentsContext {
  readonly localName: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The clock of members. */
  readonly memberClock: LamportClock;
  readonly table: MemberTable;
  readonly buffer: IntentBuffer;
  readonly events: MemberEventSource;
  /** Whether this node means to stay (its own state is alive). */
  isStaying(): boolean;
  /** Tells everybody, with a join intent newer than anything heard, that this node is here. */
  refute(): void;
  /** Forgets a member because an operator said so. */
  prune(member: MemberRecord): void;
  /** Called after an intent about an unknown node was remembered. */
  onRemembered(): void;
}

/**
 * ```
 * join  :  leaving -> alive                          others unchanged
 * leave :  alive -> leaving    failed -> left        leaving, left unchanged      then prune -> erased
 * ```
 * An intent counts only if its Lamport time is greater than that of the last one about the same node.
 * Alive -> left and alive -> failed are not here: memberlist says when a node is gone (`node_events.ts`).
 */
export class Intents {
  readonly #context: IntentsContext;

  constructor(context: IntentsContext) {
    this.#context = context;
  }

  /**
   * `node` announced at Lamport time `lTime` that it is in.
   *
   * @returns whether this was news: pass it on.
   */
  onJoin(lTime: number, node: string): boolean {
    const { memberClock, table } = this.#context;
    if (!memberClock.witness(lTime)) return false;
    const known = table.get(node);
    if (known === undefined) return this.#remember("join", lTime, node);
    if (lTime <= known.statusTime) return false;
    const member = table.claim(node)!;
    table.setStatusTime(member, lTime);
    // A leave that was overtaken: the node refuted it, or has come back before it was gone.
    if (member.status === MemberStatus.leaving) table.setStatus(member, MemberStatus.alive);
    return true;
  }

  /**
   * `node`, or an operator on its behalf, announced at Lamport time `lTime` that it leaves.
   *
   * @param prune whether it is also to be forgotten at once.
   * @returns whether this was news: pass it on.
   */
  onLeave(lTime: number, node: string, prune: boolean): boolean {
    const { memberClock, table, localName, logger } = this.#context;
    if (!memberClock.witness(lTime)) return false;
    const known = table.get(node);
    if (known === undefined) return this.#remember("leave", lTime, node);
    if (node === localName && this.#context.isStaying()) {
      // An old leave of an earlier life, or a force-leave of a live node. Unrefuted it would stick: the next failure
      // of this node would look like a leave. One of the same time as our last join counts too: both were stamped
      // without knowing of the other, and who heard the leave first takes us for leaving until we say more.
      if (lTime < known.statusTime) return false;
      logger.log(LogLevel.debug, "serf: Refuting an older leave intent");
      this.#context.refute();
      return false;
    }
    if (lTime <= known.statusTime) return false;
    const member = table.claim(node)!;
    table.setStatusTime(member, lTime);
    this.#depart(member);
    // This node is the one member that it cannot forget.
    if (prune && node !== localName) this.#context.prune(member);
    return true;
  }

  #depart(member: MemberRecord): void {
    const { table, events } = this.#context;
    if (member.status === MemberStatus.alive) table.setStatus(member, MemberStatus.leaving);
    else if (member.status === MemberStatus.failed) {
      table.setStatus(member, MemberStatus.left);
      events.left(member, true);
    }
  }

  #remember(kind: "join" | "leave", lTime: number, node: string): boolean {
    const { buffer, clock } = this.#context;
    if (!buffer.upsert(node, kind, lTime, clock.nowMs())) return false;
    this.#context.onRemembered();
    return true;
  }
}
