import { equal, ok, throws } from "../../support/assert.ts";
import { StorageError } from "../../../lib/base/errors.ts";
import { DenoStorage } from "../../../lib/platform/deno_storage.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const modeOf = (path: string) => Deno.statSync(path).mode! & 0o777;

function withDirectory(run: (directory: string) => void): void {
  const directory = Deno.makeTempDirSync({ prefix: "serf-storage-" });
  try {
    run(directory);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

function fault(action: () => unknown): string {
  let message = "";
  throws(action, (error) => {
    ok(error instanceof StorageError);
    message = error.message;
    return true;
  });
  return message;
}

Deno.test("DenoStorage says in Go's words why a file cannot be opened", () =>
  withDirectory((directory) => {
    const missing = `${directory}/none/snapshot`;
    equal(fault(() => new DenoStorage(missing)), `open ${missing}: no such file or directory`);
    equal(fault(() => new DenoStorage(directory)), `open ${directory}: is a directory`);
    equal(fault(() => new DenoStorage("/dev/null")), "open /dev/null: not a regular file");
  }));

Deno.test("DenoStorage.replace() keeps the file's mode, and leaves nothing beside it", () =>
  withDirectory((directory) => {
    const path = `${directory}/snapshot`;
    const storage = new DenoStorage(path);
    equal(modeOf(path) & 0o600, 0o600);
    Deno.chmodSync(path, 0o600);
    Deno.writeTextFileSync(`${path}.compact`, "of an attempt that a crash interrupted");
    storage.replace(bytes("new\n"));
    storage.close();
    equal(modeOf(path), 0o600);
    equal(Deno.readTextFileSync(path), "new\n");
    equal([...Deno.readDirSync(directory)].length, 1);
  }));

Deno.test({
  name: "DenoStorage.replace() takes over another user's file that it may not give back",
  // Only root can make such a file, and give up that right.
  ignore: Deno.uid() !== 0,
  fn: () =>
    withDirectory((directory) => {
      const path = `${directory}/snapshot`;
      Deno.writeTextFileSync(path, "old\n", { mode: 0o666 });
      Deno.chmodSync(path, 0o664);
      Deno.chownSync(path, 12_345, 12_345);
      const program = `
        import { DenoStorage } from "${new URL("../../../lib/platform/deno_storage.ts", import.meta.url)}";
        const storage = new DenoStorage(Deno.args[0]);
        storage.replace(new TextEncoder().encode("new\\n"));
        storage.close();
      `;
      Deno.writeTextFileSync(`${directory}/program.ts`, program);
      const { success, stderr } = new Deno.Command("setpriv", {
        args: [
          "--bounding-set=-chown",
          "--inh-caps=-chown",
          Deno.execPath(),
          "run",
          "-A",
          "--no-config",
          `${directory}/program.ts`,
          path,
        ],
      }).outputSync();
      ok(success, new TextDecoder().decode(stderr));
      equal(Deno.readTextFileSync(path), "new\n");
      equal(modeOf(path), 0o664);
      equal(Deno.statSync(path).uid, 0);
    }),
});

Deno.test("DenoStorage.replace() replaces the file behind a symbolic link, not the link", () =>
  withDirectory((directory) => {
    Deno.mkdirSync(`${directory}/real`);
    Deno.writeTextFileSync(`${directory}/real/file`, "old\n");
    Deno.symlinkSync(`${directory}/real/file`, `${directory}/snapshot`);
    const storage = new DenoStorage(`${directory}/snapshot`);
    storage.replace(bytes("new\n"));
    storage.close();
    ok(Deno.lstatSync(`${directory}/snapshot`).isSymlink);
    equal(Deno.readTextFileSync(`${directory}/real/file`), "new\n");
  }));

Deno.test("DenoStorage.replace() that fails leaves file and waiting bytes as they were", () =>
  withDirectory((directory) => {
    const path = `${directory}/snapshot`;
    const storage = new DenoStorage(path);
    storage.append(bytes("old\n"));
    storage.flush();
    storage.append(bytes("waiting\n"));
    // A directory that is not empty is in the way.
    Deno.mkdirSync(`${path}.compact/x`, { recursive: true });
    ok(fault(() => storage.replace(bytes("new\n"))).startsWith(`open ${path}.compact: `));
    storage.flush();
    storage.close();
    equal(Deno.readTextFileSync(path), "old\nwaiting\n");
  }));

Deno.test("DenoStorage.replace() makes a file anew that was removed under us", () =>
  withDirectory((directory) => {
    const path = `${directory}/snapshot`;
    const storage = new DenoStorage(path);
    Deno.removeSync(path);
    storage.replace(bytes("new\n"));
    storage.append(bytes("more\n"));
    storage.flush();
    storage.close();
    equal(Deno.readTextFileSync(path), "new\nmore\n");
  }));
