/** A logger for tests that look at what was logged. */
import { type Logger, LogLevel } from "../../lib/base/ports.ts";

/** Keeps every line: `"INFO serf: EventMemberJoin: a 127.0.0.1"`. */
export class RecordingLogger implements Logger {
  readonly lines: string[] = [];
  /** The least level that is kept. */
  level: LogLevel = LogLevel.trace;

  enabled(level: LogLevel): boolean {
    return level >= this.level;
  }

  log(level: LogLevel, text: string): void {
    if (this.enabled(level)) this.lines.push(`${["TRACE", "DEBUG", "INFO", "WARN", "ERR"][level]} ${text}`);
  }

  /** The lines that contain `text`. */
  matching(text: string): string[] {
    return this.lines.filter((line) => line.includes(text));
  }

  /** The lines since the last call, and forgets them. */
  take(): string[] {
    return this.lines.splice(0);
  }
}
