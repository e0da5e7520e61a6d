import { deepEqual, equal } from "../../support/assert.ts";
import { DenoUi } from "../../../lib/platform/deno_ui.ts";

/** Takes a few bytes at a time; fails as told before each write. */
class FakeOutput {
  text = "";
  readonly failures: (Error | undefined)[] = [];
  calls = 0;
  constructor(readonly bytesPerWrite = Infinity) {}

  writeSync(bytes: Uint8Array): number {
    this.calls++;
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    const taken = bytes.subarray(0, this.bytesPerWrite);
    this.text += new TextDecoder().decode(taken);
    return taken.length;
  }

  write(bytes: Uint8Array): Promise<number> {
    return Promise.resolve(this.writeSync(bytes));
  }
}

Deno.test("DenoUi writes all of each text, at once and in order", () => {
  const out = new FakeOutput(3), err = new FakeOutput();
  const ui = new DenoUi(out, err);
  ui.out("one\ntwo\n");
  ui.out("");
  ui.err("oops\n");
  ui.out("3");
  equal(out.text, "one\ntwo\n3");
  equal(err.text, "oops\n");
  equal(err.calls, 1);
});

Deno.test("DenoUi ends an output whose reader has gone, and that one only", () => {
  const out = new FakeOutput(), err = new FakeOutput();
  const ui = new DenoUi(out, err);
  out.failures.push(new Deno.errors.BrokenPipe("Broken pipe (os error 32)"));
  ui.out("lost");
  ui.out("lost too");
  ui.err("still here");
  equal(out.calls, 1);
  equal(out.text, "");
  equal(err.text, "still here");
});

Deno.test("DenoUi.exitCode() is that of SIGPIPE once a reader has closed the pipe, and only then", () => {
  const broken = () => new Deno.errors.BrokenPipe("Broken pipe (os error 32)");
  const out = new FakeOutput(), err = new FakeOutput();
  const ui = new DenoUi(out, err);
  equal(ui.exitCode(1), 1);
  // `serf members >&-`: there never was a reader.
  out.failures.push(new Deno.errors.BadResource("Bad file descriptor (os error 9)"));
  ui.out("lost");
  equal(ui.exitCode(0), 0);
  err.failures.push(broken());
  ui.err("lost");
  equal(ui.exitCode(0), 141);
  const piped = new FakeOutput();
  const other = new DenoUi(piped, new FakeOutput());
  piped.failures.push(broken());
  other.out("lost");
  equal(other.exitCode(1), 141);
  other.queueOut();
  equal(other.exitCode(1), 1, "an agent outlives the reader of its log");
});

Deno.test("DenoUi loses what a full disk has no room for, and goes on when there is room again", () => {
  const out = new FakeOutput(4);
  const ui = new DenoUi(out, new FakeOutput());
  const full = Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" });
  out.failures.push(undefined, full);
  ui.out("begun and cut off\n");
  out.failures.push(full);
  ui.out("lost\n");
  equal(ui.isOpen, true);
  ui.out("kept\n");
  // The line that was cut off is ended, so that the next one does not run on in it.
  equal(out.text, "begu\nkept\n");
});

Deno.test("DenoUi offers bytes again to an output that is full for the moment", () => {
  const out = new FakeOutput(4);
  const full = Object.assign(new Error("Resource temporarily unavailable (os error 11)"), { code: "EAGAIN" });
  out.failures.push(undefined, full, new Deno.errors.WouldBlock("again"), undefined);
  new DenoUi(out, new FakeOutput()).out("12345678");
  equal(out.text, "12345678");
  deepEqual(out.calls, 4);
});

Deno.test("DenoUi writes bytes that were not UTF-8 as the bytes that they were", () => {
  const bytes: number[] = [];
  const writeSync = (some: Uint8Array) => {
    bytes.push(...some);
    return some.length;
  };
  const ui = new DenoUi({ writeSync, write: (some) => Promise.resolve(writeSync(some)) });
  // A node named 0x66 0xff 0xc3, as wire/text.ts decodes it, between text that is none of ASCII.
  ui.out("\u00e9 f\udcff\udcc3 \u{1f600}\n");
  deepEqual(bytes, [0xc3, 0xa9, 32, 0x66, 0xff, 0xc3, 32, 0xf0, 0x9f, 0x98, 0x80, 10]);
});

Deno.test("DenoUi.queueOut() makes standard output wait for nobody, and flush() waits for it", async () => {
  const out = new FakeOutput(), err = new FakeOutput();
  const ui = new DenoUi(out, err);
  ui.out("direct\n");
  ui.queueOut();
  ui.out("one\n");
  ui.queueOut();
  ui.out("two\n");
  ui.err("oops\n");
  equal(out.text, "direct\none\n");
  equal(err.text, "oops\n");
  await ui.flush();
  equal(out.text, "direct\none\ntwo\n");
});
