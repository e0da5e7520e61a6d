/** Key changes that begin here, with a line in the log for each. surface.md 7. */
import { type Logger, LogLevel } from "../base/ports.ts";
import type { KeyManager, KeyResult } from "../serf/key_manager.ts";
import { decodeGoBase64 } from "./go_base64.ts";

/** Serf's own, announced: also when the text then turns out to be no base64, which is thrown. */
export class AgentKeys {
  readonly #logger: Logger;
  readonly #keys: KeyManager;

  constructor(logger: Logger, keys: KeyManager) {
    this.#logger = logger;
    this.#keys = keys;
  }

  install(key: string, done: (result: KeyResult) => void): void {
    this.#say("Initiating key installation");
    this.#keys.install(decodeGoBase64(key), done);
  }

  use(key: string, done: (result: KeyResult) => void): void {
    this.#say("Initiating primary key change");
    this.#keys.use(decodeGoBase64(key), done);
  }

  remove(key: string, done: (result: KeyResult) => void): void {
    this.#say("Initiating key removal");
    this.#keys.remove(decodeGoBase64(key), done);
  }

  list(done: (result: KeyResult) => void): void {
    this.#say("Initiating key listing");
    this.#keys.list(done);
  }

  #say(text: string): void {
    this.#logger.log(LogLevel.info, `agent: ${text}`);
  }
}
