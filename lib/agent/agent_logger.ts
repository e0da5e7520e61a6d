/** The agent's log: every line into the ring, those of the chosen level to the user, none before the gate opens. */
import { configureSync, getLogger, type Logger as LogTapeLogger, type LogRecord } from "@logtape/logtape";
import { type Clock, type Logger, LogLevel } from "../base/ports.ts";
import { decodeText, encodeText } from "../wire/text.ts";
import { formatLogLine } from "./log_format.ts";
import { LogRing } from "./log_ring.ts";

/** Lines that wait behind the gate; beyond it the oldest are dropped, as they would be from the ring. */
const GATE_LINES_MAX = 4_096;

/** The longest text of a line, in characters: names from the network are as long as strangers like, and lines are kept. */
const TEXT_CHARS_MAX = 16_384;

/** The root of LogTape's categories; below it is one category per agent. */
const ROOT = "serf";
const INDENT = "    ";

/** The logs that exist now, by their category. LogTape is configured once per process, agents come and go. */
const logs = new Map<string, AgentLogger>(); // bounded: one per agent in this process
let created = 0;

/**
 * One agent's log.
 * ```
 * gated --openGate--> open --close--> closed
 * ```
 * Gated lines are shown when the gate opens, and never if it does not: until then the user reads the start-up banner,
 * or the one line that says why there is none.
 */
export class AgentLogger implements Logger {
  /** Gets the lines of all levels. */
  readonly ring = new LogRing();
  /** The least level that is shown. Changes at a reload. */
  level: LogLevel;
  /** Also gets what is shown, gate or not: the level, and the text without stamp and level. */
  tee: ((level: LogLevel, text: string) => void) | undefined = undefined;
  readonly #clock: Pick<Clock, "wallMs">;
  readonly #write: (text: string) => void;
  readonly #category = String(++created);
  readonly #logger: LogTapeLogger;
  // bounded: GATE_LINES_MAX
  #gated: string[] | undefined = [];

  /** @param write shows text as it is, newline included. */
  constructor(clock: Pick<Clock, "wallMs">, level: LogLevel, write: (text: string) => void) {
    this.#clock = clock;
    this.level = level;
    this.#write = write;
    if (created === 1) configureLogTape();
    logs.set(this.#category, this);
    this.#logger = getLogger([ROOT, this.#category]);
  }

  /** Always: `monitor` may ask for any level later, and gets what the ring has. */
  enabled(_level: LogLevel): boolean {
    return true;
  }

  log(level: LogLevel, text: string): void {
    const short = shortened(text);
    const wallMs = this.#clock.wallMs();
    this.ring.push(wallMs, level, short);
    // Most lines are of levels that nobody looks at: what shows the others is 20 times dearer than the ring.
    if (level < this.level) return;
    this.tee?.(level, short);
    this.#show(level, formatLogLine(wallMs, level, short));
  }

  /** Shows what was logged so far, and from now on every line at once. */
  openGate(): void {
    const gated = this.#gated;
    this.#gated = undefined;
    for (const text of gated ?? []) this.#write(text);
  }

  /** Lines logged afterwards are remembered, and shown to nobody. */
  close(): void {
    logs.delete(this.#category);
  }

  /** A line that comes back from LogTape. */
  take(line: string): void {
    const shown = `${INDENT}${line}\n`;
    if (this.#gated === undefined) return this.#write(shown);
    if (this.#gated.push(shown) > GATE_LINES_MAX) this.#gated.shift();
  }

  #show(level: LogLevel, line: string): void {
    // As a template's value, so that braces in a node's name are not taken for placeholders.
    switch (level) {
      case LogLevel.trace:
        return this.#logger.trace`${line}`;
      case LogLevel.debug:
        return this.#logger.debug`${line}`;
      case LogLevel.info:
        return this.#logger.info`${line}`;
      case LogLevel.warn:
        return this.#logger.warning`${line}`;
      case LogLevel.error:
        return this.#logger.error`${line}`;
    }
  }
}

function shortened(text: string): string {
  if (text.length <= TEXT_CHARS_MAX) return text;
  // By way of bytes: a slice of a string keeps all of it in memory.
  const bytes = encodeText(text.slice(0, TEXT_CHARS_MAX));
  const head = decodeText(bytes, 0, bytes.length);
  return `${head}... (${text.length - TEXT_CHARS_MAX} more characters)`;
}

function configureLogTape(): void {
  configureSync({
    sinks: { agents: routeRecord },
    loggers: [
      { category: [ROOT], sinks: ["agents"], lowestLevel: "trace" },
      // LogTape's notes about itself have no place on a user's screen.
      { category: ["logtape", "meta"], sinks: [], lowestLevel: "fatal" },
    ],
  });
}

function routeRecord(record: LogRecord): void {
  logs.get(record.category[1]!)?.take(String(record.message[1]));
}
