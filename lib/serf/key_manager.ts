/** Changing the keys of the whole cluster: every node is asked, and its answers are counted. protocol.md D.7. */
import { WireError } from "../base/errors.ts";
import { goBytes } from "../base/go_text.ts";
import { type Logger, LogLevel } from "../base/ports.ts";
import { MsgpackWriter } from "../wire/msgpack_writer.ts";
import { decodeKeyResponse, encodeKeyRequest } from "./key_messages.ts";
import { SerfMessageType } from "./message_type.ts";
import type { QuerySink, RunningQuery } from "./query_collector.ts";
import { QUERY_DEFAULTS, type QueryParams } from "./query_sender.ts";

/** What the cluster answered. */
export interface KeyResult {
  /** What nodes had to say, by their names: mostly why it failed there. */
  readonly messages: Map<string, string>;
  /** How many nodes have each key, in base64; only of a listing. */
  readonly keys: Map<string, number>;
  /** Nodes that were asked. */
  readonly nodeCount: number;
  /** Those that failed. */
  readonly errorCount: number;
  /** Those that answered, the failed included. */
  readonly responseCount: number;
  /** Empty when all succeeded; else `n/m nodes reported failure` or, when some said nothing, `... success`. */
  readonly error: string;
}

/** What the manager works with. */
export interface KeyManagerContext {
  readonly logger: Logger;
  /** Nodes that are alive or suspect, ourselves included. */
  nodeCount(): number;
  /** @throws as QuerySender.send(). */
  send(name: string, payload: Uint8Array, params: QueryParams, sink: QuerySink): RunningQuery;
}

/** A key can have no more distinct names than a node has room for in an answer; a cluster has few. */
const DISTINCT_KEYS_MAX = 4096;

/**
 * All four ask every node, ourselves included, and end when all have answered, or at the default timeout of a query.
 * A node that did not answer may have done what it was asked: asking again is harmless.
 *
 * @throws {StateError} as {@linkcode Serf.query}; `done` is not called then.
 */
export class KeyManager {
  readonly #context: KeyManagerContext;
  readonly #writer = new MsgpackWriter(64);

  constructor(context: KeyManagerContext) {
    this.#context = context;
  }

  /** Adds a key to all keyrings. @param key raw, 16, 24 or 32 bytes: each node judges. */
  install(key: Uint8Array, done: (result: KeyResult) => void): void {
    this.#ask("_serf_install-key", key, done);
  }

  /** Makes an installed key the one to encrypt with. */
  use(key: Uint8Array, done: (result: KeyResult) => void): void {
    this.#ask("_serf_use-key", key, done);
  }

  /** Removes a key from all keyrings, unless it is the one to encrypt with. */
  remove(key: Uint8Array, done: (result: KeyResult) => void): void {
    this.#ask("_serf_remove-key", key, done);
  }

  /** Counts the installed keys. */
  list(done: (result: KeyResult) => void): void {
    this.#ask("_serf_list-keys", new Uint8Array(0), done);
  }

  #ask(name: string, key: Uint8Array, done: (result: KeyResult) => void): void {
    this.#writer.reset();
    encodeKeyRequest(this.#writer, key);
    const tally = new Tally(this.#context.nodeCount(), this.#context.logger);
    const running = this.#context.send(name, this.#writer.copy(), QUERY_DEFAULTS, {
      onAck: () => {},
      onResponse: (from, payload) => {
        tally.add(from, payload);
        if (!tally.isComplete) return;
        running.cancel();
        done(tally.result());
      },
      onDone: () => done(tally.result()),
    });
  }
}

class Tally {
  readonly #nodeCount: number;
  readonly #logger: Logger;
  // bounded: one per node that answered (query_collector.ts).
  readonly #messages = new Map<string, string>();
  // bounded: DISTINCT_KEYS_MAX.
  readonly #keys = new Map<string, number>();
  #errorCount = 0;
  #responseCount = 0;

  constructor(nodeCount: number, logger: Logger) {
    this.#nodeCount = nodeCount;
    this.#logger = logger;
  }

  get isComplete(): boolean {
    return this.#responseCount >= this.#nodeCount;
  }

  add(from: string, payload: Uint8Array): void {
    this.#responseCount++;
    if (payload[0] !== SerfMessageType.keyResponse) {
      return this.#fail(from, `Invalid key query response type: ${goBytes(payload)}`);
    }
    try {
      const { result, message, keys } = decodeKeyResponse(payload, 1, payload.length);
      if (!result) this.#fail(from, message);
      else if (message !== "") {
        this.#messages.set(from, message);
        this.#logger.log(LogLevel.warn, `serf: ${message}`);
      }
      for (const key of keys ?? []) this.#count(key);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#fail(from, `Failed to decode key query response: ${goBytes(payload)}`);
    }
  }

  result(): KeyResult {
    return {
      messages: this.#messages,
      keys: this.#keys,
      nodeCount: this.#nodeCount,
      errorCount: this.#errorCount,
      responseCount: this.#responseCount,
      error: this.#errorText(),
    };
  }

  #fail(from: string, message: string): void {
    this.#errorCount++;
    this.#messages.set(from, message);
  }

  #count(key: string): void {
    const count = this.#keys.get(key) ?? 0;
    if (count > 0 || this.#keys.size < DISTINCT_KEYS_MAX) this.#keys.set(key, count + 1);
  }

  #errorText(): string {
    const of = `/${this.#nodeCount} nodes reported`;
    if (this.#errorCount > 0) return `${this.#errorCount}${of} failure`;
    return this.#responseCount === this.#nodeCount ? "" : `${this.#responseCount}${of} success`;
  }
}
