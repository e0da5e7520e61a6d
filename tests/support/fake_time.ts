/** A wall clock of one process's own, which may step while it runs; its other clocks stay as they are. */

/** Of Debian's package libfaketime: put before the C library, it answers for the clocks. */
const LIBRARY = "libfaketimeMT.so.1";
const ARCHITECTURES = ["x86_64-linux-gnu", "aarch64-linux-gnu"];
const FOUND = ARCHITECTURES.map((name) => `/usr/lib/${name}/faketime/${LIBRARY}`).find(isFile);

/** Whether clocks can be stepped here. Tests that need it are ignored, by name, where they can not. */
export const CAN_FAKE_TIME: boolean = FOUND !== undefined;

export class FakeTime {
  /** For the process's start. */
  readonly env: Readonly<Record<string, string>>;

  /** @param file that tells the library the time; made here. */
  constructor(readonly file: string) {
    this.env = {
      LD_PRELOAD: FOUND!,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
    this.setOffset(0);
  }

  /** From now on the wall clock is so much ahead of the true one. */
  setOffset(seconds: number): void {
    const next = `${this.file}.next`;
    Deno.writeTextFileSync(next, `${seconds < 0 ? "" : "+"}${seconds}\n`);
    // At once: nobody reads half a time.
    Deno.renameSync(next, this.file);
  }

  /** Removes what the library leaves behind of a process that was killed. */
  forget(pid: number): void {
    for (const name of ["faketime_shm_", "sem.faketime_sem_"]) {
      try {
        Deno.removeSync(`/dev/shm/${name}${pid}`);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
  }
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
