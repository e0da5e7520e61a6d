/** An output that waits for nobody: the log of an agent, whose reader may stand still while the agent must not. */
import { encodeText } from "../base/byte_text.ts";
import { hasNoReader, isFull, type Output } from "./output.ts";

/** Something that takes bytes when it can, as many as it likes of those that it is given. */
export interface AsyncWriter {
  write(bytes: Uint8Array): Promise<number>;
}

/** What waits at most, in characters: more than a push/pull that names ten thousand members logs in one turn. */
const QUEUE_CHARS_MAX = 2 * 1024 * 1024;
/** How long a program that ends waits for a reader. */
const FLUSH_MS = 1_000;
/** The pause after a write. A write takes 60 us of processor time, so that many lines had better go out with one. */
const PAUSE_MS = 10;

/**
 * One write is under way at a time, in another thread; what comes meanwhile is queued, and goes out with the next one.
 *
 * ```
 * idle --write--> writing --written--> pausing --(nothing waits)--> idle
 *                    ^                    |
 *                    +-(something waits)--+
 * ```
 * When the queue is full, texts are dropped until it moves on; a line that says how many stands where they would have.
 */
export class QueuedOutput implements Output {
  readonly #writer: AsyncWriter;
  readonly #pauseMs: number;
  // bounded: QUEUE_CHARS_MAX, or one longer text
  #queue = "";
  #dropped = 0;
  #ended = false;
  /** Whether the last text could be written in part only. */
  #isCutOff = false;
  #writing: Promise<void> | undefined;

  constructor(writer: AsyncWriter, pauseMs = PAUSE_MS) {
    this.#writer = writer;
    this.#pauseMs = pauseMs;
  }

  get ended(): boolean {
    return this.#ended;
  }

  write(text: string): void {
    if (this.#ended || text === "") return;
    const hasNoRoom = this.#queue !== "" && this.#queue.length + text.length > QUEUE_CHARS_MAX;
    if (this.#dropped > 0 || hasNoRoom) {
      this.#dropped++;
      return;
    }
    this.#queue += text;
    this.#writing ??= this.#drain();
  }

  /** Waits until nothing is queued, or for a second. */
  async flush(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => timer = setTimeout(resolve, FLUSH_MS));
    await Promise.race([this.#writing, late]);
    clearTimeout(timer);
  }

  async #drain(): Promise<void> {
    while (this.#queue !== "" && !this.#ended) {
      const text = this.#dropped === 0 ? this.#queue : `${this.#queue}${droppedText(this.#dropped)}`;
      this.#queue = "";
      this.#dropped = 0;
      const bytes = encodeText(this.#isCutOff ? `\n${text}` : text);
      const written = await this.#writeAll(bytes);
      if (written > 0) this.#isCutOff = written < bytes.length;
      await this.#pause();
    }
    this.#writing = undefined;
  }

  /** @returns how many of the bytes were taken. */
  async #writeAll(bytes: Uint8Array): Promise<number> {
    let written = 0;
    while (written < bytes.length) {
      try {
        written += await this.#writer.write(bytes.subarray(written));
      } catch (error) {
        if (!isFull(error)) {
          this.#ended = hasNoReader(error);
          break;
        }
        // Somebody else made it non-blocking, and it is full.
        await this.#pause();
      }
    }
    return written;
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, this.#pauseMs));
  }
}

function droppedText(count: number): string {
  return `==> ${count} ${count === 1 ? "line was" : "lines were"} dropped: nobody read them in time\n`;
}
