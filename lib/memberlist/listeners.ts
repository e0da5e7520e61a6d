/** Where connections are accepted: only there is it news when one is refused. */
import type { Address } from "../base/address.ts";

/** Calls that may be made at once: a cluster of ten is through with them after the first round of probes. */
const CALLS_MAX = 10;
/** What one more takes to earn, in probe intervals: a hundred members take a quarter of an hour, a thousand some hours. */
const INTERVALS_PER_CALL = 10;

/** What is known of an address. */
const Standing = { called: 0, listens: 1, refused: 2 } as const;
type Standing = typeof Standing[keyof typeof Standing];

/**
 * A firewall that refuses connections says nothing about the process behind it: whoever lives there is not to be given
 * less time to answer than others. So each address is called over TCP once, while all is well, and what it refuses later
 * is news if it answered then, or to any other stream of ours. Whoever lives on nevertheless is behind a firewall that
 * came later, or has been restarted: it starts anew.
 *
 * ```
 *  unknown --prompt ack, a call is left--> called --it answers--> listening --refuses--> refused   has(): listening,
 *     ^   -----------any other stream is answered-----------------> ^                      |              refused
 *     +-------------------------------------any ack----------------------------------------+
 * ```
 * Calls are paced, as each is a connection and there is one for each pair of members: {@linkcode CALLS_MAX} at once, and
 * one in {@linkcode INTERVALS_PER_CALL} probe intervals. In a large cluster most are made long after it was formed; until
 * then a refusal saves nothing there, where the least time of a suspicion is many times what it would save.
 */
export class Listeners {
  readonly #intervalMs: number;
  /**
   * By the object, which stands in a node's record until the node moves: to ask for it costs each ack next to nothing,
   * and who is forgotten is in time forgotten here too. Bounded: one per known node, and per interned address.
   */
  readonly #standings = new WeakMap<Address, Standing>();
  /** Whether anybody ever refused: until then nobody needs to be looked up at an ack. */
  #hasRefusals = false;
  #calls = CALLS_MAX;
  /** When the calls were last counted. */
  #countedMs = 0;

  /** @param probeIntervalMs greater than 0. */
  constructor(probeIntervalMs: number) {
    this.#intervalMs = probeIntervalMs * INTERVALS_PER_CALL;
  }

  /** Whether somebody answered there, and was not heard of since it refused a connection. */
  has(address: Address): boolean {
    const standing = this.#standings.get(address);
    return standing === Standing.listens || standing === Standing.refused;
  }

  /** Its process answered a ping, however late or through whom. */
  onHeard(address: Address): void {
    if (this.#hasRefusals && this.#standings.get(address) === Standing.refused) {
      this.#standings.delete(address);
    }
  }

  /** All is well there. @returns whether it is to be called now; if so, no other time. */
  isToBeCalled(address: Address, nowMs: number): boolean {
    if (this.#standings.has(address) || !this.#takesCall(nowMs)) return false;
    this.#standings.set(address, Standing.called);
    return true;
  }

  /** A stream of ours was answered there. */
  onAnswered(address: Address): void {
    this.#standings.set(address, Standing.listens);
  }

  /** It refused a connection. @returns whether that is news. */
  onRefused(address: Address): boolean {
    if (!this.has(address)) return false;
    this.#hasRefusals = true;
    this.#standings.set(address, Standing.refused);
    return true;
  }

  #takesCall(nowMs: number): boolean {
    this.#calls = Math.min(CALLS_MAX, this.#calls + (nowMs - this.#countedMs) / this.#intervalMs);
    this.#countedMs = nowMs;
    if (this.#calls < 1) return false;
    this.#calls--;
    return true;
  }
}
