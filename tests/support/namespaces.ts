/** File systems and mounts that only some processes see. Only root may make them, and not in every container. */
import { RunningChild } from "./running_child.ts";

const UNSHARE = "/usr/bin/unshare";
const NSENTER = "/usr/bin/nsenter";

/** Whether mounts of one's own are allowed here. Tests that need them are ignored, by name, where they are not. */
export const CAN_MOUNT: boolean = canMount();

function canMount(): boolean {
  try {
    const args = ["-m", "/bin/sh", "-c", "mount -t tmpfs -o size=64k tmpfs /mnt"];
    return new Deno.Command(UNSHARE, { args, stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

/** Mounts of one's own, for as long as this lives. */
export class MountNamespace {
  readonly #holder: RunningChild;
  readonly #pid: number;

  private constructor(holder: RunningChild, pid: number) {
    this.#holder = holder;
    this.#pid = pid;
  }

  /** @param preparation shell commands that mount something. */
  static async create(preparation: string): Promise<MountNamespace> {
    const script = `PATH=/usr/sbin:/usr/bin:/sbin:/bin; ${preparation} && echo "pid $$." && exec sleep 3600`;
    const holder = new RunningChild(UNSHARE, ["-m", "/bin/sh", "-c", script], "/tmp");
    if (!await holder.until(".\n", 10_000)) throw new Error(`no mounts: ${holder.stderr}`);
    return new MountNamespace(holder, Number(/pid (\d+)\./.exec(holder.stdout)![1]));
  }

  /** Writes an executable at `path` that runs `binary` in here. */
  async executable(path: string, binary: string): Promise<string> {
    const script = `#!/bin/sh\nexec ${NSENTER} -m -t ${this.#pid} ${binary} "$@"\n`;
    await Deno.writeTextFile(path, script, { mode: 0o755 });
    return path;
  }

  /** A file in here, seen from outside. */
  path(inside: string): string {
    return `/proc/${this.#pid}/root${inside}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#holder.kill();
  }
}

/** A disk of a few pages. */
export class SmallDisk {
  readonly #namespace: MountNamespace;

  /** @param directory where those find it who run in `namespace`. */
  private constructor(namespace: MountNamespace, readonly directory: string) {
    this.#namespace = namespace;
  }

  /** @param directory an empty one. */
  static async mount(directory: string): Promise<SmallDisk> {
    return new SmallDisk(
      await MountNamespace.create(`mount -t tmpfs -o size=64k tmpfs ${directory}`),
      directory,
    );
  }

  /** Writes an executable at `path` that runs `binary` where the disk can be seen. */
  executable(path: string, binary: string): Promise<string> {
    return this.#namespace.executable(path, binary);
  }

  read(name: string): Promise<string> {
    return Deno.readTextFile(this.#path(name));
  }

  write(name: string, text: string): Promise<void> {
    return Deno.writeTextFile(this.#path(name), text);
  }

  /** The names on it, sorted. */
  async names(): Promise<string[]> {
    return (await Array.fromAsync(Deno.readDir(this.#path("")))).map(({ name }) => name).sort();
  }

  /** Not a byte is left. */
  async fill(): Promise<void> {
    const page = new Uint8Array(4_096);
    using file = await Deno.open(this.#path("rubbish"), { create: true, append: true });
    try {
      for (;;) await file.write(page);
    } catch (error) {
      if (!String(error).includes("No space left")) throw error;
    }
  }

  /** There is room again. */
  async clear(): Promise<void> {
    await Deno.remove(this.#path("rubbish"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#namespace[Symbol.asyncDispose]();
  }

  #path(name: string): string {
    return this.#namespace.path(`${this.directory}/${name}`);
  }
}
