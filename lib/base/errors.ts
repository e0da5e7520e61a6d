/** The errors of the core, by whose mistake they are. Each doc says what is still true after the throw. */

/** An option is out of range. Thrown before anything started; nothing changed. */
export class OptionError extends Error {
  override readonly name = "OptionError";
  /** @param option the option's name, as in its interface. */
  constructor(readonly option: string, message: string, init?: ErrorOptions) {
    super(message, init);
  }
}

/** Something is larger than the protocol or the configuration allows. State is unchanged. */
export class SizeLimitError extends RangeError {
  override readonly name = "SizeLimitError";
}

/** The call does not fit the present state (join after leave, ...). State is unchanged. */
export class StateError extends Error {
  override readonly name = "StateError";
}

/** Bytes from a peer break the protocol. Data, not drama: caught once, counted, logged at a bounded rate. */
export class WireError extends Error {
  override readonly name = "WireError";
  /** @param offset where in the message, in bytes; -1 when unknown. */
  constructor(message: string, readonly offset = -1) {
    super(message);
  }
}

/** The network failed us. Nothing is known of what the peer received. */
export class TransportError extends Error {
  override readonly name = "TransportError";
  /**
   * @param kind what happened, for decisions.
   * @param message what happened, for people: `"dial tcp 127.0.0.1:7946: connect: connection refused"`.
   */
  constructor(readonly kind: TransportErrorKind, message: string, init?: ErrorOptions) {
    super(message, init);
  }
  /** Whether the far end (rather than this host) is the likely cause. */
  get remote(): boolean {
    return this.kind !== "local";
  }
}
/** `refused`: connection refused. `timeout`: deadline passed. `closed`: ended early. `local`: this host's fault. */
export type TransportErrorKind = "refused" | "unreachable" | "timeout" | "closed" | "local";

/** A file could not be read or written. What is in it then, the method says that threw. */
export class StorageError extends Error {
  override readonly name = "StorageError";
}

/** One address that could not be joined. */
export interface JoinFailure {
  /** As the user sees it in the error text: `"Failed to join 127.0.0.1:7946: ..."`. */
  readonly text: string;
  readonly cause: Error;
  /** Its place in the list of those that were to be joined; undefined for a text that resolves to no address. */
  readonly index?: number;
}

/** No address could be joined. Membership is unchanged. */
export class JoinError extends Error {
  override readonly name = "JoinError";
  constructor(readonly failures: readonly JoinFailure[]) {
    super(joinErrorText(failures));
  }
}

/** The multi-error text of the Go agents: count line, blank-free list with tab and star, two newlines at the end. */
export function joinErrorText(failures: readonly JoinFailure[]): string {
  const count = failures.length;
  const head = count === 1 ? "1 error occurred:" : `${count} errors occurred:`;
  return `${head}\n${failures.map((failure) => `\t* ${failure.text}\n`).join("")}\n`;
}

/** A key is missing, malformed or not allowed. The keyring is unchanged. */
export class KeyringError extends Error {
  override readonly name = "KeyringError";
}
