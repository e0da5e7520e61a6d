/** The way back after a restart: through anybody whom the snapshot remembers. protocol.md D.11. */
import type { Address } from "../base/address.ts";
import { type Logger, LogLevel, type Random } from "../base/ports.ts";

/**
 * ```
 * idle --start--> trying --(one answers)--> done        any --stop--> done
 *                 trying --(none left)----> done
 * ```
 * One at a time, in random order: all who restart after an outage should not call the same node.
 */
export class Rejoiner {
  readonly #random: Random;
  readonly #logger: Logger;
  // bounded: whom the snapshot remembers.
  readonly #previous: [name: string, address: Address][];
  readonly #join: (address: Address, done: (isJoined: boolean) => void) => void;
  #isStopped = false;

  /**
   * @param previous by name.
   * @param join contacts one; told how it went, once.
   */
  constructor(
    random: Random,
    logger: Logger,
    previous: Iterable<[name: string, address: Address]>,
    join: (address: Address, done: (isJoined: boolean) => void) => void,
  ) {
    this.#random = random;
    this.#logger = logger;
    this.#previous = [...previous];
    this.#join = join;
  }

  /** Begins, if there is anybody to try. @param localName of one who needs no call. */
  start(localName: string): void {
    if (this.#previous.length === 0) return;
    const own = this.#previous.findIndex(([name]) => name === localName);
    if (own >= 0) this.#previous.splice(own, 1);
    this.#tryNext();
  }

  /** No further attempt, and nothing more is said. */
  stop(): void {
    this.#isStopped = true;
  }

  #tryNext(): void {
    if (this.#isStopped) return;
    const next = this.#takeOne();
    if (next === undefined) {
      this.#logger.log(LogLevel.warn, "serf: Failed to re-join any previously known node");
      return;
    }
    const [name, address] = next;
    this.#logger.log(
      LogLevel.info,
      `serf: Attempting re-join to previously known node: ${name}: ${address}`,
    );
    this.#join(address, (isJoined) => {
      if (this.#isStopped) return;
      if (!isJoined) return this.#tryNext();
      this.#logger.log(LogLevel.info, `serf: Re-joined to previously known node: ${name}: ${address}`);
      this.#previous.length = 0;
    });
  }

  #takeOne(): [name: string, address: Address] | undefined {
    const list = this.#previous;
    if (list.length === 0) return undefined;
    const index = this.#random.below(list.length);
    const taken = list[index];
    list[index] = list[list.length - 1]!;
    list.length--;
    return taken;
  }
}
