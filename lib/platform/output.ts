/** Writing to standard outputs: all of a text, and what their failures mean. */
import { encodeText } from "../base/byte_text.ts";

/** Where texts go. What cannot be written for a while is lost; once the reader has gone, everything is. */
export interface Output {
  /** Never throws. */
  write(text: string): void;
  /** Whether nothing is written any more, because nobody reads it. */
  readonly ended: boolean;
}

/** The exit code that a shell sees of a program that SIGPIPE ended. */
export const BROKEN_PIPE_CODE = 141;

/** Something that takes bytes, as many as it likes of those that it is given. */
export interface SyncWriter {
  writeSync(bytes: Uint8Array): number;
}

/** How long we wait before we offer bytes again to an output that is full for the moment. */
const FULL_PAUSE_MS = 2;

const NEWLINE = Uint8Array.of(0x0a);

/** Out when `write` returns, however long the reader takes. */
export class DirectOutput implements Output {
  readonly #writer: SyncWriter;
  #ended = false;
  #isBroken = false;
  /** Whether the last text could be written in part only. */
  #isCutOff = false;

  get ended(): boolean {
    return this.#ended;
  }

  /** Whether it is a pipe whose reader has closed it. */
  get isBroken(): boolean {
    return this.#isBroken;
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
          this.#isBroken = error instanceof Deno.errors.BrokenPipe;
          return written;
        }
        pause();
      }
    }
    return written;
  }
}

/** Whether nobody will ever read what is written, as opposed to a failure that may pass. */
export function hasNoReader(error: unknown): boolean {
  if (error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.BadResource) return true;
  const code = (error as { code?: unknown }).code;
  return code === "EPIPE" || code === "EBADF" || code === "ECONNRESET" || code === "EIO";
}

/** An output that somebody else made non-blocking (a terminal shared with ssh) may be full for the moment. */
export function isFull(error: unknown): boolean {
  return error instanceof Deno.errors.WouldBlock ||
    (error instanceof Error && (error as { code?: unknown }).code === "EAGAIN");
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PAUSE_MS);
}
