/** Tries to reach failed members again: the way back together after a partition. protocol.md D.11. */
import type { Address } from "../base/address.ts";
import { type Clock, type Logger, LogLevel, type Random } from "../base/ports.ts";
import { Timer } from "../base/timer_heap.ts";
import type { MemberTable } from "./member_table.ts";

/**
 * Every interval, while somebody is failed, contacts one failed member at random, with a probability of
 * `failed / (members - failed - left)`: so the cluster as a whole makes about one attempt per failed member.
 */
export class Reconnector {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #logger: Logger;
  readonly #table: MemberTable;
  readonly #intervalMs: number;
  readonly #connect: (address: Address) => void;
  readonly #timer: Timer;
  #running = false;

  /** @param connect opens a push/pull, as a join would; its outcome shows in the member table. */
  constructor(
    clock: Clock,
    random: Random,
    logger: Logger,
    table: MemberTable,
    intervalMs: number,
    connect: (address: Address) => void,
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#logger = logger;
    this.#table = table;
    this.#intervalMs = intervalMs;
    this.#connect = connect;
    this.#timer = new Timer(() => this.onTimer());
  }

  start(): void {
    this.#running = true;
    this.onFailed();
  }

  stop(): void {
    this.#running = false;
    this.#clock.disarm(this.#timer);
  }

  /**
   * A member failed. The first round comes after a random part of the interval: the nodes of one side of a partition
   * notice at the same moment, and would else call the other side in step for ever.
   */
  onFailed(): void {
    if (!this.#running || this.#timer.armed || this.#table.failed.length === 0) return;
    this.#clock.arm(this.#timer, this.#random.uniform() * this.#intervalMs);
  }

  onTimer(): void {
    const { failed, left, size } = this.#table;
    if (failed.length === 0) return;
    this.#clock.arm(this.#timer, this.#intervalMs);
    const others = Math.max(1, size - failed.length - left.length);
    if (this.#random.uniform() > failed.length / others) {
      this.#logger.log(LogLevel.debug, "serf: forgoing reconnect for random throttling");
      return;
    }
    const member = failed[this.#random.below(failed.length)]!;
    this.#logger.log(LogLevel.info, `serf: attempting reconnect to ${member.name} ${member.address}`);
    this.#connect(member.address);
  }
}
