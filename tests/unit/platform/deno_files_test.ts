import { deepEqual, equal, throws } from "../../support/assert.ts";
import { DenoFiles } from "../../../lib/platform/deno_files.ts";

const files = new DenoFiles();

/** Runs `body` in a directory of its own. */
function inDirectory(body: (directory: string) => void): void {
  const directory = Deno.makeTempDirSync();
  try {
    body(directory);
  } finally {
    Deno.chmodSync(directory, 0o700);
    Deno.removeSync(directory, { recursive: true });
  }
}

function modeOf(path: string): number {
  return Deno.statSync(path).mode! & 0o7777;
}

Deno.test("DenoFiles fails in Go's words", () => {
  inDirectory((directory) => {
    const missing = `${directory}/missing`, file = `${directory}/file`;
    Deno.writeTextFileSync(file, "x");
    throws(() => files.readText(missing), { message: `open ${missing}: no such file or directory` });
    throws(() => files.readText(directory), { message: `read ${directory}: is a directory` });
    throws(() => files.readText(`${file}/x`), { message: `open ${file}/x: not a directory` });
    Deno.symlinkSync(missing, `${directory}/astray`);
    throws(() => files.readText(`${directory}/astray`), {
      message: `open ${directory}/astray: no such file or directory`,
    });
    Deno.symlinkSync(`${directory}/circle`, `${directory}/circle`);
    throws(() => files.readText(`${directory}/circle`), {
      message: `open ${directory}/circle: too many levels of symbolic links`,
    });
    throws(() => files.listDirectory(missing), { message: `open ${missing}: no such file or directory` });
    throws(() => files.listDirectory(file), { message: `readdirent ${file}: not a directory` });
    throws(() => files.stat(`${file}/x`), { message: `stat ${file}/x: not a directory` });
    throws(() => files.writeAtomic(`${missing}/x`, "", 0o600), {
      message: `open ${missing}/x: no such file or directory`,
    });
    throws(() => files.stat("a\0b"), { message: "stat a\0b: invalid argument" });
    throws(() => files.readText("a\0b"), { message: "open a\0b: invalid argument" });
    throws(() => files.writeAtomic("a\0b", "", 0o600), { message: "open a\0b: invalid argument" });
    throws(() => files.writeAtomic(directory, "", 0o600), { message: `open ${directory}: is a directory` });
    equal(files.stat(missing), undefined);
    deepEqual(files.stat(directory), { isDirectory: true });
    deepEqual(files.stat(file), { isDirectory: false });
  });
});

Deno.test("DenoFiles.listDirectory() sorts by the bytes of the names", () => {
  inDirectory((directory) => {
    const names = ["b", "a", "B", "\u{1f600}", "\u{e9}", "\u{ff61}", "ab", "a.json"];
    for (const name of names.slice(0, 5)) Deno.writeTextFileSync(`${directory}/${name}`, "");
    for (const name of names.slice(5)) Deno.mkdirSync(`${directory}/${name}`);
    const encoder = new TextEncoder();
    const hex = (name: string) => Array.from(encoder.encode(name), (byte) => byte.toString(16)).join();
    const expected = names.toSorted((a, b) => hex(a) < hex(b) ? -1 : 1);
    const listed = files.listDirectory(directory);
    deepEqual(listed.map(({ name }) => name), expected);
    deepEqual(listed.find(({ name }) => name === "ab"), { name: "ab", isDirectory: true });
    deepEqual(listed.find(({ name }) => name === "b"), { name: "b", isDirectory: false });
  });
});

Deno.test("DenoFiles.writeAtomic() makes a file with the mode asked for, and leaves no other behind", () => {
  inDirectory((directory) => {
    const path = `${directory}/new`;
    files.writeAtomic(path, "gr\u{f6}\u{df}er\n", 0o600);
    equal(files.readText(path), "gr\u{f6}\u{df}er\n");
    equal(modeOf(path), 0o600);
    deepEqual(files.listDirectory(directory).map(({ name }) => name), ["new"]);
  });
});

Deno.test("DenoFiles.writeAtomic() replaces, and keeps the mode that the file has", () => {
  inDirectory((directory) => {
    const path = `${directory}/file`;
    Deno.writeTextFileSync(path, "a long old text");
    Deno.chmodSync(path, 0o640);
    const before = Deno.openSync(path);
    files.writeAtomic(path, "new", 0o600);
    equal(files.readText(path), "new");
    equal(modeOf(path), 0o640);
    // Who had the old file open still reads the old text: it was replaced, not overwritten.
    const buffer = new Uint8Array(100);
    equal(new TextDecoder().decode(buffer.subarray(0, before.readSync(buffer)!)), "a long old text");
    before.close();
    deepEqual(files.listDirectory(directory).map(({ name }) => name), ["file"]);
  });
});

Deno.test("DenoFiles.writeAtomic() writes through a symbolic link, and keeps the link", () => {
  inDirectory((directory) => {
    Deno.mkdirSync(`${directory}/real`);
    Deno.writeTextFileSync(`${directory}/real/file`, "old");
    Deno.symlinkSync("real/file", `${directory}/link`);
    files.writeAtomic(`${directory}/link`, "new", 0o600);
    equal(Deno.lstatSync(`${directory}/link`).isSymlink, true);
    equal(Deno.readTextFileSync(`${directory}/real/file`), "new");
  });
});

Deno.test("DenoFiles.writeAtomic() makes the file that a symbolic link leads to", () => {
  inDirectory((directory) => {
    Deno.mkdirSync(`${directory}/real`);
    Deno.symlinkSync("real/file", `${directory}/link`);
    files.writeAtomic(`${directory}/link`, "new", 0o600);
    equal(Deno.lstatSync(`${directory}/link`).isSymlink, true);
    equal(Deno.readTextFileSync(`${directory}/real/file`), "new");
    equal(modeOf(`${directory}/real/file`), 0o600);
    Deno.symlinkSync("none/file", `${directory}/astray`);
    throws(() => files.writeAtomic(`${directory}/astray`, "new", 0o600), {
      message: `open ${directory}/astray: no such file or directory`,
    });
  });
});

/** Runs `body` while every rename fails as told. */
function withFailingRename(message: string, code: string, body: () => void): void {
  const original = Deno.renameSync;
  Deno.renameSync = () => {
    throw Object.assign(new Error(message), { code });
  };
  try {
    body();
  } finally {
    Deno.renameSync = original;
  }
}

Deno.test("DenoFiles.writeAtomic() writes in place where a file cannot be replaced", () => {
  inDirectory((directory) => {
    const path = `${directory}/file`;
    Deno.writeTextFileSync(path, "old and longer");
    withFailingRename("Device or resource busy (os error 16)", "EBUSY", () => {
      files.writeAtomic(path, "new", 0o600);
    });
    equal(files.readText(path), "new");
    deepEqual(files.listDirectory(directory).map(({ name }) => name), ["file"]);
  });
});

Deno.test("DenoFiles.writeAtomic() leaves the old file alone when the disk is full", () => {
  inDirectory((directory) => {
    const path = `${directory}/file`;
    Deno.writeTextFileSync(path, "old");
    withFailingRename("No space left on device (os error 28)", "ENOSPC", () => {
      throws(() => files.writeAtomic(path, "new", 0o600), {
        message: `open ${path}: no space left on device`,
      });
    });
    equal(files.readText(path), "old");
    deepEqual(files.listDirectory(directory).map(({ name }) => name), ["file"]);
  });
});
