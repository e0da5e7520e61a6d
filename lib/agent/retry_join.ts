/** Joining at start until it works. surface.md 2.13. */
import { formatGoDuration } from "../base/go_duration.ts";
import { type Clock, type Logger, LogLevel } from "../base/ports.ts";
import { Timer } from "../base/timer_heap.ts";
import { errorText } from "../base/error_text.ts";

/** What to join, and how patiently. */
export interface RetryJoinOptions {
  /** Not empty. */
  readonly addresses: readonly string[];
  readonly replay: boolean;
  /** Between two attempts. */
  readonly intervalMs: number;
  /** Retries after the first attempt; 0 or less for no limit. */
  readonly maxAttempts: number;
}

/**
 * ```
 * idle --start--> joining --(a contact)--> done
 *                 joining --(none)--> waiting --(intervalMs)--> joining
 *                 joining --(none, maxAttempts retries made)--> given up, onGivenUp        any --stop--> done
 * ```
 */
export class RetryJoin {
  readonly #options: RetryJoinOptions;
  readonly #join: (addresses: readonly string[], replay: boolean) => Promise<number>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #onGivenUp: () => void;
  readonly #timer: Timer;
  #failures = 0;
  #stopped = false;

  /** @param onGivenUp called at most once, after the last attempt failed. */
  constructor(
    options: RetryJoinOptions,
    join: (addresses: readonly string[], replay: boolean) => Promise<number>,
    ports: { readonly clock: Clock; readonly logger: Logger },
    onGivenUp: () => void,
  ) {
    this.#options = options;
    this.#join = join;
    this.#clock = ports.clock;
    this.#logger = ports.logger;
    this.#onGivenUp = onGivenUp;
    this.#timer = new Timer(() => this.start());
  }

  /** Makes an attempt now. */
  start(): void {
    const { addresses, replay } = this.#options;
    this.#log(LogLevel.info, `Joining cluster...(replay: ${replay})`);
    this.#join(addresses, replay).then((count) => this.#onJoined(count), (error) => this.#onFailed(error));
  }

  /** No further attempt; one that is under way ends unheard. */
  stop(): void {
    this.#stopped = true;
    this.#clock.disarm(this.#timer);
  }

  #onJoined(count: number): void {
    if (!this.#stopped) this.#log(LogLevel.info, `Join completed. Synced with ${count} initial agents`);
  }

  #onFailed(error: unknown): void {
    if (this.#stopped) return;
    const { maxAttempts, intervalMs } = this.#options;
    this.#failures++;
    if (maxAttempts > 0 && this.#failures > maxAttempts) {
      this.#stopped = true;
      this.#log(LogLevel.error, "maximum retry join attempts made, exiting");
      this.#onGivenUp();
      return;
    }
    const wait = formatGoDuration(intervalMs);
    this.#log(LogLevel.warn, `Join failed: ${errorText(error)}, retrying in ${wait}`);
    this.#clock.arm(this.#timer, intervalMs);
  }

  #log(level: LogLevel, text: string): void {
    this.#logger.log(level, `agent: ${text}`);
  }
}
