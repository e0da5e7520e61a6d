/** A full disk under an agent's files: it says so, lives on, and loses nothing that it has acknowledged. */
import { deepEqual, equal, ok } from "../support/assert.ts";
import { type CommandResult, eventually, membersOf, runCommand, RunningAgent } from "../support/agents.ts";
import { OURS, THEIRS } from "../support/binaries.ts";
import { EventTap } from "../support/event_tap.ts";
import { CAN_MOUNT, SmallDisk } from "../support/namespaces.ts";

const KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const NEW_KEY = "AAECAwQFBgcICQoLDA0ODw==";
/** Enough lines in the snapshot to need another page of the disk. */
const EVENTS = 600;

/** One agent after the other on one small disk. */
class Patient {
  /** The event clock that its snapshot shall know. */
  eventTime = 1;
  #agent: RunningAgent | undefined;

  constructor(readonly binary: string, readonly host: string, readonly disk: SmallDisk) {}

  get agent(): RunningAgent {
    return this.#agent!;
  }

  async start(): Promise<void> {
    const { disk: { directory }, host, binary } = this;
    const args = [
      `-snapshot=${directory}/snapshot`,
      `-keyring-file=${directory}/keys`,
      `-tags-file=${directory}/tags`,
    ];
    this.#agent = await RunningAgent.start({ binary, name: "a", host, args });
  }

  async stop(): Promise<void> {
    await this.#agent?.kill();
  }

  by(command: string, ...args: string[]): Promise<CommandResult> {
    return runCommand(OURS!, [command, `-rpc-addr=${this.agent.rpc}`, ...args]);
  }

  /** So many user events are acknowledged, and delivered. */
  async acknowledges(count: number): Promise<void> {
    const tap = await EventTap.open(this.agent.rpc, "user");
    try {
      await tap.send(Array.from({ length: count }, () => ({ name: "e", payload: "", coalesce: false })));
      await eventually("its stream tells of all", 20_000, () => tap.heard.length === count);
      this.eventTime += count;
    } finally {
      tap.close();
    }
  }

  /** It runs, with these tags, and its clock says what it has acknowledged. */
  async isWell(tags: Record<string, string>): Promise<void> {
    const [member] = await membersOf(OURS!, this.agent.rpc);
    deepEqual([member?.name, member?.status, member?.tags], ["a", "alive", tags]);
    const { stdout } = await this.by("info");
    equal(Number(/event_time = (\d+)/.exec(stdout)![1]), this.eventTime);
  }

  /** What it says when its disk is full. */
  async complaint(): Promise<string> {
    await this.start();
    // HashiCorp's writes what waits only when something follows it.
    await eventually("it is written", 10_000, async () => {
      await this.acknowledges(1);
      return (await this.disk.read("snapshot")).includes("event-clock: 1\n");
    });
    await this.disk.fill();
    await this.acknowledges(EVENTS);
    const line = await eventually("it says so", 20_000, () => {
      return /\[ERR\] serf: Failed to update snapshot: .*\n/.exec(this.agent.output)?.[0];
    });
    await this.isWell({ role: "web" });
    return line.replaceAll(this.disk.directory, "DIR");
  }
}

function testDisk(name: string, run: (ours: Patient, theirs: Patient) => Promise<void>): void {
  const ignore = OURS === undefined || THEIRS === undefined || !CAN_MOUNT;
  Deno.test({
    name,
    ignore,
    fn: async () => {
      const directory = await Deno.makeTempDir({ prefix: "serf-disk-" });
      const patients: Patient[] = [];
      try {
        for (const [i, binary] of [OURS!, THEIRS!].entries()) {
          const place = `${directory}/${i}`;
          await Deno.mkdir(place);
          const disk = await SmallDisk.mount(place);
          await disk.write("keys", JSON.stringify([KEY]));
          await disk.write("tags", '{"role":"web"}');
          const executable = await disk.executable(`${directory}/agent-${i}`, binary);
          patients.push(new Patient(executable, `127.0.108.${1 + i}`, disk));
        }
        await run(patients[0]!, patients[1]!);
      } finally {
        for (const patient of patients) {
          await patient.stop();
          await patient.disk[Symbol.asyncDispose]();
        }
        await Deno.remove(directory, { recursive: true });
      }
    },
  });
}

testDisk(
  "full disk: a snapshot that cannot be written is reported alike, and made good",
  async (ours, theirs) => {
    const [own, their] = await Promise.all([ours.complaint(), theirs.complaint()]);
    equal(own, "[ERR] serf: Failed to update snapshot: write DIR/snapshot: no space left on device\n");
    equal(own, their);

    await ours.disk.clear();
    equal(await ours.agent.signal("SIGTERM"), 1);
    await ours.start();
    await ours.isWell({ role: "web" });
    deepEqual(await ours.disk.names(), ["keys", "snapshot", "tags"]);

    // A power cut while the disk is full: what was written before still counts, and the agent starts.
    await ours.acknowledges(1);
    await eventually("it is written", 10_000, async () => {
      return (await ours.disk.read("snapshot")).includes(`event-clock: ${ours.eventTime - 1}\n`);
    });
    await ours.disk.fill();
    await ours.stop();
    await ours.start();
    await ours.isWell({ role: "web" });
  },
);

testDisk("full disk: tags and keys that cannot be written are refused, and the files stay", async (ours) => {
  await ours.start();
  const before = [await ours.disk.read("tags"), await ours.disk.read("keys")];
  await ours.disk.fill();
  const { directory } = ours.disk;
  const setsTags = () => ours.by("tags", "-set", "new=1"),
    installs = () => ours.by("keys", `-install=${NEW_KEY}`);
  deepEqual(await setsTags(), {
    code: 1,
    stdout:
      `Error setting tags: Failed to write tags file: open ${directory}/tags: no space left on device\n`,
    stderr: "",
  });
  const refused = await installs();
  equal(refused.code, 1);
  const complaint =
    `failed:  a  Failed to write keyring file: open ${directory}/keys: no space left on device\n`;
  ok(refused.stdout.includes(complaint), refused.stdout);
  ok(refused.stdout.endsWith("\nError installing key: 1/1 nodes reported failure\n"), refused.stdout);
  deepEqual([await ours.disk.read("tags"), await ours.disk.read("keys")], before);
  await ours.isWell({ role: "web" });

  await ours.disk.clear();
  equal((await setsTags()).code, 0);
  equal((await installs()).code, 0);
  await ours.stop();
  deepEqual(JSON.parse(await ours.disk.read("keys")), [KEY, NEW_KEY]);
  await ours.start();
  await ours.isWell({ role: "web", new: "1" });
  deepEqual(await ours.disk.names(), ["keys", "snapshot", "tags"]);
});
