/** The program's two outputs. */
import { BROKEN_PIPE_CODE, DirectOutput, type Output, type SyncWriter } from "./output.ts";
import type { Ui } from "./platform.ts";
import { type AsyncWriter, QueuedOutput } from "./queued_output.ts";

/**
 * {@linkcode Ui} on the standard outputs: one system call a text, none once the reader has gone. What cannot be written
 * for another reason (a full disk under the log) is lost, and what follows is tried again.
 */
export class DenoUi implements Ui {
  readonly #stdout: SyncWriter & AsyncWriter;
  readonly #direct: DirectOutput;
  #out: Output;
  readonly #err: DirectOutput;
  #queued: QueuedOutput | undefined;

  constructor(out: SyncWriter & AsyncWriter = Deno.stdout, err: SyncWriter = Deno.stderr) {
    this.#stdout = out;
    this.#out = this.#direct = new DirectOutput(out);
    this.#err = new DirectOutput(err);
  }

  out(text: string): void {
    this.#out.write(text);
  }

  err(text: string): void {
    this.#err.write(text);
  }

  queueOut(): void {
    this.#out = this.#queued ??= new QueuedOutput(this.#stdout);
  }

  async flush(): Promise<void> {
    await this.#queued?.flush();
  }

  get isOpen(): boolean {
    return !this.#out.ended;
  }

  exitCode(code: number): number {
    // A program that queues its output goes on without a reader, on purpose.
    const isBroken = this.#queued === undefined && (this.#direct.isBroken || this.#err.isBroken);
    return isBroken ? BROKEN_PIPE_CODE : code;
  }
}
