/**
 * User events in a cluster of three agents of HashiCorp's Serf and three of ours, from either side: what is coalesced
 * and what is not, as streams and handlers of both programs tell of it; and what those hear who join later.
 */
import { deepEqual, equal, match, ok } from "../support/assert.ts";
import { eventually } from "../support/agents.ts";
import { EventTap } from "../support/event_tap.ts";
import {
  type MixedCluster,
  NAMES,
  type Program,
  programOf,
  SPREAD_MS,
  testMixed,
} from "../support/mixed_cluster.ts";
import { RunningChild } from "../support/running_child.ts";

const OTHER: Readonly<Record<Program, Program>> = { ours: "theirs", theirs: "ours" };

/** Writes a line `NAME PAYLOAD` for each user event. */
function writesEventsTo(file: string): string {
  return `-event-handler=user=echo "$SERF_USER_EVENT $(cat)" >> ${file}`;
}

async function linesOf(file: string): Promise<string[]> {
  return (await Deno.readTextFile(file).catch(() => "")).split("\n").slice(0, -1);
}

/** What is sent within one period of coalescing, and whether it comes through. */
function burst(round: string): { name: string; payload: string; coalesce: boolean; survives: boolean }[] {
  return [
    { name: "deploy", payload: `${round}-first`, coalesce: true, survives: false },
    { name: "deploy", payload: `${round}-second`, coalesce: true, survives: false },
    { name: "restart", payload: `${round}-alone`, coalesce: true, survives: true },
    { name: "deploy", payload: `${round}-single`, coalesce: false, survives: true },
    { name: "alarm", payload: `${round}-one`, coalesce: false, survives: true },
    { name: "alarm", payload: `${round}-two`, coalesce: false, survives: true },
    { name: "deploy", payload: `${round}-last`, coalesce: true, survives: true },
  ];
}

/**
 * One burst, until everybody has heard all of it that is to be heard: each once, by stream and by handler alike.
 * @returns what was heard although something newer of its name came within the period. Where gossip missed an agent, or
 *   came too late to it, nothing was there to coalesce with.
 */
async function heardTooMuch(
  taps: ReadonlyMap<string, EventTap>,
  from: string,
  directory: string,
  round: string,
) {
  const sent = burst(round);
  await taps.get(from)!.send(sent);
  const survivors = sent.filter(({ survives }) => survives).map(({ name, payload }) => `${name} ${payload}`);
  const tooMuch: string[] = [];
  for (const [name, tap] of taps) {
    let streamed: string[] = [], handled: string[] = [];
    await eventually(`${name} hears ${survivors}`, SPREAD_MS, async () => {
      const isOfThisRound = (line: string) => line.includes(` ${round}-`);
      streamed = tap.heard.map((record) => `${record.name} ${record.payload}`).filter(isOfThisRound);
      handled = (await linesOf(`${directory}/${name}`)).filter(isOfThisRound);
      return survivors.every((line) => streamed.includes(line) && handled.includes(line));
    }).catch((error: Error) => {
      throw new Error(`${error.message}; its stream has ${streamed}, its handler ${handled}`);
    });
    deepEqual(streamed.toSorted(), handled.toSorted(), `${name}: stream and handler hear the same`);
    equal(new Set(streamed).size, streamed.length, `${name} hears each once: ${streamed}`);
    tooMuch.push(...streamed.filter((line) => !survivors.includes(line)).map((line) => `${name}: ${line}`));
  }
  return tooMuch;
}

