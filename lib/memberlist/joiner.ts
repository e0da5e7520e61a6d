/** Joining: a push/pull with each of a list of addresses. protocol.md C.13. */
import type { Address } from "../base/address.ts";
import type { JoinFailure } from "../base/errors.ts";
import { LogLevel } from "../base/ports.ts";
import type { Engine } from "./engine.ts";
import type { PushPull } from "./push_pull.ts";

/** How many addresses are contacted at once. */
const PARALLEL_MAX = 8;

/** How a join went. It is a success when `contacted` is not 0. */
export interface JoinResult {
  /** Addresses with which states were exchanged; our own counts. */
  readonly contacted: number;
  /** The others, in the order in which they were given. */
  readonly failures: readonly JoinFailure[];
}

/** One join. Bounded: at most eight exchanges at once. */
export class Joiner {
  readonly #engine: Engine;
  readonly #pushPull: PushPull;
  readonly #addresses: readonly Address[];
  readonly #done: (result: JoinResult) => void;
  /** By place in the list; holes are addresses that were contacted. */
  readonly #failures: JoinFailure[] = [];
  #next = 0;
  #settled = 0;
  #contacted = 0;

  /** @param addresses copied. @param done called once. */
  constructor(
    engine: Engine,
    pushPull: PushPull,
    addresses: readonly Address[],
    done: (result: JoinResult) => void,
  ) {
    this.#engine = engine;
    this.#pushPull = pushPull;
    this.#addresses = addresses.slice();
    this.#done = done;
  }

  /** Contacts the first ones; the others follow as these are settled. */
  start(): void {
    if (this.#addresses.length === 0) this.#done({ contacted: 0, failures: [] });
    for (let i = 0; i < PARALLEL_MAX; i++) this.#contactNext();
  }

  #contactNext(): void {
    if (this.#next >= this.#addresses.length) return;
    const index = this.#next++;
    const address = this.#addresses[index]!;
    this.#pushPull.exchange(address, "", true, (error) => {
      if (error === undefined) this.#contacted++;
      else this.#onFailed(index, address, error);
      this.#settled++;
      if (this.#settled === this.#addresses.length) this.#finish();
      else this.#contactNext();
    });
  }

  #onFailed(index: number, address: Address, cause: Error): void {
    const text = `Failed to join ${address}: ${cause.message}`;
    this.#engine.logger.log(LogLevel.debug, `memberlist: ${text}`);
    this.#failures[index] = { text, cause, index };
  }

  #finish(): void {
    const failures = this.#failures.filter((failure) => failure !== undefined);
    this.#done({ contacted: this.#contacted, failures });
  }
}
