/** `host:port` texts, split and judged as Go's `net` package does, in its words. */
import { OptionError } from "./errors.ts";

/** The two halves of an endpoint as typed: a host without brackets (may be empty) and a port's text (may be empty). */
export interface HostPortText {
  readonly host: string;
  readonly port: string;
}

/** The reason in {@linkcode splitHostPort}'s error that callers act on: a default port is wanted. */
export const MISSING_PORT = "missing port in address";

/**
 * Splits `host:port` or `[v6]:port`.
 * @throws {OptionError} `address X: missing port in address`, `... too many colons in address`,
 *   `... missing ']' in address`, `... unexpected '[' in address`, `... unexpected ']' in address`.
 */
export function splitHostPort(text: string): HostPortText {
  const colon = text.lastIndexOf(":");
  if (colon < 0) throw addressError(text, MISSING_PORT);
  const bracketed = text.startsWith("[");
  const close = bracketed ? text.indexOf("]") : -1;
  if (bracketed) {
    if (close < 0) throw addressError(text, "missing ']' in address");
    if (close + 1 !== colon) {
      throw addressError(text, text[close + 1] === ":" ? "too many colons in address" : MISSING_PORT);
    }
  } else if (text.indexOf(":") !== colon) {
    throw addressError(text, "too many colons in address");
  }
  if (text.includes("[", bracketed ? 1 : 0)) throw addressError(text, "unexpected '[' in address");
  if (text.includes("]", close + 1)) throw addressError(text, "unexpected ']' in address");
  return { host: bracketed ? text.slice(1, close) : text.slice(0, colon), port: text.slice(colon + 1) };
}

/** Whether {@linkcode splitHostPort} would fail for want of a port, and for nothing else. */
export function lacksPort(text: string): boolean {
  try {
    splitHostPort(text);
    return false;
  } catch (error) {
    return (error as Error).message === `address ${text}: ${MISSING_PORT}`;
  }
}

/**
 * The number of a port's text; the empty text is 0. Service names are not looked up.
 * @throws {OptionError} `address tcp/abc: unknown port`, `address 99999: invalid port`.
 */
export function parsePort(text: string): number {
  if (text === "") return 0;
  if (!/^[+-]?[0-9]+$/.test(text)) throw addressError(`tcp/${text}`, "unknown port");
  const port = Number(text);
  if (port < 0 || port > 65_535) throw addressError(text, "invalid port");
  return port;
}

function addressError(address: string, what: string): OptionError {
  return new OptionError("address", `address ${address}: ${what}`);
}
