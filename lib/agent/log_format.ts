/** What a log line looks like, and the names of the levels. surface.md 2.6, 2.7. */
import { LogLevel } from "../base/ports.ts";

/** The levels by their number, as users name them. */
export const LOG_LEVEL_NAMES = ["TRACE", "DEBUG", "INFO", "WARN", "ERR"] as const;

/** @param name in upper case. @returns undefined when there is no such level. */
export function parseLogLevel(name: string): LogLevel | undefined {
  const level = LOG_LEVEL_NAMES.indexOf(name as typeof LOG_LEVEL_NAMES[number]);
  return level < 0 ? undefined : level as LogLevel;
}

/**
 * `2026/11/23 03:44:02 [INFO] agent: Serf agent starting`, in local time. A text may have several lines; one newline at
 * its very end is dropped.
 *
 * @param wallMs milliseconds since the epoch.
 */
export function formatLogLine(wallMs: number, level: LogLevel, text: string): string {
  const end = text.endsWith("\n") ? text.length - 1 : text.length;
  return `${formatStamp(wallMs)} [${LOG_LEVEL_NAMES[level]}] ${text.slice(0, end)}`;
}

/** The last second that was asked for: a busy agent writes many lines in each. */
let stampSecond = NaN;
let stamp = "";

function formatStamp(wallMs: number): string {
  const second = Math.floor(wallMs / 1_000);
  if (second !== stampSecond) {
    stampSecond = second;
    stamp = localStamp(new Date(second * 1_000));
  }
  return stamp;
}

function localStamp(date: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}/${two(date.getMonth() + 1)}/${two(date.getDate())} ` +
    `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
