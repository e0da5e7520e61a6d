/** Key changes that begin here, with a line in the log for each. surface.md 7. */
import { type Logger, LogLevel } from "../base/ports.ts";
import type { KeyManager, KeyResult } from "../serf/key_manager.ts";

/** Serf's own, announced. */
export class AgentKeys implements Pick<KeyManager, "install" | "use" | "remove" | "list"> {
  readonly #logger: Logger;
  readonly #keys: KeyManager;

  constructor(logger: Logger, keys: KeyManager) {
    this.#logger = logger;
    this.#keys = keys;
  }

  install(key: Uint8Array, done: (result: KeyResult) => void): void {
    this.#say("Initiating key installation");
    this.#keys.install(key, done);
  }

  use(key: Uint8Array, done: (result: KeyResult) => void): void {
    this.#say("Initiating primary key change");
    this.#keys.use(key, done);
  }

  remove(key: Uint8Array, done: (result: KeyResult) => void): void {
    this.#say("Initiating key removal");
    this.#keys.remove(key, done);
  }

  list(done: (result: KeyResult) => void): void {
    this.#say("Initiating key listing");
    this.#keys.list(done);
  }

  #say(text: string): void {
    this.#logger.log(LogLevel.info, `agent: ${text}`);
  }
}
