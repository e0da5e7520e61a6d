/**
 * The ports of the deterministic core: everything it may ask of the world, and nothing more.
 *
 * Two rules make pushing safe. Bytes are borrowed for the call: whoever keeps them copies them. And a port never
 * calls back into the core before it returns.
 */
import type { Address } from "./address.ts";
import type { TransportError } from "./errors.ts";
import type { MetricsSink } from "./metrics.ts";
import type { Timer } from "./timer_heap.ts";

/** Time. The only clock the core sees; `lib/sim` makes it virtual. */
export interface Clock {
  /** Monotonic milliseconds, fractional, from an arbitrary origin. */
  nowMs(): number;
  /** Milliseconds since the Unix epoch. May step: only for what people read, log stamps and metrics. */
  wallMs(): number;
  /** Arms (or re-arms) `timer` to fire `delayMs` (>= 0) from now. Allocates nothing. */
  arm(timer: Timer, delayMs: number): void;
  /** Disarms `timer`. Harmless when it is not armed. */
  disarm(timer: Timer): void;
}

/** Randomness. Production draws from the operating system, the simulator from a seed. */
export interface Random {
  /** A uniform integer in [0, bound). `bound` in 1..2^32. */
  below(bound: number): number;
  /** A uniform float in [0, 1). */
  uniform(): number;
  /** Fills `bytes` with random bytes (nonces, keys). */
  fill(bytes: Uint8Array): void;
}

/**
 * A pure incremental reader that finds the end of one message at the start of a byte stream. One per stream.
 *
 * It keeps its place between calls, so that a peer that drips single bytes costs linear, not quadratic, time.
 */
export interface FrameReader {
  /**
   * @param bytes the buffer that holds all that was read so far from the start of the stream; it may be a
   *   different (grown) buffer at each call, with the same leading bytes.
   * @param length how many of them are valid.
   * @returns 0 when more is needed; else the length of the message. A message that breaks the rules or a limit is
   *   also "complete" (at `length`): whoever decodes it reports why.
   */
  scan(bytes: Uint8Array, length: number): number;
}

/** What a transport pushes into the core. */
export interface TransportSink {
  /** One datagram. `bytes` is borrowed for the call. */
  onPacket(from: Address, bytes: Uint8Array): void;
  /** A reader for the request of a freshly accepted stream. */
  newFrameReader(): FrameReader;
  /**
   * One whole request on an inbound stream.
   * @returns the reply's bytes (owned by the transport from then on), or null to close without one.
   */
  onExchange(from: Address, request: Uint8Array): Uint8Array | null;
  /** An inbound stream ended before its request was complete. `received` bytes had come. */
  onExchangeFailed(from: Address, received: number, error: TransportError): void;
}

/** Where the outcome of an exchange that we opened goes. Exactly one of its two results is called, once. */
export interface ExchangeSink {
  /**
   * A reader for the reply, or null when none is expected (then `onReply(null)` says "sent"). Asked for once, when the
   * connection is there.
   */
  newFrameReader(): FrameReader | null;
  /** The whole reply (borrowed for the call), or null: the peer closed without replying. */
  onReply(reply: Uint8Array | null): void;
  /** Refused, unreachable, timed out, or broken. `error.remote` tells whether the peer is to blame. */
  onError(error: TransportError): void;
}

/** Datagrams, and exchanges of one request and at most one reply. */
export interface Transport {
  /**
   * Sends one datagram, best effort: losses are silent, and so is a full local buffer.
   * @returns false when the local system refused it at once (address family, size, closed socket).
   */
  sendPacket(to: Address, bytes: Uint8Array): boolean;
  /** Connects, sends `request` (owned by the transport from then on), awaits at most one reply. */
  openExchange(to: Address, request: Uint8Array, timeoutMs: number, sink: ExchangeSink): void;
}

/** Severity, ordered. */
export const LogLevel = { trace: 0, debug: 1, info: 2, warn: 3, error: 4 } as const;
export type LogLevel = typeof LogLevel[keyof typeof LogLevel];

/** Where the core's log lines go. `text` begins with its component: `"memberlist: Suspect x has failed, ..."`. */
export interface Logger {
  /** Whether a line of this level would go anywhere; ask before building an expensive text. */
  enabled(level: LogLevel): boolean;
  log(level: LogLevel, text: string): void;
}

/** Regular expressions of RE2: linear in time, whatever the expression, and the same for every node of a cluster. */
export interface RegexMatcher {
  /**
   * Looks for `expression` anywhere in `text` (it is not anchored).
   *
   * @param done told once, from within this call or later; undefined says that the expression is none, and `fault` why.
   */
  matches(
    expression: string,
    text: string,
    done: (matched: boolean | undefined, fault?: string) => void,
  ): void;
}

/**
 * One file that grows line by line and is now and then replaced: the snapshot. Synchronous, because what is written is
 * small and rare.
 *
 * What is appended waits in this process until it is flushed, and in the system until it is synced: the end of the
 * process loses the former, a power cut the latter too (any part of it may survive).
 */
export interface Storage {
  /** How long the file is, with what waits, in bytes. */
  readonly size: number;
  /** @returns all that was flushed, in this run or an earlier one. @throws {StorageError} */
  read(): Uint8Array;
  /** Adds bytes (copied) to what waits. Cannot fail. */
  append(bytes: Uint8Array): void;
  /**
   * Hands what waits to the system.
   * @throws {StorageError} what waited is gone, and any beginning of it may be in the file.
   */
  flush(): void;
  /** Flushes, and makes all of it survive a power cut. @throws {StorageError} as {@linkcode flush}. */
  sync(): void;
  /**
   * Makes these the file's only bytes, synced; what waited is dropped. At every moment the file is the old or the new.
   * @throws {StorageError} nothing changed.
   */
  replace(bytes: Uint8Array): void;
  /** Drops what waits and lets go of the file. Idempotent. */
  close(): void;
}

/** The ports that the engine is built on. */
export interface CorePorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly transport: Transport;
  readonly logger: Logger;
  /** Told what happens. @default {nobody} */
  readonly metrics?: MetricsSink;
}
