/** Small files, synchronously, with errors in Go's words. */
import { compareBytewise } from "../base/go_text.ts";
import type { Files } from "./platform.ts";
import { systemErrorText } from "./go_errors.ts";

/** The bits of a mode that permissions are made of. */
const PERMISSION_BITS = 0o7777;

/** {@linkcode Files} on the runtime's file system. */
export class DenoFiles implements Files {
  readText(path: string): string {
    try {
      return Deno.readTextFileSync(path);
    } catch (error) {
      const operation = error instanceof Deno.errors.IsADirectory ? "read" : "open";
      throw pathError(operation, path, linkError(path) ?? error);
    }
  }

  listDirectory(path: string): { name: string; isDirectory: boolean }[] {
    try {
      const entries = [...Deno.readDirSync(path)];
      return entries.map(({ name, isDirectory }) => ({ name, isDirectory }))
        .sort((a, b) => compareBytewise(a.name, b.name));
    } catch (error) {
      const operation = error instanceof Deno.errors.NotADirectory ? "readdirent" : "open";
      throw pathError(operation, path, error);
    }
  }

  stat(path: string): { isDirectory: boolean } | undefined {
    try {
      return { isDirectory: Deno.statSync(path).isDirectory };
    } catch (error) {
      if (error instanceof Deno.errors.NotFound || path === "") return undefined;
      throw pathError("stat", path, error);
    }
  }

  writeAtomic(path: string, text: string, mode: number): void {
    const bytes = new TextEncoder().encode(text);
    const existing = statOrUndefined(path);
    if (existing === undefined) return asGoError(path, () => create(path, bytes, mode));
    try {
      // The file that a symbolic link leads to is replaced, not the link.
      replace(Deno.realPathSync(path), bytes, mode, existing);
    } catch (error) {
      if (!forbidsReplacing(error)) throw pathError("open", path, error);
      asGoError(path, () => writeThrough(path, { write: true, truncate: true }, bytes));
    }
  }
}

/** A file that is not there yet, perhaps where a symbolic link says that it should be. */
function create(path: string, bytes: Uint8Array, mode: number): void {
  if (!isLink(path)) return replace(path, bytes, mode, undefined);
  writeThrough(path, { write: true, create: true, mode }, bytes);
  syncDirectory(Deno.realPathSync(path));
}

/** What is wrong with a path that cannot be followed: the runtime takes a link to nowhere for one that runs in circles. */
function linkError(path: string): unknown {
  try {
    Deno.statSync(path);
    return undefined;
  } catch (error) {
    return error;
  }
}

function isLink(path: string): boolean {
  try {
    return Deno.lstatSync(path).isSymlink;
  } catch {
    return false;
  }
}

/** Writes a new file beside `target` and moves it there. On failure the target is as it was. */
function replace(target: string, bytes: Uint8Array, mode: number, existing: Deno.FileInfo | undefined): void {
  const temporary = `${target}.${crypto.randomUUID()}.tmp`;
  try {
    writeThrough(temporary, { write: true, createNew: true, mode }, bytes);
    if (existing !== undefined) copyOwnership(temporary, existing);
    Deno.renameSync(temporary, target);
  } catch (error) {
    removeQuietly(temporary);
    throw error;
  }
  syncDirectory(target);
}

/**
 * Some files can be written but not replaced: in a directory that is not ours or is read-only, or mounted one by one.
 * After any other failure (a full disk, above all) writing in place would destroy what the file still holds.
 */
export function forbidsReplacing(error: unknown): boolean {
  if (error instanceof Deno.errors.PermissionDenied) return true;
  const code = (error as { code?: unknown }).code;
  return code === "EPERM" || code === "EACCES" || code === "EBUSY" || code === "EROFS";
}

function writeThrough(path: string, options: Deno.OpenOptions, bytes: Uint8Array): void {
  const file = Deno.openSync(path, options);
  try {
    for (let written = 0; written < bytes.length;) written += file.writeSync(bytes.subarray(written));
    file.syncSync();
  } finally {
    file.close();
  }
}

/**
 * Gives the file at `path` the mode and the owner of another.
 * @throws {Error} when that is not allowed. Who must not take the other over then writes in place.
 */
export function copyOwnership(path: string, existing: Deno.FileInfo): void {
  if (existing.mode !== null) Deno.chmodSync(path, existing.mode & PERMISSION_BITS);
  const created = Deno.statSync(path);
  if (created.uid === existing.uid && created.gid === existing.gid) return;
  Deno.chownSync(path, existing.uid, existing.gid);
}

/** Makes a rename last through a power cut. Systems that cannot open a directory have no need of it. */
export function syncDirectory(target: string): void {
  const slash = Math.max(target.lastIndexOf("/"), target.lastIndexOf("\\"));
  const directory = slash < 0 ? "." : slash === 0 ? "/" : target.slice(0, slash);
  try {
    const handle = Deno.openSync(directory);
    try {
      handle.syncSync();
    } finally {
      handle.close();
    }
  } catch {
    // The file itself is written and in place.
  }
}

function statOrUndefined(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch {
    return undefined;
  }
}

/** Removes a file that may not exist. */
export function removeQuietly(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // It was not made, or has been moved away.
  }
}

function asGoError(path: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    throw pathError("open", path, error);
  }
}

function pathError(operation: string, path: string, cause: unknown): Error {
  // The runtime refuses an empty path before the system can say that there is no such file.
  if (path === "") return new Error(`${operation} : no such file or directory`, { cause });
  return new Error(`${operation} ${path}: ${systemErrorText(cause)}`, { cause });
}
