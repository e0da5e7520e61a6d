/** The program's two outputs. */
import { encodeText } from "../base/byte_text.ts";
import type { Ui } from "./platform.ts";

/** Something that takes bytes, as many as it likes of those that it is given. */
interface SyncWriter {
  writeSync(bytes: Uint8Array): number;
}

/** How long we wait before we offer bytes again to an output that is full for the moment. */
const FULL_PAUSE_MS = 2;

const NEWLINE = Uint8Array.of(0x0a);

/**
 * {@linkcode Ui} on the standard outputs: one system call a text, none once the reader has gone. What cannot be written
 * for another reason (a full disk under the log) is lost, and what follows is tried again.
 */
export class DenoUi implements Ui {
  readonly #out: Output;
  readonly #err: Output;

  constructor(out: SyncWriter = Deno.stdout, err: SyncWriter = Deno.stderr) {
    this.#out = new Output(out);
    this.#err = new Output(err);
  }

  out(text: string): void {
    this.#out.write(text);
  }

  err(text: string): void {
    this.#err.write(text);
  }

  get isOpen(): boolean {
    return !this.#out.ended;
  }
}

class Output {
  readonly #writer: SyncWriter;
  #ended = false;
  /** Whether the last text could be written in part only. */
  #isCutOff = false;

  /** Whether nothing is written any more, because nobody reads it. */
  get ended(): boolean {
    return this.#ended;
  }

  constructor(writer: SyncWriter) {
    this.#writer = writer;
  }

  write(text: string): void {
    if (this.#ended || text === "") return;
    if (this.#isCutOff && this.#writeAll(NEWLINE) < 1) return;
    const bytes = encodeText(text);
    const written = this.#writeAll(bytes);
    this.#isCutOff = written > 0 && written < bytes.length;
  }

  /** @returns how many of the bytes were taken. */
  #writeAll(bytes: Uint8Array): number {
    let written = 0;
    while (written < bytes.length) {
      try {
        written += this.#writer.writeSync(written === 0 ? bytes : bytes.subarray(written));
      } catch (error) {
        if (!isFull(error)) {
          // `serf members | head -1`: the reader has had enough.
          this.#ended = hasNoReader(error);
          return written;
        }
        pause();
      }
    }
    return written;
  }
}

/** Whether nobody will ever read what is written, as opposed to a failure that may pass. */
function hasNoReader(error: unknown): boolean {
  if (error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.BadResource) return true;
  const code = (error as { code?: unknown }).code;
  return code === "EPIPE" || code === "EBADF" || code === "ECONNRESET" || code === "EIO";
}

/** An output that somebody else made non-blocking (a terminal shared with ssh) may be full for the moment. */
function isFull(error: unknown): boolean {
  return error instanceof Deno.errors.WouldBlock ||
    (error instanceof Error && (error as { code?: unknown }).code === "EAGAIN");
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PAUSE_MS);
}
