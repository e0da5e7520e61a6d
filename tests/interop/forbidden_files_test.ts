/**
 * Files that an agent may not read or not write: HashiCorp's agent and ours say the same of them, and live on where they
 * run. Root may do anything to a file; so these agents run as a root who may not.
 */
import { deepEqual, equal, ok } from "../support/assert.ts";
import { membersOf, runCommand, type RunningAgent, withAgents } from "../support/agents.ts";
import { OURS, THEIRS } from "../support/binaries.ts";

const SETPRIV = "/usr/bin/setpriv";
const LESS = [
  "--bounding-set",
  "-dac_override,-dac_read_search",
  "--inh-caps",
  "-dac_override,-dac_read_search",
];
const KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const NEW_KEY = "AAECAwQFBgcICQoLDA0ODw==";
const TAGS = '{"role":"web"}', KEYS = JSON.stringify([KEY]);

const CAN_DROP = OURS !== undefined && THEIRS !== undefined && canDrop();

function canDrop(): boolean {
  try {
    return new Deno.Command(SETPRIV, { args: [...LESS, "/bin/true"], stdout: "null", stderr: "null" })
      .outputSync().success;
  } catch {
    return false;
  }
}

/** One directory for each program, with the same files and modes, and an executable that has to respect them. */
function testForbidden(name: string, run: (places: readonly Place[]) => Promise<void>): void {
  Deno.test({
    name,
    ignore: !CAN_DROP,
    fn: async () => {
      const directory = await Deno.makeTempDir({ prefix: "serf-forbidden-" });
      try {
        const places: Place[] = [];
        for (const [i, binary] of [OURS!, THEIRS!].entries()) {
          const path = `${directory}/${i}`;
          const executable = `${directory}/agent-${i}`;
          const script = `#!/bin/sh\nexec ${SETPRIV} ${LESS.join(" ")} ${binary} "$@"\n`;
          await Deno.writeTextFile(executable, script, { mode: 0o755 });
          await Deno.mkdir(path);
          for (
            const [file, text] of [["tags", TAGS], ["keys", KEYS], ["config.json", "{}"], ["snapshot", ""]]
          ) {
            await Deno.writeTextFile(`${path}/${file}`, text!);
          }
          places.push({ path, executable, host: `127.0.109.${1 + i}` });
        }
        await run(places);
      } finally {
        await Deno.remove(directory, { recursive: true });
      }
    },
  });
}

interface Place {
  readonly path: string;
  readonly executable: string;
  readonly host: string;
}

testForbidden("forbidden files: what cannot be read is the same error", async (places) => {
  const cases: readonly (readonly [flag: string, file: string, error: string])[] = [
    ["-tags-file", "tags", "Failed to setup the Serf agent: Failed to read tags file: "],
    ["-keyring-file", "keys", "Failed to setup the Serf agent: Failed to read keyring file: "],
    ["-config-file", "config.json", "Error reading 'FILE': "],
    [
      "-snapshot",
      "snapshot",
      "Failed to start the Serf agent: Error creating Serf: Failed to setup snapshot: failed to open snapshot: ",
    ],
  ];
  for (const { path, executable, host } of places) {
    for (const [flag, file, error] of cases) {
      const whole = `${path}/${file}`;
      await Deno.chmod(whole, 0);
      const args = ["agent", `-bind=${host}`, `-rpc-addr=${host}:7373`, `${flag}=${whole}`];
      const { code, stdout } = await runCommand(executable, args, { timeoutMs: 10_000 });
      equal(code, 1);
      const last = stdout.trim().split("\n").at(-1);
      equal(last, `==> ${error}open FILE: permission denied`.replaceAll("FILE", whole), executable);
    }
  }
});

testForbidden(
  "forbidden files: what cannot be written is refused alike, and the agent lives on",
  async (places) => {
    const said: string[][] = [];
    await withAgents(async (start) => {
      for (const { path, executable, host } of places) {
        for (const file of ["tags", "keys"]) await Deno.chmod(`${path}/${file}`, 0o444);
        await Deno.chmod(path, 0o555);
        const args = [`-tags-file=${path}/tags`, `-keyring-file=${path}/keys`];
        const agent = await start({ binary: executable, name: "a", host, args });
        const words = [
          await by(agent, "tags", "-set", "new=1"),
          await by(agent, "keys", `-install=${NEW_KEY}`),
          await by(agent, "keys", "-list"),
          JSON.stringify(
            (await membersOf(OURS!, agent.rpc)).map(({ name, status, tags }) => [name, status, tags]),
          ),
        ];
        said.push(words.map((text) => text.replaceAll(path, "DIR").split("\n").sort().join("\n")));
        deepEqual([await Deno.readTextFile(`${path}/tags`), await Deno.readTextFile(`${path}/keys`)], [
          TAGS,
          KEYS,
        ]);
        await Deno.chmod(path, 0o755);
      }
    });
    ok(said[0]![0]!.includes("1\nError setting tags: "), said[0]![0]);
    ok(said[0]![1]!.includes("1/1 nodes reported failure"), said[0]![1]);
    deepEqual(said[0], said[1]);
  },
);

async function by(agent: RunningAgent, command: string, ...args: string[]): Promise<string> {
  const { code, stdout } = await runCommand(OURS!, [command, `-rpc-addr=${agent.rpc}`, ...args]);
  return `${code}\n${stdout}`;
}
