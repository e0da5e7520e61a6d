/** A simulated disk with one file, that can be full, fail, and lose power. */
import { StorageError } from "../base/errors.ts";
import type { Random, Storage } from "../base/ports.ts";

const NOTHING = new Uint8Array(0);

/**
 * One file, and what is wrong with its disk. It outlives the processes that open it, one after the other.
 *
 * The file is `content`; of that, the first `syncedBytes` survive a power cut, and of the rest whatever the dice say.
 */
export class SimDisk {
  /** What the system holds of the file: what the next process reads, unless there is a power cut. */
  content: Uint8Array = NOTHING;
  /** How many bytes fit. */
  capacityBytes = Infinity;
  /** Whether nothing can be made to last. */
  failsToSync = false;
  /** Whether nothing can be written at all. */
  failsToWrite = false;
  /** Whether the file cannot be replaced, only appended to. */
  failsToReplace = false;
  /** The fraction of each append that gets through before it fails; 1: all of it. */
  tornAt = 1;
  /** How often the disk refused something. */
  faults = 0;
  /** Whether it has refused something since the file was opened, or last written as a whole: then the file may be behind. */
  isBehind = false;
  syncedBytes = 0;
  /** How often the file was replaced, and synced. */
  replacements = 0;
  syncs = 0;
  #owner: SimStorage | undefined = undefined;

  /** A process opens the file; whoever had it open before is dead, and what waited in it is lost. */
  open(): SimStorage {
    this.isBehind = false;
    return this.#owner = new SimStorage(this);
  }

  /** Whether `storage` is that of the living process. */
  isOwnedBy(storage: SimStorage): boolean {
    return this.#owner === storage;
  }

  /** Another disk is put in its place. */
  wipe(): void {
    this.#owner = undefined;
    this.content = NOTHING;
    this.syncedBytes = 0;
  }

  /**
   * What survives: all that was synced, a random beginning of the rest, and sometimes NULs where the end was.
   * @returns how many bytes were lost.
   */
  cutPower(random: Random): number {
    this.#owner = undefined;
    const unsynced = this.content.length - this.syncedBytes;
    const survived = this.syncedBytes + random.below(unsynced + 1);
    const after = this.content.slice(0, random.below(2) === 0 ? survived : this.content.length);
    after.fill(0, survived);
    const lostBytes = this.content.length - survived;
    this.content = after;
    this.syncedBytes = after.length;
    return lostBytes;
  }

  /** Appends what fits. @throws {StorageError} when that was not all of it. */
  write(bytes: Uint8Array): void {
    if (this.failsToWrite) throw this.#fault("write snapshot: input/output error");
    const fits = Math.max(0, Math.min(bytes.length, this.capacityBytes - this.content.length));
    const written = Math.min(fits, Math.floor(bytes.length * this.tornAt));
    this.content = joined(this.content, bytes.subarray(0, written));
    if (written < fits) throw this.#fault("write snapshot: input/output error");
    if (fits < bytes.length) throw this.#fault("write snapshot: no space left on device");
  }

  /** @throws {StorageError} when told to. */
  sync(): void {
    if (this.failsToSync) throw this.#fault("sync snapshot: input/output error");
    this.syncs++;
    this.syncedBytes = this.content.length;
  }

  /** @throws {StorageError} nothing changed. */
  replace(bytes: Uint8Array): void {
    if (this.failsToWrite || this.failsToReplace) {
      throw this.#fault("open snapshot.compact: input/output error");
    }
    // Both exist for a moment.
    if (this.content.length + bytes.length > this.capacityBytes) {
      throw this.#fault("write snapshot.compact: no space left on device");
    }
    if (this.failsToSync) throw this.#fault("sync snapshot.compact: input/output error");
    this.content = bytes.slice();
    this.syncedBytes = bytes.length;
    this.isBehind = false;
    this.replacements++;
  }

  /** Nothing is wrong with it any more. */
  mend(): void {
    this.capacityBytes = Infinity;
    this.tornAt = 1;
    this.failsToSync = this.failsToWrite = this.failsToReplace = false;
  }

  #fault(text: string): StorageError {
    this.faults++;
    this.isBehind = true;
    return new StorageError(text);
  }
}

/** The file, as one process has it open. */
export class SimStorage implements Storage {
  readonly #disk: SimDisk;
  #waiting: Uint8Array = NOTHING;
  #isClosed = false;

  constructor(disk: SimDisk) {
    this.#disk = disk;
  }

  get size(): number {
    return this.#disk.content.length + this.#waiting.length;
  }

  /** How many bytes have been appended, but not yet handed to the system. */
  get waitingBytes(): number {
    return this.#waiting.length;
  }

  read(): Uint8Array {
    return this.#disk.content.slice();
  }

  append(bytes: Uint8Array): void {
    if (!this.#isClosed) this.#waiting = joined(this.#waiting, bytes);
  }

  flush(): void {
    if (!this.#isUsable()) return;
    const bytes = this.#waiting;
    this.#waiting = NOTHING;
    if (bytes.length > 0) this.#disk.write(bytes);
  }

  sync(): void {
    if (!this.#isUsable()) return;
    this.flush();
    this.#disk.sync();
  }

  replace(bytes: Uint8Array): void {
    if (!this.#isUsable()) return;
    this.#disk.replace(bytes);
    this.#waiting = NOTHING;
  }

  close(): void {
    this.#waiting = NOTHING;
    this.#isClosed = true;
  }

  #isUsable(): boolean {
    return !this.#isClosed && this.#disk.isOwnedBy(this);
  }
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const whole = new Uint8Array(head.length + tail.length);
  whole.set(head);
  whole.set(tail, head.length);
  return whole;
}
