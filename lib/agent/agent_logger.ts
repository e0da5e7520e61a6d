/** The agent's log: every line into the ring, those of the chosen level to the user, none before the gate opens. */
import { type Clock, type Logger, LogLevel } from "../base/ports.ts";
import { decodeText, encodeText } from "../wire/text.ts";
import { formatLogLine } from "./log_format.ts";
import { LogRing } from "./log_ring.ts";

/** Lines that wait behind the gate; beyond it the oldest are dropped, as they would be from the ring. */
const GATE_LINES_MAX = 4_096;

/** The longest text of a line, in characters: names from the network are as long as strangers like, and lines are kept. */
const TEXT_CHARS_MAX = 16_384;

const INDENT = "    ";

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
  // bounded: GATE_LINES_MAX
  #gated: string[] | undefined = [];
  #isClosed = false;

  /** @param write shows text as it is, newline included. */
  constructor(clock: Pick<Clock, "wallMs">, level: LogLevel, write: (text: string) => void) {
    this.#clock = clock;
    this.level = level;
    this.#write = write;
  }

  /** Always: `monitor` may ask for any level later, and gets what the ring has. */
  enabled(_level: LogLevel): boolean {
    return true;
  }

  log(level: LogLevel, text: string): void {
    const short = shortened(text);
    const line = formatLogLine(this.#clock.wallMs(), level, short);
    this.ring.push(level, line);
    if (level < this.level) return;
    this.tee?.(level, short);
    this.#show(`${INDENT}${line}\n`);
  }

  /** Shows what was logged so far, and from now on every line at once. */
  openGate(): void {
    const gated = this.#gated;
    this.#gated = undefined;
    for (const text of gated ?? []) this.#write(text);
  }

  /** Lines logged afterwards are remembered, and shown to nobody. */
  close(): void {
    this.#isClosed = true;
  }

  #show(text: string): void {
    if (this.#isClosed) return;
    if (this.#gated === undefined) return this.#write(text);
    if (this.#gated.push(text) > GATE_LINES_MAX) this.#gated.shift();
  }
}

function shortened(text: string): string {
  if (text.length <= TEXT_CHARS_MAX) return text;
  // By way of bytes: a slice of a string keeps all of it in memory.
  const bytes = encodeText(text.slice(0, TEXT_CHARS_MAX));
  const head = decodeText(bytes, 0, bytes.length);
  return `${head}... (${text.length - TEXT_CHARS_MAX} more characters)`;
}