/** The commands of one program say what the agents of the other hear. */
async function commandsTell(cluster: MixedCluster, from: string, to: string): Promise<void> {
  const program = OTHER[programOf(from)];
  const monitor = new RunningChild(
    cluster[OTHER[programOf(to)]],
    ["monitor", `-rpc-addr=${cluster.agent(to).rpc}`],
    "/tmp",
  );
  try {
    ok(await monitor.until("Received event: member-join", 20_000), monitor.stderr);
    for (const coalesce of [true, false]) {
      const name = `by-command-${coalesce}`;
      const { stdout } = await cluster.by(program, from, "event", `-coalesce=${coalesce}`, name, from);
      equal(stdout, `Event '${name}' dispatched! Coalescing enabled: ${coalesce}\n`);
      ok(await monitor.until(`\tName: "${name}"\n`, SPREAD_MS), monitor.stderr);
    }
    match(monitor.stdout, /^Event Info:$/m);
    match(monitor.stdout, /^\tCoalesce: false$/m);
  } finally {
    await monitor.kill();
  }
}

testMixed(
  "interop: user events coalesce alike on both programs, from either side, for streams and handlers",
  { network: "127.0.52" },
  async (cluster, directory) => {
    await cluster.form(NAMES, (name) => [writesEventsTo(`${directory}/${name}`)]);
    const taps = new Map<string, EventTap>();
    try {
      for (const [name, { rpc }] of cluster.agents) taps.set(name, await EventTap.open(rpc, "user"));
      for (const from of ["o1", "h1"]) {
        for (let attempt = 1;; attempt++) {
          const tooMuch = await heardTooMuch(taps, from, directory, `${from}-${attempt}`);
          if (tooMuch.length === 0) break;
          ok(attempt < 3, `three times something was not coalesced; at last ${tooMuch}`);
        }
      }
      await Promise.all([commandsTell(cluster, "o2", "h2"), commandsTell(cluster, "h3", "o3")]);
    } finally {
      for (const tap of taps.values()) tap.close();
    }
  },
);

/** Sends an event, and waits until these have it. */
async function send(
  cluster: MixedCluster,
  from: string,
  event: string,
  to: readonly string[],
  directory: string,
) {
  await cluster.by(OTHER[programOf(from)], from, "event", "-coalesce=false", event, from);
  for (const name of to) {
    await eventually(`${name} hears ${event}`, SPREAD_MS, async () => {
      return (await linesOf(`${directory}/${name}`)).includes(`${event} ${from}`);
    });
  }
}

testMixed(
  "interop: who joins with -replay hears what was, and who joins without it does not",
  { network: "127.0.53" },
  async (cluster, directory) => {
    const argsOf = (name: string) => [writesEventsTo(`${directory}/${name}`)];
    const old = ["h1", "h2", "o1", "o2"], late = ["h3", "o3"];
    await cluster.form(old, argsOf);
    await send(cluster, "o1", "past-of-ours", old, directory);
    await send(cluster, "h1", "past-of-theirs", old, directory);
    const joins = [["h3", "o1"], ["o3", "h1"]] as const;

    for (const [name, host] of joins) {
      await cluster.run(name, ...argsOf(name), `-join=${cluster.hostOf(host)}`);
    }
    await send(cluster, "o2", "present", late, directory);
    for (const name of late) deepEqual(await linesOf(`${directory}/${name}`), ["present o2"], name);
    for (const name of late) await cluster.kill(name);

    for (const [name, host] of joins) {
      await Deno.remove(`${directory}/${name}`);
      await cluster.run(name, ...argsOf(name));
      const { stdout } = await cluster.by(
        OTHER[programOf(name)],
        name,
        "join",
        "-replay",
        cluster.hostOf(host),
      );
      equal(stdout, "Successfully joined cluster by contacting 1 nodes.\n");
    }
    const all = ["past-of-ours o1", "past-of-theirs h1", "present o2"];
    for (const name of late) {
      await eventually(`${name} hears ${all}`, 10_000, async () => {
        const lines = await linesOf(`${directory}/${name}`);
        return all.every((line) => lines.includes(line));
      });
      deepEqual((await linesOf(`${directory}/${name}`)).toSorted(), all, `${name} hears each once`);
    }
    for (const name of old) {
      const lines = await linesOf(`${directory}/${name}`);
      equal(new Set(lines).size, lines.length, `${name} hears nothing again: ${lines}`);
    }
  },
);
