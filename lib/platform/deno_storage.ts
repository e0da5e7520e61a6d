/** The snapshot's file on the real disk. */
import { StorageError } from "../base/errors.ts";
import type { Storage } from "../base/ports.ts";
import { copyOwnership, forbidsReplacing, removeQuietly, syncDirectory } from "./deno_files.ts";
import { systemErrorText } from "./go_errors.ts";

const CREATED_MODE = 0o644;
const READ_BYTES = 65_536;

/**
 * {@linkcode Storage} on one regular file. Whoever replaces it writes `PATH.compact`, as HashiCorp's agents do, and
 * renames that; the file keeps its mode and its owner. Behind a symbolic link the file is replaced, not the link.
 */
export class DenoStorage implements Storage {
  readonly #path: string;
  #file: Deno.FsFile | undefined;
  #fileBytes = 0;
  // bounded: the owner flushes twice a second.
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;

  /**
   * Opens the file, and makes it if there is none.
   * @throws {StorageError} `open PATH: no such file or directory`, in Go's words.
   */
  constructor(path: string) {
    this.#path = path;
    this.#file = orStorageError("open", path, () => {
      // A pipe would block us, a device have no end.
      const present = statOrUndefined(path);
      if (present !== undefined && !present.isFile && !present.isDirectory) {
        throw new Error("not a regular file");
      }
      return openToAppend(path);
    });
    this.#fileBytes = orStorageError("stat", path, () => this.#file!.statSync().size);
  }

  get size(): number {
    return this.#fileBytes + this.#waitingBytes;
  }

  read(): Uint8Array {
    return orStorageError("read", this.#path, () => {
      this.#file!.seekSync(0, Deno.SeekMode.Start);
      return readAll(this.#file!, this.#fileBytes);
    });
  }

  append(bytes: Uint8Array): void {
    if (this.#file === undefined) return;
    this.#waiting.push(bytes.slice());
    this.#waitingBytes += bytes.length;
  }

  flush(): void {
    const file = this.#file;
    if (file === undefined || this.#waitingBytes === 0) return;
    const bytes = this.#takeWaiting();
    orStorageError("write", this.#path, () => {
      for (let written = 0; written < bytes.length;) {
        const count = file.writeSync(bytes.subarray(written));
        written += count;
        this.#fileBytes += count;
      }
    });
  }

  sync(): void {
    this.flush();
    orStorageError("sync", this.#path, () => this.#file?.syncSync());
  }

  replace(bytes: Uint8Array): void {
    if (this.#file === undefined) return;
    const target = orStorageError("open", this.#path, () => realPath(this.#path));
    const temporary = `${target}.compact`;
    const fresh = orStorageError("open", temporary, () => moveInto(target, temporary, bytes));
    this.#file.close();
    this.#file = fresh;
    this.#fileBytes = bytes.length;
    this.#takeWaiting();
  }

  close(): void {
    this.#takeWaiting();
    this.#file?.close();
    this.#file = undefined;
  }

  #takeWaiting(): Uint8Array {
    const bytes = new Uint8Array(this.#waitingBytes);
    let at = 0;
    for (const part of this.#waiting) {
      bytes.set(part, at);
      at += part.length;
    }
    this.#waiting = [];
    this.#waitingBytes = 0;
    return bytes;
  }
}

/** @returns the new file, open. On failure the target is as it was, and nothing lies beside it. */
function moveInto(target: string, temporary: string, bytes: Uint8Array): Deno.FsFile {
  // What an interrupted attempt left; and never through a link that somebody put there.
  removeQuietly(temporary);
  const existing = statOrUndefined(target);
  const file = Deno.openSync(temporary, { read: true, append: true, createNew: true, mode: CREATED_MODE });
  try {
    for (let written = 0; written < bytes.length;) written += file.writeSync(bytes.subarray(written));
    if (existing !== undefined) resemble(temporary, existing);
    file.syncSync();
    Deno.renameSync(temporary, target);
  } catch (error) {
    file.close();
    removeQuietly(temporary);
    throw error;
  }
  syncDirectory(target);
  return file;
}

/**
 * As the old file, as far as we may: one that another user's agent made we take over, as HashiCorp's agent does, for it
 * would otherwise grow for ever.
 */
function resemble(path: string, existing: Deno.FileInfo): void {
  try {
    copyOwnership(path, existing);
  } catch (error) {
    if (!forbidsReplacing(error)) throw error;
  }
}

function openToAppend(path: string): Deno.FsFile {
  return Deno.openSync(path, { read: true, append: true, create: true, mode: CREATED_MODE });
}

function readAll(file: Deno.FsFile, expectedBytes: number): Uint8Array {
  let bytes = new Uint8Array(expectedBytes + READ_BYTES);
  let length = 0;
  for (;;) {
    const count = file.readSync(bytes.subarray(length));
    if (count === null) return bytes.subarray(0, length);
    length += count;
    if (length < bytes.length) continue;
    const larger = new Uint8Array(2 * length);
    larger.set(bytes);
    bytes = larger;
  }
}

/** The file may have been removed under us: then it is made anew where it was. */
function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return path;
    throw error;
  }
}

function statOrUndefined(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch {
    return undefined;
  }
}

function orStorageError<T>(operation: string, path: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    throw new StorageError(`${operation} ${path}: ${systemErrorText(cause)}`, { cause });
  }
}
