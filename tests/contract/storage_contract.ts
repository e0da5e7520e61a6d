/** What every Storage promises. One suite, run on the simulated disk and on the real one. */
import { equal, ok } from "../support/assert.ts";
import type { Storage } from "../../lib/base/ports.ts";

/** One file under test. */
export interface StorageWorld {
  /** Opens the file as a process does; what waits in the storage opened before is lost. */
  open(): Storage;
  close(): void;
}

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (storage: Storage) => new TextDecoder().decode(storage.read());

/**
 * Registers the suite.
 *
 * @param name of the implementation, for the tests' names.
 * @param makeWorld called anew for each test; its file does not exist yet.
 */
export function storageContract(name: string, makeWorld: () => StorageWorld): void {
  const test = (what: string, body: (world: StorageWorld) => void) => {
    Deno.test(`Storage contract: ${name}: ${what}`, () => {
      const world = makeWorld();
      try {
        body(world);
      } finally {
        world.close();
      }
    });
  };

  test("a file that did not exist is empty", ({ open }) => {
    const storage = open();
    equal(text(storage), "");
    equal(storage.size, 0);
  });

  test("what is appended is read after a flush, by this process and the next, in order", ({ open }) => {
    const storage = open();
    storage.append(bytes("one\n"));
    storage.append(bytes("two\n"));
    storage.flush();
    equal(text(storage), "one\ntwo\n");
    storage.append(bytes("three\n"));
    storage.flush();
    equal(text(open()), "one\ntwo\nthree\n");
  });

  test("what was not flushed is lost with the process, and counts in the size until then", ({ open }) => {
    const storage = open();
    storage.append(bytes("kept\n"));
    storage.flush();
    storage.append(bytes("lost\n"));
    equal(storage.size, 10);
    equal(text(storage), "kept\n");
    const next = open();
    equal(text(next), "kept\n");
    equal(next.size, 5);
  });

  test("appended bytes are copied", ({ open }) => {
    const storage = open();
    const borrowed = bytes("abc");
    storage.append(borrowed);
    borrowed.fill(0);
    storage.flush();
    equal(text(storage), "abc");
  });

  test("sync() flushes", ({ open }) => {
    const storage = open();
    storage.append(bytes("x"));
    storage.sync();
    storage.sync();
    equal(text(open()), "x");
  });

  test("flush() with nothing to write is harmless", ({ open }) => {
    const storage = open();
    storage.flush();
    storage.flush();
    equal(text(storage), "");
  });

  test("replace() leaves its bytes alone, and drops what waited; appending goes on behind them", ({ open }) => {
    const storage = open();
    storage.append(bytes("long and old\n"));
    storage.flush();
    storage.append(bytes("waiting\n"));
    storage.replace(bytes("new\n"));
    equal(text(storage), "new\n");
    equal(storage.size, 4);
    storage.append(bytes("more\n"));
    storage.flush();
    equal(text(storage), "new\nmore\n");
    equal(text(open()), "new\nmore\n");
  });

  test("any bytes and any length come back", ({ open }) => {
    const storage = open();
    const large = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) & 255);
    for (let at = 0; at < large.length; at += 1000) storage.append(large.subarray(at, at + 1000));
    storage.flush();
    const found = open().read();
    equal(found.length, large.length);
    ok(found.every((byte, i) => byte === large[i]));
  });

  test("after close() nothing is written any more", ({ open }) => {
    const storage = open();
    storage.append(bytes("waiting"));
    storage.close();
    storage.close();
    storage.append(bytes("late"));
    storage.flush();
    storage.sync();
    storage.replace(bytes("replaced"));
    equal(text(open()), "");
  });
}
