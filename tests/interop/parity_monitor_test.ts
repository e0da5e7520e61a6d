/** `serf monitor` of both programs at one agent: the same lines, the same events, the same ends. */
import { equal, ok } from "../support/assert.ts";
import { eventually, runCommand, type RunningAgent, sleep, withAgents } from "../support/agents.ts";
import { testBoth } from "../support/binaries.ts";

/** A running `serf monitor`. */
class Monitor {
  readonly #child: Deno.ChildProcess;

  constructor(program: string, rpc: string, level: string) {
    this.#child = new Deno.Command(program, {
      args: ["monitor", `-rpc-addr=${rpc}`, `-log-level=${level}`],
      clearEnv: true,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  interrupt(): void {
    this.#child.kill("SIGINT");
  }

  /** What it showed: log lines and events, in any order, as upstream's own order is random. */
  async finished(): Promise<string> {
    const { code, stdout, stderr } = await this.#child.output();
    const [text, complaint] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    const events = Array.from(text!.matchAll(/^Event Info:\n((?:\t.*\n)*)/gm), (match) => {
      return "Event Info:\n" + match[1]!.split("\n").sort().join("\n");
    });
    const lines = text!.replace(/^Event Info:\n(?:\t.*\n)*/gm, "").split("\n");
    return JSON.stringify({ code, complaint, events: events.sort(), lines: comparable(lines) }, null, 1);
  }
}

/** Without the lines about the connections of the tests' own commands. */
function comparable(lines: string[]): string[] {
  return lines.filter((line) => !line.includes("agent.ipc: Accepted client")).sort();
}

testBoth(
  "parity: commands: monitor shows log and events, and ends with the agent or by an interrupt",
  (ours, theirs) =>
    withAgents(async (start) => {
      const begin = (name: string, host: string, ...args: string[]) =>
        start({ binary: theirs, name, host, args: ["-profile=local", ...args] });
      const agent = await begin("a", "127.0.30.16");
      const other = await begin("b", "127.0.30.17", "-tag=x=1");
      await eventually(
        "the agent has told its own join",
        10_000,
        () => agent.output.includes("event: member-join"),
      );
      const watch = (level: string) =>
        [ours, theirs].map((program) => new Monitor(program, agent.rpc, level));
      const interrupted = watch("info"), ended = watch("WARN");
      await eventually("four monitors are connected", 20_000, () => {
        return agent.output.split("agent.ipc: Accepted client").length > 4;
      });
      await sleep(300); // their next requests follow at once, unseen
      await makeEvents(theirs, agent, other);
      await sleep(500); // from the agent's log to the monitors
      for (const monitor of interrupted) monitor.interrupt();
      const [ownEvents, theirEvents] = await Promise.all(interrupted.map((monitor) => monitor.finished()));
      for (const event of ["member-join", "member-update", "deploy", "load"]) {
        ok(theirEvents!.includes(event), event);
      }
      equal(ownEvents!, theirEvents!);
      await agent.kill();
      const [ownEnd, theirEnd] = await Promise.all(ended.map((monitor) => monitor.finished()));
      equal(ownEnd!, theirEnd!);
    }),
);

/** One event of each kind that a monitor shows. */
async function makeEvents(theirs: string, agent: RunningAgent, other: RunningAgent): Promise<void> {
  const run = async (...args: string[]) => {
    const { code, stdout } = await runCommand(theirs, args, { env: { SERF_RPC_ADDR: agent.rpc } });
    equal(code, 0, stdout);
  };
  const told = (text: string) =>
    eventually(`the agent has told ${text}`, 20_000, () => agent.output.includes(text));
  await run("join", other.spec.host);
  await run("event", "deploy", "a\x01\u00e9");
  await run("event", "-coalesce=false", "empty", "");
  await run("query", "-timeout=200ms", "load", "payload");
  await told("user-event: deploy");
  // A join and an update of one member within a second would be told as one event.
  await eventually(
    "the other member is told",
    10_000,
    () => agent.output.split("event: member-join").length > 2,
  );
  await run("tags", "-set", "k=v");
  await told("event: member-update");
}
