/** What is installed with the program fits it. */
import { deepEqual, equal, match, ok } from "../../support/assert.ts";
import { decodeConfig } from "../../../lib/agent/config_file.ts";
import { readSettings, resolveConfig } from "../../../lib/agent/config_validate.ts";
import { FakePlatform } from "../agent/fake_platform.ts";
import { assembleRelease } from "../../../scripts/release_folder.ts";
import { executableFor, TARGETS } from "../../../scripts/targets.ts";

const ROOT = new URL("../../../", import.meta.url).pathname.replace(/\/$/, "");
const EXAMPLE = Deno.readTextFileSync(`${ROOT}/packaging/serf.json.example`);
const UNIT = Deno.readTextFileSync(`${ROOT}/packaging/serf.service`);

function exampleAgent(text: string) {
  const platform = new FakePlatform({
    files: { "/etc/serf/serf.json": text },
    interfaces: [{ interfaceName: "eth0", host: "10.0.0.1", prefixLength: 24 }],
  });
  const notices: string[] = [];
  const notice = (line: string) => void notices.push(line);
  const settings = readSettings({ configPaths: ["/etc/serf/"] }, platform, notice);
  return { notices, config: resolveConfig(settings, platform, notice) };
}

Deno.test("serf.json.example is a good configuration once its key is replaced", async () => {
  const { encryptKey } = decodeConfig(EXAMPLE);
  const { notices, config } = exampleAgent(
    EXAMPLE.replace(encryptKey!, btoa(String.fromCharCode(...new Uint8Array(32)))),
  );
  equal((await config).encryptKey?.length, 32);
  deepEqual(notices, []);
});

Deno.test("serf.json.example, copied and not edited, starts no agent with a key that the whole world knows", async () => {
  const { config } = exampleAgent(EXAMPLE);
  const error = await config.then(() => undefined, (error: Error) => error);
  match(error?.message ?? "", /^Invalid encryption key: /);
});

Deno.test("serf.service starts, reloads and stops the agent as its signals mean", async () => {
  const setting = (name: string) =>
    UNIT.split("\n").filter((line) => line.startsWith(`${name}=`)).map((line) => line.slice(name.length + 1));
  deepEqual(setting("ExecStart"), ["/usr/local/bin/serf agent -config-dir=/etc/serf/"]);
  deepEqual(setting("ExecReload"), ["/bin/kill -HUP $MAINPID"]);
  deepEqual(setting("KillSignal"), ["SIGINT"]);
  deepEqual(setting("Restart"), ["always"]);
  deepEqual(setting("RestartSec"), ["10"]);
  // The folder is made where it is missing: an agent without configuration can start.
  deepEqual(setting("ConfigurationDirectory"), ["serf"]);
  await verifyUnit();
});

/** By systemd's own tool, where there is one. It insists that the program exists. */
async function verifyUnit(): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    const file = `${directory}/serf-example.service`;
    await Deno.writeTextFile(file, UNIT.replace("/usr/local/bin/serf", "/bin/sh"));
    const result = await new Deno.Command("systemd-analyze", { args: ["verify", file], stdin: "null" })
      .output();
    equal(new TextDecoder().decode(result.stderr), "");
    ok(result.success);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("assembleRelease() makes a folder whose every file has its sum, anew each time", async () => {
  const directory = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${directory}/binary`, "#!/bin/sh\n", { mode: 0o600 });
    for (const target of TARGETS) {
      const folder = `${directory}/${target}`;
      await Deno.mkdir(folder);
      await Deno.writeTextFile(`${folder}/left-over`, "");
      await assembleRelease(ROOT, target, `${directory}/binary`, folder);
      const isLinux = target.includes("linux");
      deepEqual(
        filesBelow(folder),
        [
          "CHANGELOG.md",
          "LICENSE",
          "README.md",
          "SHA256SUMS",
          "completions/_serf",
          "completions/serf.bash",
          "completions/serf.fish",
          executableFor(target),
          "serf.1",
          "serf.json.example",
          "THIRD_PARTY_LICENSES",
          ...isLinux ? ["serf.service"] : [],
        ].sort(),
      );
      equal(Deno.statSync(`${folder}/${executableFor(target)}`).mode! & 0o777, 0o755);
      equal(Deno.statSync(`${folder}/README.md`).mode! & 0o777, 0o644);
      equal(sumLines(folder), filesBelow(folder).length - 1);
      equal(await sumsHold(folder), true);
    }
    const folder = `${directory}/${TARGETS[0]}`;
    await Deno.writeTextFile(`${folder}/LICENSE`, "something else");
    equal(await sumsHold(folder), false);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("THIRD_PARTY_LICENSES names every library that the program loads: the bundle keeps no notices", () => {
  const notices = Deno.readTextFileSync(`${ROOT}/packaging/THIRD_PARTY_LICENSES`);
  const { imports } = JSON.parse(Deno.readTextFileSync(`${ROOT}/deno.json`)) as { imports: object };
  const sources = filesBelow(`${ROOT}/lib`).map((file) => Deno.readTextFileSync(`${ROOT}/lib/${file}`))
    .join();
  const loaded = Object.keys(imports).filter((name) =>
    sources.includes(`"${name}"`) || sources.includes(`"${name}/`)
  );
  ok(loaded.includes("valibot") && !loaded.includes("fast-check"));
  deepEqual(loaded.filter((name) => !notices.includes(`\n${name}\n    Copyright`)), []);
});

Deno.test("executableFor() names what Windows can run", () => {
  equal(executableFor("x86_64-pc-windows-msvc"), "serf.exe");
  equal(executableFor("x86_64-unknown-linux-gnu"), "serf");
});

function filesBelow(folder: string, prefix = ""): string[] {
  return [...Deno.readDirSync(`${folder}/${prefix}`)].flatMap((entry) =>
    entry.isDirectory ? filesBelow(folder, `${prefix}${entry.name}/`) : [`${prefix}${entry.name}`]
  ).sort();
}

function sumLines(folder: string): number {
  return Deno.readTextFileSync(`${folder}/SHA256SUMS`).trim().split("\n").length;
}

/** As a user would check. */
async function sumsHold(folder: string): Promise<boolean> {
  const result = await new Deno.Command("sha256sum", {
    args: ["--check", "--strict", "--quiet", "SHA256SUMS"],
    cwd: folder,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
  return result.success;
}
