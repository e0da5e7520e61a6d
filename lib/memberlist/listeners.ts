/** Where connections are accepted: only there is it news when one is refused. */
import type { Address } from "../base/address.ts";

/** As many as nodes can be known. Then all are forgotten, and called again. */
const ADDRESSES_MAX = 100_000;

/**
 * A firewall that refuses connections says nothing about the process behind it: whoever lives there is not to be given
 * less time to answer than others. So each address is called once, while all is well, and what it refuses later is news
 * if it answered then. News once: whoever lives on behind a firewall that came later will be known by that.
 */
export class Listeners {
  /** Who was called, and whether they answered. Bounded: ADDRESSES_MAX, one more for each ack at most. */
  readonly #answered = new Map<string, boolean>();

  /** Whether somebody answered there, and refused nothing since. */
  has(address: Address): boolean {
    return this.#answered.get(address.toString()) === true;
  }

  /** Whether it is to be called now; if so, no other time. */
  isFirstCall(address: Address): boolean {
    if (this.#answered.has(address.toString())) return false;
    this.#set(address, false);
    return true;
  }

  /** It answered over TCP. */
  onAnswered(address: Address): void {
    this.#set(address, true);
  }

  /** It refused a connection. If it lives on, it is called again. */
  onRefused(address: Address): void {
    this.#answered.delete(address.toString());
  }

  #set(address: Address, hasAnswered: boolean): void {
    if (this.#answered.size >= ADDRESSES_MAX) this.#answered.clear();
    this.#answered.set(address.toString(), hasAnswered);
  }
}
