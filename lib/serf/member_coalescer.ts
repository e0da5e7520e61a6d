/** Collects member events, and delivers at most one per member and window. protocol.md D.13. */
import type { Clock } from "../base/ports.ts";
import { COALESCE_DEFAULTS, type CoalesceOptions, Coalescer } from "./coalescer.ts";
import type { Member, MemberEvent, MemberEventType } from "./member.ts";

interface Latest {
  readonly type: MemberEventType;
  readonly member: Member;
}

/**
 * Of each member the last event of a window counts, and it is delivered unless the member's last delivered one was of
 * the same type (an update is always news). So a member that fails and is back within one window makes no noise.
 *
 * The window is emptied when it closes; real agents keep it, and deliver an old update again with every later window.
 */
export class MemberCoalescer {
  readonly #window: Coalescer;
  readonly #deliver: (event: MemberEvent) => void;
  // bounded: one per member that had an event in this window.
  readonly #latest = new Map<string, Latest>();
  // bounded: one per member; erased when the member is reaped.
  readonly #delivered = new Map<string, MemberEventType>();

  /** @param deliver gets one event per type, with all its members; called from a timer. */
  constructor(
    clock: Clock,
    deliver: (event: MemberEvent) => void,
    options: CoalesceOptions = COALESCE_DEFAULTS,
  ) {
    this.#deliver = deliver;
    this.#window = new Coalescer(clock, options, { flush: () => this.#flush() });
  }

  /** Takes an event in. */
  onEvent(event: MemberEvent): void {
    for (const member of event.members) {
      // Deleted first: the members of an event come in the order of their last change.
      this.#latest.delete(member.name);
      this.#latest.set(member.name, { type: event.type, member });
    }
    this.#window.onEvent();
  }

  /** Delivers what waits, at once; for the end of the agent. */
  stop(): void {
    this.#window.stop();
  }

  #flush(): void {
    const byType = new Map<MemberEventType, Member[]>();
    for (const [name, { type, member }] of this.#latest) {
      if (type !== "member-update" && this.#delivered.get(name) === type) continue;
      // A reaped member is forgotten here too; there is nothing after a reap but a join.
      if (type === "member-reap") this.#delivered.delete(name);
      else this.#delivered.set(name, type);
      const members = byType.get(type);
      if (members === undefined) byType.set(type, [member]);
      else members.push(member);
    }
    this.#latest.clear();
    for (const [type, members] of byType) this.#deliver({ type, members });
  }
}
