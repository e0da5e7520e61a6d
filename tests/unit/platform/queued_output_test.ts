import { deepEqual, equal } from "../../support/assert.ts";
import { QueuedOutput } from "../../../lib/platform/queued_output.ts";

/** A reader who takes what is offered when the test says so. */
class SlowReader {
  #text = "";
  readonly #offers: { bytes: Uint8Array; settle: PromiseWithResolvers<number> }[] = [];

  write(bytes: Uint8Array): Promise<number> {
    const settle = Promise.withResolvers<number>();
    this.#offers.push({ bytes, settle });
    return settle.promise;
  }

  /** All that was taken. */
  read(): string {
    return this.#text;
  }

  get offered(): number {
    return this.#offers.length;
  }

  /** Takes so much of the oldest offer; resolves when the output has gone on from there. */
  async take(bytesMax = Infinity): Promise<void> {
    const { bytes, settle } = this.#offers.shift()!;
    const taken = bytes.subarray(0, bytesMax);
    this.#text += new TextDecoder().decode(taken);
    settle.resolve(taken.length);
    await settled();
  }

  async refuse(error: Error): Promise<void> {
    this.#offers.shift()!.settle.reject(error);
    await settled();
  }
}

/** All that follows from a promise that was settled has happened. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

function create() {
  const reader = new SlowReader();
  return { reader, output: new QueuedOutput(reader, 0) };
}

Deno.test("QueuedOutput offers the first text at once, and what comes meanwhile with the next one", async () => {
  const { reader, output } = create();
  for (const text of ["one\n", "", "two\n", "three\n"]) output.write(text);
  equal(reader.offered, 1);
  await reader.take();
  equal(reader.read(), "one\n");
  await reader.take(3);
  await reader.take();
  equal(reader.read(), "one\ntwo\nthree\n");
  equal(reader.offered, 0);
  output.write("four\n");
  await reader.take();
  equal(reader.read(), "one\ntwo\nthree\nfour\n");
});

Deno.test("QueuedOutput drops what a reader who stands still leaves no room for, and says how much", async () => {
  const { reader, output } = create();
  const line = "x".repeat(1023) + "\n";
  for (let i = 0; i < 1 + 2048 + 3; i++) output.write(line);
  await reader.take();
  await reader.take();
  equal(reader.read(), line.repeat(2049) + "==> 3 lines were dropped: nobody read them in time\n");
  output.write("after\n");
  await reader.take();
  equal(reader.read().endsWith("in time\nafter\n"), true);
});

Deno.test("QueuedOutput keeps the order: after one that was dropped, none goes before the note", async () => {
  const { reader, output } = create();
  output.write("first\n");
  output.write("x".repeat(2 * 1024 * 1024 - 1));
  for (const text of ["xx", "y"]) output.write(text);
  await reader.take();
  await reader.take();
  equal(
    reader.read().replace(/x+/, "|"),
    "first\n|==> 2 lines were dropped: nobody read them in time\n",
  );
});

Deno.test("QueuedOutput ends when its reader has gone, and goes on after a full disk", async () => {
  const { reader, output } = create();
  output.write("begun and cut off\n");
  await reader.take(5);
  await reader.refuse(Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" }));
  equal(output.ended, false);
  output.write("kept\n");
  await reader.take();
  equal(reader.read(), "begun\nkept\n");
  output.write("lost\n");
  output.write("lost too\n");
  await reader.refuse(new Deno.errors.BrokenPipe("Broken pipe (os error 32)"));
  output.write("lost as well\n");
  deepEqual([output.ended, reader.offered], [true, 0]);
});

Deno.test("QueuedOutput offers bytes again to an output that is full for the moment", async () => {
  const { reader, output } = create();
  output.write("again\n");
  await reader.refuse(new Deno.errors.WouldBlock("again"));
  while (reader.offered === 0) await settled();
  await reader.take();
  equal(reader.read(), "again\n");
});

Deno.test("QueuedOutput.flush() ends when all is out; at once when nothing waits", async () => {
  const { reader, output } = create();
  await output.flush();
  output.write("one\n");
  output.write("two\n");
  let isFlushed = false;
  const flushed = output.flush().then(() => isFlushed = true);
  await reader.take();
  equal(isFlushed, false);
  await reader.take();
  await flushed;
  equal(reader.read(), "one\ntwo\n");
});

Deno.test("QueuedOutput.flush() does not wait for a reader who never reads", async () => {
  const { reader, output } = create();
  output.write("one\n");
  await output.flush();
  equal(reader.read(), "");
  await reader.take();
});

Deno.test("QueuedOutput takes what ten thousand joins log in one turn, and one text of any length", async () => {
  const { reader, output } = create();
  const line = `    2026/11/23 20:33:31 [INFO] serf: EventMemberJoin: ${"n".repeat(64)} 255.255.255.255\n`;
  for (let i = 0; i < 10_000; i++) output.write(line);
  await reader.take();
  await reader.take();
  equal(reader.read(), line.repeat(10_000));
  const long = "x".repeat(3 * 1024 * 1024);
  output.write(long);
  await reader.take();
  output.write("and on\n");
  await reader.take();
  equal(reader.read().length, line.length * 10_000 + long.length + 7);
});
