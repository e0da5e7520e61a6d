/** Two nodes under one name: what is said of it. protocol.md D.10, surface.md 2.15. */
import { ipText, joinHostPort } from "../base/address.ts";
import { LogLimiter } from "../base/log_limiter.ts";
import { type Clock, type Logger, LogLevel } from "../base/ports.ts";
import type { NodeState } from "../memberlist/node_state.ts";

/** A conflict lasts, and every message of the other node tells of it anew: one line now, then one every ten seconds. */
const LOG_BURST = 3;
const LOG_PER_SECOND = 0.1;

/**
 * Reports conflicts, and leaves both nodes running: the vote by which HashiCorp's agents decide who has to go is not
 * held here. Whoever does hold it gets our answer (`query_responder.ts`).
 */
export class NameConflicts {
  readonly #limiter: LogLimiter;
  readonly #localName: string;

  constructor(clock: Clock, logger: Logger, localName: string) {
    this.#limiter = new LogLimiter(clock, logger, LOG_BURST, LOG_PER_SECOND);
    this.#localName = localName;
  }

  /** Someone at `otherIp` (4 or 16 bytes) claims the name of `existing`. */
  onConflict(existing: NodeState, otherIp: Uint8Array, otherPort: number): void {
    const other = joinHostPort(ipText(otherIp), otherPort);
    if (existing.name === this.#localName) {
      const text = `Node name conflicts with another node at ${other}. Names must be unique!`;
      this.#limiter.log(LogLevel.error, `serf: ${text} (Resolution enabled: false)`);
    } else {
      const text = `Name conflict for '${existing.name}' both ${existing.address} and ${other} are claiming`;
      this.#limiter.log(LogLevel.warn, `serf: ${text}`);
    }
  }
}
