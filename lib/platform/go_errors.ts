/**
 * The words of this system's errors as Go programs print them. People grep for them, and scripts compare them: a Go
 * error names the operation, the endpoint or path, the system call, and the system's text in lower case.
 */
import { TransportError, type TransportErrorKind } from "../base/errors.ts";

/** What Go prints where a deadline passed. */
export const TIMEOUT_TEXT = "i/o timeout";
/** What Go prints where our own side closed the connection under a pending call. */
export const CLOSED_TEXT = "use of closed network connection";

/**
 * The bare text of a system error: `No such file or directory (os error 2): open '/x'` becomes
 * `no such file or directory`. The C library's texts differ from Go's in the first letter's case only.
 */
export function systemErrorText(error: unknown): string {
  // The runtime's own permission system speaks of flags that a user of a compiled program cannot pass.
  if (error instanceof Deno.errors.NotCapable) return "permission denied";
  const message = error instanceof Error ? error.message : String(error);
  // The runtime looks at paths before the system can.
  if (message.includes("unexpected NUL byte")) return "invalid argument";
  const system = /^(.*?) \(os error \d+\)/.exec(message);
  const text = system === null ? message : system[1]!;
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** Whether the runtime failed to resolve a host name (as opposed to reaching it). */
export function isLookupFailure(error: unknown): boolean {
  return error instanceof Error && error.message.includes("failed to lookup address information");
}

/** What kind of failure a socket error is. */
export function transportErrorKind(error: unknown): TransportErrorKind {
  if (!(error instanceof Error)) return "local";
  const code = (error as { code?: unknown }).code;
  switch (code) {
    case "ECONNREFUSED":
      return "refused";
    case "ENETUNREACH":
    case "EHOSTUNREACH":
    case "ENETDOWN":
    case "EHOSTDOWN":
      return "unreachable";
    case "ETIMEDOUT":
      return "timeout";
    case "ECONNRESET":
    case "ECONNABORTED":
    case "EPIPE":
      return "closed";
  }
  return "local";
}

/** `dial tcp 127.0.0.1:7946: connect: connection refused`. */
export function dialError(endpoint: string, cause: unknown): TransportError {
  return new TransportError(
    transportErrorKind(cause),
    `dial tcp ${endpoint}: connect: ${systemErrorText(cause)}`,
    { cause },
  );
}

/** `dial tcp 127.0.0.1:7946: i/o timeout`. */
export function dialTimeout(endpoint: string): TransportError {
  return new TransportError("timeout", `dial tcp ${endpoint}: ${TIMEOUT_TEXT}`);
}

/** `dial tcp: lookup nohost: no such host`. */
export function dialLookupError(cause: unknown): TransportError {
  return new TransportError("local", `dial tcp: ${systemErrorText(cause)}`, { cause });
}

/** `listen udp 127.0.0.1:7946: bind: address already in use`. */
export function listenError(network: "tcp" | "udp", host: string, endpoint: string, cause: unknown) {
  const message = isLookupFailure(cause)
    ? `listen ${network}: lookup ${host}: no such host`
    : `listen ${network} ${endpoint}: bind: ${systemErrorText(cause)}`;
  return new TransportError("local", message, { cause });
}

/**
 * `read tcp 127.0.0.1:40000->127.0.0.1:7946: read: connection reset by peer`.
 *
 * @param path local and remote endpoint with an arrow between them.
 */
export function streamError(operation: "read" | "write", path: string, cause: unknown): TransportError {
  return new TransportError(
    transportErrorKind(cause),
    `${operation} tcp ${path}: ${operation}: ${systemErrorText(cause)}`,
    { cause },
  );
}

/** `read tcp 127.0.0.1:40000->127.0.0.1:7946: i/o timeout`. */
export function streamTimeout(operation: "read" | "write", path: string): TransportError {
  return new TransportError("timeout", `${operation} tcp ${path}: ${TIMEOUT_TEXT}`);
}

/** The far end closed in the middle of a message, or before one. */
export function endOfStream(): TransportError {
  return new TransportError("closed", "EOF");
}
