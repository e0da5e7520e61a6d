/** What this node does when the cluster's keys are changed, and what it answers. protocol.md D.7, surface.md 6.2. */
import { KeyringError, WireError } from "../base/errors.ts";
import { type Logger, LogLevel } from "../base/ports.ts";
import type { Keyring } from "../memberlist/keyring.ts";
import { MsgpackWriter } from "../wire/msgpack_writer.ts";
import type { IncomingQuery } from "./incoming_query.ts";
import { decodeKeyRequest, encodeKeyResponse, type KeyResponseMessage } from "./key_messages.ts";
import type { QueryReplies } from "./query_replies.ts";

/** Keeps the keys beyond our end. @throws {Error} when it cannot; its text goes to whoever asked. */
export type SaveKeys = (keys: readonly Uint8Array[]) => void;

/** A change of the keyring, and the log's words for its failure. */
interface Change {
  readonly apply: (keyring: Keyring, key: Uint8Array) => void;
  readonly fault: string;
}

const CHANGES: ReadonlyMap<string, Change> = new Map([
  ["install-key", { apply: (ring: Keyring, key: Uint8Array) => ring.install(key), fault: "install key" }],
  ["use-key", { apply: (ring: Keyring, key: Uint8Array) => ring.use(key), fault: "change primary key" }],
  ["remove-key", { apply: (ring: Keyring, key: Uint8Array) => ring.remove(key), fault: "remove key" }],
]);

const PREFIX = "_serf_";
const LIST = "list-keys";
/** A key of 16 bytes in base64, and its head. */
const KEY_TEXT_BYTES_LEAST = 25;

/** Answers are sealed with the key that is the primary one after the change. */
export class KeyQueries {
  readonly #logger: Logger;
  readonly #replies: QueryReplies;
  readonly #keyring: Keyring | undefined;
  readonly #save: SaveKeys | undefined;
  readonly #writer = new MsgpackWriter(1024);

  /** @param keyring undefined when the cluster is not encrypted. @param save undefined when nothing is kept. */
  constructor(
    logger: Logger,
    replies: QueryReplies,
    keyring: Keyring | undefined,
    save: SaveKeys | undefined,
  ) {
    this.#logger = logger;
    this.#replies = replies;
    this.#keyring = keyring;
    this.#save = save;
  }

  /** Does what is asked. @returns the answer's payload; undefined when it is no question about keys. */
  answer(query: IncomingQuery): Uint8Array | undefined {
    const verb = query.name.slice(PREFIX.length);
    const change = CHANGES.get(verb);
    if (change === undefined && verb !== LIST) return undefined;
    if (change === undefined) return this.#list(query);
    const message = this.#change(verb, change, query.payload);
    return this.#encode({
      result: message === undefined,
      message: message ?? "",
      keys: null,
      primaryKey: "",
    });
  }

  /** @returns why it failed, which may be the empty text; undefined when it did not. */
  #change(verb: string, { apply, fault }: Change, payload: Uint8Array): string | undefined {
    let what = "decode key request";
    try {
      const key = decodeKeyRequest(payload, Math.min(1, payload.length), payload.length);
      if (this.#keyring === undefined) return this.#report("No keyring to modify (encryption not enabled)");
      this.#logReceived(verb);
      what = fault;
      apply(this.#keyring, key);
      what = "write keyring file";
      this.#save?.(this.#keyring.list());
      return undefined;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#report(`Failed to ${what}: ${error.message}`);
      if (error instanceof WireError) return "";
      if (error instanceof KeyringError || what === "write keyring file") return error.message;
      throw error;
    }
  }

  #list(query: IncomingQuery): Uint8Array {
    if (this.#keyring === undefined) {
      const message = this.#report("Keyring is empty (encryption not enabled)");
      return this.#encode({ result: false, message, keys: null, primaryKey: "" });
    }
    this.#logReceived(LIST);
    const installed = this.#keyring.list();
    const { bytesMax } = this.#replies;
    const primaryKey = base64(installed[0]!);
    // No more than can fit are tried: whoever has a key could install any number.
    const fitting = Math.max(0, Math.floor(bytesMax / KEY_TEXT_BYTES_LEAST));
    for (let count = Math.min(installed.length, fitting);; count--) {
      const keys = installed.slice(0, count).map(base64);
      const message = count === installed.length
        ? ""
        : `truncated key list response, showing first ${count} of ${installed.length} keys`;
      const answer = this.#encode({ result: true, message, keys, primaryKey });
      if (count > 0 && this.#replies.lengthOf(query, answer) > bytesMax) continue;
      if (message !== "") this.#logger.log(LogLevel.warn, `serf: ${message}`);
      return answer;
    }
  }

  #logReceived(verb: string): void {
    this.#logger.log(LogLevel.info, `serf: Received ${verb} query`);
  }

  #report(text: string): string {
    this.#logger.log(LogLevel.error, `serf: ${text}`);
    return text;
  }

  #encode(response: KeyResponseMessage): Uint8Array {
    this.#writer.reset();
    encodeKeyResponse(this.#writer, response);
    return this.#writer.copy();
  }
}

function base64(key: Uint8Array): string {
  return btoa(String.fromCharCode(...key));
}
