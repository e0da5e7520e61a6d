/** Where bugs go that escape from a callback: no timer and no packet may end the loop that called it. */

/** Takes what a callback threw and hands it to whoever listens. */
export class FaultHook {
  #listener: ((error: unknown) => void) | undefined = undefined;

  /** From now on faults go to `listener`, and to nobody else. */
  listen(listener: (error: unknown) => void): void {
    this.#listener = listener;
  }

  /** Reports a fault. Returns always; without a listener the error becomes an uncaught one, which ends the program. */
  report(error: unknown): void {
    if (this.#listener === undefined) return throwLater(error);
    try {
      this.#listener(error);
    } catch (second) {
      throwLater(second);
    }
  }
}

function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
