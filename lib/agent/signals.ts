/** Signals, one after another. surface.md 2.11. */
import type { Platform, SignalName } from "../platform/platform.ts";

/** The signals that end or reload an agent. */
export type AgentSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

/** How Go names them, which is what users read. */
export const SIGNAL_TEXTS: Readonly<Record<AgentSignal, string>> = {
  SIGINT: "interrupt",
  SIGTERM: "terminated",
  SIGHUP: "hangup",
};

/**
 * Signals that end a program unless it says otherwise. They mean nothing to an agent, and a Go program outlives them;
 * it does so with most real-time signals, too, which cannot be listened to here.
 */
const IGNORED: readonly SignalName[] = [
  "SIGUSR2",
  "SIGALRM",
  "SIGVTALRM",
  "SIGPROF",
  "SIGIO",
  "SIGPWR",
  "SIGXCPU",
  "SIGXFSZ",
];

/** Makes the process outlive those from now on, to its end. */
export function ignoreSignals(platform: Pick<Platform, "onSignal">): void {
  for (const name of IGNORED) platform.onSignal(name, () => {});
}

const WATCHED: readonly AgentSignal[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * A signal to end within this time after the same one is the same wish: a terminal sends Ctrl-C to a whole process group,
 * and a task runner in it passes its own on to us. (Not so SIGHUP: each may tell of a file that was changed since.)
 */
const ECHO_MS = 100;

/**
 * Listens from its construction to the end of the process; before, the system's defaults hold (a start-up that hangs can
 * be interrupted). It never stops: a signal that comes while the agent shuts down must not change the exit code.
 */
export class SignalWatch {
  // bounded: by WATCHED. Each waits once: what it asks for is done after it came, however often it came before.
  readonly #waiting = new Set<AgentSignal>();
  #taker: ((signal: AgentSignal) => void) | undefined = undefined;
  #last: AgentSignal | undefined = undefined;
  #lastMs = 0;

  constructor(platform: Pick<Platform, "onSignal" | "clock">) {
    for (const name of WATCHED) platform.onSignal(name, () => this.#onSignal(name, platform.clock.nowMs()));
  }

  /** The next signal. One call at a time; a second one takes the place of the first, which then never settles. */
  next(): Promise<AgentSignal> {
    for (const first of this.#waiting) {
      this.#waiting.delete(first);
      return Promise.resolve(first);
    }
    return new Promise((resolve) => this.#taker = resolve);
  }

  #onSignal(name: AgentSignal, nowMs: number): void {
    const isEcho = name !== "SIGHUP" && name === this.#last && nowMs - this.#lastMs < ECHO_MS;
    this.#last = name;
    this.#lastMs = nowMs;
    if (isEcho) return;
    const taker = this.#taker;
    this.#taker = undefined;
    if (taker !== undefined) return taker(name);
    this.#waiting.add(name);
  }
}
