/** The log as the system's own: syslog's messages on its local socket. surface.md 2.7. */
import { type Clock, LogLevel } from "../base/ports.ts";
import type { DatagramSender, Platform } from "../platform/platform.ts";
import { encodeText } from "../wire/text.ts";
import { ConfigError } from "./config_error.ts";
import { settledWithin } from "./patience.ts";

/** Where syslog daemons listen. */
const PATHS = ["/dev/log", "/var/run/syslog", "/var/run/log"] as const;

/** The facilities, by their numbers; those without a name here are none that Serf knows. */
const FACILITIES = [
  ..."KERN USER MAIL DAEMON AUTH SYSLOG LPR NEWS UUCP CRON AUTHPRIV FTP".split(" "),
  ...["", "", "", ""],
  ..."LOCAL0 LOCAL1 LOCAL2 LOCAL3 LOCAL4 LOCAL5 LOCAL6 LOCAL7".split(" "),
];

/** Syslog's severity of each level: debug 7, info 6, notice 5, warning 4, error 3. */
const SEVERITIES: Readonly<Record<LogLevel, number>> = {
  [LogLevel.trace]: 7,
  [LogLevel.debug]: 6,
  [LogLevel.info]: 5,
  [LogLevel.warn]: 4,
  [LogLevel.error]: 3,
};

/** How long a daemon that takes nothing may keep the agent from ending. */
const CLOSE_MS = 500;

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** A way to the system's log. */
export class Syslog {
  readonly #clock: Clock;
  readonly #facility: number;
  readonly #pid: number;
  readonly #socket: DatagramSender;

  private constructor(platform: Platform, facility: number, socket: DatagramSender) {
    this.#clock = platform.clock;
    this.#facility = facility;
    this.#pid = platform.runtime.pid;
    this.#socket = socket;
  }

  /**
   * @param facility its name, in any case.
   * @param paths where a daemon may listen; the first that exists is taken.
   * @throws {ConfigError} `Syslog setup failed: ...`
   */
  static async open(
    facility: string,
    platform: Platform,
    paths: readonly string[] = PATHS,
  ): Promise<Syslog> {
    const name = facility.toUpperCase();
    const number = name === "" ? -1 : FACILITIES.indexOf(name);
    if (number < 0) throw new ConfigError(`Syslog setup failed: invalid syslog facility: ${name}`);
    for (const path of paths) {
      try {
        return new Syslog(platform, number, await platform.openUnixDatagrams(path));
      } catch {
        // The next path may be the one.
      }
    }
    throw new ConfigError("Syslog setup failed: Unix syslog delivery error");
  }

  /** Best effort. @param text without stamp and level; lines after the first come along. */
  log(level: LogLevel, text: string): void {
    const priority = this.#facility * 8 + SEVERITIES[level];
    const end = text.endsWith("\n") ? "" : "\n";
    const line = `<${priority}>${stampText(this.#clock.wallMs())} serf[${this.#pid}]: ${text}${end}`;
    this.#socket.send(encodeText(line));
  }

  /** Sends what waits, as far as it is taken within {@linkcode CLOSE_MS}, and ends. */
  async close(): Promise<void> {
    await settledWithin(this.#clock, this.#socket.drained(), CLOSE_MS);
    this.#socket.close();
  }
}

/** `Nov  3 04:04:17`, in local time. */
function stampText(wallMs: number): string {
  const date = new Date(wallMs);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${MONTHS[date.getMonth()]} ${String(date.getDate()).padStart(2)} ` +
    `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
