import { deepEqual, equal } from "node:assert/strict";
import { DenoUi } from "../../../lib/platform/deno_ui.ts";

/** Takes a few bytes at a time, or throws what the test says. */
class FakeOutput {
  text = "";
  error: Error | undefined;
  writes = 0;

  writeSync(bytes: Uint8Array): number {
    this.writes++;
    if (this.error !== undefined) throw this.error;
    const part = bytes.subarray(0, 3);
    this.text += new TextDecoder().decode(part);
    return part.length;
  }
}

Deno.test("DenoUi writes everything, however little is taken at a time, and to the right output", () => {
  const out = new FakeOutput(), err = new FakeOutput();
  const ui = new DenoUi(out, err);
  ui.out("standard output\n");
  ui.err("error\n");
  deepEqual([out.text, err.text, ui.isOpen], ["standard output\n", "error\n", true]);
});

Deno.test("DenoUi is silent once the reader of standard output has gone, and says so", () => {
  const out = new FakeOutput(), err = new FakeOutput();
  const ui = new DenoUi(out, err);
  out.error = new Deno.errors.BrokenPipe("x");
  ui.out("a");
  equal(ui.isOpen, false);
  ui.out("b");
  equal(out.writes, 1);
  ui.err("still");
  equal(err.text, "still");
});

Deno.test("DenoUi tells of standard output alone whether it is open", () => {
  const err = new FakeOutput();
  const ui = new DenoUi(new FakeOutput(), err);
  err.error = new Deno.errors.BrokenPipe("x");
  ui.err("a");
  equal(ui.isOpen, true);
});
