/** Signals, one after another. surface.md 2.11. */
import type { Platform } from "../platform/platform.ts";

/** The signals that end or reload an agent. */
export type AgentSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

/** How Go names them, which is what users read. */
export const SIGNAL_TEXTS: Readonly<Record<AgentSignal, string>> = {
  SIGINT: "interrupt",
  SIGTERM: "terminated",
  SIGHUP: "hangup",
};

const WATCHED: readonly AgentSignal[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/** Signals that nobody took yet: more than this many at once are the same wish repeated. */
const WAITING_MAX = 4;

/**
 * Listens from its construction to the end of the process; before, the system's defaults hold (a start-up that hangs can
 * be interrupted). It never stops: a signal that comes while the agent shuts down must not change the exit code.
 * SIGUSR1 asks for the metrics, and does not wait for its turn.
 */
export class SignalWatch {
  // bounded: WAITING_MAX
  readonly #waiting: AgentSignal[] = [];
  #taker: ((signal: AgentSignal) => void) | undefined = undefined;

  /** @param onDump called at each SIGUSR1. */
  constructor(platform: Pick<Platform, "onSignal">, onDump: () => void) {
    for (const name of WATCHED) platform.onSignal(name, () => this.#onSignal(name));
    platform.onSignal("SIGUSR1", onDump);
  }

  /** The next signal. One call at a time; a second one takes the place of the first, which then never settles. */
  next(): Promise<AgentSignal> {
    const first = this.#waiting.shift();
    if (first !== undefined) return Promise.resolve(first);
    return new Promise((resolve) => this.#taker = resolve);
  }

  #onSignal(name: AgentSignal): void {
    const taker = this.#taker;
    this.#taker = undefined;
    if (taker !== undefined) return taker(name);
    if (this.#waiting.length < WAITING_MAX) this.#waiting.push(name);
  }
}
