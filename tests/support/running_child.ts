/** A child process whose output is read as it comes, with an empty environment. */

/** Ends with its test: whoever starts one kills it or sees it end. */
export class RunningChild {
  #stdout = "";
  #stderr = "";
  #hasEnded = false;
  readonly #child: Deno.ChildProcess;
  readonly #end: Promise<number>;
  #onOutput: (() => void) | undefined = undefined;

  constructor(program: string, args: readonly string[], directory: string) {
    this.#child = new Deno.Command(program, {
      args: [...args],
      cwd: directory,
      clearEnv: true,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const drained = Promise.all([
      this.#collect(this.#child.stdout, (text) => this.#stdout += text),
      this.#collect(this.#child.stderr, (text) => this.#stderr += text),
    ]);
    this.#end = Promise.all([this.#child.status, drained]).then(([status]) => {
      this.#hasEnded = true;
      this.#onOutput?.();
      return status.code;
    });
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Waits until standard output has `text`. @returns false when the process ended without it. */
  async until(text: string, limitMs: number): Promise<boolean> {
    const late = Date.now() + limitMs;
    while (!this.#stdout.includes(text) && !this.#hasEnded) {
      if (Date.now() > late) {
        await this.kill();
        throw new Error(`not within ${limitMs} ms: ${text}; printed so far:\n${this.#stdout}${this.#stderr}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 100);
        this.#onOutput = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.#stdout.includes(text);
  }

  /** Sends a signal, if there is still somebody to hear it. */
  signal(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch {
      // It has already ended.
    }
  }

  /** The exit code. A process that does not end within `limitMs` is killed, which is an error. */
  async ended(limitMs: number): Promise<number> {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.signal("SIGKILL");
    }, limitMs);
    const code = await this.#end;
    clearTimeout(timer);
    if (isLate) throw new Error(`it did not end within ${limitMs} ms:\n${this.#stdout}${this.#stderr}`);
    return code;
  }

  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.#end;
  }

  async #collect(stream: ReadableStream<Uint8Array>, add: (text: string) => void): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      add(decoder.decode(chunk, { stream: true }));
      this.#onOutput?.();
    }
  }
}
